#include "tools/app/models.h"

#include "nn/learning/loss.h"
#include "nn/models/models.h"
#include "nn/optimisers/adam.h"
#include "nn/optimisers/soap.h"

namespace tools {

std::unique_ptr<nn::NetworkModel> make_model(const TrainOptions& options,
                                             const std::vector<bool>& angles,
                                             const std::vector<std::string>& names) {
  const nn::NetworkOptions network{
      .hidden = {options.hidden.begin(), options.hidden.end()},
      .activation = options.activation,
      .angles = options.angle_features ? angles : std::vector<bool>(angles.size(), false),
      .velocity_scale = options.velocity_scale,
      .kinetic_prior = options.kinetic_prior,
      .acceleration_scale = options.target_scale,
      .names = names};
  const auto true_lagrangian = [system = options.system](nn::Var q, nn::Var v) {
    return system.lagrangian(q, v);
  };
  return nn::make_model(options.model, network, {.lagrangian = true_lagrangian});
}

void initialise(nn::NetworkModel& model, const TrainOptions& options, autodiff::Random& random) {
  model.initialise(random, options.initialiser == "rule"     ? nn::Initialiser::rule
                           : options.initialiser == "slides" ? nn::Initialiser::slides
                                                             : nn::Initialiser::lecun);
}

nn::Loss make_loss(const TrainOptions& options) {
  const double unit = options.target_scale;
  if (options.loss == "mse") return nn::in_units_of(unit, nn::mse_loss);
  if (options.loss == "huber") return nn::in_units_of(unit, nn::huber_loss);
  return nn::in_units_of(unit, nn::l1_loss);
}

std::unique_ptr<nn::Optimiser> make_optimiser(const TrainOptions& options, const nn::Model& model) {
  if (options.optimiser == "adam") return std::make_unique<nn::Adam>(model.parameters().size());
  return std::make_unique<nn::Soap>(model.parameters(),
                                    nn::Soap::Options{.threads = options.threads});
}

}  // namespace tools
