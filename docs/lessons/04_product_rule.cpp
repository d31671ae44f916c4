// Lesson 04: the rule of a product (15 minutes)
//
// From here on the lessons use the project's own tape. A Var is a handle on a node. A node holds no
// number; it says what is to be computed, and `evaluate` computes it.
//
// What the tape knows of an operation stands in an OpDef (autodiff/op.h). `forward` computes
// numbers. `vjp`, the vector-Jacobian product, is the derivative rule. It gets the handles of the
// inputs d.a and d.b, of the output d.y, and d.g, the adjoint of the output. It answers with the
// share of input number `which`: 0 for a, 1 for b. An empty Var() as the answer means zero.
//
// The rule has handles and no numbers, so all it can do is record more operations: `d.g * d.a` is a
// new node on the same tape. Therefore a gradient is itself on the tape, and can be differentiated
// again.
//
// For y = a b, entry by entry:     share of a = g b,     share of b = g a
//
// Task: write the rule.
#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "docs/lessons/lesson.h"
using namespace autodiff;

namespace {

const OpDef product_op{
    .name = "product",
    .arity = 2,
    .elementwise = true,
    .shape = [](const OpDef&, std::span<const Shape> inputs,
                const Attributes&) { return inputs[0]; },
    .forward =
        [](const Kernel& k) {
          for (Index i = 0; i < k.y_shape.size(); ++i) k.y[i] = k.a[i] * k.b[i];
        },
    // >>> your code
    .vjp = [](const Vjp&, int) { return Var(); },
    // <<<
};

Var product(Var a, Var b) { return a.tape().record(product_op, {a, b}); }

double number(Var y) { return evaluate(y)(0, 0); }

TEST_CASE("two operands: y = a b") {
  Tape tape;
  const Var a = tape.constant(2.), b = tape.constant(5.);
  const auto shares = grad(product(a, b), {a, b});
  check_equal("dy/da of y = a b at a = 2, b = 5", number(shares[0]), 5,
              "(If it is 0, your rule hands the first operand nothing.)");
  check_equal("dy/db of y = a b at a = 2, b = 5", number(shares[1]), 2,
              "(If it is 0, your rule hands the second operand nothing.)");
}

TEST_CASE("the adjoint counts: y = 10 x x") {
  Tape tape;
  const Var x = tape.constant(3.);
  check_equal("dy/dx of y = 10 x x at x = 3", number(grad(10 * product(x, x), x)), 60,
              "(If it is 6, your rule forgets d.g.)");
}

// gradcheck holds a rule against differences, as in lesson 01, and the rule's own derivatives, too.
TEST_CASE("matrices, to third order") {
  const auto function = [](Tape&, std::span<const Var> x) { return product(x[0], x[1]); };
  const auto report = gradcheck(function, {Matrix{{1, 2}, {3, 4}}, Matrix{{5, 6}, {7, 8}}});
  CHECK_MESSAGE(report.ok(), "Differences find another derivative than your rule.\n" << report);
}

// Predict, then run: a tape holds x and y = x * x. How many nodes does grad(y, x) add to it?
// >>> your prediction
const double nodes_of_the_gradient = not_yet;
// <<<

TEST_CASE("predict: what a gradient records") {
  Tape tape;
  const Var x = tape.constant(3.), y = x * x;
  const int before = tape.size();
  grad(y, x);
  check_prediction(nodes_of_the_gradient, tape.size() - before);
}

}  // namespace
