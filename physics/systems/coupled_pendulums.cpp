// n bobs on rods that swing in space, side by side along x, a spring between each two neighbours:
//
//     L = Σ_i ½ m |r_i'|² - m g z_i - Σ_i ½ k (|r_{i+1} - r_i| - a)²,    |r_i - pivot_i| = l
//
// Hanging, the springs are at rest: their length is the distance a of the pivots. In x, y, z the
// rods are n constraints; with angles=1 the coordinates are bob.h's.
#include <cmath>

#include "autodiff/directional.h"
#include "physics/systems/bob.h"
#include "physics/systems/systems.h"

namespace physics {

Family coupled_pendulums() {
  return {
      "coupled_pendulums",
      "n bobs that swing in space, springs between them",
      {{"n", "", 2, 2, 32, "number of bobs", /*whole=*/true},
       {"m", "kg", 1, 1e-9, 1e9, "mass of a bob"},
       {"l", "m", 1, 1e-9, 1e9, "length of a rod"},
       {"k", "N/m", 10, 0, 1e9, "stiffness of a spring"},
       {"a", "m", 1, 1e-9, 1e9, "distance between the pivots"},
       {"g", "m/s^2", 9.8, 1e-9, 1e9, "gravity"},
       {"angles", "", 0, 0, 1, "1: two angles a bob instead of x, y, z", /*whole=*/true}},
      [](const Values& p) {
        const auto n = static_cast<Index>(p["n"]);
        const double m = p["m"], l = p["l"], k = p["k"], a = p["a"], g = p["g"];
        const bool angles = p["angles"] == 1;
        Matrix pivots = Matrix::Zero(3 * n, 1);
        for (Index i = 0; i < n; ++i) pivots(3 * i) = static_cast<autodiff::Scalar>(i * a);
        const auto hung = [=](Var q) {
          return broadcast_cols(q.tape().constant(pivots), q.cols());
        };
        const auto places = [=](Var q) {
          if (!angles) return q;
          std::vector<Var> bobs;
          for (Index i = 0; i < n; ++i) bobs.push_back(bob_at(slice_rows(q, 2 * i, 2), l));
          return stack_rows(bobs) + hung(q);
        };
        System s;
        for (Index i = 1; i <= n; ++i)
          if (const std::string name = std::to_string(i); angles)
            s.coordinates.insert(s.coordinates.end(),
                                 {{"alpha" + name, "rad", true}, {"beta" + name, "rad", true}});
          else
            s.coordinates.insert(s.coordinates.end(), {{"x" + name}, {"y" + name}, {"z" + name}});
        s.lagrangian = [=](Var q, Var v) {
          const Var r = places(q), velocities = angles ? autodiff::jvp(r, q, v) : v;
          Var lagrangian = 0.5 * m * sum_rows(velocities * velocities);
          for (Index i = 0; i < n; ++i) {
            lagrangian = lagrangian - m * g * row(r, 3 * i + 2);
            if (i == 0) continue;
            const Var apart = slice_rows(r, 3 * i, 3) - slice_rows(r, 3 * i - 3, 3);
            lagrangian = lagrangian - 0.5 * k * pow(sqrt(sum_rows(apart * apart)) - a, 2);
          }
          return lagrangian;
        };
        const Index of_each = angles ? 2 : 3;
        Eigen::VectorXd centre = Eigen::VectorXd::Zero(2 * of_each * n), around = centre;
        // The more bobs and the stiffer the springs, the less each may swing of one bob's energy.
        const double swing = 1.2 / std::sqrt(static_cast<double>(n) * (1 + k * l / (m * g)));
        const double fast = 0.7 * swing * std::sqrt(g * l);
        if (angles) {
          around.head(2 * n).setConstant(swing);
          around.tail(2 * n).setConstant(fast / l);
        } else {
          s.constraints = [=](Var q) {
            const Var away = q - hung(q), squares = away * away / (l * l);
            std::vector<Var> all;
            for (Index i = 0; i < n; ++i)
              all.push_back(sum_rows(slice_rows(squares, 3 * i, 3)) - 1.);
            return stack_rows(all);
          };
          centre.head(3 * n) = pivots.cast<double>();
          for (Index i = 0; i < n; ++i) centre[3 * i + 2] = -l;
          around.head(3 * n).setConstant(swing * l);
          around.tail(3 * n).setConstant(fast);
        }
        s.region = {centre - around, centre + around};
        // Not enough for any bob to swing up to its pivot's height, even if the others hang.
        s.typical = [=, energy = energy_of(s)](const Eigen::VectorXd& state) {
          return energy(state)(0) < -(static_cast<double>(n) - 0.8) * m * g * l;
        };
        // The bobs, and below them in the list the pivots.
        s.picture = {.dimension = 3,
                     .points = [=](Var q) { return stack_rows(places(q), hung(q)); }};
        for (int i = 0; i < n; ++i) {
          s.picture.links.emplace_back(i, i + static_cast<int>(n));
          if (i > 0) s.picture.links.emplace_back(i - 1, i);
        }
        return s;
      }};
}

}  // namespace physics
