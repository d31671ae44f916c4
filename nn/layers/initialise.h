// Random first weights. Biases start at zero.
#pragma once

#include "autodiff/random.h"
#include "nn/layers/mlp.h"

namespace nn {

enum class Initialiser {
  /// Weights ~ N(0, σ), n being the larger dimension of the weight matrix:
  ///     first layer                  σ = 2.2 / √n
  ///     hidden layer i = 1, 2, ...   σ = 0.58 i / √n
  ///     output                       σ = √n
  /// (Cranmer et al. 2020, by symbolic regression over many trainings of Lagrangian networks).
  rule,
  /// The same with 1/√n = 1/5.6 for the first and hidden layers and σ = 5.6 for the output whatever
  /// the width, as in the slides' code (which is the rule for n about 31).
  slides,
  /// σ = 1/√inputs in every layer, so that values keep their size on the way up (LeCun et al.
  /// 1998): for networks whose output is used as it is.
  lecun,
};

/// Draws the weights of all layers in order.
void initialise(const Mlp& mlp, Parameters& parameters, autodiff::Random& random,
                Initialiser initialiser = Initialiser::rule);

}  // namespace nn
