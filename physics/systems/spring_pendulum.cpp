// A bob on a spring that swings, θ from the downward vertical:
//
//     L = ½ m (r'² + r² θ'²) + m g r cos θ - ½ k (r - l)²
//
// It hangs at r = l + m g / k. Close to that it bounces with √(k/m) and swings with √(g/r).
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family spring_pendulum() {
  return {"spring_pendulum",
          "a bob on a spring that swings",
          {{"m", "kg", 1, 1e-9, 1e9, "mass of the bob"},
           {"k", "N/m", 40, 1e-9, 1e9, "stiffness of the spring"},
           {"l", "m", 1, 1e-9, 1e9, "length of the spring at rest"},
           {"g", "m/s^2", 9.8, 0, 1e9, "gravity"}},
          [](const Values& p) {
            const double m = p["m"], k = p["k"], l = p["l"], g = p["g"];
            System s;
            s.coordinates = {{"r", "m"}, {"theta", "rad", true}};
            s.lagrangian = [=](Var q, Var v) {
              const Var r = row(q, 0), theta = row(q, 1), r_dot = row(v, 0), theta_dot = row(v, 1);
              return 0.5 * m * (r_dot * r_dot + pow(r * theta_dot, 2)) + m * g * r * cos(theta) -
                     0.5 * k * pow(r - l, 2);
            };
            // Around where it hangs, with too little energy to come close to the pivot.
            const double hanging = l + m * g / k, bounce = std::sqrt(k / m);
            const Eigen::Vector4d middle(hanging, 0, 0, 0);
            const Eigen::Vector4d width(0.25 * l, 1.5, 0.15 * l * bounce, 0.25 * bounce);
            s.region = {middle - width, middle + width};
            s.duration = 10 * std::numbers::pi / bounce;
            s.picture = {.points =
                             [](Var q) {
                               const Var r = row(q, 0), theta = row(q, 1);
                               return stack_rows(r * sin(theta), -r * cos(theta));
                             },
                         .links = {{-1, 0}}};
            return s;
          }};
}

}  // namespace physics
