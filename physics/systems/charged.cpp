// A charge in a magnetic and an electric field. Its Lagrangian has a term linear in v, which the
// energy does not have:
//
//     L = ½ m |v|² + e v · A - e φ,    h = ½ m |v|² + e φ
//     A = (B/2 + D/r³) (-y, x, 0),     φ = -(Ex x + Ez z)
//
// These are a uniform field B along z, that of a dipole D at the origin, also along z, and a
// uniform electric field across and along them. In B the charge turns with e B/m (cyclotron
// frequency), and Ex makes it drift with -Ex/B along y. In the dipole's field (Størmer 1907) it
// bounces between north and south, as in a planet's radiation belt.
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {

Family charged() {
  return {"charged",
          "a charge in a magnetic and an electric field",
          {{"m", "kg", 1, 1e-9, 1e9, "mass"},
           {"e", "C", 1, -1e9, 1e9, "charge"},
           {"B", "T", 1, -1e9, 1e9, "uniform magnetic field along z"},
           {"Ex", "V/m", 0.2, -1e9, 1e9, "uniform electric field along x"},
           {"Ez", "V/m", 0, -1e9, 1e9, "uniform electric field along z"},
           {"D", "T m^3", 0, -1e9, 1e9, "magnetic dipole at the origin, along z"}},
          [](const Values& p) {
            const double m = p["m"], e = p["e"], B = p["B"], Ex = p["Ex"], Ez = p["Ez"], D = p["D"];
            System s;
            s.coordinates = {{"x"}, {"y"}, {"z"}};
            s.lagrangian = [=](Var q, Var v) {
              const Var x = row(q, 0), y = row(q, 1), z = row(q, 2);
              const Var turn = x * row(v, 1) - y * row(v, 0);
              const Var field =
                  D == 0 ? B / 2 * turn : (B / 2 + D * pow(sum_rows(q * q), -1.5)) * turn;
              return 0.5 * m * sum_rows(v * v) + e * (field + Ex * x + Ez * z);
            };
            const double turning = std::abs(e) * (std::abs(B) + std::abs(D)) / m;
            s.duration = turning > 0 ? 4 * std::numbers::pi / turning : 5;
            Eigen::VectorXd corner = Eigen::VectorXd::Ones(6);
            if (D != 0) {
              // Where it turns in a small circle, r v ≪ e D/(m r), it does not come to the origin.
              corner *= 1.5;
              corner.tail(3).setConstant(0.3 * std::abs(e * D) / m);
              s.typical = [=](const Eigen::VectorXd& state) {
                const double r = state.head(3).norm(), v = state.tail(3).norm();
                return r > 0.8 && v * r * r < 0.3 * std::abs(e * D) / m;
              };
              s.duration *= 5;
            }
            s.region = {-corner, corner};
            s.picture = {.dimension = 3, .points = [](Var q) { return q; }};
            return s;
          }};
}

}  // namespace physics
