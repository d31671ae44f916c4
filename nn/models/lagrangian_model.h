// A model of L, whatever its form: the Euler-Lagrange equations turn it into accelerations,
//
//     M a = dL/dq - C v - R v + B u + Jᵀλ,
//
// with friction and controls where the options ask for them, and forces of constraint where the
// system's constraints are known. Without these, it conserves energy whatever it learns.
#pragma once

#include "nn/models/network_model.h"

namespace nn {

class LagrangianModel : public NetworkModel {
 public:
  /// L of every sample: (q: n x N, v: n x N) -> 1 x N.
  virtual Var lagrangian(Var q, Var v) const = 0;
  Var acceleration(Var q, Var v, Var u = {}) const override;
  /// None where it is diagonal, as a field's: nothing as large as n x n is made then.
  std::optional<Var> mass_matrix(Var q, Var v) const override;

 protected:
  using NetworkModel::NetworkModel;
};

}  // namespace nn
