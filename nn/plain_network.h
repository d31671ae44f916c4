// The plain network: no physics, an MLP whose outputs are the accelerations. What the others are
// held against.
#pragma once

#include "nn/network_model.h"

namespace nn {

class PlainNetwork : public NetworkModel {
 public:
  explicit PlainNetwork(const Options& options)
      : NetworkModel(options, "acceleration", Sees::state,
                     static_cast<Index>(options.angles.size())) {}

  Var acceleration(Var q, Var v) const override {
    return mlp_(state_features(q, v)) * options_.acceleration_scale;
  }
};

}  // namespace nn
