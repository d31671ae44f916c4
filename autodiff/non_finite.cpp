#include "autodiff/non_finite.h"

#include <algorithm>
#include <vector>

#include "autodiff/program.h"

namespace autodiff {

std::optional<Var> first_non_finite(std::span<const Var> outputs,
                                    std::span<const std::pair<Var, Matrix>> bindings) {
  if (outputs.empty()) return std::nullopt;
  Tape& tape = outputs.front().tape();
  std::vector<char> needed(tape.size(), false);
  for (const Var& output : outputs) needed[output.id()] = true;
  std::vector<Var> nodes;
  for (int id = tape.size() - 1; id >= 0; --id) {
    if (!needed[id]) continue;
    nodes.emplace_back(tape, id);
    for (const int input : tape.node(id).inputs)
      if (input >= 0) needed[input] = true;
  }
  std::reverse(nodes.begin(), nodes.end());

  // One instruction for each node, and every node an output.
  const Program program(nodes, {.optimize = false, .merge = false, .fuse = false});
  Workspace workspace(program);
  for (const auto& [leaf, value] : bindings) workspace.bind(leaf, value);
  program.run(workspace);
  for (std::size_t k = 0; k < nodes.size(); ++k)
    if (!workspace.value(static_cast<int>(k)).allFinite()) return nodes[k];
  return std::nullopt;
}

}  // namespace autodiff
