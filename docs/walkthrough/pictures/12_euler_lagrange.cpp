// The phase portrait of a pendulum, whose accelerations follow from its Lagrangian.
#include <cmath>
#include <cstdio>
#include <numbers>

#include "physics/integrate/roll_out.h"
#include "physics/system.h"
#include "physics/systems/table.h"

int main() {
  const physics::System pendulum =
      make_system(physics::find_system("pendulum"), {{"g", 10}});  // 1 kg, 1 m
  const physics::Motion motion = motion_from_lagrangian(pendulum);
  constexpr double pi = std::numbers::pi;
  const auto draw = [&](const char* kind, double angle, double rate, double seconds) {
    const auto times = Eigen::VectorXd::LinSpaced(200, 0, seconds);
    const physics::Solution path =
        roll_out(motion, Eigen::Vector2d(angle, rate), times, {.rtol = 1e-9})[0];
    std::puts(kind);
    for (int i = 0; i < path.t.size(); ++i) std::printf("%.4f %.4f\n", path.y(0, i), path.y(1, i));
  };
  std::printf("x angle q [rad]\ny velocity v [rad/s]\nlimits -6.6 6.6 -9 12\n");
  for (const double middle : {0., 2 * pi, -2 * pi})
    for (const double angle : {0.5, 1.2, 2.0, 2.7})
      draw(middle == 0 && angle == 0.5 ? "line swings" : "line", middle + angle, 0, 4);
  for (const double middle : {0., 2 * pi, -2 * pi})
    for (const double side : {-1., 1.})  // beside the top, gently pushed, until it is there again
      draw(middle == 0 && side < 0 ? "line from the top to the top" : "line",
           middle - side * (pi - 1e-3), side * 4e-3, 5.5);
  for (const double at_top : {3.5, 4.25})
    for (const double side : {-1., 1.})
      draw(at_top == 3.5 && side < 0 ? "line turns over" : "line", -side * 3 * pi, side * at_top,
           8);
}
