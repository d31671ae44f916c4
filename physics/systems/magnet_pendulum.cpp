// A magnet on a rod that swings in space over other magnets, in a ring on the floor.
//
//     L = ½ m |r'|² - m g z - Σ_i V(r - r_i),    |r| = l
//     V(d) = -k ((u · e) |d|² - 3 (u · d) (e · d)) / |d|⁵
//
// V is the energy of two dipoles: the bob's, u, points along the rod, those on the floor, e, point
// upwards, and k = μ0/4π times both moments. k > 0 attracts. In x, y, z the rod is a constraint;
// with angles=1 the coordinates are bob.h's.
#include <cmath>
#include <numbers>

#include "autodiff/directional.h"
#include "physics/systems/bob.h"
#include "physics/systems/systems.h"

namespace physics {

Family magnet_pendulum() {
  return {"magnet_pendulum",
          "a magnet on a rod that swings over others",
          {{"m", "kg", 1, 1e-9, 1e9, "mass of the bob"},
           {"l", "m", 1, 1e-9, 1e9, "length of the rod"},
           {"g", "m/s^2", 9.8, 0, 1e9, "gravity"},
           {"k", "J m^3", 0.02, -1e9, 1e9, "strength of the attraction"},
           {"magnets", "", 3, 0, 32, "number of magnets", /*whole=*/true},
           {"radius", "m", 0.5, 0, 1e9, "radius of their ring"},
           {"gap", "m", 0.25, 1e-9, 1e9, "height of the hanging bob over the floor"},
           {"angles", "", 0, 0, 1, "1: two angles instead of x, y, z", /*whole=*/true}},
          [](const Values& p) {
            const double m = p["m"], l = p["l"], g = p["g"], k = p["k"], pi = std::numbers::pi;
            const bool angles = p["angles"] == 1;
            Eigen::MatrixXd ring(3, static_cast<Index>(p["magnets"]));
            for (Index i = 0; i < ring.cols(); ++i) {
              const double angle = 2 * pi * i / ring.cols();
              ring.col(i) << p["radius"] * std::cos(angle), p["radius"] * std::sin(angle),
                  -l - p["gap"];
            }
            const auto magnet = [=](Var r, Index i) {
              return broadcast_cols(r.tape().constant(Matrix(ring.col(i).cast<autodiff::Scalar>())),
                                    r.cols());
            };
            const auto place = [=](Var q) { return angles ? bob_at(q, l) : q; };
            System s;
            if (angles)
              s.coordinates = {{"alpha", "rad", true}, {"beta", "rad", true}};
            else
              s.coordinates = {{"x"}, {"y"}, {"z"}};
            const auto lagrangian = [=](Var q, Var v, Index magnets) {
              const Var r = place(q), velocity = angles ? autodiff::jvp(r, q, v) : v;
              Var sum = 0.5 * m * sum_rows(velocity * velocity) - m * g * row(r, 2);
              for (Index i = 0; i < magnets; ++i) {
                const Var d = r - magnet(r, i), d2 = sum_rows(d * d);
                sum = sum +
                      k / l * (row(r, 2) * d2 - 3 * sum_rows(r * d) * row(d, 2)) * pow(d2, -2.5);
              }
              return sum;
            };
            const double fast = std::sqrt(2 * g * l);
            if (angles) {
              s.region = {Eigen::Vector4d(-1.4, -1.4, -fast / l, -fast / l),
                          Eigen::Vector4d(1.4, 1.4, fast / l, fast / l)};
            } else {
              s.constraints = [=](Var q) { return sum_rows(q * q) / (l * l) - 1.; };
              s.region.low = Eigen::VectorXd{{-l, -l, -l, -fast, -fast, -fast}};
              s.region.high = Eigen::VectorXd{{l, l, 0, fast, fast, fast}};
            }
            // Not enough to swing up to the pivot's height, were there no magnets.
            s.lagrangian = [=](Var q, Var v) { return lagrangian(q, v, 0); };
            s.typical = [=, energy = energy_of(s)](const Eigen::VectorXd& state) {
              return energy(state)(0) <= -0.2 * m * g * l;
            };
            s.lagrangian = [=](Var q, Var v) { return lagrangian(q, v, ring.cols()); };
            s.picture = {.dimension = 3,
                         .points =
                             [=](Var q) {
                               std::vector<Var> points{place(q)};
                               for (Index i = 0; i < ring.cols(); ++i)
                                 points.push_back(magnet(points[0], i));
                               return stack_rows(points);
                             },
                         .links = {{-1, 0}}};
            return s;
          }};
}

}  // namespace physics
