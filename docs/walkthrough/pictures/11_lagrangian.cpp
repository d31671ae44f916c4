// Left: the path of a thrown ball, and paths moved by e times a bump. Right: how the action changes
// with e, for three sums over such paths.
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>

using Function = std::function<double(double)>;

constexpr double duration = 2;

double bump(double t) { return std::sin(std::numbers::pi * t / duration); }
double thrown(double t) { return 11.5 * t - 5 * t * t; }
double swinging(double t) { return std::cos(3 * t); }  // x'' = -9 x

/// The sum of T + sign V along the path that is moved by e.
double action(const Function& path, const Function& potential, double sign, double e) {
  constexpr int pieces = 2000;
  constexpr double h = duration / pieces;
  const auto x = [&](int k) { return path(k * h) + e * bump(k * h); };
  double sum = 0;
  for (int k = 0; k < pieces; ++k) {
    const double v = (x(k + 1) - x(k)) / h;
    sum += h * (0.5 * v * v + sign * potential((x(k) + x(k + 1)) / 2));
  }
  return sum;
}

void draw(const char* name, const Function& path, const Function& potential, double sign) {
  std::printf("line %s\n", name);
  for (double e = -2; e <= 2.001; e += 0.05)
    std::printf("%.3f %.5f\n", e,
                action(path, potential, sign, e) - action(path, potential, sign, 0));
}

int main() {
  std::printf("panel Paths from the ground to the balcony\nx t [s]\ny height [m]\n");
  std::printf("limits 0 2 0 10.5\n");
  for (const double e : {0., -2., -1., 1., 2.}) {
    std::printf(e == 0    ? "line the throw\n"
                : e == -2 ? "dashes moved by e = -2, -1, 1, 2\n"
                          : "dashes\n");
    for (double t = 0; t <= duration + 0.001; t += 0.02)
      std::printf("%.2f %.4f\n", t, thrown(t) + e * bump(t));
  }
  std::printf("panel How the action changes\nx e\ny change of the action [J s]\n");
  std::printf("limits -2 2 -14 24\n");
  const auto height = [](double x) { return 10 * x; };
  const auto spring = [](double x) { return 4.5 * x * x; };
  draw("ball, T - V", thrown, height, -1);
  draw("spring, T - V", swinging, spring, -1);
  draw("ball, T + V", thrown, height, 1);
}
