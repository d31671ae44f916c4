// Random first weights. Biases start at zero.
#pragma once

#include "autodiff/random.h"
#include "nn/layers/mlp.h"

namespace nn {

enum class Initialiser {
  /// Weights ~ N(0, σ) with σ = (1/√n)·{2.2 first layer; 0.58 i hidden layer i = 1, 2, ...; n
  /// output},
  /// n the larger dimension of the weight matrix (Cranmer et al. 2020, found by symbolic regression
  /// over many trainings of Lagrangian networks).
  rule,
  /// The same with 1/√n = 1/5.6 for the first and hidden layers and σ = 5.6 for the output whatever
  /// the width, as in the slides' code (which is the rule for n about 31).
  slides,
  /// σ = 1/√inputs in every layer, so that values keep their size on the way up (LeCun et al.
  /// 1998):
  /// for networks whose output is used as it is.
  lecun,
};

/// Draws the weights of all layers in order.
void initialise(const Mlp& mlp, Parameters& parameters, autodiff::Random& random,
                Initialiser initialiser = Initialiser::rule);

}  // namespace nn
