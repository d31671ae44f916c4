// Which neighbours on a tape become one instruction: fused loops over elementwise operations
// (kernels/fused_loop.h).
//
// A node joins the fused loop of its only reader, so that its result never leaves the registers. A
// broadcast that a loop reads is never spread out in memory.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "autodiff/kernels/fused_loop.h"
#include "autodiff/tape.h"

namespace autodiff {

/// A loop before it has addresses: x and z are nodes, -1 where the step reads none.
struct LoopPlan {
  struct Step {
    LoopStep::Op op;
    int x = -1, z = -1;
    Access access = Access::entry;  ///< how x is read
    double c = 0;
  };
  std::vector<Step> steps;
  Shape shape;            ///< of the loop
  bool sum_rows = false;  ///< the instruction's result is the sums of its columns
  int nodes = 0;          ///< how many of the tape's it stands for

  /// Does a step read a row or a column?
  bool reads_broadcast() const;
};

/// For each node of the tape: the loop that ends there, if any.
std::vector<std::optional<LoopPlan>> find_loops(const Tape& tape, std::span<const int> outputs);

}  // namespace autodiff
