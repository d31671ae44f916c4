// Elementary functions for loops over arrays: no branch, no table, no call, so that the compiler
// turns a `#pragma omp simd` loop over them into vector code. Each takes a double or a float, and
// computes in that format.
//
// The bits of f(x) depend on x alone: vector body, scalar tail, one number by itself all agree. So
// each multiplication that feeds an addition says through madd() whether they are fused, rather
// than leave that to the compiler, which decides anew for every copy of the code.
//
// Infinities, NaN and subnormals go the way of std::exp and its kin, though subnormals go slowly.
//
// A processor works on several vectors at once, but only so far ahead: what counts is less the
// number of operations than how many must wait for one another. Hence polynomials in pairs.
//
// Sources: fdlibm (Sun, 1993) for the reductions of exp and log, the splitting of ln 2 and π/2, and
// the sine and cosine of a double; Cephes (Moshier) for tanh and the sine and cosine of a float.
// The other coefficients are the best of their degree, by Remez's algorithm. "Within 0.8 / 0.9
// ulp" is for double / float: the largest error found, against long double in some million random
// numbers and against double in every hundredth float, with fused multiply-add. Without it,
// softplus and log1p_unit have 0.3 ulp more.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "autodiff/matrix.h"

namespace autodiff {

namespace elementary {

/// a b + c, with one rounding where the processor has the instruction and two where it has not.
template <class T>
inline T madd(T a, T b, T c) {
#ifdef __FMA__
  if constexpr (std::is_same_v<T, float>)
    return __builtin_fmaf(a, b, c);
  else
    return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// c_0 + c_1 x + c_2 x² + ... = (c_0 + c_1 x) + x² ((c_2 + c_3 x) + x² (...)): Horner's rule in
/// x², of which the pairs need not wait for one another.
template <class T, class... Coefficients>
inline T polynomial(T x, T square, T c0, T c1, Coefficients... higher) {
  const T pair = madd(x, c1, c0);
  if constexpr (sizeof...(higher) == 0)
    return pair;
  else if constexpr (sizeof...(higher) == 1)
    return madd(square, higher..., pair);
  else
    return madd(square, polynomial(x, square, higher...), pair);
}

template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();

/// A number is (-1)^sign 2^(exponent - bias) (1 + fraction): its bits, and the constants that
/// depend on how many there are.
template <class T>
struct Format;

template <>
struct Format<double> {
  using Bits = std::uint64_t;
  static constexpr Bits size = 64;
  static constexpr Bits fraction = 52;
  static constexpr Bits bias = 1023;
  /// Adding 1.5·2^52 to |x| < 2^51 leaves no bits for a fraction: it rounds x to an integer, and
  /// the low bits of the sum are that integer in two's complement.
  static constexpr double rounder = 0x1.8p52;
  // ln 2 in two parts. The last 32 bits of the first are zero, so that n times it is exact for
  // |n| < 2^20.
  static constexpr double ln2_high = 6.93147180369123816490e-01;
  static constexpr double ln2_low = 1.90821492927058770002e-10;
  static constexpr double sqrt_half = 0x1.6a09e667f3bcdp-1;
  // e^x is 0 below the first and inf above the second.
  static constexpr double exp_zero = -746, exp_infinite = 710;
  // Brings the subnormal numbers among the normal ones.
  static constexpr double normalise = 0x1p54, normalise_log2 = 54;
};

template <>
struct Format<float> {
  using Bits = std::uint32_t;
  static constexpr Bits size = 32;
  static constexpr Bits fraction = 23;
  static constexpr Bits bias = 127;
  static constexpr float rounder = 0x1.8p23f;
  static constexpr float ln2_high = 6.9313812256e-01f;  // n times it is exact for |n| < 2^9
  static constexpr float ln2_low = 9.0580006145e-06f;
  static constexpr float sqrt_half = 0x1.6a09e6p-1f;
  static constexpr float exp_zero = -104, exp_infinite = 89;
  static constexpr float normalise = 0x1p25f, normalise_log2 = 25;
};

template <class T>
using Bits = typename Format<T>::Bits;

template <class T>
inline Bits<T> bits(T x) {
  return std::bit_cast<Bits<T>>(x);
}

// ---------------------------------------------------------------- exp

/// e^r = 1 + r + r² exp_tail(r) for |r| <= ln 2 / 2, within 2^-57.9 / 2^-28.2 of e^r.
inline double exp_tail(double r, double square) {
  return polynomial(r, square, 0.5000000000000011, 0.1666666666666641, 0.041666666666529725,
                    0.008333333333494985, 0.0013888888943759904, 0.00019841269505755534,
                    2.4801492949720836e-05, 2.755758682156678e-06, 2.763030621546308e-07,
                    2.500001296547627e-08);
}
inline float exp_tail(float r, float square) {
  return polynomial(r, square, 0.49999994f, 0.166665211f, 0.041668389f, 0.00836874545f,
                    0.00138145534f);
}

/// e^x 2^shift = 2^(n + shift) e^r,  n = round(x / ln 2),  |r| <= ln 2 / 2. The result must be
/// a normal number, which e^x need not be.
template <class T>
inline T exp_shifted(T x, Bits<T> shift) {
  using F = Format<T>;
  const T n_bits = madd(x, T(1.4426950408889634), F::rounder);
  const T n = n_bits - F::rounder;
  const T high = madd(-n, F::ln2_high, x);
  const T low = -n * F::ln2_low;
  const T r = madd(-n, F::ln2_low, high);
  const T square = r * r;
  const T tail = madd(square, exp_tail(r, square), low);
  const T power = std::bit_cast<T>((bits(n_bits) + F::bias + shift) << F::fraction);
  // 1 + (high + tail), times the power. A double is 0.2 ulp better for what the sum 1 + high loses
  // being added with the tail.
  if constexpr (std::is_same_v<T, float>) {
    return madd(high + tail, power, power);
  } else {
    const T sum = 1 + high;
    return (sum + ((high - (sum - 1)) + tail)) * power;
  }
}

/// e^-|x|
template <class T>
inline T exp_minus(T x) {
  constexpr T lowest = Format<T>::exp_zero;
  const T minus = -std::abs(x);
  const T clamped = minus < lowest ? lowest : minus;  // written so that NaN passes
  // The detour over e^-|x| 2^64, always a normal number, leaves one rounding to a subnormal one.
  return exp_shifted(clamped, 64) * T(0x1p-64);
}

// ---------------------------------------------------------------- log

/// 2 atanh s = 2s + s³ atanh_tail(s²) for s² <= 1/9, within 2^-59.4 / 2^-27.7 of 2 atanh s.
inline double atanh_tail(double z) {
  return polynomial(z, z * z, 0.6666666666666631, 0.40000000000155117, 0.28571428548118044,
                    0.22222223953643064, 0.18181744479225567, 0.15386548388949178,
                    0.13301121431972535, 0.12104944473865277, 0.08344973373456717,
                    0.1700975323552402);
}
inline float atanh_tail(float z) {
  return polynomial(z, z * z, 0.666664183f, 0.400215268f, 0.280018091f, 0.280119836f);
}

/// log(1 + t) for 0 <= t <= 1: with s = t / (2 + t), so that 2s = t - s t,
/// log(1 + t) = 2 atanh s = 2s + s R = t - s (t - R),  R = s² atanh_tail(s²).
/// The sum 1 + t, which would lose the end of t, is never formed.  Within 1.1 / 1.0 ulp.
template <class T>
inline T log1p_unit(T t) {
  const T s = t / (2 + t);
  const T z = s * s;
  return madd(-s, madd(-z, atanh_tail(z), t), t);
}

/// k ln 2 + log(1 + f), for √½ - 1 <= f <= √2 - 1. For the last tenths of an ulp (fdlibm
/// e_log.c), the f s of 2s = f - f s is f²/2 - s f²/2, which leaves s, with the error of its
/// division, but a small part in the sum.
template <class T>
inline T log_of_parts(T k, T f) {
  using F = Format<T>;
  const T s = f / (2 + f);
  const T z = s * s;
  const T half = T(0.5) * f;
  const T small = madd(s, madd(z, atanh_tail(z), half * f), k * F::ln2_low);
  return madd(k, F::ln2_high, f - madd(half, f, -small));
}

/// Splits x > 0, not subnormal, into 2^k (1 + f) with √½ <= 1 + f < √2. Returns k.
template <class T>
inline T split(T x, T& f) {
  using F = Format<T>;
  // Counting the bits from those of √½ upwards puts the step of the exponent there.
  const Bits<T> k = (bits(x) - bits(F::sqrt_half) + (F::bias << F::fraction)) >> F::fraction;
  f = std::bit_cast<T>(bits(x) - ((k - F::bias) << F::fraction)) - 1;
  constexpr T integers = Bits<T>{1} << F::fraction;  // from here on, a number's last bit counts 1
  return std::bit_cast<T>(k | bits(integers)) - (integers + F::bias);
}

// ---------------------------------------------------------------- sin and cos

// x = n π/2 + high + low,  |high| <= π/4,  for n < 2^17. π/2 in parts of 33, 33 and 53 bits: n
// times the first two is exact. So is the first step (Sterbenz); the second loses what low gets
// back. Then fdlibm's k_sin.c and k_cos.c.
inline void sine_and_cosine(double x, double n, double& sine, double& cosine) {
  const double exact = madd(-n, 1.57079632673412561417e+00, x);
  const double middle = n * 6.07710050630396597660e-11;
  const double high_1 = exact - middle;
  const double low_1 = (exact - high_1) - middle;
  const double w = madd(n, 2.02226624879595063154e-21, -low_1);
  const double high = high_1 - w;
  const double low = (high_1 - high) - w;
  const double z = high * high;
  const double s = polynomial(z, z * z, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
                              2.75573137070700676789e-06, -2.50507602534068634195e-08,
                              1.58969099521155010221e-10);
  const double cube = z * high;
  const double tail = madd(z, madd(-cube, s, 0.5 * low), -low);
  sine = high - madd(cube, 1.66666666666666324348e-01, tail);
  const double c = z * polynomial(z, z * z, 4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                  2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                  2.08757232129817482790e-09, -1.13596475577881948265e-11);
  const double half = 0.5 * z;
  const double one = 1 - half;
  cosine = one + (((1 - one) - half) + madd(z, c, -high * low));
}

// x = n π/2 + r for n < 2^13. π/2 in parts of 11, 11, 11 and 24 bits: the first two steps are
// exact, and the others lose nothing beside what is left.
inline void sine_and_cosine(float x, float n, float& sine, float& cosine) {
  const float exact = madd(-n, 0x1.fb4p-12f, madd(-n, 0x1.92p0f, x));
  const float r = madd(-n, 2.56334407e-12f, madd(-n, 0x1.444p-24f, exact));
  const float z = r * r;
  const float s = polynomial(z, z * z, -1.6666654611e-1f, 8.3321608736e-3f, -1.9515295891e-4f);
  sine = std::copysign(madd(z * r, s, r), r);  // -0 + 0 would be 0
  const float c =
      polynomial(z, z * z, 4.166664568298827e-2f, -1.388731625493765e-3f, 2.443315711809948e-5f);
  cosine = madd(z * z, c, madd(z, -0.5f, 1.0f));
}

/// sin(x + quarters π/2), for |x| up to sin_limit.
template <class T>
inline T sin_of_sum(T x, Bits<T> quarters) {
  using F = Format<T>;
  const T n_bits = madd(x, T(6.36619772367581382433e-01), F::rounder);
  T sine, cosine;
  sine_and_cosine(x, n_bits - F::rounder, sine, cosine);
  // The quarter of the circle: 0 sin, 1 cos, 2 -sin, 3 -cos.
  const Bits<T> quarter = bits(n_bits) + quarters;
  const T y = (quarter & 1) != 0 ? cosine : sine;
  return std::bit_cast<T>(bits(y) ^ ((quarter & 2) << (F::size - 2)));
}

// ---------------------------------------------------------------- tanh

// tanh x = x + x³ p / q below 0.625.
inline void tanh_fraction(double z, double& p, double& q) {
  p = polynomial(z, z * z, -1.61468768441708447952e3, -9.92877231001918586564e1,
                 -9.64399179425052238628e-1);
  q = polynomial(z, z * z, 4.84406305325125486048e3, 2.23548839060100448583e3,
                 1.12811678491632931402e2, 1.0);
}
inline void tanh_fraction(float z, float& p, float& q) {
  p = polynomial(z, z * z, -3.33332819422e-1f, 1.33314422036e-1f, -5.37397155531e-2f,
                 2.06390887954e-2f, -5.70498872745e-3f);
  q = 1;
}
}  // namespace elementary

/// e^x.  Within 0.8 / 0.9 ulp.
template <class T>
inline T vexp(T x) {
  using namespace elementary;
  using F = Format<T>;
  // Beyond these the result is inf or 0 anyway. Written so that NaN passes.
  const T below = x > F::exp_infinite ? F::exp_infinite : x;
  const T clamped = below < F::exp_zero ? F::exp_zero : below;
  // The detour of exp_minus, upwards or downwards.
  const bool negative = x < 0;
  return exp_shifted(clamped, negative ? Bits<T>(64) : Bits<T>(-64)) *
         (negative ? T(0x1p-64) : T(0x1p64));
}

/// log x = k ln 2 + log(1 + f): -inf at 0, NaN below.  Within 0.9 / 0.9 ulp.
template <class T>
inline T vlog(T x) {
  using namespace elementary;
  using F = Format<T>;
  const bool subnormal = x < std::numeric_limits<T>::min();
  T f;
  const T k = split(subnormal ? x * F::normalise : x, f) - (subnormal ? F::normalise_log2 : T(0));
  T y = log_of_parts(k, f);
  y = x == 0 ? -infinity<T> : y;
  y = x < 0 ? std::numeric_limits<T>::quiet_NaN() : y;
  return x < infinity<T> ? y : x;  // inf and NaN
}

namespace elementary {

/// The functions of x below, from t = e^-|x|.
template <class T>
inline T softplus_from(T x, T t) {
  return (x > 0 ? x : T(0)) + log1p_unit(t);
}
template <class T>
inline T sigmoid_from(T x, T t) {
  const T v = t / (1 + t);
  return x < 0 ? v : 1 - v;
}
template <class T>
inline T sigmoid_slope_from(T t) {
  const T v = t / (1 + t);
  return v * (1 - v);
}
}  // namespace elementary

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|).  Within 1.7 / 1.7 ulp.
template <class T>
inline T vsoftplus(T x) {
  return elementary::softplus_from(x, elementary::exp_minus(x));
}

/// 1 / (1 + e^-x) = e^x / (1 + e^x) below 0, and 1 - sigmoid(-x) above.  Within 2.4 / 2.2 ulp.
template <class T>
inline T vsigmoid(T x) {
  return elementary::sigmoid_from(x, elementary::exp_minus(x));
}

/// sigmoid(x) sigmoid(-x) = v (1 - v) with v = sigmoid(-|x|), which is at most 1/2.
/// Within 3.3 / 3.4 ulp.
template <class T>
inline T vsigmoid_slope(T x) {
  return elementary::sigmoid_slope_from(elementary::exp_minus(x));
}

/// Two at once, one the derivative of the other: the same bits for one exponential less.
template <class T>
inline void vsoftplus_sigmoid(T x, T& softplus, T& sigmoid) {
  const T t = elementary::exp_minus(x);
  softplus = elementary::softplus_from(x, t);
  sigmoid = elementary::sigmoid_from(x, t);
}
template <class T>
inline void vsigmoid_and_slope(T x, T& sigmoid, T& slope) {
  const T t = elementary::exp_minus(x);
  sigmoid = elementary::sigmoid_from(x, t);
  slope = elementary::sigmoid_slope_from(t);
}

/// tanh x: x + x³ P(x²) / Q(x²) below 0.625 (Cephes), 1 - 2t / (1 + t) with t = e^-2|x| above.
/// Within 1.5 / 1.5 ulp.
template <class T>
inline T vtanh(T x) {
  using namespace elementary;
  const T magnitude = std::abs(x);
  const T z = x * x;
  T p, q;
  tanh_fraction(z, p, q);
  const T t = exp_shifted(-2 * (magnitude > 20 ? T(20) : magnitude), 0);  // tanh 20 rounds to 1
  // Both as base + weight a / b, so that there is one division for the two.
  const bool near = magnitude < T(0.625);
  const T base = near ? magnitude : T(1), weight = near ? magnitude * z : T(-2);
  const T ratio = (near ? p : t) / (near ? q : 1 + t);
  return std::copysign(madd(weight, ratio, base), x);
}

/// Above this |x| the reduction by π/2 runs out of digits. The array functions below go on.
template <class T>
inline constexpr T sin_limit = std::is_same_v<T, float> ? 1e4 : 1e5;

/// sin x for |x| <= sin_limit, within 0.8 / 2.4 ulp; x itself beyond, for the caller to see
/// and finish.
template <class T>
inline T vsin(T x) {
  return std::abs(x) > sin_limit<T> ? x : elementary::sin_of_sum(x, 0);
}

/// cos x for |x| <= sin_limit, within 0.8 / 2.4 ulp; x itself beyond.
template <class T>
inline T vcos(T x) {
  return std::abs(x) > sin_limit<T> ? x : elementary::sin_of_sum(x, 1);
}

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
