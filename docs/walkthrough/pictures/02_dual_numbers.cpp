// A curve and its tangents. Each dot and its tangent come from one run with dual numbers.
#include <cmath>
#include <cstdio>
#include <initializer_list>

struct Dual {
  double value, slope;
};
Dual operator*(Dual u, Dual v) {
  return {u.value * v.value, u.slope * v.value + u.value * v.slope};
}
Dual sin(Dual u) { return {std::sin(u.value), std::cos(u.value) * u.slope}; }

Dual f(Dual x) { return x * sin(x); }

int main() {
  const std::initializer_list<double> points = {0.9, 2.3, 3.8, 5.1, 6.6, 8};
  std::printf("x x\ny f(x) = x sin x\nline the function\n");
  for (double x = 0; x < 8.8; x += 0.05) std::printf("%g %g\n", x, f({x, 1}).value);
  for (const double x : points) {
    const Dual y = f({x, 1});
    const double reach = 1.1 / std::hypot(1, 0.35 * y.slope);  // each tangent about as long
    std::printf(x == *points.begin() ? "line slope\n" : "line\n");
    for (const double step : {-reach, reach})
      std::printf("%g %g\n", x + step, y.value + y.slope * step);
  }
  std::printf("dots value\n");
  for (const double x : points) std::printf("%g %g\n", x, f({x, 1}).value);
}
