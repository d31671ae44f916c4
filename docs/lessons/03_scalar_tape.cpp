// Lesson 03: a tape of scalars (20 minutes)
//
// A network has a million inputs, its weights, and one output, its loss. Dual numbers would need a
// million runs for the gradient. The reverse mode needs one.
//
// The trick is to write down what was computed. A tape is a list of nodes. Each node knows which
// earlier nodes it was made of, and the partial derivatives of its own value by theirs. For the
// product c = a b these are ∂c/∂a = b and ∂c/∂b = a.
//
// The adjoint of a node is dy/d(node): how much the result y grows as that node grows. The adjoint
// of y itself is 1. Walk down the tape from y to its beginning. At each node the adjoint is known
// by then, and the node hands each of its inputs a share (chain rule):
//
//     adjoint of the input  +=  ∂node/∂input · adjoint of the node
//
// A node only reads earlier ones. So whoever reads a node comes before it on the way down.
//
// Task: write that walk.
#include <array>
#include <cmath>
#include <vector>

#include "docs/lessons/lesson.h"

namespace {

struct Node {
  std::array<int, 2> inputs;       // numbers of earlier nodes; -1: there is none
  std::array<double, 2> partials;  // ∂(this node)/∂(each input)
};

struct Tape {
  std::vector<Node> nodes;
};

/// A number on the tape: its value, and its node.
struct Number {
  Tape* tape;
  int id;
  double value;
};

Number append(Tape& tape, double value, const Node& node) {
  tape.nodes.push_back(node);
  return {&tape, static_cast<int>(tape.nodes.size()) - 1, value};
}

Number input(Tape& tape, double value) { return append(tape, value, {{-1, -1}, {0, 0}}); }
Number operator+(Number a, Number b) {
  return append(*a.tape, a.value + b.value, {{a.id, b.id}, {1, 1}});
}
Number operator*(Number a, Number b) {
  return append(*a.tape, a.value * b.value, {{a.id, b.id}, {b.value, a.value}});
}
Number sin(Number a) {
  return append(*a.tape, std::sin(a.value), {{a.id, -1}, {std::cos(a.value), 0}});
}

/// dy/d(node) for every node of the tape.
std::vector<double> adjoints(Number y) {
  const std::vector<Node>& nodes = y.tape->nodes;
  std::vector<double> adjoint(nodes.size(), 0.);
  adjoint[y.id] = 1;
  // >>> your code

  // <<<
  return adjoint;
}

TEST_CASE("one operation: y = a b") {
  Tape tape;
  const Number a = input(tape, 2), b = input(tape, 5);
  const auto adjoint = adjoints(a * b);
  check_equal("dy/da of y = a b at a = 2, b = 5", adjoint[a.id], 5);
  check_equal("dy/db of y = a b at a = 2, b = 5", adjoint[b.id], 2);
}

TEST_CASE("a chain: y = sin(a b)") {
  Tape tape;
  const Number a = input(tape, 2), b = input(tape, 5);
  const auto adjoint = adjoints(sin(a * b));
  check_equal("dy/da of y = sin(a b) at a = 2, b = 5, which is b cos(a b),", adjoint[a.id],
              5 * std::cos(10.),
              "(If it is 0, the walk begins at y, not at the beginning of the tape.)");
}

TEST_CASE("read twice: y = a a + a") {
  Tape tape;
  const Number a = input(tape, 3);
  check_equal("dy/da of y = a a + a at a = 3", adjoints(a * a + a)[a.id], 7,
              "(Shares are added up: += and not =.)");
}

// Predict, then run: y is x. Then, 100 times, y becomes y * x. How many nodes does the tape have?
// >>> your prediction
const double nodes_of_a_power = not_yet;
// <<<

TEST_CASE("predict: the length of a tape") {
  Tape tape;
  const Number x = input(tape, 1);
  Number y = x;
  for (int i = 0; i < 100; ++i) y = y * x;
  check_prediction(nodes_of_a_power, static_cast<double>(tape.nodes.size()));
}

}  // namespace
