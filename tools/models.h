// From options to what trains: the model, its loss and the optimiser.
#pragma once

#include <memory>

#include "nn/network_model.h"
#include "nn/optimiser.h"
#include "nn/training_step.h"
#include "tools/options.h"

namespace tools {

/// The model that --model names, all its parameters zero.
std::unique_ptr<nn::NetworkModel> make_model(const TrainOptions& options);
/// And with its random first weights.
std::unique_ptr<nn::NetworkModel> make_model(const TrainOptions& options, autodiff::Random& random);

nn::Loss make_loss(const TrainOptions& options);
std::unique_ptr<nn::Optimiser> make_optimiser(const TrainOptions& options, const nn::Model& model);

}  // namespace tools
