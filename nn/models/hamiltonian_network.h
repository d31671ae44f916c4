// The Hamiltonian network (Greydanus, Dzamba & Yosinski 2019): an MLP learns H(q, p), and
//
//     dq/dt = dH/dp,    dp/dt = -dH/dq.
//
// It needs the canonical momenta p, and they need what the Lagrangian network does without: the
// true system's mass matrix. Here p = dL/dv comes from the true L, as its authors' data do, and so
// does the way back to velocities.
#pragma once

#include "nn/models/network_model.h"

namespace nn {

class HamiltonianNetwork : public NetworkModel {
 public:
  static Form form_of(const Options&, const Known&) {
    return {.kind = "hnn", .name = "hamiltonian", .momenta = true};
  }
  /// Throws std::invalid_argument where the true Lagrangian is not known.
  HamiltonianNetwork(const Options& options, const Known& known);

  /// H of every sample: (q: n x N, p: n x N) -> 1 x N.
  Var hamiltonian(Var q, Var p) const;
  /// dH/dp: what it has learnt that dq/dt is.
  Var velocity(Var q, Var v) const override;
  /// dv/dt along the learnt flow of (q, p), seen in (q, v): from p = dL/dv,
  ///     M dv/dt + (d²L/dv dq) dq/dt = dp/dt = -dH/dq + Q [ + Jᵀλ ],
  /// friction and controls being Q, and the velocity of friction the learnt one: so dH/dt = Q
  /// dq/dt.
  Var acceleration(Var q, Var v, Var u = {}) const override;

 private:
  struct Flow {
    Var dq, dp;  ///< n x N each
  };
  Flow flow(Var q, Var v) const;
};

}  // namespace nn
