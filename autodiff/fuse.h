// Which neighbours on a tape become one instruction: chains of elementwise operations (chain.h).
//
// A node joins the chain of its only reader, so that its result never leaves the registers. A
// broadcast that a chain reads is never spread out in memory.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "autodiff/chain.h"
#include "autodiff/tape.h"

namespace autodiff {

/// A chain before it has addresses: x and z are nodes, -1 where the step reads none.
struct ChainPlan {
  struct Step {
    ChainStep::Op op;
    int x = -1, z = -1;
    Access access = Access::entry;  ///< how x is read
    double c = 0;
  };
  std::vector<Step> steps;
  Shape shape;            ///< of the chain
  bool sum_rows = false;  ///< the instruction's result is the sums of its columns
  int nodes = 0;          ///< how many of the tape's it stands for

  /// Does a step read a row or a column?
  bool reads_broadcast() const;
};

/// For each node of the tape: the chain that ends there, if any.
std::vector<std::optional<ChainPlan>> find_chains(const Tape& tape, std::span<const int> outputs);

}  // namespace autodiff
