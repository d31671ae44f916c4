// A program outside the library's folder. It asks one of the library's systems for its motion: a
// pendulum of 1 m, let go at a right angle, falls with g.
#include <physics/systems/table.h>

#include <cmath>
#include <cstdio>

int main() {
  const physics::System pendulum = make_system(physics::find_system("pendulum"), {{"l", 1}});
  const physics::Motion motion = motion_of(pendulum);
  const Eigen::Vector2d state(std::acos(0.), 0);  // (theta; its velocity)
  std::printf("acceleration %.1f rad/s^2\n", motion(state)(1));
}
