// Lesson 05: fan-out (20 minutes)
//
// A node may be read more than once: x by both operands of x + x, a weight by every sample. This is
// fan-out. All ways by which x reaches y count, so the adjoint of x is the sum of the shares that
// come back along them.
//
// Below stands the heart of `grad`, on the project's own tape. It records: an adjoint is a Var, a
// share is a Var, and a sum of two shares is a new node. An empty Var means that nothing has
// arrived yet; as an adjoint it means zero, and costs nothing.
//
// See what the order of the walk is worth. Each node is visited once, after all its readers. So
// y = y + y, thirty times over, takes thirty steps, although x reaches y along 2³⁰ different ways.
//
// Task: let the share that arrives enter the total. As it stands it replaces what was there.
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "docs/lessons/lesson.h"
using namespace autodiff;

namespace {

/// dy/dx, recorded on the tape of both.
Var gradient(Var y, Var x) {
  Tape& tape = y.tape();
  std::vector<Var> adjoint(y.id() + 1);
  adjoint[y.id()] = tape.constant(1.);
  for (int id = y.id(); id > x.id(); --id) {
    if (!adjoint[id]) continue;       // y does not depend on this node
    const Node node = tape.node(id);  // a copy: recording moves the nodes
    const auto input = [&](int k) {
      return node.inputs[k] < 0 ? Var() : Var(tape, node.inputs[k]);
    };
    const Vjp rule{input(0), input(1), Var(tape, id), adjoint[id], node.attributes};
    for (int k = 0; k < node.op->arity; ++k) {
      const Var share = node.op->vjp(rule, k);
      if (!share) continue;  // empty: zero
      Var& total = adjoint[node.inputs[k]];
      // >>> your code
      total = share;
      // <<<
    }
  }
  return adjoint[x.id()] ? adjoint[x.id()] : tape.constant(0.);
}

double number(Var y) { return evaluate(y)(0, 0); }

TEST_CASE("x + x grows twice as fast as x") {
  Tape tape;
  const Var x = tape.constant(3.);
  check_equal("dy/dx of y = x + x", number(gradient(x + x, x)), 2,
              "(If it is 1, the second share has replaced the first.)");
}

TEST_CASE("ways of different length: y = x x + sin x") {
  Tape tape;
  const Var x = tape.constant(3.);
  const Var square = x * x;
  const Var y = square + sin(x);
  check_equal("dy/dx of y = x x + sin x at x = 3", number(gradient(y, x)), 6 + std::cos(3.));
}

TEST_CASE("y = y + y, thirty times over") {
  Tape tape;
  const Var x = tape.constant(1.);
  Var y = x;
  for (int i = 0; i < 30; ++i) y = y + y;
  check_equal("dy/dx, which is 2³⁰,", number(gradient(y, x)), 1 << 30);
}

// Predict, then run: how many nodes does grad(y, x) add to the tape of the last test?
// >>> your prediction
const double nodes_of_the_gradient = not_yet;
// <<<

TEST_CASE("predict: 2³⁰ ways, how many nodes?") {
  Tape tape;
  const Var x = tape.constant(1.);
  Var y = x;
  for (int i = 0; i < 30; ++i) y = y + y;
  const int before = tape.size();
  grad(y, x);
  check_prediction(nodes_of_the_gradient, tape.size() - before);
}

}  // namespace
