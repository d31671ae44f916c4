#include "tape_view.h"

#include <stdexcept>

#include "autodiff/check/print.h"
#include "autodiff/compile/program.h"
#include "autodiff/compile/rebuild.h"
#include "autodiff/grad.h"
#include "autodiff/op.h"
#include "autodiff/reach.h"
#include "expression.h"

namespace playground {
namespace {

using autodiff::Matrix, autodiff::Program, autodiff::Tape, autodiff::Var;

constexpr std::size_t most_derivations = 3;

/// Node for node as it was recorded: nothing is left out or shared.
constexpr autodiff::ProgramOptions as_recorded{.simplify = false, .merge = false, .fuse = false};

struct Point {
  double x, y;

  Matrix of(const std::string& name) const { return Matrix::Constant(1, 1, name == "x" ? x : y); }
};

/// The value of each Var, all of one tape with leaves x and y.
std::vector<double> values_of(const std::vector<Var>& vars, const Point& at) {
  const Program program(vars, as_recorded);
  autodiff::Workspace workspace(program);
  const Matrix x = at.of("x"), y = at.of("y");
  for (const autodiff::Leaf& leaf : vars.front().tape().leaves())
    workspace.bind(Var(vars.front().tape(), leaf.id), leaf.name == "x" ? x : y);
  program.run(workspace);
  const auto all = workspace.values();
  return {all.begin(), all.end()};
}

std::vector<Var> all_of(Tape& tape) {
  std::vector<Var> vars;
  for (int id = 0; id < tape.size(); ++id) vars.emplace_back(tape, id);
  return vars;
}

Graph graph_of(Tape& tape, const Point& at) {
  Graph graph{.listing = listing(tape)};
  const std::vector<double> values = values_of(all_of(tape), at);
  for (int id = 0; id < tape.size(); ++id) {
    const autodiff::Node& node = tape.node(id);
    NodeView view{.label = label(tape, node), .value = values[static_cast<std::size_t>(id)]};
    for (const int input : node.inputs)
      if (input >= 0) view.inputs.push_back(input);
    graph.nodes.push_back(std::move(view));
  }
  return graph;
}

/// Lets grad record the adjoints of all nodes that lie between x, y and the output, and evaluates
/// them. The tape grows.
void add_adjoints(Graph& graph, Var output, const std::vector<Var>& leaves, const Point& at) {
  std::vector<Var> reached;
  for (const autodiff::Step& step : reach(output, leaves).steps)
    reached.emplace_back(output.tape(), step.id);
  if (reached.empty()) return;
  const std::vector<double> adjoints = values_of(grad(output, reached), at);
  for (std::size_t k = 0; k < reached.size(); ++k) {
    NodeView& node = graph.nodes[static_cast<std::size_t>(reached[k].id())];
    node.has_adjoint = true;
    node.adjoint = adjoints[k];
  }
}

/// Of the recorded part that the output needs, after all passes: of one output the last node.
Graph compiled_graph(const Program& program, const Point& at) {
  const autodiff::CompiledTape copy =
      extract(program.tape(), std::vector{program.tape().size() - 1});
  return graph_of(*copy.tape, at);
}

/// A complete program.
std::string program_text(const std::string& code, const std::string& by, const Point& at) {
  std::string derivations, name = "f";
  for (const char letter : by) {
    derivations += "  const Var " + (name + letter) + " = grad(" + name + ", " + letter + ");\n";
    name += letter;
  }
  const auto value = [](double number) { return "Matrix::Constant(1, 1, " + digits(number) + ")"; };
  return "#include <iostream>\n\n"
         "#include \"autodiff/compile/program.h\"\n"
         "#include \"autodiff/grad.h\"\n"
         "using namespace autodiff;\n\n"
         "int main() {\n"
         "  Tape tape;\n"
         "  const Var x = tape.input(1, 1, \"x\");\n"
         "  const Var y = tape.input(1, 1, \"y\");\n"
         "  const Var f = " +
         code + ";\n" + derivations + "\n  const Matrix at_x = " + value(at.x) +
         ";\n  const Matrix at_y = " + value(at.y) + ";\n  std::cout << evaluate(" + name +
         ", {{x, at_x}, {y, at_y}}) << '\\n';\n}\n";
}

}  // namespace

TapeView view_tape(const std::string& expression, const std::string& by, double x_value,
                   double y_value) {
  if (by.size() > most_derivations || by.find_first_not_of("xy") != std::string::npos)
    throw std::invalid_argument("'" + by + "' tells no derivatives: it must be up to " +
                                std::to_string(most_derivations) + " letters x and y");
  const Point at{x_value, y_value};
  Tape tape;
  const Var x = tape.input(1, 1, "x"), y = tape.input(1, 1, "y");
  const Recorded recorded = record(expression, x, y);

  std::vector<Var> outputs{recorded.value};
  std::vector<int> ends{tape.size()};  // of what each order has recorded
  for (const char letter : by) {
    outputs.push_back(grad(outputs.back(), letter == 'x' ? x : y));
    ends.push_back(tape.size());
  }

  const Program program({outputs.back()});
  TapeView view{.recorded = graph_of(tape, at),
                .compiled = compiled_graph(program, at),
                .code = program_text(recorded.code, by, at),
                .report = program.report(),
                .instructions = program.instructions()};
  for (std::size_t id = 0, order = 0; id < view.recorded.nodes.size(); ++id) {
    while (static_cast<int>(id) >= ends[order]) ++order;
    view.recorded.nodes[id].order = static_cast<int>(order);
  }
  for (const Var output : outputs) {
    view.outputs.push_back(output.id());
    view.values.push_back(evaluate(output, {{x, at.of("x")}, {y, at.of("y")}})(0, 0));
  }
  add_adjoints(view.recorded, outputs.back(), {x, y}, at);
  return view;
}

}  // namespace playground
