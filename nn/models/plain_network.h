// The plain network: no physics, an MLP whose outputs are the accelerations. What the others are
// held against.
#pragma once

#include "nn/models/network_model.h"

namespace nn {

class PlainNetwork : public NetworkModel {
 public:
  static Form form_of(const Options& options) {
    return {.kind = "mlp",
            .name = "acceleration",
            .gives = Form::accelerations,
            .outputs = static_cast<Index>(options.angles.size())};
  }
  explicit PlainNetwork(const Options& options) : NetworkModel(options, form_of(options)) {}

  Var acceleration(Var q, Var v) const override {
    return times(mlp_(state_features(q, v)), options_.acceleration_scale);
  }
};

}  // namespace nn
