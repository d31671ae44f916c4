// Comparisons and choices: ties, zeros, infinities, and NaN, which nothing hides.
#include <doctest/doctest.h>

#include <cmath>
#include <utility>

#include "autodiff/ops.h"
#include "tests/autodiff/ops/values.h"
#include "tests/precision.h"

using namespace ops_test;
using Pair = std::array<double, 2>;

namespace {

using Two = Var (*)(Var, Var);
using WithNumber = Var (*)(Var, double);

struct Comparison {
  const char* name;
  Two of_two;
  WithNumber with_number;
  bool (*holds)(Scalar, Scalar);
};
const Comparison comparisons[] = {
    {"less", autodiff::less, autodiff::less, [](Scalar a, Scalar b) { return a < b; }},
    {"less_equal", autodiff::less_equal, autodiff::less_equal,
     [](Scalar a, Scalar b) { return a <= b; }},
    {"greater", autodiff::greater, autodiff::greater, [](Scalar a, Scalar b) { return a > b; }},
    {"greater_equal", autodiff::greater_equal, autodiff::greater_equal,
     [](Scalar a, Scalar b) { return a >= b; }},
    {"equal", autodiff::equal, autodiff::equal, [](Scalar a, Scalar b) { return a == b; }},
};

}  // namespace

TEST_CASE("comparisons are those of numbers, and NaN beside a NaN") {
  const Scalar tiny = std::numeric_limits<Scalar>::denorm_min();
  const Scalar numbers[] = {
      0,    -0.0,  1,        -1,        tiny,        -tiny, 1 + Scalar(rounding),
      most, -most, infinity, -infinity, not_a_number};
  for (const Comparison& comparison : comparisons)
    for (const Scalar a : numbers)
      for (const Scalar b : numbers) {
        INFO(comparison.name, ' ', a, ' ', b);
        const double two = at(std::function<Var(Var, Var)>(comparison.of_two), a, b);
        const double one = at([&](Var x) { return comparison.with_number(x, b); }, a);
        if (std::isnan(a) || std::isnan(b)) {
          CHECK(std::isnan(two));
          CHECK(std::isnan(one));
        } else {
          CHECK(two == (comparison.holds(a, b) ? 1 : 0));
          CHECK(one == two);
        }
      }
  for (const Comparison& comparison : comparisons)
    CHECK(slopes(std::function<Var(Var, Var)>(comparison.of_two), 1, 2) == Pair{0, 0});
}

TEST_CASE("max and min take the larger and the smaller, and share a tie's derivative") {
  const std::function<Var(Var, Var)> larger = static_cast<Two>(autodiff::max),
                                     smaller = static_cast<Two>(autodiff::min);
  CHECK(at(larger, 2, -3) == 2);
  CHECK(at(smaller, 2, -3) == -3);
  CHECK(at(larger, -infinity, -most) == -most);
  CHECK(at(smaller, infinity, most) == most);
  CHECK(slopes(larger, 2, -3) == Pair{1, 0});
  CHECK(slopes(smaller, 2, -3) == Pair{0, 1});
  CHECK(slopes(larger, 2, 2) == Pair{0.5, 0.5});
  CHECK(slopes(smaller, 2, 2) == Pair{0.5, 0.5});
  CHECK(slopes(larger, infinity, infinity) == Pair{0.5, 0.5});
  CHECK(slopes(smaller, infinity, infinity) == Pair{0.5, 0.5});
  CHECK(slopes(smaller, infinity, -infinity) == Pair{0, 1});
  CHECK(slopes(larger, 0, -0.0) == Pair{0.5, 0.5});
  CHECK(at([](Var x) { return max(x, x * x); }, 1, 1) == 1.5);  // the middle of 1 and 2
  for (const auto& [a, b] : {std::pair{1.0, double{not_a_number}}, {double{not_a_number}, 1.0}}) {
    CHECK(std::isnan(at(larger, a, b)));
    CHECK(std::isnan(at(smaller, a, b)));
    for (const auto& either : {larger, smaller})
      for (const double slope : slopes(either, a, b)) CHECK(std::isnan(slope));
  }
}

TEST_CASE("relu and clamp cut off, with the middle of their slopes at the corners") {
  const auto cut = [](Var x) { return clamp(x, -1, 2); };
  const struct {
    double x, relu, relu_slope, clamp, clamp_slope;
  } table[] = {
      {-infinity, 0, 0, -1, 0},
      {-3, 0, 0, -1, 0},
      {-1, 0, 0, -1, 0.5},
      {-0.5, 0, 0, -0.5, 1},
      {0, 0, 0.5, 0, 1},
      {-0.0, 0, 0.5, 0, 1},
      {1.5, 1.5, 1, 1.5, 1},
      {2, 2, 1, 2, 0.5},
      {7, 7, 1, 2, 0},
      {most, most, 1, 2, 0},
      {infinity, infinity, 1, 2, 0},
  };
  for (const auto& row : table) {
    CAPTURE(row.x);
    CHECK(at(autodiff::relu, row.x) == row.relu);
    CHECK(at(autodiff::relu, row.x, 1) == row.relu_slope);
    CHECK(at(autodiff::relu, row.x, 2) == 0);
    CHECK(at(cut, row.x) == row.clamp);
    CHECK(at(cut, row.x, 1) == row.clamp_slope);
  }
  for (int order = 0; order < 2; ++order) {
    CHECK(std::isnan(at(autodiff::relu, not_a_number, order)));
    CHECK(std::isnan(at(cut, not_a_number, order)));
  }
  const auto all = [](Var x) { return clamp(x, -infinity, infinity); };
  CHECK(at(all, 5) == 5);
  CHECK(at(all, 5, 1) == 1);
  for (const double x : {1., 2., 2.5, 3., 4.}) {  // of limits in the wrong order the upper one wins
    CHECK(at([](Var v) { return clamp(v, 3, 2); }, x) == 2);
    CHECK(at([](Var v) { return clamp(v, 3, 2); }, x, 1) == 0);
  }
}

TEST_CASE("where takes one of two, bit for bit, whatever the other is") {
  const Function choose = [](std::span<const Var> v) { return where(v[0], v[1], v[2]); };
  const Matrix condition = rows({{1, 0, 1, 0, 5, -0.0, not_a_number}}),
               x = rows({{2, not_a_number, -0.0, infinity, not_a_number, 3, 1}}),
               y = rows({{infinity, 3, 7, -0.0, 1, not_a_number, 1}});
  const Matrix chosen = value(choose, {condition, x, y});
  CHECK(alike(chosen, rows({{2, 3, -0.0, -0.0, not_a_number, not_a_number, not_a_number}})));
  CHECK(std::signbit(chosen(2)));
  CHECK(std::signbit(chosen(3)));
  const std::vector<Matrix> adjoints = gradients(choose, {condition, x, y});
  CHECK(adjoints[0].isZero(0));
  CHECK(alike(adjoints[1], rows({{1, 0, 1, 0, 1, 0, not_a_number}})));
  CHECK(alike(adjoints[2], rows({{0, 1, 0, 1, 0, 1, not_a_number}})));
}

TEST_CASE("what has no derivative where it is not chosen is kept from there twice") {
  // √x for x > 0 and 0 elsewhere: below 0 a root's derivative is NaN, and 0 times NaN is NaN.
  const Function once = [](std::span<const Var> v) {
    const Var zero = v[0].tape().filled(v[0].shape(), 0);
    return where(greater(v[0], 0), sqrt(v[0]), zero);
  };
  const Function twice = [](std::span<const Var> v) {
    const Var positive = greater(v[0], 0), one = v[0].tape().filled(v[0].shape(), 1);
    return where(positive, sqrt(where(positive, v[0], one)), 0 * one);
  };
  const Matrix x = rows({{-4, 4}});
  for (const Function& f : {once, twice}) CHECK(value(f, {x}) == rows({{0, 2}}));
  CHECK(alike(gradients(once, {x})[0], rows({{not_a_number, 0.25}})));
  CHECK(gradients(twice, {x})[0] == rows({{0, 0.25}}));
  // Forwards the tangent is chosen as the value is.
  const Function tangent = [&](std::span<const Var> v) {
    return jvp(once(v), v[0], v[0].tape().filled(v[0].shape(), 1));
  };
  CHECK(value(tangent, {x}) == rows({{0, 0.25}}));
}

TEST_CASE("stop_gradient is its operand, and a constant to derivatives") {
  const auto f = [](Var x) { return x * stop_gradient(x * x); };
  CHECK(at(f, 3) == 27);
  CHECK(at(f, 3, 1) == 9);
  CHECK(at(f, 3, 2) == 0);
  CHECK(at(autodiff::stop_gradient, 3, 1) == 0);
  const auto half_fixed = [](Var x) { return sin(x) * cos(stop_gradient(x)); };
  const double s = std::sin(Scalar(3)), c = std::cos(Scalar(3));
  for (const auto& [order, derivative] : {std::pair{1, c * c}, {2, -s * c}, {3, -c * c}})
    CHECK(at(half_fixed, 3, order) == doctest::Approx(derivative).epsilon(8 * rounding));
  CHECK(std::isnan(at(autodiff::stop_gradient, not_a_number)));
}
