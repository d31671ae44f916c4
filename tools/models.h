// From options to what trains: the model, its loss and the optimiser.
#pragma once

#include <memory>
#include <vector>

#include "nn/network_model.h"
#include "nn/optimiser.h"
#include "nn/training_step.h"
#include "tools/options.h"

namespace tools {

/// Which coordinates of the double pendulum are angles: both.
inline const std::vector<bool> both_angles{true, true};

/// The model that --model names, all its parameters zero; `angles` tells which of the system's
/// coordinates are angles.
std::unique_ptr<nn::NetworkModel> make_model(const TrainOptions& options,
                                             const std::vector<bool>& angles = both_angles);
/// Gives it random first weights.
void initialise(nn::NetworkModel& model, const TrainOptions& options, autodiff::Random& random);

nn::Loss make_loss(const TrainOptions& options);
std::unique_ptr<nn::Optimiser> make_optimiser(const TrainOptions& options, const nn::Model& model);

}  // namespace tools
