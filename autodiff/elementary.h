// exp, log and what is made of them, without a branch, so that the compiler computes a whole vector
// register of them at once, eight at a time with AVX-512. A number gets the same bits in a vector
// and alone. Ranges and errors are held against long double in tests/autodiff/elementary_test.cpp.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "autodiff/matrix.h"

namespace autodiff {

/// Adding this to |x| < 2^51 leaves round(x) in the low bits of the sum, as an integer.
constexpr double round_shift = 0x1.8p52;
constexpr double log2_e = 1.4426950408889634;
constexpr double ln2_high = 6.93147180369123816490e-01;  // 33 bits: its multiples are exact
constexpr double ln2_low = 1.90821492927058770002e-10;

/// 2^n, where n was rounded by adding round_shift. -1023 < n < 1024.
inline double power_of_two(double shifted_n) {
  return std::bit_cast<double>((std::bit_cast<std::int64_t>(shifted_n) + 1023) << 52);
}

/// e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln 2 / 2, e^r by its Taylor polynomial. The power
/// is applied in two halves, so that results below the smallest normal number come out right.
inline double vexp(double x) {
  x = x > 710 ? 710 : x;  // beyond these the result is inf or 0; NaN passes both comparisons
  x = x < -746 ? -746 : x;
  const double n = (x * log2_e + round_shift) - round_shift;
  const double r = (x - n * ln2_high) - n * ln2_low;
  double p = 1.0 / 6227020800;  // 1 / 13!
  for (const double inverse_factorial :
       {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
        1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0})
    p = p * r + inverse_factorial;
  const double shifted_half = n * 0.5 + round_shift;
  const double shifted_rest = (n - (shifted_half - round_shift)) + round_shift;
  return p * power_of_two(shifted_half) * power_of_two(shifted_rest);
}

/// log x for positive normal x: x = 2^k m with m in [√½, √2); s = (m-1)/(m+1) and the series of
/// log m = 2 artanh s in s², with fdlibm's coefficients (Sun Microsystems 1993, e_log.c).
inline double log_of_normal(double x) {
  constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdu, exponent_bias = 1023;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t biased = (bits - sqrt_half + (exponent_bias << 52)) >> 52;
  const double m = std::bit_cast<double>(bits - ((biased - exponent_bias) << 52));
  const double k = std::bit_cast<double>(biased | 0x4330000000000000u) - (0x1p52 + 1023);

  const double f = m - 1, s = f / (2 + f), z = s * s;
  double series = 1.479819860511658591e-01;
  for (const double coefficient :
       {1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
        2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01})
    series = series * z + coefficient;
  const double half_square = 0.5 * f * f;
  return k * ln2_high - ((half_square - (s * (half_square + series * z) + k * ln2_low)) - f);
}

/// log x, with -inf at 0, NaN below, and subnormal numbers brought into the normal range first.
inline double vlog(double x) {
  const bool subnormal = x < std::numeric_limits<double>::min();
  const double y = log_of_normal(subnormal ? x * 0x1p54 : x) - (subnormal ? 54 * M_LN2 : 0);
  const double with_edges = x == 0  ? -std::numeric_limits<double>::infinity()
                            : x < 0 ? std::numeric_limits<double>::quiet_NaN()
                                    : y;
  return x < std::numeric_limits<double>::infinity() ? with_edges : x;  // inf and NaN as they are
}

/// 1 / (1 + e^-x), from e^-|x| <= 1, which cannot overflow.
inline double vsigmoid(double x) {
  const double e = vexp(-std::abs(x));
  const double s = 1 / (1 + e);
  return x >= 0 ? s : e * s;
}

/// log(1 + e^x) = max(x, 0) + log(1 + t) with t = e^-|x| in [0, 1]. What the sum u = 1 + t loses of
/// t, t - (u - 1), is given back as its share of the logarithm's slope 1/u.
inline double vsoftplus(double x) {
  const double t = vexp(-std::abs(x));
  const double u = 1 + t;
  const double log1p = log_of_normal(u) + (t - (u - 1)) / u;
  return (x > 0 ? x : 0) + log1p;
}

/// tanh x = x + x³ P(x²) / Q(x²) near 0 (Cephes, tanh.c), 1 - 2 / (1 + e^2|x|) with x's sign
/// elsewhere.
inline double vtanh(double x) {
  const double z = x * x;
  const double p =
      (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3;
  const double q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z +
                   4.84406305325125486048e3;
  const double near = x + x * z * (p / q);
  const double far = std::copysign(1 - 2 / (1 + vexp(2 * std::abs(x))), x);
  return std::abs(x) < 0.625 ? near : far;
}

}  // namespace autodiff
