// The Euler-Lagrange equations, solved for the accelerations.
//
// With v = q', the chain rule turns d/dt dL/dv = dL/dq + Q into
//
//     M a = dL/dq - C v + Q,    M = d²L/dv dv  (n x n, the mass matrix),   C_ij = d²L/dv_i dq_j,
//
// one linear system a sample. L may be any function on the tape, analytic or learnt; Q are forces
// that no potential has (friction, drive, control).
//
// Where coordinates are bound to each other by Φ(q) = 0 (m equations, with J = dΦ/dq), forces Jᵀλ
// keep them so: M a = f + Jᵀλ, and λ is such that Φ'' = J a + J' v stays zero. Rounding would let Φ
// drift, so Φ'' + 2 ω Φ' + ω² Φ = 0 is asked for instead, which pulls it back (Baumgarte 1972).
#pragma once

#include "autodiff/ops.h"

namespace physics {

/// What a system's accelerations follow from, all on one tape.
struct Mechanics {
  autodiff::Var lagrangian;        ///< L: 1 x N
  autodiff::Var force = {};        ///< Q: n x N; empty: none
  autodiff::Var constraints = {};  ///< Φ: m x N; empty: none
  /// ω, how fast Φ is brought back to 0 [1/s]. Some times as fast as the motion itself is enough:
  /// at 20 a pendulum of 1 m takes an integrator thrice as many steps as at 5.
  double pull = 5;
  /// L has no terms v_i v_j with i ≠ j, as where each site of a field has its own velocity. The
  /// cost is then in proportion to n.
  bool diagonal_mass = false;
};

/// Accelerations q'' of every sample: (q: n x N, v: n x N) -> n x N, any n. Samples stay in their
/// columns. A sample with a singular matrix gets Inf or NaN. Throws std::invalid_argument for
/// shapes that do not fit.
autodiff::Var euler_lagrange(const Mechanics& mechanics, autodiff::Var q, autodiff::Var v);
/// The same of L (1 x N) alone.
autodiff::Var euler_lagrange(autodiff::Var lagrangian, autodiff::Var q, autodiff::Var v);

/// The momenta p = dL/dv, seen along a motion that passes q with dq/dt = rate:
///     dp/dt = mass dv/dt + drift,    drift = (d²L/dv dq) rate.
struct Momenta {
  autodiff::Var force;  ///< dL/dq: n x N
  autodiff::Var mass;   ///< d²L/dv dv of every sample: n·n x N
  autodiff::Var drift;  ///< n x N
};
Momenta momenta(autodiff::Var lagrangian, autodiff::Var q, autodiff::Var v, autodiff::Var rate);

/// The mass matrix d²L/dv dv of every sample: n·n x N.
autodiff::Var mass_matrix(autodiff::Var lagrangian, autodiff::Var v);

/// h = v · dL/dv - L of every sample: 1 x N. It is conserved where neither time nor forces act, and
/// is T + V where T is quadratic in v.
autodiff::Var energy(autodiff::Var lagrangian, autodiff::Var v);

}  // namespace physics
