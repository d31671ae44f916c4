// The elementary functions: how far from the truth in units in the last place, what they do at the
// edges, and that their bits depend on the argument alone.
#include "autodiff/elementary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

using autodiff::Index;
using autodiff::Scalar;
using autodiff::elementary::log1p_unit;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

using Function = double (*)(double);
using Reference = long double (*)(long double);
using Loop = void (*)(const double* x, double* y, Index n);

/// The function in the kind of loop it is made for.
template <Function f>
[[gnu::noinline]] void loop(const double* x, double* y, Index n) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] = f(x[i]);
}

long double reference_sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }
long double reference_softplus(long double x) {
  return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x)));
}

struct Case {
  const char* name;
  Function f;
  Loop loop;
  Reference reference;
  double ulps;                                   // the limit
  std::vector<std::pair<double, double>> range;  // where the limit holds
};

// clang-format off
const Case cases[] = {
    {"exp", autodiff::vexp, loop<autodiff::vexp>, std::exp, 1.0,
     {{-708, 709.78}, {-745, -708}, {-1, 1}, {-1e-10, 1e-10}}},
    {"log", autodiff::vlog, loop<autodiff::vlog>, std::log, 1.0,
     {{0, 1e-307}, {0, 3}, {0.7, 1.42}, {0.999999, 1.000001}, {1, 1e300}}},
    {"log1p", log1p_unit, loop<log1p_unit>, std::log1p, 1.0,
     {{0, 1}, {0.41, 0.42}, {0.49, 0.51}, {0, 1e-15}, {0, 1e-300}}},
    {"sigmoid", autodiff::vsigmoid, loop<autodiff::vsigmoid>, reference_sigmoid, 2.5,
     {{-708, 708}, {-40, 40}, {-3, 3}, {-1e-10, 1e-10}}},
    {"softplus", autodiff::vsoftplus, loop<autodiff::vsoftplus>, reference_softplus, 2.0,
     {{-745, 745}, {-40, 40}, {-3, 3}, {-1e-10, 1e-10}}},
    {"tanh", autodiff::vtanh, loop<autodiff::vtanh>, std::tanh, 2.0,
     {{-30, 30}, {-1, 1}, {0.62, 0.63}, {-1e-8, 1e-8}, {-1e-300, 1e-300}}},
    {"sin", autodiff::vsin, loop<autodiff::vsin>, std::sin, 1.0,
     {{-1e5, 1e5}, {-400, 400}, {-4, 4}, {3.14159, 3.1416}, {-1e-8, 1e-8}, {-1e-300, 1e-300}}},
    {"cos", autodiff::vcos, loop<autodiff::vcos>, std::cos, 1.0,
     {{-1e5, 1e5}, {-400, 400}, {-4, 4}, {1.5707, 1.5709}, {-1e-8, 1e-8}}},
};
// clang-format on

/// The distance of y from the truth, in steps of double at the truth.
double ulps_between(double y, long double truth) {
  int exponent;
  std::frexp(static_cast<double>(truth), &exponent);
  const double step = std::ldexp(1.0, std::max(exponent - 53, -1074));
  return static_cast<double>(std::abs(static_cast<long double>(y) - truth) / step);
}

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

}  // namespace

TEST_CASE("elementary functions are within their ulps of the long double ones") {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  constexpr Index size = 10000;
  std::mt19937_64 engine(1);
  std::vector<double> x(size), y(size);
  for (const Case& c : cases)
    for (const auto& range : c.range) {
      std::uniform_real_distribution<double> uniform(range.first, range.second);
      for (double& value : x) value = uniform(engine);
      c.loop(x.data(), y.data(), size);
      double worst = 0, worst_x = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double error = ulps_between(y[i], c.reference(x[i]));
        if (!(error <= worst)) worst = error, worst_x = x[i];
      }
      INFO(std::string(c.name), " on [", range.first, ", ", range.second, "], worst at ", worst_x);
      CHECK(worst <= c.ulps);
    }
}

TEST_CASE("sin and cos keep their digits beside multiples of pi/2") {
  double worst = 0;
  for (int n = -60000; n <= 60000; n += 7) {
    const double x = (n + 0.5) * 3.141592653589793 / 2;
    for (const double angle : {x, n * 1.5707963267948966}) {
      const long double exact = angle;
      if (angle != 0) worst = std::max(worst, ulps_between(autodiff::vsin(angle), std::sin(exact)));
      worst = std::max(worst, ulps_between(autodiff::vcos(angle), std::cos(exact)));
    }
  }
  CHECK(worst < 1);
}

TEST_CASE("the bits do not depend on neighbours, length or place") {
  std::mt19937_64 engine(2);
  std::vector<double> x(64), y(64), in_place(64);
  const double odd_ones[] = {0.0,      -0.0, infinity, -infinity, not_a_number,
                             smallest, 1e5,  800,      -800};
  for (const Case& c : cases) {
    INFO(std::string(c.name));
    int different = 0;
    for (Index size = 1; size <= 40; ++size)
      for (Index start = 0; start < 8; ++start) {
        const double width = static_cast<double>(size);
        std::uniform_real_distribution<double> uniform(-width, width);
        for (double& value : x)
          value = c.f == log1p_unit ? std::abs(uniform(engine)) / 40 : uniform(engine);
        x[engine() % x.size()] = odd_ones[engine() % std::size(odd_ones)];
        c.loop(x.data() + start, y.data() + start, size);
        in_place = x;
        c.loop(in_place.data() + start, in_place.data() + start, size);
        for (auto i = start; i < start + size; ++i) {
          const auto k = static_cast<std::size_t>(i);
          double alone;
          c.loop(&x[k], &alone, 1);
          if (std::isnan(alone) ? !std::isnan(y[k]) : bits(alone) != bits(y[k])) ++different;
          if (std::isnan(alone) ? !std::isnan(c.f(x[k])) : bits(alone) != bits(c.f(x[k])))
            ++different;
          if (std::isnan(alone) ? !std::isnan(in_place[k]) : bits(alone) != bits(in_place[k]))
            ++different;
        }
      }
    CHECK(different == 0);
  }
}

TEST_CASE("sin and cos of arrays take every number, and each by itself") {
  const Scalar huge[] = {Scalar(1.5e5), Scalar(-3e7), Scalar(1e22),
                         Scalar(2e38),  Scalar(-1e5), Scalar(infinity)};
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
        constexpr Scalar tolerance = 2 * std::numeric_limits<Scalar>::epsilon();
        CHECK(std::abs(s[at] - std::sin(value)) < tolerance);
        CHECK(std::abs(c[at] - std::cos(value)) < tolerance);
      }
    }
}

TEST_CASE("edges of the elementary functions") {
  using namespace autodiff;
  for (const Case& c : cases) {
    INFO(std::string(c.name));
    CHECK(std::isnan(c.f(not_a_number)));
  }
  CHECK(vexp(0.0) == 1);
  CHECK(vexp(-0.0) == 1);
  CHECK(vexp(infinity) == infinity);
  CHECK(vexp(-infinity) == 0);
  CHECK(vexp(709.782712893384) < infinity);
  CHECK(vexp(709.782712893385) == infinity);
  CHECK(vexp(1e308) == infinity);
  CHECK(vexp(-745.13) == smallest);
  CHECK(vexp(-745.14) == 0);
  CHECK(vexp(-1e308) == 0);

  CHECK(vlog(1.0) == 0);
  CHECK(vlog(0.0) == -infinity);
  CHECK(vlog(-0.0) == -infinity);
  CHECK(vlog(infinity) == infinity);
  CHECK(std::isnan(vlog(-smallest)));
  CHECK(std::isnan(vlog(-1.0)));
  CHECK(std::isnan(vlog(-infinity)));
  CHECK(vlog(smallest) == std::log(smallest));
  CHECK(vlog(0x1p-1022) == std::log(0x1p-1022));
  CHECK(vlog(std::numeric_limits<double>::max()) == std::log(std::numeric_limits<double>::max()));

  CHECK(vsigmoid(0.0) == 0.5);
  CHECK(vsigmoid(infinity) == 1);
  CHECK(vsigmoid(-infinity) == 0);
  CHECK(vsigmoid(-800.0) == 0);

  CHECK(vsoftplus(infinity) == infinity);
  CHECK(vsoftplus(-infinity) == 0);
  CHECK(vsoftplus(800.0) == 800);
  CHECK(vsoftplus(-745.13) == smallest);
  CHECK(vsoftplus(-800.0) == 0);

  CHECK(vtanh(infinity) == 1);
  CHECK(vtanh(-infinity) == -1);
  CHECK(vtanh(smallest) == smallest);
  CHECK(vtanh(-smallest) == -smallest);

  CHECK(vcos(0.0) == 1);
  for (const Function odd : {Function{vsin}, Function{vtanh}}) {
    CHECK(bits(odd(0.0)) == bits(0.0));
    CHECK(bits(odd(-0.0)) == bits(-0.0));
    for (double x = 0.01; x < 20; x *= 1.1) CHECK(odd(-x) == -odd(x));
  }
}

TEST_CASE("functions that rise never fall, joints of their pieces included") {
  using namespace autodiff;
  struct Joint {
    const char* name;
    Function f;
    double around;
  };
  // Where e^-x = 0.414..., the softplus changes its formula; exp changes n at odd halves of ln 2.
  // The joint of tanh, at 0.625, is within an ulp only.
  const Joint joints[] = {{"softplus", vsoftplus, 0.0},
                          {"softplus", vsoftplus, 0.881373587019543},
                          {"softplus", vsoftplus, -0.881373587019543},
                          {"exp", vexp, 0.0},
                          {"exp", vexp, 0.34657359027997264},
                          {"log", vlog, 1.0},
                          {"log", vlog, 1.4142135623730951}};
  for (const Joint& joint : joints) {
    INFO(std::string(joint.name), " around ", joint.around);
    int falls = 0;
    double x = joint.around - 1e-10, before = -infinity;
    for (int i = 0; i < 2000; ++i, x += 1e-13) {
      const double y = joint.f(x);
      if (y < before) ++falls;
      before = y;
    }
    CHECK(falls == 0);
  }
  int falls = 0;
  for (double x = -760; x < 760; x += 0.01)
    if (vsoftplus(x + 0.01) < vsoftplus(x) || vtanh(x + 0.01) < vtanh(x) ||
        vsigmoid(x + 0.01) < vsigmoid(x) || vexp(x + 0.01) < vexp(x))
      ++falls;
  CHECK(falls == 0);
}

TEST_CASE("float functions are the double ones, rounded once") {
  std::mt19937_64 engine(3);
  std::uniform_real_distribution<float> uniform(0.01f, 80.0f);
  for (int i = 0; i < 100; ++i) {
    const float x = uniform(engine);
    CHECK(autodiff::vexp(x) == static_cast<float>(std::exp(static_cast<double>(x))));
    CHECK(autodiff::vlog(x) == static_cast<float>(std::log(static_cast<double>(x))));
    CHECK(autodiff::vsin(x) == static_cast<float>(std::sin(static_cast<double>(x))));
    CHECK(autodiff::vcos(x) == static_cast<float>(std::cos(static_cast<double>(x))));
    CHECK(autodiff::vtanh(x) == static_cast<float>(std::tanh(static_cast<double>(x))));
  }
}
