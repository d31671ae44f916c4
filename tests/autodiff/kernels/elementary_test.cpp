// The elementary functions, of doubles and of floats: how far from the truth in units in the last
// place, what they do at the edges, and that their bits depend on the argument alone.
#include "autodiff/kernels/elementary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/precision.h"

using autodiff::Index;
using autodiff::Scalar;
using autodiff::elementary::bits;
using autodiff::elementary::log1p_unit;

namespace {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T smallest = std::numeric_limits<T>::denorm_min();

/// The format in which the truth is computed.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
static_assert(std::numeric_limits<long double>::digits >= 64);

template <class T>
using Function = T (*)(T);

/// The function in the kind of loop it is made for.
template <class T, Function<T> f>
[[gnu::noinline]] void loop(const T* x, T* y, Index n) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] = f(x[i]);
}

template <class T>
[[gnu::noinline]] void pair_loop(const T* x, T* softplus, T* sigmoid, Index n) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) autodiff::vsoftplus_sigmoid(x[i], softplus[i], sigmoid[i]);
}
template <class T>
[[gnu::noinline]] void slope_loop(const T* x, T* sigmoid, T* slope, Index n) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) autodiff::vsigmoid_and_slope(x[i], sigmoid[i], slope[i]);
}

template <class W>
W reference_sigmoid(W x) {
  return 1 / (1 + std::exp(-x));
}
template <class W>
W reference_sigmoid_slope(W x) {
  const W t = std::exp(-std::abs(x));
  return t / ((1 + t) * (1 + t));
}
template <class W>
W reference_softplus(W x) {
  return std::max(x, W(0)) + std::log1p(std::exp(-std::abs(x)));
}

template <class T>
struct Case {
  const char* name;
  Function<T> f;
  void (*loop)(const T* x, T* y, Index n);
  Function<Wide<T>> reference;
  double ulps;                         // the limit
  std::pair<T, T> domain;              // where the limit holds
  std::vector<std::pair<T, T>> close;  // where to look closely
};

template <class T>
std::vector<Case<T>> cases();

/// What softplus and log1p lose without fused multiply-add.
#ifdef __FMA__
constexpr double unfused = 0;
#else
constexpr double unfused = 0.3;
#endif

// clang-format off
#define FUNCTION(f) f<T>, loop<T, f<T>>

template <>
std::vector<Case<double>> cases() {
  using namespace autodiff;
  using T = double;
  return {
      {"exp", FUNCTION(vexp), std::exp, 0.8, {-746, 709.78},
       {{-708, 709.78}, {-745, -708}, {-1, 1}, {-1e-10, 1e-10}}},
      {"log", FUNCTION(vlog), std::log, 0.9, {0, 1.7e308},
       {{0, 1e-307}, {0, 3}, {0.7, 1.42}, {0.999999, 1.000001}, {1, 1e300}}},
      {"log1p", FUNCTION(log1p_unit), std::log1p, 1.1 + unfused, {0, 1},
       {{0, 1}, {0.41, 0.42}, {0.49, 0.51}, {0, 1e-15}, {0, 1e-300}}},
      {"sigmoid", FUNCTION(vsigmoid), reference_sigmoid, 2.4, {-745, 1e300},
       {{-708, 708}, {-40, 40}, {-3, 3}, {-1e-10, 1e-10}}},
      {"sigmoid_slope", FUNCTION(vsigmoid_slope), reference_sigmoid_slope, 3.3, {-1e300, 1e300},
       {{-745, 745}, {-40, 40}, {-3, 3}, {-1e-10, 1e-10}}},
      {"softplus", FUNCTION(vsoftplus), reference_softplus, 1.7 + unfused, {-746, 1e300},
       {{-745, 745}, {-40, 40}, {-3, 3}, {-0.7, -0.3}, {-1e-10, 1e-10}}},
      {"tanh", FUNCTION(vtanh), std::tanh, 1.5, {-1e300, 1e300},
       {{-30, 30}, {-1, 1}, {0.62, 0.63}, {-1e-8, 1e-8}, {-1e-300, 1e-300}}},
      {"sin", FUNCTION(vsin), std::sin, 0.8, {-1e5, 1e5},
       {{-1e5, 1e5}, {-400, 400}, {-4, 4}, {3.14159, 3.1416}, {-1e-8, 1e-8}, {-1e-300, 1e-300}}},
      {"cos", FUNCTION(vcos), std::cos, 0.8, {-1e5, 1e5},
       {{-1e5, 1e5}, {-400, 400}, {-4, 4}, {1.5707, 1.5709}, {-1e-8, 1e-8}}},
  };
}

template <>
std::vector<Case<float>> cases() {
  using namespace autodiff;
  using T = float;
  return {
      {"exp", FUNCTION(vexp), std::exp, 0.9, {-105, 88.72f},
       {{-87, 88.72f}, {-104, -87}, {-1, 1}, {-1e-6f, 1e-6f}}},
      {"log", FUNCTION(vlog), std::log, 0.9, {0, 3e38f},
       {{0, 1e-37f}, {0, 3}, {0.7f, 1.42f}, {0.999f, 1.001f}, {1, 1e30f}}},
      {"log1p", FUNCTION(log1p_unit), std::log1p, 1.1 + unfused, {0, 1},
       {{0, 1}, {0.41f, 0.42f}, {0, 1e-6f}, {0, 1e-37f}}},
      {"sigmoid", FUNCTION(vsigmoid), reference_sigmoid, 2.2, {-104, 1e30f},
       {{-87, 87}, {-20, 20}, {-3, 3}, {-1e-6f, 1e-6f}}},
      {"sigmoid_slope", FUNCTION(vsigmoid_slope), reference_sigmoid_slope, 3.4, {-1e30f, 1e30f},
       {{-104, 104}, {-20, 20}, {-3, 3}, {-1e-6f, 1e-6f}}},
      {"softplus", FUNCTION(vsoftplus), reference_softplus, 1.7 + unfused, {-105, 1e30f},
       {{-104, 104}, {-20, 20}, {-3, 3}, {-0.7f, -0.3f}, {-1e-6f, 1e-6f}}},
      {"tanh", FUNCTION(vtanh), std::tanh, 1.5, {-1e30f, 1e30f},
       {{-12, 12}, {-1, 1}, {0.62f, 0.63f}, {-1e-4f, 1e-4f}, {-1e-37f, 1e-37f}}},
      {"sin", FUNCTION(vsin), std::sin, 2.4, {-1e4f, 1e4f},
       {{-1e4f, 1e4f}, {-400, 400}, {-4, 4}, {3.1415f, 3.1417f}, {-1e-4f, 1e-4f}}},
      {"cos", FUNCTION(vcos), std::cos, 2.4, {-1e4f, 1e4f},
       {{-1e4f, 1e4f}, {-400, 400}, {-4, 4}, {1.5707f, 1.5709f}, {-1e-4f, 1e-4f}}},
  };
}
// clang-format on

/// The distance of y from the truth, in steps of T at the truth.
template <class T>
double ulps_between(T y, Wide<T> truth) {
  using Limits = std::numeric_limits<T>;
  int exponent;
  std::frexp(static_cast<T>(truth), &exponent);
  constexpr int lowest = Limits::min_exponent - Limits::digits;
  const double step = std::ldexp(1.0, std::max(exponent - Limits::digits, lowest));
  return static_cast<double>(std::abs(static_cast<Wide<T>>(y) - truth) / step);
}

/// A number of which all exponents are equally likely.
template <class T>
T any_number(std::mt19937_64& engine, std::pair<T, T> range) {
  for (;;) {
    const T x = std::bit_cast<T>(static_cast<decltype(bits(T()))>(engine()));
    if (x >= range.first && x <= range.second) return x;
  }
}

/// The same bits, or both NaN.
template <class T>
bool same(T a, T b) {
  return bits(a) == bits(b) || (std::isnan(a) && std::isnan(b));
}

template <class T>
T special(std::mt19937_64& engine) {
  static const T values[] = {
      0,           -T(0),        infinity<T>, -infinity<T>, not_a_number<T>,  1e5,    800, -800,
      smallest<T>, -smallest<T>, -100,        1e30f,        T(-0.881373587f), -87.5f, -740};
  return values[engine() % std::size(values)];
}

}  // namespace

TEST_CASE_TEMPLATE("elementary functions are within their ulps of the truth", T, double, float) {
  constexpr Index size = 6000;
  std::mt19937_64 engine(1);
  std::vector<T> x(size), y(size);
  for (const Case<T>& c : cases<T>())
    for (std::size_t k = 0; k <= c.close.size(); ++k) {
      const auto range = k == 0 ? c.domain : c.close[k - 1];
      std::uniform_real_distribution<T> uniform(range.first, range.second);
      for (T& value : x) value = k == 0 ? any_number(engine, range) : uniform(engine);
      x[0] = range.first, x[1] = range.second;
      c.loop(x.data(), y.data(), size);
      double worst = 0;
      T worst_x = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const Wide<T> truth = c.reference(x[i]);
        const double error = std::isinf(truth) && truth == y[i] ? 0 : ulps_between(y[i], truth);
        if (!(error <= worst)) worst = error, worst_x = x[i];
      }
      INFO(std::string(c.name), " on [", range.first, ", ", range.second, "], worst at ", worst_x);
      CHECK(worst <= c.ulps);
    }
}

TEST_CASE_TEMPLATE("sin and cos keep their digits beside multiples of pi/2", T, double, float) {
  double worst = 0;
  const int last = static_cast<int>(autodiff::sin_limit<T> * 0.6);
  const int step = std::is_same_v<T, float> ? 1 : 7;
  for (int n = -last; n <= last; n += step)
    for (const double multiple : {n * 1.5707963267948966, (n + 0.5) * 1.5707963267948966}) {
      const T angle = static_cast<T>(multiple);
      const Wide<T> exact = angle;
      if (angle != 0) worst = std::max(worst, ulps_between(autodiff::vsin(angle), std::sin(exact)));
      worst = std::max(worst, ulps_between(autodiff::vcos(angle), std::cos(exact)));
    }
  CHECK(worst < (std::is_same_v<T, float> ? 2.5 : 1));
}

TEST_CASE_TEMPLATE("the bits do not depend on neighbours, length or place", T, double, float) {
  std::mt19937_64 engine(2);
  std::vector<T> x(64), y(64), in_place(64);
  for (const Case<T>& c : cases<T>()) {
    INFO(std::string(c.name));
    int different = 0;
    for (Index size = 1; size <= 40; ++size)
      for (Index start = 0; start < 8; ++start) {
        const T width = static_cast<T>(size);
        std::uniform_real_distribution<T> uniform(-width, width);
        for (T& value : x)
          value = c.f == log1p_unit<T> ? std::abs(uniform(engine)) / 40 : uniform(engine);
        x[engine() % x.size()] = special<T>(engine);
        c.loop(x.data() + start, y.data() + start, size);
        in_place = x;
        c.loop(in_place.data() + start, in_place.data() + start, size);
        for (auto i = start; i < start + size; ++i) {
          const auto k = static_cast<std::size_t>(i);
          T alone;
          c.loop(&x[k], &alone, 1);
          if (!same(alone, y[k])) ++different;
          if (!same(alone, c.f(x[k]))) ++different;
          if (!same(alone, in_place[k])) ++different;
        }
      }
    CHECK(different == 0);
  }
}

TEST_CASE_TEMPLATE("softplus and its derivatives at once are each by itself", T, double, float) {
  using namespace autodiff;
  std::mt19937_64 engine(3);
  int different = 0, both = 0;
  for (Index size = 1; size <= 400; ++size) {
    std::vector<T> x(static_cast<std::size_t>(size)), p(x.size()), s(x.size()), one_p(x), one_s(x),
        again(x), d(x), one_d(x);
    std::uniform_real_distribution<T> uniform(-40, 40);
    for (T& value : x)
      value = engine() % 4 == 0 ? any_number<T>(engine, {T(-1e30), T(1e30)}) : uniform(engine);
    x[engine() % x.size()] = special<T>(engine);
    pair_loop(x.data(), p.data(), s.data(), size);
    loop<T, vsoftplus<T>>(x.data(), one_p.data(), size);
    loop<T, vsigmoid<T>>(x.data(), one_s.data(), size);
    slope_loop(x.data(), again.data(), d.data(), size);
    loop<T, vsigmoid_slope<T>>(x.data(), one_d.data(), size);
    for (std::size_t i = 0; i < x.size(); ++i) {
      T alone_p, alone_s;
      vsoftplus_sigmoid(x[i], alone_p, alone_s);
      if (!same(p[i], one_p[i]) || !same(p[i], alone_p)) ++different;
      if (!same(s[i], one_s[i]) || !same(s[i], alone_s)) ++different;
      if (!same(again[i], s[i]) || !same(d[i], one_d[i])) ++different;
      if (!same(d[i], vsigmoid_slope(x[i]))) ++different;
      // The halves of the sigmoid complete each other, the smaller one being the exact one.
      if (!(vsigmoid(std::abs(x[i])) == 1 - vsigmoid(-std::abs(x[i])) || std::isnan(x[i]))) ++both;
    }
  }
  CHECK(different == 0);
  CHECK(both == 0);
}

TEST_CASE("sin and cos of arrays take every number, and each by itself") {
  const Scalar huge[] = {Scalar(1.5e5), Scalar(-3e7), Scalar(1e22),
                         Scalar(2e38),  Scalar(-1e5), infinity<Scalar>};
  for (Index size = 1; size <= 40; ++size)
    for (const Scalar value : huge) {
      std::vector<Scalar> x(static_cast<std::size_t>(size)), s(x.size()), c(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = Scalar(0.3) * static_cast<Scalar>(i);
      const std::size_t at = x.size() * 2 / 3;
      x[at] = value;
      autodiff::vsin(x.data(), s.data(), size);
      std::copy(x.begin(), x.end(), c.begin());
      autodiff::vcos(c.data(), c.data(), size);  // in place
      int wrong = 0;
      for (std::size_t i = 0; i < x.size(); ++i)
        if (i != at && (s[i] != autodiff::vsin(x[i]) || c[i] != autodiff::vcos(x[i]))) ++wrong;
      CHECK(wrong == 0);
      if (std::isinf(value)) {
        CHECK(std::isnan(s[at]));
        CHECK(std::isnan(c[at]));
      } else {
        constexpr double tolerance = 2 * rounding;
        CHECK(std::abs(s[at] - std::sin(value)) < tolerance);
        CHECK(std::abs(c[at] - std::cos(value)) < tolerance);
      }
    }
}

TEST_CASE_TEMPLATE("edges of the elementary functions", T, double, float) {
  using namespace autodiff;
  constexpr bool is_float = std::is_same_v<T, float>;
  const T inf = infinity<T>, tiny = smallest<T>, largest = std::numeric_limits<T>::max();
  const T normal = std::numeric_limits<T>::min();
  for (const Case<T>& c : cases<T>()) {
    INFO(std::string(c.name));
    // A NaN with every bit set survives any counting in its bits.
    const T full = std::bit_cast<T>(static_cast<decltype(bits(T()))>(-1));
    for (const T nan : {not_a_number<T>, -not_a_number<T>, full}) CHECK(std::isnan(c.f(nan)));
  }
  CHECK(vexp(T(0)) == 1);
  CHECK(vexp(-T(0)) == 1);
  CHECK(vexp(inf) == inf);
  CHECK(vexp(-inf) == 0);
  CHECK(vexp(is_float ? T(88.72283f) : T(709.782712893384)) < inf);
  CHECK(vexp(is_float ? T(88.72284f) : T(709.782712893385)) == inf);
  CHECK(vexp(largest) == inf);
  CHECK(vexp(is_float ? T(-103.972f) : T(-745.13)) == tiny);
  CHECK(vexp(is_float ? T(-103.973f) : T(-745.14)) == 0);
  CHECK(vexp(-largest) == 0);

  CHECK(vlog(T(1)) == 0);
  CHECK(vlog(T(0)) == -inf);
  CHECK(vlog(-T(0)) == -inf);
  CHECK(vlog(inf) == inf);
  CHECK(std::isnan(vlog(-tiny)));
  CHECK(std::isnan(vlog(T(-1))));
  CHECK(std::isnan(vlog(-inf)));
  CHECK(vlog(tiny) == std::log(tiny));
  CHECK(vlog(normal) == std::log(normal));
  CHECK(vlog(largest) == std::log(largest));

  CHECK(vsigmoid(T(0)) == T(0.5));
  CHECK(vsigmoid(inf) == 1);
  CHECK(vsigmoid(-inf) == 0);
  CHECK(vsigmoid(is_float ? T(-103.972f) : T(-745.13)) == tiny);
  CHECK(vsigmoid(T(-800)) == 0);

  CHECK(vsoftplus(inf) == inf);
  CHECK(vsoftplus(-inf) == 0);
  CHECK(vsoftplus(T(800)) == 800);
  CHECK(vsoftplus(is_float ? T(-103.972f) : T(-745.13)) == tiny);
  CHECK(vsoftplus(T(-800)) == 0);

  CHECK(vtanh(inf) == 1);
  CHECK(vtanh(-inf) == -1);
  CHECK(vtanh(tiny) == tiny);
  CHECK(vtanh(-tiny) == -tiny);

  CHECK(vcos(T(0)) == 1);
  for (const Function<T> odd : {Function<T>{vsin}, Function<T>{vtanh}}) {
    CHECK(bits(odd(T(0))) == bits(T(0)));
    CHECK(bits(odd(-T(0))) == bits(-T(0)));
    for (T x = T(0.01); x < 20; x *= T(1.1)) CHECK(odd(-x) == -odd(x));
  }
}

TEST_CASE("functions that rise never fall, joints of their pieces included") {
  using namespace autodiff;
  struct Joint {
    const char* name;
    Function<double> f;
    double around;
  };
  // The softplus changes its formula at 0, exp changes n at odd halves of ln 2. The joint of tanh,
  // at 0.625, is within an ulp only.
  const Joint joints[] = {{"softplus", vsoftplus, 0.0},
                          {"softplus", vsoftplus, 0.34657359027997264},
                          {"softplus", vsoftplus, -0.34657359027997264},
                          {"sigmoid", vsigmoid, 0.0},
                          {"exp", vexp, 0.0},
                          {"exp", vexp, 0.34657359027997264},
                          {"log", vlog, 1.0},
                          {"log", vlog, 1.4142135623730951}};
  for (const Joint& joint : joints) {
    INFO(std::string(joint.name), " around ", joint.around);
    int falls = 0;
    double x = joint.around - 1e-10, before = -infinity<double>;
    for (int i = 0; i < 2000; ++i, x += 1e-13) {
      const double y = joint.f(x);
      if (y < before) ++falls;
      before = y;
    }
    CHECK(falls == 0);
  }
}

TEST_CASE_TEMPLATE("functions that rise never fall over their whole range", T, double, float) {
  using namespace autodiff;
  int falls = 0;
  const T last = std::is_same_v<T, float> ? 110 : 760, step = T(0.01);
  for (T x = -last; x < last; x += step)
    if (vsoftplus(x + step) < vsoftplus(x) || vtanh(x + step) < vtanh(x) ||
        vsigmoid(x + step) < vsigmoid(x) || vexp(x + step) < vexp(x))
      ++falls;
  CHECK(falls == 0);
}
