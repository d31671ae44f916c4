// n point masses that attract each other, in a plane or in space:
//
//     L = Σ_i ½ m_i |r_i'|² + Σ_{i<j} G m_i m_j / |r_i - r_j|
//
// Motions start near a turning ring: a regular polygon of radius 1, where equal masses m at the
// speed v, v² = G m/4 Σ_{k=1}^{n-1} 1/sin(πk/n), would turn for ever (Maxwell 1859).
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family bodies() {
  return {"bodies",
          "n point masses that attract each other",
          {{"n", "", 3, 2, 32, "number of bodies", /*whole=*/true},
           {"dimension", "", 2, 2, 3, "dimension of space", /*whole=*/true},
           {"m", "kg", 1, 1e-9, 1e30, "mass of each body", false, "n"},
           {"G", "m^3/(kg s^2)", 1, 1e-12, 1e9, "constant of gravitation"}},
          [](const Values& p) {
            const auto n = static_cast<Index>(p["n"]), d = static_cast<Index>(p["dimension"]);
            const Eigen::VectorXd m = p.each("m", n);
            const double G = p["G"];
            Matrix half_masses(1, d * n);
            for (Index i = 0; i < n; ++i)
              half_masses.middleCols(d * i, d).setConstant(static_cast<autodiff::Scalar>(m[i] / 2));
            System s;
            for (Index i = 1; i <= n; ++i)
              for (const char* axis : {"x", "y", "z"})
                if (axis[0] - 'x' < d) s.coordinates.push_back({axis + std::to_string(i)});
            s.lagrangian = [=](Var q, Var v) {
              Var lagrangian = matmul(q.tape().constant(half_masses), v * v);
              for (Index i = 0; i < n; ++i)
                for (Index j = 0; j < i; ++j) {
                  const Var apart = slice_rows(q, d * i, d) - slice_rows(q, d * j, d);
                  lagrangian = lagrangian + G * m[i] * m[j] * pow(sum_rows(apart * apart), -0.5);
                }
              return lagrangian;
            };
            s.diagonal_mass = true;
            double sum = 0;
            for (Index k = 1; k < n; ++k) sum += 1 / std::sin(std::numbers::pi * k / n);
            const double speed = std::sqrt(G * m.mean() / 4 * sum);
            Eigen::VectorXd ring = Eigen::VectorXd::Zero(2 * d * n), around(2 * d * n);
            for (Index i = 0; i < n; ++i) {
              const double angle = 2 * std::numbers::pi * i / n;
              ring.segment(d * i, 2) << std::cos(angle), std::sin(angle);
              ring.segment(d * (n + i), 2) << -speed * std::sin(angle), speed * std::cos(angle);
            }
            around << Eigen::VectorXd::Constant(d * n, 0.15 / n),
                Eigen::VectorXd::Constant(d * n, 0.05 * speed);
            s.region = {ring - around, ring + around};
            s.duration = std::numbers::pi / speed;  // half a turn: the ring then falls apart
            s.picture = {.dimension = d, .points = [](Var q) { return q; }};
            return s;
          }};
}

}  // namespace physics
