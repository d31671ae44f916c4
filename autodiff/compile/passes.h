// Tape -> tape passes. Each reads a tape and records a smaller one that computes the same outputs:
//
//     extract     only what the outputs need (rebuild.h)
//     simplify    algebra, and equal nodes become one (simplify.h)
//     family      softplus x and its derivatives from one exponential
//     sums        neighbouring terms g aᵀ + h bᵀ + ... become one product (merge.h)
//     products    products with a common left factor become one (merge.h)
//
// No pass changes a bit of what comes out, but for the one exception that simplify.h tells.
#pragma once

#include <span>

#include "autodiff/compile/rebuild.h"

namespace autodiff {

/// Runs extract; if `simplified`, also simplify and family; if `merged`, sums and products. The
/// outputs of the result are distinct, and none of them is a leaf.
CompiledTape run_passes(std::span<const Var> outputs, bool simplified, bool merged);

}  // namespace autodiff
