// A bob on a massless rod that swings in space, θ from the downward vertical, φ around it:
//
//     L = ½ m l² (θ'² + sin² θ φ'²) + m g l cos θ
//
// φ is ignorable. With θ' = 0 and φ'² = g / (l cos θ) the rod draws a cone. Straight below the
// pivot φ has no meaning: `foucault` passes there in other coordinates.
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family spherical_pendulum() {
  return {
      "spherical_pendulum",
      "a bob on a massless rod that swings in space",
      {{"m", "kg", 1, 1e-9, 1e9, "mass of the bob"},
       {"l", "m", 1, 1e-9, 1e9, "length of the rod"},
       {"g", "m/s^2", 9.8, 1e-9, 1e9, "gravity"}},
      [](const Values& p) {
        const double m = p["m"], l = p["l"], g = p["g"];
        System s;
        s.coordinates = {{"theta", "rad", true}, {"phi", "rad", true}};
        s.lagrangian = [=](Var q, Var v) {
          const Var theta = row(q, 0), theta_dot = row(v, 0), phi_dot = row(v, 1);
          return 0.5 * m * l * l * (theta_dot * theta_dot + pow(sin(theta) * phi_dot, 2)) +
                 m * g * l * cos(theta);
        };
        // Around cones, with momentum enough to stay away from the vertical.
        const double swing = std::sqrt(g / l);
        s.region = {Eigen::Vector4d(0.7, -std::numbers::pi, -0.4 * swing, -1.6 * swing),
                    Eigen::Vector4d(1.3, std::numbers::pi, 0.4 * swing, 1.6 * swing)};
        s.typical = [=](const Eigen::VectorXd& state) {
          return std::abs(state[3]) >= 0.8 * swing;  // either way
        };
        s.duration = 6 * std::numbers::pi / swing;
        s.picture = {
            .dimension = 3,
            .points =
                [=](Var q) {
                  const Var theta = row(q, 0), phi = row(q, 1);
                  const Var away = l * sin(theta);
                  return stack_rows(std::array{away * cos(phi), away * sin(phi), -l * cos(theta)});
                },
            .links = {{-1, 0}}};
        return s;
      }};
}

}  // namespace physics
