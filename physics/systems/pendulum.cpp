// A bob on a massless rod, θ from the downward vertical: L = ½ m l² θ'² + m g l cos θ.
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family pendulum() {
  return {"pendulum",
          "a bob on a massless rod",
          {{"m", "kg", 1, 1e-9, 1e9, "mass of the bob"},
           {"l", "m", 1, 1e-9, 1e9, "length of the rod"},
           {"g", "m/s^2", 9.8, 0, 1e9, "gravity"}},
          [](const Values& p) {
            const double m = p["m"], l = p["l"], g = p["g"];
            System s;
            s.coordinates = {{"theta", "rad", true}};
            s.lagrangian = [=](Var q, Var v) {
              return 0.5 * m * l * l * v * v + m * g * l * cos(q);
            };
            const double fast = 2 * std::sqrt(g / l) + 0.1;  // just enough to swing over the top
            s.region = {Eigen::Vector2d(-std::numbers::pi, -fast),
                        Eigen::Vector2d(std::numbers::pi, fast)};
            s.picture = {.points = [=](Var q) { return stack_rows(l * sin(q), -l * cos(q)); },
                         .links = {{-1, 0}}};
            return s;
          }};
}

}  // namespace physics
