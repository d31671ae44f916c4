// A chain: n point masses on n massless rods, one below the other, each rod's angle from the
// downward vertical.
//
//     x_i = Σ_{j ≤ i} l_j sin θ_j,    y_i = -Σ_{j ≤ i} l_j cos θ_j
//     L = Σ_i ½ m_i (x_i'² + y_i'²) - m_i g y_i
//
// Where the masses are says it all: their velocities are the positions' tangents along θ'.
#include <cmath>
#include <numbers>

#include "autodiff/directional.h"
#include "physics/systems/systems.h"

namespace physics {

Family chain() {
  return {"chain",
          "n bobs on n massless rods, one below the other",
          {{"n", "", 3, 1, 32, "number of links", /*whole=*/true},
           {"m", "kg", 1, 1e-9, 1e9, "mass of each bob", false, "n"},
           {"l", "m", 1, 1e-9, 1e9, "length of each rod", false, "n"},
           {"g", "m/s^2", 9.8, 0, 1e9, "gravity"}},
          [](const Values& p) {
            const auto n = static_cast<Index>(p["n"]);
            const Eigen::VectorXd m = p.each("m", n), l = p.each("l", n);
            // x_i and y_i are the rows 2i and 2i + 1 of across · sin θ + down · cos θ.
            Eigen::MatrixXd across = Eigen::MatrixXd::Zero(2 * n, n), down = across;
            Eigen::MatrixXd half_masses(1, 2 * n), weights = Eigen::MatrixXd::Zero(1, 2 * n);
            for (Index i = 0; i < n; ++i) {
              across.row(2 * i).head(i + 1) = l.head(i + 1);
              down.row(2 * i + 1).head(i + 1) = -l.head(i + 1);
              half_masses(2 * i) = half_masses(2 * i + 1) = 0.5 * m[i];
              weights(2 * i + 1) = m[i] * p["g"];
            }
            const auto positions = [=](Var q) {
              return matmul(across, sin(q)) + matmul(down, cos(q));
            };
            System s;
            s.coordinates = numbered({"theta", "rad", true}, n);
            s.lagrangian = [=](Var q, Var v) {
              const Var at = positions(q), velocities = autodiff::jvp(at, q, v);
              return matmul(half_masses, velocities * velocities) - matmul(weights, at);
            };
            Eigen::VectorXd corner(2 * n);
            corner << Eigen::VectorXd::Constant(n, std::numbers::pi / 3),
                Eigen::VectorXd::Constant(n, 0.5 * std::sqrt(p["g"] / l.mean()) + 0.1);
            s.region = {-corner, corner};
            s.picture.points = positions;
            for (int i = 0; i < n; ++i) s.picture.links.emplace_back(i - 1, i);
            return s;
          }};
}

}  // namespace physics
