// The pullback network: the coordinates move unknown points, x(q) in a space of m dimensions, whose
// velocities make the kinetic energy. Beside it stand a potential V and a vector A, of gyroscopic
// forces: they act across the velocity and do no work, as in a magnetic field or a room that turns.
//
//     L = ½ |dx/dt|² + ½ Σ a_i v_i² + A(q) · v - V(q),    dx/dt = (dx/dq) v,
//
// with m = n (n + 3) / 2, at most 6 n, and a the kinetic prior. The mass matrix
// (dx/dq)ᵀ (dx/dq) + diag(a) is positive definite for any parameters, and with enough dimensions
// every smooth one can be had that way (Nash 1956: each metric is pulled back from a flat space).
// So it is any L that is quadratic in v. Masses on rods, wheels and springs are made like that:
// there x(q) is simple where M(q) is not. x, A and V are a linear function of the coordinates'
// features plus an MLP.
#pragma once

#include "nn/models/lagrangian_model.h"

namespace nn {

class PullbackNetwork : public LagrangianModel {
 public:
  static Form form_of(const Options& options, const Known& known);
  explicit PullbackNetwork(const Options& options, const Known& known = {});

  Var lagrangian(Var q, Var v) const override;

 private:
  Parameter linear_;  ///< (m + n + 1) x features: of x, A and V
  double unit_;       ///< of |dx/dt|², so that x is of order 1 whatever the units of q are
};

}  // namespace nn
