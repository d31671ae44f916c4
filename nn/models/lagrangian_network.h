// The Lagrangian network: an MLP learns the scalar L(q, v) (Cranmer et al. 2020).
#pragma once

#include "nn/models/lagrangian_model.h"

namespace nn {

class LagrangianNetwork : public LagrangianModel {
 public:
  static Form form_of(const Options&, const Known&) {
    return {.kind = "lnn", .name = "lagrangian"};
  }
  explicit LagrangianNetwork(const Options& options, const Known& known = {})
      : LagrangianModel(options, form_of(options, known), known) {}

  Var lagrangian(Var q, Var v) const override {
    const Var learnt = mlp_(state_features(q, v));
    if (options_.kinetic_prior == 0) return learnt;
    return learnt + sum_squares(v, map(options_.kinetic_prior, [](double a) { return 0.5 * a; }));
  }
};

}  // namespace nn
