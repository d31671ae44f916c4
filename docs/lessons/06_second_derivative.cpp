// Lesson 06: the gradient of a gradient (15 minutes)
//
// A rule records operations of the same tape, so a gradient is nodes like all others. Whoever wants
// the second derivative asks for the gradient of the gradient. Nothing new is needed.
//
// With n inputs the second derivatives are an n x n matrix, the Hessian H_ij = ∂²y/∂x_i∂x_j. Often
// one wants only its product with a vector v: how does the gradient change as x moves along v? To
// form H takes n sweeps. The product takes one:
//
//     H v  =  gradient of (gradient · v)          v held fixed
//
// `vjp(f, v, xs)` is that sweep: the gradient of Σ v·f with respect to each of the xs, where f may
// have any shape. It gives a vector with one Var for each x.
//
// Here y has a column for each sample, 1 x N, and x is n x N. Samples do not mix, so grad(sum(y),
// x) holds the gradient of every sample in that sample's column.
//
// Task: write H v for every sample, without forming H.
#include <array>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "docs/lessons/lesson.h"
using namespace autodiff;

namespace {

/// H v of every sample: (y: 1 x N, x: n x N, v: n x N) -> n x N.
Var hessian_times(Var y, Var x, Var v) {
  // >>> your code
  return 0 * v;
  // <<<
}

// y = x0² x1, of which H = [[2 x1, 2 x0], [2 x0, 0]].
Var cubic(Var x) { return pow(row(x, 0), 2) * row(x, 1); }

TEST_CASE("y = x0² x1 at (3, 5)") {
  Tape tape;
  const Var x = tape.constant(Matrix{{3}, {5}});
  const auto column = [&](double v0, double v1) {
    return evaluate(hessian_times(cubic(x), x, tape.constant(Matrix{{v0}, {v1}})));
  };
  check_equal("Along v = (1, 0), (H v)_0", column(1, 0)(0), 10,
              "(If it is 0, nothing was differentiated. If it is 30, only once.)");
  check_equal("Along v = (1, 0), (H v)_1", column(1, 0)(1), 6);
  check_equal("Along v = (0, 2), (H v)_0", column(0, 2)(0), 12);
  check_equal("Along v = (0, 2), (H v)_1", column(0, 2)(1), 0);
}

TEST_CASE("a thousand samples side by side") {
  Tape tape;
  Random random(1);
  const Matrix states = random.uniform_matrix(2, 1000, -2, 2);
  const Var x = tape.constant(states), v = tape.constant(random.uniform_matrix(2, 1000, -1, 1));
  const Var y = cubic(x) + sin(row(x, 0) * row(x, 1));
  const Matrix right = evaluate(sample_matmul(hessian(y, x), v, 2));
  const double error = (evaluate(hessian_times(y, x, v)) - right).norm() / right.norm();
  check_equal("The distance from the product with the whole Hessian, relative,", error, 0, "",
              1e-10);
}

// Predict, then run: y = x⁴ is differentiated three times. What is the result at x = 2?
// >>> your prediction
const double third_derivative = not_yet;
// <<<

TEST_CASE("predict: the third derivative of x⁴") {
  Tape tape;
  const Var x = tape.constant(2.);
  Var y = pow(x, 4);
  for (int order = 0; order < 3; ++order) y = grad(y, x);
  check_prediction(third_derivative, evaluate(y)(0, 0));
}

}  // namespace
