// Lesson 01: the central difference (10 minutes)
//
// The derivative of f at x is the slope of f there: how fast f(x) grows as x grows. A program can
// measure it. Take a small step h, look at f on both sides of x, and divide the rise by the run:
//
//     f(x + h) - f(x - h)
//     -------------------  =  f'(x) + f'''(x) h² / 6 + ...
//       (x + h) - (x - h)
//
// This is the central difference. Its error shrinks with h². A difference to one side only, from x
// to x + h, has an error that shrinks no faster than h.
//
// The computer rounds f to 16 digits, and the division by a small h magnifies what was rounded off.
// So h must be small, but not too small. No choice of h gives all 16 digits. The lessons after this
// one compute derivatives exactly; the central difference remains what they are checked against.
//
// Task: write the central difference.
#include <cmath>
#include <functional>

#include "docs/lessons/lesson.h"

namespace {

using Function = std::function<double(double)>;

/// The slope of f at x, measured over a step of h to both sides.
double slope(const Function& f, double x, double h) {
  // >>> your code
  return 0;
  // <<<
}

/// The error of your slope of the sine, which is cos x: its mean over 100 places.
double mean_error(double h) {
  double sum = 0;
  for (int i = 0; i < 100; ++i) {
    const double x = 0.01 * i;
    sum += std::abs(slope([](double a) { return std::sin(a); }, x, h) - std::cos(x));
  }
  return sum / 100;
}

TEST_CASE("the slope of x² at 3 is 6") {
  const double yours = slope([](double x) { return x * x; }, 3, 1e-4);
  check_equal("d(x²)/dx at x = 3", yours, 6, "", 1e-6);
}

TEST_CASE("half the step leaves a quarter of the error") {
  const double yours = mean_error(0.01) / mean_error(0.005);
  check_equal("The error at h = 0.01, divided by that at h = 0.005,", yours, 4,
              "(If it is 2, you look to one side of x only.)", 0.01);
}

// Predict, then run: of h = 10⁻¹, 10⁻², ..., 10⁻¹² one has the smallest error. Which power of ten?
// >>> your prediction
const double best_power = not_yet;  // such as -3
// <<<

TEST_CASE("predict: the best step") {
  int best = -1;
  for (int power = -1; power >= -12; --power)
    if (mean_error(std::pow(10, power)) < mean_error(std::pow(10, best))) best = power;
  check_prediction(best_power, best);
}

}  // namespace
