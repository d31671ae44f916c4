// The tape of f(a, b) = a b + sin a as a graph: at each node its value and its adjoint, at each
// arrow the slope of the node that reads by the node that is read.
#include <cstdio>
#include <string>
#include <vector>

#include "autodiff/check/print.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
using autodiff::Matrix, autodiff::Tape, autodiff::Var;

int main() {
  Tape tape;
  const Var a = tape.input(1, 1, "a");
  const Var b = tape.input(1, 1, "b");
  const Var product = a * b;
  const Var sine = sin(a);
  const Var y = product + sine;
  std::string graph = graphviz(tape);  // before derivatives are recorded

  const auto text = [&](Var v) {
    char digits[20];
    std::snprintf(digits, sizeof digits, "%.4g",
                  evaluate(v, {{a, Matrix{{2.0}}}, {b, Matrix{{3.0}}}}).value());
    return std::string(digits);
  };
  const std::vector<Var> nodes = {a, b, product, sine, y};
  const std::vector<Var> adjoints = grad(y, nodes);
  for (std::size_t k = 0; k < nodes.size(); ++k)  // the first shape left in the graph is node k's
    graph.replace(graph.find("1x1"), 3,
                  "value " + text(nodes[k]) + "\\nadjoint " + text(adjoints[k]));
  for (const Var& reader : {product, sine, y})
    for (const int id : tape.node(reader.id()).inputs) {
      if (id < 0) continue;
      const std::string arrow = 'n' + std::to_string(id) + " -> n" + std::to_string(reader.id());
      graph.replace(graph.find(arrow), arrow.size(),
                    arrow + " [label=\" " + text(grad(reader, Var(tape, id))) + "\"]");
    }
  std::printf("%s", graph.c_str());
}
