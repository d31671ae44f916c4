// Lesson 07: the rule of a matrix product (20 minutes)
//
// A layer of a network is Y = A B: weights times samples. The adjoint G of Y has Y's shape, for it
// says of every entry of Y how much the final scalar grows with it. Likewise for A and B:
//
//     A: m x k,   B: k x n,   Y and G: m x n,   share of A: m x k,   share of B: k x n
//
// From Y_ij = Σ_l A_il B_lj follows how the final scalar changes with one entry of A:
//
//     share of A, entry il  =  Σ_j G_ij B_lj
//
// Read this as a matrix product. Which index is summed over, and which of the two matrices must be
// turned, so that the sum runs along its columns? Then do the same for B. The shapes above leave
// only one way to multiply G by what there is: use them to check your answer.
//
// Task: write the rule, with `matmul(a, b)` and `transpose(a)`.
#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "docs/lessons/lesson.h"
using namespace autodiff;

namespace {

// The library's product with a rule of your own.
const OpDef product_op{
    .name = "product",
    .arity = 2,
    .shape = [](const OpDef&, std::span<const Shape> inputs,
                const Attributes& none) { return matmul_op.shape(matmul_op, inputs, none); },
    .forward = [](const Kernel& k) { matmul_op.forward(k); },
    .vjp =
        [](const Vjp& d, int which) {
          // >>> your code
          return Var();
          // <<<
        },
};

Var product(Var a, Var b) { return a.tape().record(product_op, {a, b}); }

const Matrix left{{1, 2, 3}, {4, 5, 6}}, right{{1, 0}, {0, 1}, {2, 2}};

/// The shares of both, for the sum of all entries of left · right.
std::vector<Matrix> shares() {
  Tape tape;
  const Var a = tape.constant(left), b = tape.constant(right);
  const auto both = grad(sum(product(a, b)), {a, b});
  return {evaluate(both[0]), evaluate(both[1])};
}

TEST_CASE("the share of the left factor") {
  check_equal("Entry (0, 2) of the share of A", shares()[0](0, 2), 4);
}

TEST_CASE("the share of the right factor") {
  check_equal("Entry (2, 0) of the share of B", shares()[1](2, 0), 9);
}

TEST_CASE("the rule, to third order") {
  const auto function = [](Tape&, std::span<const Var> x) { return product(x[0], x[1]); };
  const auto report = gradcheck(function, {left, right});
  CHECK_MESSAGE(report.ok(), "Differences find another derivative than your rule.\n" << report);
}

// Predict, then run: A is 100 x 200 and B is 200 x 50, so A B takes 100 · 200 · 50 = 1,000,000
// multiplications. How many do the two products of the rule take together?
// >>> your prediction
const double multiplications = not_yet;
// <<<

TEST_CASE("predict: the price of the gradient of a product") {
  Tape tape;
  const Var a = tape.input(100, 200, "a"), b = tape.input(200, 50, "b");
  const Var y = sum(matmul(a, b));
  const int before = tape.size();
  grad(y, {a, b});
  double found = 0;
  for (int id = before; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (node.op == &matmul_op)
      found += static_cast<double>(node.shape.size() * tape.node(node.inputs[0]).shape.cols);
  }
  check_prediction(multiplications, found);
}

}  // namespace
