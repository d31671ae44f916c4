// The Euler-Lagrange equations, solved for the accelerations.
//
// With v = q', the chain rule turns d/dt dL/dv = dL/dq into
//
//     M a = dL/dq - C v,    M = d²L/dv dv  (n x n, the mass matrix),   C_ij = d²L/dv_i dq_j,
//
// one linear system a sample. L may be any function on the tape, analytic or learnt.
#pragma once

#include "autodiff/ops.h"

namespace physics {

/// The momenta p = dL/dv, seen along a motion that passes q with dq/dt = rate:
///     dp/dt = mass dv/dt + drift,    drift = (d²L/dv dq) rate.
struct Momenta {
  autodiff::Var force;  ///< dL/dq: n x N
  autodiff::Var mass;   ///< d²L/dv dv of every sample: n·n x N
  autodiff::Var drift;  ///< n x N
};
Momenta momenta(autodiff::Var lagrangian, autodiff::Var q, autodiff::Var v, autodiff::Var rate);

/// Accelerations q'' of every sample: (L: 1 x N, q: n x N, v: n x N) -> n x N, any n.
/// Samples must not mix in L. A sample with a singular mass matrix gets Inf or NaN.
autodiff::Var euler_lagrange(autodiff::Var lagrangian, autodiff::Var q, autodiff::Var v);

/// The mass matrix d²L/dv dv of every sample: n·n x N.
autodiff::Var mass_matrix(autodiff::Var lagrangian, autodiff::Var v);

}  // namespace physics
