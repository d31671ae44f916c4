// From options to the things that train: the model and its loss.
#pragma once

#include <memory>

#include "nn/network_model.h"
#include "nn/training_step.h"
#include "tools/options.h"

namespace tools {

/// The model that --model names, all its parameters zero.
std::unique_ptr<nn::NetworkModel> make_model(const TrainOptions& options);
/// And with its random first weights.
std::unique_ptr<nn::NetworkModel> make_model(const TrainOptions& options, autodiff::Random& random);

nn::Loss make_loss(const TrainOptions& options);

}  // namespace tools
