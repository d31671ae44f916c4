// n masses in a row between two walls, with a spring between any two neighbours; x_i is how far
// mass i is from its place at rest.
//
//     L = Σ ½ m_i x_i'² - Σ ½ k (x_{i+1} - x_i)²,    x_0 = x_{n+1} = 0: the walls
//
// With equal masses, x_i = sin(i j π / (n + 1)) swings with ω_j = 2 √(k/m) sin(j π / (2n + 2)).
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family oscillators() {
  return {"oscillators",
          "n masses in a row between walls, with springs between neighbours",
          {{"n", "", 3, 1, 256, "number of masses", /*whole=*/true},
           {"m", "kg", 1, 1e-9, 1e9, "mass of each", false, "n"},
           {"k", "N/m", 10, 1e-9, 1e9, "stiffness of all springs"}},
          [](const Values& p) {
            const auto n = static_cast<Index>(p["n"]);
            const double k = p["k"];
            const Eigen::VectorXd m = p.each("m", n);
            const Eigen::MatrixXd half_masses = 0.5 * m.transpose();
            System s;
            s.coordinates = numbered({"x"}, n);
            s.lagrangian = [=](Var q, Var v) {
              const Var stretch = pad_rows(q, 0, n + 1) - pad_rows(q, 1, n + 1);
              return matmul(half_masses, v * v) - 0.5 * k * sum_rows(stretch * stretch);
            };
            s.diagonal_mass = true;
            const double fast = 2 * std::sqrt(k / m.mean());  // of the highest mode
            Eigen::VectorXd corner(2 * n);
            corner << Eigen::VectorXd::Constant(n, 0.25), Eigen::VectorXd::Constant(n, 0.25 * fast);
            s.region = {-corner, corner};
            s.duration = 10 * std::numbers::pi / fast;
            // The places at rest are 1 m apart, the walls the first and the last.
            Eigen::MatrixXd rest = Eigen::MatrixXd::Zero(2 * (n + 2), 1);
            Eigen::MatrixXd along = Eigen::MatrixXd::Zero(2 * (n + 2), n);
            for (int i = 0; i <= n; ++i) {
              rest(2 * i + 2) = i + 1;
              if (i < n) along(2 * i + 2, i) = 1;
              s.picture.links.emplace_back(i, i + 1);
            }
            s.picture.points = [=](Var q) {
              return matmul(along, q) + matmul(rest, q.tape().filled({1, q.cols()}, 1));
            };
            return s;
          }};
}

}  // namespace physics
