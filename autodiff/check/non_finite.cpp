#include "autodiff/check/non_finite.h"

#include <stdexcept>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/reach.h"

namespace autodiff {

std::optional<Var> first_non_finite(std::span<const Var> outputs,
                                    std::span<const std::pair<Var, Matrix>> bindings) {
  if (outputs.empty()) return std::nullopt;
  Tape& tape = outputs.front().tape();
  std::vector<int> ids;
  for (const Var& output : outputs) {
    if (&output.tape() != &tape)
      throw std::invalid_argument("[first_non_finite] the outputs belong to different tapes");
    ids.push_back(output.id());
  }
  std::vector<Var> nodes;
  for (const Step& step : ancestors(tape, ids)) nodes.emplace_back(tape, step.id);

  // One instruction for each node, and every node an output.
  const Program program(nodes, {.simplify = false, .merge = false, .fuse = false});
  Workspace workspace(program);
  for (const auto& [leaf, value] : bindings) workspace.bind(leaf, value);
  program.run(workspace);
  for (std::size_t k = 0; k < nodes.size(); ++k)
    if (!workspace.value(static_cast<int>(k)).allFinite()) return nodes[k];
  return std::nullopt;
}

}  // namespace autodiff
