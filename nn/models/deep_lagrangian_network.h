// The Deep Lagrangian Network (Lutter, Ritter & Peters 2019): the form of mechanics is given, its
// two functions are learnt,
//
//     L = ½ vᵀ M(q) v - V(q),    M = D C Cᵀ D + diag(a),
//
// with C(q) lower triangular and its diagonal positive, D² the units of mass, and a the kinetic
// prior: M is positive definite for any parameters, so every sample has accelerations. What is not
// of this form (a magnetic force, relativity) cannot be learnt. Where the mass matrix is known to
// be diagonal, so is C.
#pragma once

#include "nn/models/lagrangian_model.h"

namespace nn {

class DeepLagrangianNetwork : public LagrangianModel {
 public:
  static Form form_of(const Options& options, const Known& known);
  explicit DeepLagrangianNetwork(const Options& options, const Known& known = {});

  Var lagrangian(Var q, Var v) const override;
};

}  // namespace nn
