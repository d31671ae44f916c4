// A cart on a rail with a pole that hangs from it, a bob at its end; θ from the downward vertical.
//
//     L = ½ M x'² + ½ m ((x' + l θ' cos θ)² + (l θ' sin θ)²) + m g l cos θ
//
// The control is a force on the cart. Without it x is ignorable.
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family cart_pole() {
  return {"cart_pole",
          "a pole that hangs from a cart, which a force pushes",
          {{"M", "kg", 1, 1e-9, 1e9, "mass of the cart"},
           {"m", "kg", 0.5, 1e-9, 1e9, "mass of the bob"},
           {"l", "m", 1, 1e-9, 1e9, "length of the pole"},
           {"g", "m/s^2", 9.8, 0, 1e9, "gravity"}},
          [](const Values& p) {
            const double M = p["M"], m = p["m"], l = p["l"], g = p["g"];
            System s;
            s.coordinates = {{"x"}, {"theta", "rad", true}};
            s.controls = {{"force", "N"}};
            s.control_range = Eigen::VectorXd::Constant(1, (M + m) * g);
            s.lagrangian = [=](Var q, Var v) {
              const Var theta = row(q, 1), x_dot = row(v, 0), turn = l * row(v, 1);
              return 0.5 * M * x_dot * x_dot +
                     0.5 * m * (pow(x_dot + turn * cos(theta), 2) + pow(turn * sin(theta), 2)) +
                     m * g * l * cos(theta);
            };
            s.force = [](Var, Var, Var, Var u) { return pad_rows(u, 0, 2); };
            const double fast = 2 * std::sqrt(g / l) + 0.1;  // just enough to swing over the top
            const Eigen::Vector4d corner(2, std::numbers::pi, 2, fast);
            s.region = {-corner, corner};
            s.picture = {
                .points =
                    [=](Var q) {
                      const Var x = row(q, 0), theta = row(q, 1);
                      return stack_rows(std::array{x, 0. * x, x + l * sin(theta), -l * cos(theta)});
                    },
                .links = {{0, 1}}};
            return s;
          }};
}

}  // namespace physics
