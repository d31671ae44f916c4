#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

#include "autodiff/matrix.h"
namespace autodiff {
inline double vexp(double x) {
  x = x > 710 ? 710 : x;
  x = x < -746 ? -746 : x;
  double s = x * 1.4426950408889634 + 0x1.8p52;
  double n = s - 0x1.8p52;
  double r = x - n * 6.93147180369123816490e-01;
  r -= n * 1.90821492927058770002e-10;
  double p = 1. / 6227020800;
  p = p * r + 1. / 479001600;
  p = p * r + 1. / 39916800;
  p = p * r + 1. / 3628800;
  p = p * r + 1. / 362880;
  p = p * r + 1. / 40320;
  p = p * r + 1. / 5040;
  p = p * r + 1. / 720;
  p = p * r + 1. / 120;
  p = p * r + 1. / 24;
  p = p * r + 1. / 6;
  p = p * r + .5;
  p = p * r + 1;
  p = p * r + 1;
  double hs = n * 0.5 + 0x1.8p52;
  double h = hs - 0x1.8p52;
  double t = (n - h) + 0x1.8p52;
  double a = std::bit_cast<double>((std::bit_cast<std::int64_t>(hs) + 1023) << 52),
         b = std::bit_cast<double>((std::bit_cast<std::int64_t>(t) + 1023) << 52);
  return p * a * b;
}
inline double vlog(double x) {
  const bool sub = x < 2.2250738585072014e-308;
  const double y = sub ? x * 0x1p54 : x;
  std::uint64_t bits = std::bit_cast<std::uint64_t>(y);
  std::uint64_t e = (bits - 0x3fe6a09e667f3bcdull + (1023ull << 52)) >> 52;
  double m = std::bit_cast<double>(bits - ((e - 1023) << 52));
  double k = std::bit_cast<double>(e | 0x4330000000000000ull) - 0x1p52 - 1023 - (sub ? 54 : 0);
  double f = m - 1, s = f / (2 + f), z = s * s;
  double R =
      z * (6.666666666666735130e-01 +
           z * (3.999999999940941908e-01 +
                z * (2.857142874366239149e-01 +
                     z * (2.222219843214978396e-01 +
                          z * (1.818357216161805012e-01 +
                               z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))))));
  double hf = .5 * f * f;
  double r =
      k * 6.93147180369123816490e-01 - ((hf - (s * (hf + R) + k * 1.90821492927058770002e-10)) - f);
  r = x == 0 ? -INFINITY : r;
  r = x < 0 ? NAN : r;
  r = (x == INFINITY || x != x) ? x : r;
  return r;
}
inline double vtanh(double x) { return std::tanh(x); }
inline double vsigmoid(double x) {
  double e = vexp(-std::abs(x));
  double s = 1 / (1 + e);
  return x >= 0 ? s : e * s;
}
inline double vsoftplus(double x) {
  double t = vexp(-std::abs(x));
  double u = 1 + t;
  double l = vlog(u) + (t - (u - 1)) / u;
  return (x > 0 ? x : 0) + l;
}
inline void vsin(const Scalar* a, Scalar* y, Index n) {
  for (Index i = 0; i < n; ++i) y[i] = std::sin(a[i]);
}
inline void vcos(const Scalar* a, Scalar* y, Index n) {
  for (Index i = 0; i < n; ++i) y[i] = std::cos(a[i]);
}
}  // namespace autodiff
