// The acrobot: two uniform rods, one below the other, of which a motor turns the elbow only.
//
// θ1 is the upper rod's angle from the downward vertical, θ2 the elbow's: the lower rod's angle
// from the upper one. So the torque at the elbow acts along θ2 alone. A rod's kinetic energy is
// that of its mass at its middle and of its turning about that, with m l²/12.
#include <cmath>
#include <numbers>

#include "autodiff/directional.h"
#include "physics/systems/systems.h"

namespace physics {

Family acrobot() {
  return {
      "acrobot",
      "two rods, one below the other, with a motor at the elbow",
      {{"m1", "kg", 1, 1e-9, 1e9, "mass of the upper rod"},
       {"m2", "kg", 1, 1e-9, 1e9, "mass of the lower rod"},
       {"l1", "m", 1, 1e-4, 1e4, "length of the upper rod"},
       {"l2", "m", 1, 1e-4, 1e4, "length of the lower rod"},
       {"g", "m/s^2", 9.8, 0, 1e9, "gravity"}},
      [](const Values& p) {
        const double m1 = p["m1"], m2 = p["m2"], l1 = p["l1"], l2 = p["l2"], g = p["g"];
        // (x, y) at these lengths along the rods.
        const auto point = [](Var q, double along1, double along2) {
          const Var angle1 = row(q, 0), angle2 = angle1 + row(q, 1);
          return stack_rows(along1 * sin(angle1) + along2 * sin(angle2),
                            -along1 * cos(angle1) - along2 * cos(angle2));
        };
        System s;
        s.coordinates = {{"theta1", "rad", true}, {"theta2", "rad", true}};
        s.controls = {{"torque", "N m"}};
        s.control_range = Eigen::VectorXd::Constant(1, m2 * g * l2 / 2);
        s.lagrangian = [=](Var q, Var v) {
          const Var upper = point(q, l1 / 2, 0), lower = point(q, l1, l2 / 2);
          const Var middles = stack_rows(upper, lower), squares = pow(jvp(middles, q, v), 2);
          const Var rate1 = row(v, 0), rate2 = rate1 + row(v, 1);
          return 0.5 * m1 * (sum_rows(slice_rows(squares, 0, 2)) + l1 * l1 / 12 * pow(rate1, 2)) +
                 0.5 * m2 * (sum_rows(slice_rows(squares, 2, 2)) + l2 * l2 / 12 * pow(rate2, 2)) -
                 m1 * g * row(upper, 1) - m2 * g * row(lower, 1);
        };
        s.force = [](Var, Var, Var, Var u) { return pad_rows(u, 1, 2); };
        const double fast = std::sqrt(g / l1) + 0.1;
        const Eigen::Vector4d corner(std::numbers::pi, std::numbers::pi, fast, fast);
        s.region = {-corner, corner};
        s.picture = {.points = [=](Var q) { return stack_rows(point(q, l1, 0), point(q, l1, l2)); },
                     .links = {{-1, 0}, {0, 1}}};
        return s;
      }};
}

}  // namespace physics
