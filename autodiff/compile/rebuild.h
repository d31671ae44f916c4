// What every pass over a tape does: walk it and record its replacement on a new tape.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.h"

namespace autodiff {

struct CompiledTape {
  std::unique_ptr<Tape> tape;
  std::vector<int> outputs;   ///< their nodes
  std::vector<Index> leaves;  ///< for each of its leaves, which leaf of the recorded tape that is
  std::string report;         ///< a line a pass
};

/// The part of `from` that the outputs need, node for node. All further passes work on that part,
/// so that what they cost does not depend on the length of the recorded tape.
CompiledTape extract(const Tape& from, std::span<const int> outputs);

/// Records on the new tape the image of node `id` of the old one, what stands for it there;
/// image[k] is that of the old node k, for all that came before.
using RecordImage = std::function<Var(Tape& to, int id, const std::vector<Var>& image)>;

/// Records what stands for the live nodes of `from` on a new tape. Leaves keep their names and
/// order. `order`: the nodes in another topological order than their own; empty for their own. The
/// result's `leaves` and `report` are left empty.
CompiledTape rebuild(const Tape& from, std::span<const int> outputs, const RecordImage& record,
                     std::span<const int> order = {});

/// The node of `from` again, with other inputs, or with what stands for its own.
Var record_again(Tape& to, const Tape& from, const Node& node, Var a, Var b);
Var record_again(Tape& to, const Tape& from, const Node& node, const std::vector<Var>& image);

/// How many nodes that the outputs need read each node. An output counts as read once more.
std::vector<int> count_readers(const Tape& tape, std::span<const int> outputs);

}  // namespace autodiff
