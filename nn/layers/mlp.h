// A multilayer perceptron: linear layers with an activation between them, none after the last.
#pragma once

#include <string>
#include <vector>

#include "nn/layers/activation.h"
#include "nn/layers/linear.h"

namespace nn {

struct Mlp {
  std::vector<Linear> layers;
  Activation activation;

  /// sizes: inputs, hidden widths..., outputs. Layers are named "<name>.0", "<name>.1", ...
  Mlp(Parameters& parameters, const std::string& name, const std::vector<Index>& sizes,
      Activation between = Softplus{})
      : activation(std::move(between)) {
    if (sizes.size() < 2)
      throw std::invalid_argument("[mlp] needs the numbers of inputs and of outputs at least");
    for (std::size_t k = 0; k + 1 < sizes.size(); ++k)
      layers.emplace_back(parameters, name + '.' + std::to_string(k), sizes[k], sizes[k + 1]);
  }

  /// inputs x N -> outputs x N
  Var operator()(Var x) const {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      x = layers[k](x);
      if (k + 1 < layers.size()) x = activation(x);
    }
    return x;
  }
};

}  // namespace nn
