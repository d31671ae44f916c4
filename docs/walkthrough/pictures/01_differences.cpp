// The error of two difference quotients of sin at 1, for steps from 1e-16 to 1.
#include <cmath>
#include <cstdio>
#include <initializer_list>

int main() {
  const double x = 1;
  const double slope = std::cos(x);
  std::printf("x log step h\ny log error of the slope\n");
  for (const bool central : {false, true}) {
    std::printf(central ? "line central quotient\n" : "line one-sided quotient\n");
    for (double digits = 16; digits >= 0; digits -= 0.1) {
      const double h = std::pow(10, -digits);
      const double ahead = std::sin(x + h) - std::sin(x);
      const double around = (std::sin(x + h) - std::sin(x - h)) / 2;
      std::printf("%.17g %.17g\n", h, std::abs((central ? around : ahead) / h - slope) + 1e-16);
    }
  }
  std::printf("text 2e-12 1e-4 rounding\n");
  std::printf("text 1e-5 2e-1 a chord is no tangent\n");
}
