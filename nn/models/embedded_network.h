// The embedded network: where the masses are is known, x(q) of P points in space, so that only how
// heavy they are and the potential have to be learnt,
//
//     L = ½ Σ_k m_k |dx_k/dt|² - V(q),    dx/dt = (dx/dq) v,
//
// with P masses m_k > 0 and V an MLP (after Finzi, Wang & Wilson 2020, who learn in Cartesian
// coordinates). L is fixed by the motion only up to a factor, and so are the masses.
#pragma once

#include "nn/models/lagrangian_model.h"

namespace nn {

class EmbeddedNetwork : public LagrangianModel {
 public:
  /// Throws std::invalid_argument where the positions are not known.
  static Form form_of(const Options& options, const Known& known);
  EmbeddedNetwork(const Options& options, const Known& known);

  Var lagrangian(Var q, Var v) const override;
  /// The masses, all positive, 1 x P.
  Var masses(Tape& tape) const;

 private:
  Parameter raw_masses_;  ///< 1 x P: their softplus is the masses, in units of mass_unit_
  double mass_unit_;
};

}  // namespace nn
