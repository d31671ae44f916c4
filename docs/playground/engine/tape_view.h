// What the page shows of a tape: an expression of x and y, derived as often as one likes, with the
// value and the adjoint of every node, before and after it is compiled.
#pragma once

#include <string>
#include <vector>

namespace playground {

struct NodeView {
  std::string label = {};        ///< what it does: "mul", "scale 3", "input x"
  std::vector<int> inputs = {};  ///< the nodes that it reads
  int order = 0;  ///< recorded by the expression (0) or by that derivation (1, 2, ...)
  double value = 0;
  bool has_adjoint = false;  ///< the sweep down from the last output comes by here
  double adjoint = 0;        ///< d(last output)/d(node)
};

struct Graph {
  std::vector<NodeView> nodes = {};
  std::string listing = {};  ///< as autodiff/check/print.h prints it
};

struct TapeView {
  Graph recorded = {}, compiled = {};
  /// The expression, its first derivative, and so on: their nodes among the recorded ones and what
  /// `evaluate` gives for them.
  std::vector<int> outputs = {};
  std::vector<double> values = {};
  std::string code = {};    ///< a complete C++ program that records it and prints the last output
  std::string report = {};  ///< what each pass of the compiler did
  int instructions = 0;     ///< of the program
};

/// The expression derived by each letter of `by` in turn: "xy" is d²/dx dy. Throws
/// std::invalid_argument for an expression that cannot be read, and for another letter.
TapeView view_tape(const std::string& expression, const std::string& by, double x, double y);

}  // namespace playground
