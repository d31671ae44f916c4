// Tape -> tape passes. Each reads a tape and records a smaller one that computes the same outputs:
//
//     drop_dead   only what the outputs need
//     simplify    algebra: constants are computed now, x + 0 is x, a slice of a stack is its part,
//                 an operation on repeated columns is done on one and repeated, ...
//     share       equal nodes become one
//     pair        softplus x and sigmoid x from one exponential
//     sums, products   products with a common factor become one (merge.h)
//
// The rules of `simplify` hold for finite values: 0·x is taken to be 0, as an absent adjoint is.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.h"

namespace autodiff {

struct OptimizedTape {
  std::unique_ptr<Tape> tape;
  std::vector<int> outputs;  ///< their nodes: distinct, and none of them a leaf
  std::string report;        ///< a line a pass
};

/// Runs drop_dead; if `simplified`, also simplify, share and pair; if `merged`, sums and products.
/// Leaves keep their names and their order.
OptimizedTape optimize(std::span<const Var> outputs, bool simplified, bool merged);

}  // namespace autodiff
