// A particle that a constant force m g pushes towards the speed of light:
//
//     L = m c²/(2 p) (1 - (1 - v²/c²)^p) + m g q
//
// Special relativity has p = 1/2: the momentum m v/√(1 - v²/c²) grows evenly, so that
// q'' = g (1 - v²/c²)^(3/2), and from rest q = c²/g (√(1 + (g t/c)²) - 1), a hyperbola.
// Cranmer et al. (2020, arXiv 2003.04630, and their notebook) learn another law, with p = -1/2:
// there q'' = g (1 - v²)^(5/2)/(1 + 2 v²), with c = 1. p = 1 is Newton's.
#include <cmath>

#include "physics/systems/systems.h"

namespace physics {

Family relativistic() {
  return {"relativistic",
          "a particle that a constant force pushes towards the speed of light",
          {{"m", "kg", 1, 1e-9, 1e9, "rest mass"},
           {"c", "m/s", 1, 1e-9, 1e9, "speed of light"},
           {"g", "m/s^2", 1, -1e9, 1e9, "force over mass"},
           {"p", "", 0.5, -2, 1, "exponent in L: 0.5 is Einstein's, -0.5 Cranmer's, 1 Newton's"}},
          [](const Values& values) {
            const double m = values["m"], c = values["c"], g = values["g"], p = values["p"];
            System s;
            s.coordinates = {{"q"}};
            s.lagrangian = [=](Var q, Var v) {
              const Var rest = 1 - pow(v / c, 2);
              const Var kinetic = p == 0 ? -log(rest) : (1 - pow(rest, p)) / p;  // its limit
              return m * c * c / 2 * kinetic + m * g * q;
            };
            s.region = {Eigen::Vector2d(-c, -0.9 * c), Eigen::Vector2d(c, 0.9 * c)};
            s.duration = g == 0 ? 2 : 2 * c / std::abs(g);
            s.picture.points = [](Var q) { return stack_rows(q, 0. * q); };
            return s;
          }};
}

}  // namespace physics
