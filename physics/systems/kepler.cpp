// A planet around a fixed sun, in polar coordinates: the slides' first system.
//
//     L = ½ m (r'² + r² θ'²) + m μ / r
//
// θ is ignorable: its momentum m r² θ' is conserved (Kepler's second law). An orbit with half axis
// a returns after T = 2π √(a³/μ) (his third).
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family kepler() {
  return {"kepler",
          "a planet around a fixed sun, in polar coordinates",
          {{"m", "kg", 1, 1e-9, 1e9, "mass of the planet"},
           {"mu", "m^3/s^2", 1, 1e-9, 1e30, "strength of the attraction"}},
          [](const Values& p) {
            const double m = p["m"], mu = p["mu"];
            System s;
            s.coordinates = {{"r", "m"}, {"theta", "rad", true}};
            s.lagrangian = [=](Var q, Var v) {
              const Var r = row(q, 0), r_dot = row(v, 0), theta_dot = row(v, 1);
              return 0.5 * m * (r_dot * r_dot + pow(r * theta_dot, 2)) + m * mu / r;
            };
            // Either way around the circle of radius 1, on ellipses of eccentricities up to 0.5:
            // that is the Runge-Lenz vector's length, radial part r³ θ'² - μ, the other -r² θ' r',
            // over μ.
            const double circular = std::sqrt(mu);
            s.region = {Eigen::Vector4d(0.8, -std::numbers::pi, -0.3 * circular, -1.2 * circular),
                        Eigen::Vector4d(1.2, std::numbers::pi, 0.3 * circular, 1.2 * circular)};
            s.typical = [=](const Eigen::VectorXd& state) {
              const double r = state[0], around = r * r * state[3];
              return std::hypot(around * around / r - mu, around * state[2]) < 0.5 * mu;
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
