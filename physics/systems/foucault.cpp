// Foucault's pendulum: a bob on a massless rod of length l, seen from the turning ground.
//
// x points east, y north, z = -√(l² - x² - y²) up, from the pivot r = 0. In a frame that turns with
// Ω the velocity is r' + Ω × r, so that L has a term linear in the velocities, which is Coriolis'
// force:
//
//     L = ½ m |r' + Ω × r|² - m g z,    Ω = 2π / day (0, cos latitude, sin latitude)
//
// The plane of small swings turns by -2π sin(latitude) a day. g is what a plumb line shows, the
// centrifugal force of the far axis included.
#include <array>
#include <cmath>
#include <numbers>

#include "autodiff/directional.h"
#include "physics/systems/systems.h"

namespace physics {

Family foucault() {
  return {"foucault",
          "a pendulum on turning ground (which turns fast; a true day is 86164 s)",
          {{"m", "kg", 1, 1e-9, 1e9, "mass of the bob"},
           {"l", "m", 1, 1e-9, 1e9, "length of the rod"},
           {"g", "m/s^2", 9.8, 1e-9, 1e9, "gravity"},
           {"day", "s", 60, 1e-9, 1e9, "time in which the ground turns once"},
           {"latitude", "degrees", 48.85, -90, 90, "latitude"}},
          [](const Values& p) {
            const double m = p["m"], l = p["l"], g = p["g"];
            const double turn = 2 * std::numbers::pi / p["day"];
            const double latitude = p["latitude"] * std::numbers::pi / 180;
            const double north = turn * std::cos(latitude), up = turn * std::sin(latitude);
            const auto position = [=](Var q) {
              return stack_rows(q, -sqrt(l * l - sum_rows(q * q)));
            };
            System s;
            s.coordinates = {{"x", "m"}, {"y", "m"}};
            s.lagrangian = [=](Var q, Var v) {
              const Var r = position(q), x = row(r, 0), y = row(r, 1), z = row(r, 2);
              const std::array carried{north * z - up * y, up * x, -north * x};
              const Var velocity = autodiff::jvp(r, q, v) + stack_rows(carried);
              return 0.5 * m * sum_rows(velocity * velocity) - m * g * z;
            };
            const double swing = std::sqrt(g / l), side = 0.4 * l, fast = side * swing;
            const Eigen::Vector4d corner(side, side, fast, fast);
            s.region = {-corner, corner};
            s.duration = 6 * std::numbers::pi / swing;
            s.picture = {.dimension = 3, .points = position, .links = {{-1, 0}}};
            return s;
          }};
}

}  // namespace physics
