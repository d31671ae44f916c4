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

/// Accelerations q'' of every sample: (L: 1 x N, q: n x N, v: n x N) -> n x N, any n.
/// Samples must not mix in L. A sample with a singular mass matrix gets Inf or NaN.
autodiff::Var euler_lagrange(autodiff::Var lagrangian, autodiff::Var q, autodiff::Var v);

/// The mass matrix d²L/dv dv of every sample: n·n x N.
autodiff::Var mass_matrix(autodiff::Var lagrangian, autodiff::Var v);

}  // namespace physics
