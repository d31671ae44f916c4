// The plain network: no physics, an MLP whose outputs are the accelerations. What the others are
// held against.
#pragma once

#include "nn/models/network_model.h"

namespace nn {

class PlainNetwork : public NetworkModel {
 public:
  static Form form_of(const Options& options, const Known&) {
    return {.kind = "mlp",
            .name = "acceleration",
            .outputs = static_cast<Index>(options.angles.size()),
            .forces = false,
            .differentiated = false};
  }
  explicit PlainNetwork(const Options& options, const Known& known = {})
      : NetworkModel(options, form_of(options, known)) {}

  Var acceleration(Var q, Var v, Var u = {}) const override {
    const Var state = state_features(q, v);
    const Var inputs = controls() > 0 ? stack_rows(state, scaled_controls(q, u)) : state;
    return times(mlp_(inputs), options_.acceleration_scale);
  }
};

}  // namespace nn
