// Lesson 02: the dual number (15 minutes)
//
// A central difference rounds. Here is a way to a derivative that does not. Let every number carry
// its own slope along: a dual number is a pair
//
//     (value, slope)          x itself is (x, 1), a constant c is (c, 0)
//
// Each operation computes both. It knows the values of its operands, and it knows the rule of
// calculus for its own derivative:
//
//     a + b     has the slope   a' + b'
//     sin a     has the slope   a' cos a          (the chain rule)
//     a b       has the slope   a' b + a b'       (the product rule)
//
// Nothing is approximated, so all digits are right. What a program computes, however long it is,
// consists of such operations. This is automatic differentiation in its forward mode: slopes travel
// from the inputs to the result.
//
// Task: write the product of two dual numbers.
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "docs/lessons/lesson.h"

namespace {

struct Dual {
  double value = 0, slope = 0;
};

Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.slope + b.slope}; }

Dual sin(Dual a) { return {std::sin(a.value), a.slope * std::cos(a.value)}; }

Dual operator*(Dual a, Dual b) {
  // >>> your code
  return {a.value * b.value, 0};
  // <<<
}

TEST_CASE("the slope of x·x at 3 is 6") {
  const Dual x{3, 1};
  const Dual y = x * x;
  check_equal("3 · 3", y.value, 9);
  check_equal("d(x·x)/dx at x = 3", y.slope, 6,
              "(If it is 3, only one of the operands counts for it.)");
}

TEST_CASE("a longer expression") {
  const Dual x{0.5, 1}, two{2, 0};
  const Dual y = x * sin(two * x) + x;  // y' = sin 2x + 2x cos 2x + 1
  check_equal("The slope of x sin(2x) + x at x = 0.5", y.slope, std::sin(1.) + std::cos(1.) + 1);
}

// One slope travels along, so one run of f tells of one input alone. This function asks for all.
using Function = std::function<Dual(const std::vector<Dual>&)>;

std::vector<double> gradient(const Function& f, std::vector<Dual> x) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i].slope = 1;
    slopes.push_back(f(x).slope);
    x[i].slope = 0;
  }
  return slopes;
}

// Predict, then run: how often is f computed for the gradient of a function of 1000 numbers?
// >>> your prediction
const double runs_of_f = not_yet;
// <<<

TEST_CASE("predict: the price of a gradient") {
  int runs = 0;
  const auto sum_of_squares = [&runs](const std::vector<Dual>& x) {
    ++runs;
    Dual sum;
    for (const Dual& a : x) sum = sum + a * a;
    return sum;
  };
  gradient(sum_of_squares, std::vector<Dual>(1000, Dual{2, 0}));
  check_prediction(runs_of_f, runs);
}

}  // namespace
