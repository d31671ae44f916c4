// A particle that a centre attracts with the force k r^p, in polar coordinates:
//
//     L = ½ m (r'² + r² θ'²) - V,    V = k (r^(p+1) - 1) / (p + 1),    k log r where p = -1
//
// p = 1 is a spring, whose orbits are ellipses around the centre; p = -2 is Kepler's sun. Between
// two nearest points, an orbit close to a circle turns by 2π / √(3 + p) (Newton, Principia I, 45).
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family central() {
  return {"central",
          "a particle attracted by a centre with the force k r^p, in polar coordinates",
          {{"m", "kg", 1, 1e-9, 1e9, "mass of the particle"},
           {"k", "N/m^p", 1, 1e-9, 1e30, "force at a distance of 1 m"},
           {"p", "", 1, -2.9, 20, "exponent of the distance"}},
          [](const Values& values) {
            const double m = values["m"], k = values["k"], p = values["p"];
            System s;
            s.coordinates = {{"r", "m"}, {"theta", "rad", true}};
            s.lagrangian = [=](Var q, Var v) {
              const Var r = row(q, 0), r_dot = row(v, 0), theta_dot = row(v, 1);
              const Var potential = p == -1 ? k * log(r) : k / (p + 1) * (pow(r, p + 1) - 1);
              return 0.5 * m * (r_dot * r_dot + pow(r * theta_dot, 2)) - potential;
            };
            // Around the circle of radius 1.
            const double circular = std::sqrt(k / m);
            s.region = {Eigen::Vector4d(0.8, -std::numbers::pi, -0.3 * circular, -1.2 * circular),
                        Eigen::Vector4d(1.2, std::numbers::pi, 0.3 * circular, 1.2 * circular)};
            s.typical = [=](const Eigen::VectorXd& state) {
              return std::abs(state[3]) >= 0.8 * circular;  // either way
            };
            s.duration = 4 * std::numbers::pi / circular;
            s.picture.points = [](Var q) {
              const Var r = row(q, 0), theta = row(q, 1);
              return stack_rows(r * cos(theta), r * sin(theta));
            };
            return s;
          }};
}

}  // namespace physics
