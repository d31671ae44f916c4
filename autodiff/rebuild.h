// What every pass of the optimiser does: walk a tape and record another in its image.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autodiff/optimize.h"
#include "autodiff/tape.h"

namespace autodiff {

/// Records on the new tape what stands for node `id` of the old one; image[k] is what stands for
/// the old node k, for all that came before.
using Image = std::function<Var(Tape& to, int id, const std::vector<Var>& image)>;

/// Records the part of `from` that the outputs need on a new tape. Leaves keep their names and
/// order, equal constants become one. `order`: the nodes in another topological order than their
/// own; empty for their own.
OptimizedTape rebuild(const Tape& from, std::span<const int> outputs, const Image& record,
                      std::span<const int> order = {});

/// The node again, with other inputs.
Var record_again(Tape& to, const Node& node, Var a, Var b);

/// How many nodes that the outputs need read each node. An output counts as read once more.
std::vector<int> count_readers(const Tape& tape, std::span<const int> outputs);

}  // namespace autodiff
