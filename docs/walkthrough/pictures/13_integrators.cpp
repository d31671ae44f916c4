// Left: what Euler's method and Runge and Kutta's make of a mass on a spring. Right: the error of a
// planet's orbit against the number of evaluations, of four methods.
#include <Eigen/Core>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "physics/integrate/rk45.h"
#include "physics/integrate/runge_kutta.h"

namespace {

constexpr double turn = 2 * std::numbers::pi;

Eigen::Vector4d spring(double, const Eigen::Vector4d& y) { return {y[1], -y[0], 0, 0}; }

Eigen::Vector4d planet(double, const Eigen::Vector4d& y) {  // y = (q1, q2, v1, v2)
  const double cube = std::pow(y.head(2).norm(), 3);
  return {y[2], y[3], -y[0] / cube, -y[1] / cube};
}

/// A step by a method that evaluates the rates `stages` times: 1, 2 or 4.
Eigen::Vector4d step(int stages, auto rates, const Eigen::Vector4d& y, double h) {
  if (stages == 4) return physics::rk4_step<Eigen::Vector4d>(rates, y, h);
  return y + h * rates(0, stages == 2 ? y + h / 2 * rates(0, y) : y);
}

void spiral(int stages) {
  std::printf("line -\n");
  Eigen::Vector4d y(1, 0, 0, 0);
  for (int k = 0; k <= 45; ++k) {
    std::printf("%.17g %.17g\n", y[0], y[1]);
    y = step(stages, spring, y, turn / 30);
  }
}

}  // namespace

int main() {
  std::printf("panel A mass on a spring, 30 steps a turn\nx q\ny v\nequal\n");
  for (const int stages : {1, 2, 4}) spiral(stages);
  std::printf("text 0.4 1.75 Euler\ntext -0.8 -0.1 the others\n");

  const Eigen::Vector4d start(0.2, 0, 0, 3);
  std::printf("panel A planet, one year\nx log evaluations\ny log error\n");
  std::printf("limits 1e2 4e5 1e-10 1e2\n");
  for (const int stages : {1, 2, 4}) {
    std::printf("line -\n");
    for (double steps = 200; steps * stages < 3e5; steps *= 1.3) {
      Eigen::Vector4d y = start;
      const int count = static_cast<int>(steps);
      for (int k = 0; k < count; ++k) y = step(stages, planet, y, turn / count);
      std::printf("%d %.17g\n", count * stages, (y - start).norm());
    }
  }
  std::printf("line -\n");
  for (double digits = 4; digits <= 13; digits += 0.25) {
    const double tolerance = std::pow(10, -digits);
    const physics::Solution orbit =
        physics::rk45(planet, start, 0, turn, {.rtol = tolerance, .atol = tolerance});
    std::printf("%ld %.17g\n", orbit.evaluations, (orbit.y_end - start).norm());
  }
  std::printf("text 2e4 8 Euler\ntext 2e4 1e-1 midpoint\ntext 1.6e4 1e-5 Runge-Kutta 4\n");
  std::printf("text 1.3e2 1e-8 Dormand-\ntext 1.3e2 2e-9 Prince\n");
}
