// Derivatives along chosen directions: first ones (forward mode), and second ones without forming a
// Hessian and without a second sweep backwards.
//
// Along a direction d every node u has a tangent t_u, which is d's own part at the inputs and goes
// upwards node by node; and every node has an adjoint ū. By the chain rule, the second derivative
// along d and another direction e is one term for each node f(u):
//
//     d²y[d, e] = Σ_f  f̄ · f''(u) [t_u, s_u]            t along d, s along e
//
// Linear nodes have f'' = 0 and drop out. In a network only the activations remain, each with
// σ''(z) z̄ t s: all second derivatives along D directions cost D + 2 passes through the layers
// (values, adjoints, D tangents), where a sweep backwards through the gradient for each direction
// would cost 2 D + 2.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "autodiff/tape.h"

namespace autodiff {

/// For each x its part of the direction, of x's shape; empty where it is zero.
using Direction = std::vector<Var>;

/// The tangent of y along the direction: Σ_x (∂y/∂x) d_x, of y's shape. It costs a small multiple
/// of recording y, whatever y's size, where a sweep backwards (vjp) costs one for each entry of y.
///     jvp(positions, q, v)      velocities of points whose positions are known functions of q
Var jvp(Var y, std::span<const Var> xs, const Direction& direction);
Var jvp(Var y, Var x, Var direction);

struct SecondDerivatives {
  std::vector<Var> first;   ///< dy/dx for every x: n x N
  std::vector<Var> second;  ///< d²y[d_i, d_j] for every pair (i, j) asked for: 1 x N
};

/// For every sample of y: 1 x N, with xs of n x N each, where every sample stays in its column
/// between xs and y, and no x depends on another. Throws std::invalid_argument where one leaves it,
/// for a direction without a part for each x and for a pair that names no direction.
/// What is recorded can be differentiated again.
SecondDerivatives second_derivatives(Var y, std::span<const Var> xs,
                                     std::span<const Direction> directions,
                                     std::span<const std::pair<int, int>> pairs);

}  // namespace autodiff
