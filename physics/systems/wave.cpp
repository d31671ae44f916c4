// A wave on a ring: an elastic string of which only n sites are kept, a = length / n apart, u_i
// being the displacement of site i.
//
//     L = a Σ [ ½ μ u_i'² - ½ τ ((u_{i+1} - u_i) / a)² ],    u_{n+1} = u_1
//
// With many sites, any shape runs around unchanged, with the speed c = √(τ/μ) (d'Alembert). With n
// of them, cos(k x_i - ω t) does so, with ω = (2c/a) sin(k a / 2).
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family wave() {
  return {"wave",
          "an elastic string that closes to a ring, by n of its sites",
          {{"n", "", 16, 3, 512, "number of sites", /*whole=*/true},
           {"length", "m", 1, 1e-9, 1e9, "length of the ring"},
           {"mu", "kg/m", 1, 1e-9, 1e9, "mass of a metre"},
           {"tension", "N", 1, 1e-9, 1e9, "tension"}},
          [](const Values& p) {
            const auto n = static_cast<Index>(p["n"]);
            const double length = p["length"], mu = p["mu"], tension = p["tension"];
            const double a = length / static_cast<double>(n);
            System s;
            s.coordinates = numbered({"u"}, n);
            s.lagrangian = [=](Var u, Var v) {
              const Var next = stack_rows(slice_rows(u, 1, n - 1), row(u, 0));
              return 0.5 * mu * a * sum_rows(v * v) -
                     0.5 * tension / a * sum_rows(pow(next - u, 2));
            };
            s.diagonal_mass = true;
            s.ring = true;
            const double pi = std::numbers::pi;
            const double speed = std::sqrt(tension / mu), high = 0.05 * length;
            Eigen::VectorXd corner(2 * n);
            corner << Eigen::VectorXd::Constant(n, high),
                Eigen::VectorXd::Constant(n, high * 2 * pi * speed / length);
            s.region = {-corner, corner};
            s.duration = 2 * length / speed;  // twice around
            // A circle, u upwards.
            Eigen::MatrixXd circle(3 * n, 1), upwards = Eigen::MatrixXd::Zero(3 * n, n);
            for (int i = 0; i < n; ++i) {
              const double angle = 2 * pi * i / static_cast<double>(n);
              const double radius = length / (2 * pi);
              circle(3 * i) = radius * std::cos(angle);
              circle(3 * i + 1) = radius * std::sin(angle);
              circle(3 * i + 2) = 0;
              upwards(3 * i + 2, i) = 1;
              s.picture.links.emplace_back(i, (i + 1) % static_cast<int>(n));
            }
            s.picture.dimension = 3;
            s.picture.points = [=](Var u) {
              return matmul(upwards, u) + matmul(circle, u.tape().filled({1, u.cols()}, 1));
            };
            return s;
          }};
}

}  // namespace physics
