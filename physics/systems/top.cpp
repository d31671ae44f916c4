// The heavy symmetric top: one point of its axis is fixed, its centre of mass lies l along it.
//
// Euler angles z-x-z: φ turns the top around the vertical, θ is its axis's angle from the vertical
// upwards, ψ turns it around its own axis. With the moments of inertia I1 across the axis, about
// the fixed point, and I3 around it,
//
//     L = ½ I1 (θ'² + φ'² sin² θ) + ½ I3 (ψ' + φ' cos θ)² - m g l cos θ.
//
// φ and ψ are ignorable, so θ moves as in one dimension, in the effective potential
//     V(θ) = (p_φ - p_ψ cos θ)²/(2 I1 sin² θ) + m g l cos θ.
// The axis precesses around the vertical and nods meanwhile. (Goldstein, Classical Mechanics, 5.7)
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family top() {
  return {"top",
          "a spinning top, one point of it fixed",
          {{"m", "kg", 1, 0, 1e9, "mass"},
           {"l", "m", 0.3, 0, 1e9, "distance of the centre of mass"},
           {"I1", "kg m^2", 0.2, 1e-9, 1e9, "moment of inertia across the axis"},
           {"I3", "kg m^2", 0.1, 1e-9, 1e9, "moment of inertia around the axis"},
           {"g", "m/s^2", 9.8, 0, 1e9, "gravity"}},
          [](const Values& p) {
            const double I1 = p["I1"], I3 = p["I3"], l = p["l"], weight = p["m"] * p["g"] * l;
            System s;
            s.coordinates = {{"phi", "rad", true}, {"theta", "rad", true}, {"psi", "rad", true}};
            s.lagrangian = [=](Var q, Var v) {
              const Var theta = row(q, 1), phi_dot = row(v, 0);
              return 0.5 * I1 * (pow(row(v, 1), 2) + pow(phi_dot * sin(theta), 2)) +
                     0.5 * I3 * pow(row(v, 2) + phi_dot * cos(theta), 2) - weight * cos(theta);
            };
            // How fast gravity turns a top that does not spin.
            const double rate = std::sqrt(weight / I1) + 0.1, pi = std::numbers::pi;
            Eigen::VectorXd low(6), high(6);
            low << -pi, 0.6, -pi, -rate, -rate, -6 * rate;
            high << pi, 2.5, pi, rate, rate, 6 * rate;
            s.region = {low, high};
            // On the vertical φ and ψ turn alike, and the angles fail. V keeps a typical motion 0.5
            // away.
            s.typical = [=](const Eigen::VectorXd& state) {
              const double theta = state[1], spin = I3 * (state[5] + state[3] * std::cos(theta));
              const double around =
                  I1 * state[3] * std::pow(std::sin(theta), 2) + spin * std::cos(theta);
              const auto V = [=](double at) {
                return std::pow((around - spin * std::cos(at)) / std::sin(at), 2) / (2 * I1) +
                       weight * std::cos(at);
              };
              const double energy = 0.5 * I1 * state[4] * state[4] + V(theta);
              return V(0.5) > energy && V(pi - 0.5) > energy;
            };
            s.duration = 10 / rate;
            s.picture = {.dimension = 3,
                         .points =
                             [=](Var q) {
                               const Var phi = row(q, 0), theta = row(q, 1),
                                         across = l * sin(theta);
                               return stack_rows(std::array{across * sin(phi), -across * cos(phi),
                                                            l * cos(theta)});
                             },
                         .links = {{-1, 0}}};
            return s;
          }};
}

}  // namespace physics
