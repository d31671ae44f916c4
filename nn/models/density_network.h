// A field on a ring of n sites, learnt as one Lagrangian density that all sites share,
//
//     L = Σ_i ℓ(u_i, u_{i+1} - u_i, v_i),
//
// ℓ an MLP of three numbers: what one site teaches, all have learnt, on a ring of any length. The
// velocities of two sites never stand in one term, so the mass matrix is diagonal, and everything
// costs in proportion to n. Scales are the same for all sites: the mean of those given, or one over
// the mean of the spreads that they stand for.
#pragma once

#include "nn/models/lagrangian_model.h"

namespace nn {

class DensityNetwork : public LagrangianModel {
 public:
  static Form form_of(const Options&, const Known&) {
    return {.kind = "field", .name = "density", .sees = Form::site, .diagonal_mass = true};
  }
  /// Throws std::invalid_argument for less than two sites, and where some are angles and some not.
  explicit DensityNetwork(const Options& options, const Known& known = {});

  Var lagrangian(Var q, Var v) const override;
};

}  // namespace nn
