// Derivatives, recorded on the same tape as what they differentiate.
//
//     Var loss = mean(pow(y - target, 2));
//     std::vector<Var> g = grad(loss, {w, b});       // first order
//     std::vector<Var> h = grad(sum(g[0]), {w, b});  // and again: nothing new is needed
//
// Reverse mode: the adjoint of a node u is ū = d(final scalar)/du. The sweep walks the tape
// downwards from the final scalar, and each node hands its inputs their share of its own adjoint,
//     ū_input += (∂node/∂input)ᵀ ū_node,
// the vector-Jacobian product that the operation's rule records.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "autodiff/ops.h"

namespace autodiff {

/// dy/dx for every x, each of its x's shape. y is 1 x 1. An x that y does not depend on gets zeros.
/// Cost: a small multiple of recording y, whatever the number of x's.
std::vector<Var> grad(Var y, std::span<const Var> xs);
std::vector<Var> grad(Var y, std::initializer_list<Var> xs);
Var grad(Var y, Var x);

/// The same for a y of any shape, given its adjoint: d(Σ adjoint·y)/dx with the adjoint held fixed.
std::vector<Var> vjp(Var y, Var adjoint, std::span<const Var> xs);

// The next three differentiate sample by sample: column s of the result belongs to column s of the
// inputs. They ask that samples do not mix on the way from x to y.

/// The m x n Jacobian dy_i/dx_j of every sample: (y: m x N, x: n x N) -> m·n x N, column-major.
Var jacobian(Var y, Var x);
/// The n x n Hessian of every sample: (y: 1 x N, x: n x N) -> n·n x N.
Var hessian(Var y, Var x);
/// Hessian times v for every sample, without forming it: (y: 1 x N, x: n x N, v: n x N) -> n x N.
/// v is held fixed, also where it depends on x.
Var hessian_vector_product(Var y, Var x, Var v);

}  // namespace autodiff
