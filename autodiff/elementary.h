// Elementary functions for loops over arrays: no branch, no table, no call, so that the compiler
// turns a `#pragma omp simd` loop over them into vector code.
//
// The bits of f(x) depend on x alone: vector body, scalar tail, one number by itself all agree. So
// each multiplication that feeds an addition says through madd() whether they are fused, rather
// than leave that to the compiler, which decides anew for every copy of the code.
//
// Everything is computed in double; the float overloads round the result once. Infinities, NaN and
// subnormals go the way of std::exp and its kin, though subnormals go slowly.
//
// Sources: fdlibm (Sun, 1993) for the coefficients of log, sin and cos and the splitting of ln 2
// and π/2; Cephes (Moshier) for tanh. The errors given below are the largest found against long
// double in some million random numbers, with fused multiply-add or without.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "autodiff/matrix.h"

namespace autodiff {

namespace elementary {

/// a b + c, with one rounding where the processor has the instruction and two where it has not.
inline double madd(double a, double b, double c) {
#ifdef __FMA__
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// c_0 + c_1 x + c_2 x² + ...  (Horner)
template <class... Coefficients>
inline double polynomial(double x, double c0, Coefficients... higher) {
  if constexpr (sizeof...(higher) == 0)
    return c0;
  else
    return madd(x, polynomial(x, higher...), c0);
}

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// ln 2 in two parts. The last 32 bits of the first are zero, so that n times it is exact for |n| <
// 2^20.
inline constexpr double ln2_high = 6.93147180369123816490e-01;
inline constexpr double ln2_low = 1.90821492927058770002e-10;

/// Adding 1.5·2^52 to |x| < 2^51 leaves no bits for a fraction: it rounds x to an integer, and the
/// low bits of the sum are that integer in two's complement.
inline constexpr double rounder = 0x1.8p52;

inline std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

/// 2^n for the n in the low bits of n + rounder, -1023 < n < 1024.
inline double power_of_two(double n_plus_rounder) {
  return std::bit_cast<double>((bits(n_plus_rounder) + 1023) << 52);
}

/// k ln 2 + log(1 + f) + correction, for √½ - 1 <= f <= √2 - 1 (fdlibm e_log.c): with s = f / (2 +
/// f), log(1 + f) = 2 atanh s = 2s + (2/3) s³ + ... = f - f²/2 + s (f²/2 + R(s²)).
inline double log_of_parts(double k, double f, double correction) {
  const double s = f / (2 + f);
  const double z = s * s;
  const double r =
      z * polynomial(z, 6.666666666666735130e-01, 3.999999999940941908e-01,
                     2.857142874366239149e-01, 2.222219843214978396e-01, 1.818357216161805012e-01,
                     1.531383769920937332e-01, 1.479819860511658591e-01);
  const double half_square = 0.5 * f * f;
  const double low = madd(k, ln2_low, correction);
  return madd(k, ln2_high, f - (half_square - madd(s, half_square + r, low)));
}

/// Splits x > 0, not subnormal, into 2^k (1 + f) with √½ <= 1 + f < √2. Returns k.
inline double split(double x, double& f) {
  // Counting the bits from those of √½ upwards puts the step of the exponent there.
  constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcd;
  const std::uint64_t k = ((bits(x) - sqrt_half + (std::uint64_t{1023} << 52)) >> 52);
  f = std::bit_cast<double>(bits(x) - ((k - 1023) << 52)) - 1;
  return std::bit_cast<double>(k | bits(0x1p52)) - (0x1p52 + 1023);
}

/// log(1 + t) for 0 <= t <= 1, within 0.9 ulp, without forming 1 + t, which would lose the end of
/// t. Beyond √2 - 1 it is ln 2 + log(1 + f) with f = (t - 1) / 2, exact from ½ upwards. Below, the
/// bit that t - 1 loses comes back times the slope 1 / (1 + t), which on that stretch is 0.686 to 3
/// %.
inline double log1p_unit(double t) {
  // log(1 + t) = t to the last bit here, and t² would sink into the slow subnormal numbers.
  constexpr double tiny = 0x1p-60;
  const double raised = t < tiny ? tiny : t;
  const bool high = raised > 0.4142135623730950;
  const double less = raised - 1;
  const double y = log_of_parts(high ? 1.0 : 0.0, high ? 0.5 * less : raised,
                                high ? 0.686 * (raised - (less + 1)) : 0.0);
  return t < tiny ? t : y;
}

// π/2 in three parts, of 33, 33 and 53 bits: n times the first two is exact for n < 2^20.
inline constexpr double half_pi_1 = 1.57079632673412561417e+00;
inline constexpr double half_pi_2 = 6.07710050630396597660e-11;
inline constexpr double half_pi_3 = 2.02226624879595063154e-21;

/// sin(x + quarters π/2), for |x| up to sin_limit.
inline double sin_of_sum(double x, std::uint64_t quarters) {
  const double n_bits = madd(x, 6.36619772367581382433e-01, rounder);
  const double n = n_bits - rounder;
  // x = n π/2 + high + low. The first step is exact (Sterbenz); the second loses what low gets
  // back.
  const double exact = madd(-n, half_pi_1, x);
  const double middle = n * half_pi_2;
  const double high_1 = exact - middle;
  const double low_1 = (exact - high_1) - middle;
  const double w = madd(n, half_pi_3, -low_1);
  const double high = high_1 - w;
  const double low = (high_1 - high) - w;
  const double z = high * high;
  // fdlibm k_sin.c and k_cos.c, for |high + low| <= π/4
  const double s = polynomial(z, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
                              2.75573137070700676789e-06, -2.50507602534068634195e-08,
                              1.58969099521155010221e-10);
  const double cube = z * high;
  const double tail = madd(z, madd(-cube, s, 0.5 * low), -low);
  const double sine = high - madd(cube, 1.66666666666666324348e-01, tail);
  const double c = z * polynomial(z, 4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                  2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                  2.08757232129817482790e-09, -1.13596475577881948265e-11);
  const double half = 0.5 * z;
  const double one = 1 - half;
  const double cosine = one + (((1 - one) - half) + madd(z, c, -high * low));
  // The quarter of the circle: 0 sin, 1 cos, 2 -sin, 3 -cos.
  const std::uint64_t quarter = bits(n_bits) + quarters;
  const double y = (quarter & 1) != 0 ? cosine : sine;
  return std::bit_cast<double>(bits(y) ^ ((quarter & 2) << 62));
}
}  // namespace elementary

/// e^x = 2^n e^r,  n = round(x / ln 2),  |r| <= ln 2 / 2.  Within 0.8 ulp.
inline double vexp(double x) {
  using namespace elementary;
  // Beyond these the result is inf or 0 anyway. Written so that NaN passes.
  const double below = x > 710 ? 710.0 : x;
  const double clamped = below < -746 ? -746.0 : below;
  const double n_bits = madd(clamped, 1.4426950408889634, rounder);
  const double n = n_bits - rounder;
  const double high = madd(-n, ln2_high, clamped);
  const double low = n * ln2_low;
  const double r = high - low;
  // Taylor: the next term, r^14 / 14!, is below 2^-57.
  const double q =
      polynomial(r, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880,
                 1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800);
  // 1 + r + r² q: what the sum 1 + high loses is added with the small terms.
  const double sum = 1 + high;
  const double p = sum + ((high - (sum - 1)) + madd(r * r, q, -low));
  // 2^n in two factors, as n reaches -1076 and 1024: the second brings the one rounding.
  const double half_bits = madd(n, 0.5, rounder);
  const double other_bits = (n - (half_bits - rounder)) + rounder;
  return p * power_of_two(half_bits) * power_of_two(other_bits);
}

/// log x: -inf at 0, NaN below.  Within 0.9 ulp.
inline double vlog(double x) {
  using namespace elementary;
  const bool subnormal = x < std::numeric_limits<double>::min();
  double f;
  const double k = split(subnormal ? x * 0x1p54 : x, f) - (subnormal ? 54.0 : 0.0);
  double y = log_of_parts(k, f, 0);
  y = x == 0 ? -infinity : y;
  y = x < 0 ? nan : y;
  return x < infinity ? y : x;  // inf and NaN
}

/// 1 / (1 + e^-x) = e^x / (1 + e^x), by the one whose exponential is at most 1.  Within 2.5 ulp.
inline double vsigmoid(double x) {
  const double t = vexp(-std::abs(x));
  return (x < 0 ? t : 1.0) / (1 + t);
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|).  Within 1.6 ulp.
inline double vsoftplus(double x) {
  const double t = vexp(-std::abs(x));
  return (x > 0 ? x : 0.0) + elementary::log1p_unit(t);
}

/// tanh x: x + x³ P(x²) / Q(x²) below 0.625 (Cephes), 1 - 2 / (1 + e^2|x|) above.
/// Within 1.4 ulp.
inline double vtanh(double x) {
  using namespace elementary;
  const double magnitude = std::abs(x);
  const double z = x * x;
  const double p = polynomial(z, -1.61468768441708447952e3, -9.92877231001918586564e1,
                              -9.64399179425052238628e-1);
  const double q = polynomial(z, 4.84406305325125486048e3, 2.23548839060100448583e3,
                              1.12811678491632931402e2, 1.0);
  const bool near = magnitude < 0.625;
  // One division for both.
  const double ratio = (near ? p : -2.0) / (near ? q : 1 + vexp(2 * magnitude));
  return std::copysign(near ? madd(x * z, ratio, x) : 1 + ratio, x);
}

/// Above this |x| the reduction by π/2 runs out of digits. The array functions below go on.
inline constexpr double sin_limit = 1e5;

/// sin x for |x| <= sin_limit, within 0.8 ulp; x itself beyond, for the caller to see and finish.
inline double vsin(double x) { return std::abs(x) > sin_limit ? x : elementary::sin_of_sum(x, 0); }

/// cos x for |x| <= sin_limit, within 0.8 ulp; x itself beyond.
inline double vcos(double x) { return std::abs(x) > sin_limit ? x : elementary::sin_of_sum(x, 1); }

inline float vexp(float x) { return static_cast<float>(vexp(static_cast<double>(x))); }
inline float vlog(float x) { return static_cast<float>(vlog(static_cast<double>(x))); }
inline float vsigmoid(float x) { return static_cast<float>(vsigmoid(static_cast<double>(x))); }
inline float vsoftplus(float x) { return static_cast<float>(vsoftplus(static_cast<double>(x))); }
inline float vtanh(float x) { return static_cast<float>(vtanh(static_cast<double>(x))); }
inline float vsin(float x) { return static_cast<float>(vsin(static_cast<double>(x))); }
inline float vcos(float x) { return static_cast<float>(vcos(static_cast<double>(x))); }

/// y_i = sin x_i for every x_i, n of them; y may be x. What vsin hands through, no sine could be:
/// the second pass, if there is need of one, finds it by its size.
inline void vsin(const Scalar* x, Scalar* y, Index n) {
  Index beyond = 0;
#pragma omp simd reduction(+ : beyond)
  for (Index i = 0; i < n; ++i) {
    const Scalar value = vsin(x[i]);
    y[i] = value;
    beyond += std::abs(value) > 2 ? 1 : 0;
  }
  if (beyond > 0)
    for (Index i = 0; i < n; ++i)
      if (std::abs(y[i]) > 2) y[i] = std::sin(y[i]);
}

/// y_i = cos x_i, likewise.
inline void vcos(const Scalar* x, Scalar* y, Index n) {
  Index beyond = 0;
#pragma omp simd reduction(+ : beyond)
  for (Index i = 0; i < n; ++i) {
    const Scalar value = vcos(x[i]);
    y[i] = value;
    beyond += std::abs(value) > 2 ? 1 : 0;
  }
  if (beyond > 0)
    for (Index i = 0; i < n; ++i)
      if (std::abs(y[i]) > 2) y[i] = std::cos(y[i]);
}

}  // namespace autodiff
