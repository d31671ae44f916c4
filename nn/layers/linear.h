// y = W x + b, for every sample.
#pragma once

#include <string>

#include "autodiff/ops.h"
#include "nn/layers/parameters.h"

namespace nn {

struct Linear {
  Parameter weight;  ///< out x in
  Parameter bias;    ///< out x 1

  /// Declares "<name>.weight" and "<name>.bias", all zero.
  Linear(Parameters& parameters, const std::string& name, Index in, Index out)
      : weight(parameters.add(name + ".weight", out, in)),
        bias(parameters.add(name + ".bias", out, 1)) {}

  /// in x N -> out x N
  Var operator()(Var x) const {
    return matmul(weight.on(x.tape()), x) + broadcast_cols(bias.on(x.tape()), x.cols());
  }
};

}  // namespace nn
