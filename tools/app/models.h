// From options to what trains: the model, its loss and the optimiser.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/learning/training_step.h"
#include "nn/models/network_model.h"
#include "nn/optimisers/optimiser.h"
#include "tools/app/options.h"

namespace tools {

/// The double pendulum's coordinates: their names, and which of them are angles.
inline const std::vector<std::string> pendulum_names{"theta1", "theta2"};
inline const std::vector<bool> both_angles{true, true};

/// The model that --model names, all its parameters zero; `angles` tells which of the system's
/// coordinates are angles, `names` what they are called.
std::unique_ptr<nn::NetworkModel> make_model(
    const TrainOptions& options, const std::vector<bool>& angles = both_angles,
    const std::vector<std::string>& names = pendulum_names);
/// Gives it random first weights.
void initialise(nn::NetworkModel& model, const TrainOptions& options, autodiff::Random& random);

nn::Loss make_loss(const TrainOptions& options);
std::unique_ptr<nn::Optimiser> make_optimiser(const TrainOptions& options, const nn::Model& model);

}  // namespace tools
