// A star in the middle plane of a galaxy, as Hénon and Heiles (1964) simplified it, all in units of
// its own:
//
//     L = ½ (x'² + y'²) - V,    V = ½ (x² + y²) + λ (x² y - y³/3)
//
// On the triangle with the corners (0, 1)/λ and (±√3/2, -1/2)/λ V is 1/(6 λ²): below that energy a
// star inside stays inside. With λ = 1 nearly all motions are regular at E = 1/12 and nearly all
// are chaotic at 1/6.
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family henon_heiles() {
  return {"henon_heiles",
          "a star in the plane of a galaxy (Henon and Heiles 1964)",
          {{"lambda", "1/m", 1, 1e-9, 1e9, "strength of the cubic terms"}},
          [](const Values& p) {
            const double lambda = p["lambda"];
            System s;
            s.coordinates = {{"x"}, {"y"}};
            s.lagrangian = [=](Var q, Var v) {
              const Var x = row(q, 0), y = row(q, 1);
              return 0.5 * sum_rows(v * v - q * q) - lambda * (x * x * y - pow(y, 3) / 3);
            };
            const double side = std::numbers::sqrt3 / 2, fast = 1 / std::numbers::sqrt3;
            s.region = {Eigen::Vector4d(-side, -0.5, -fast, -fast) / lambda,
                        Eigen::Vector4d(side, 1, fast, fast) / lambda};
            s.typical = [=](const Eigen::VectorXd& state) {
              const Eigen::Vector4d scaled = lambda * state;
              const auto x = scaled[0], y = scaled[1];
              const bool inside = y <= 1 - std::numbers::sqrt3 * std::abs(x);
              return inside && 0.5 * scaled.squaredNorm() + x * x * y - y * y * y / 3 < 1. / 6;
            };
            s.duration = 20;  // three turns at the bottom of V
            s.picture.points = [](Var q) { return q; };
            return s;
          }};
}

}  // namespace physics
