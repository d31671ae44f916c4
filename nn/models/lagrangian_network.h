// The Lagrangian network: an MLP learns the scalar L(q, v), and the Euler-Lagrange equations turn
// it into accelerations (Cranmer et al. 2020). Energy is conserved by construction, whatever it
// learns.
#pragma once

#include "nn/models/network_model.h"

namespace nn {

class LagrangianNetwork : public NetworkModel {
 public:
  static Form form_of(const Options&) { return {.kind = "lnn", .name = "lagrangian"}; }
  explicit LagrangianNetwork(const Options& options);

  /// L of every sample: (q: n x N, v: n x N) -> 1 x N.
  Var lagrangian(Var q, Var v) const;
  Var acceleration(Var q, Var v) const override;
  std::optional<Var> mass_matrix(Var q, Var v) const override;
};

}  // namespace nn
