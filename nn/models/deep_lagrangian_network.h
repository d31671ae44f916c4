// The Deep Lagrangian Network (Lutter, Ritter & Peters 2019): the form of mechanics is given, its
// two functions are learnt,
//
//     L = ½ vᵀ M(q) v - V(q),    M = C Cᵀ + a I,
//
// with C(q) lower triangular and its diagonal positive: M is positive definite for any parameters,
// so every sample has accelerations. What is not of this form (a magnetic force, relativity) cannot
// be learnt.
#pragma once

#include "nn/models/network_model.h"

namespace nn {

class DeepLagrangianNetwork : public NetworkModel {
 public:
  static Form form_of(const Options& options);
  explicit DeepLagrangianNetwork(const Options& options);

  /// L of every sample: (q: n x N, v: n x N) -> 1 x N.
  Var lagrangian(Var q, Var v) const;
  Var acceleration(Var q, Var v) const override;
  std::optional<Var> mass_matrix(Var q, Var v) const override;
};

}  // namespace nn
