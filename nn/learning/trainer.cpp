#include "nn/learning/trainer.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace nn {

Trainer::Trainer(Model& model, Optimiser& optimiser, const Options& options)
    : model_(model),
      optimiser_(optimiser),
      options_(options),
      step_(model, options_.objective, {options.batch, options.shard_width, options.threads}) {}

double Trainer::loss_and_gradient(std::span<const Scalar* const> inputs) {
  loss_ = step_.run(inputs);
  clip_factor_ = clip_factor(step_.gradient(), options_.clip);
  return loss_;
}

bool Trainer::finite() const { return std::isfinite(loss_) && std::isfinite(clip_factor_); }

void Trainer::step(double rate) {
  optimiser_.step(model_.parameters().values(), step_.gradient(), rate, clip_factor_);
}

void Trainer::fit(std::span<const Matrix> inputs, autodiff::Random& random, long steps,
                  const std::function<double(long step)>& rate) {
  const Index samples = inputs.empty() ? 0 : inputs.front().cols();
  for (const Matrix& input : inputs)
    if (input.cols() != samples)
      throw std::invalid_argument("[trainer] inputs of " + std::to_string(samples) + " and of " +
                                  std::to_string(input.cols()) + " samples");
  const Index per_epoch = samples / options_.batch;
  if (per_epoch == 0)
    throw std::invalid_argument("[trainer] " + std::to_string(samples) +
                                " samples do not fill a batch of " +
                                std::to_string(options_.batch));
  std::vector<Matrix> shuffled(inputs.size());
  std::vector<const Scalar*> batch(inputs.size());
  for (long k = 0; k < steps; ++k) {
    if (k % per_epoch == 0) {
      const std::vector<Index> order = random.permutation(samples);
      for (std::size_t i = 0; i < inputs.size(); ++i) shuffled[i] = inputs[i](Eigen::all, order);
    }
    for (std::size_t i = 0; i < inputs.size(); ++i)
      batch[i] = shuffled[i].col(k % per_epoch * options_.batch).data();
    const double loss = loss_and_gradient(batch);
    if (!finite())
      throw std::runtime_error("[trainer] step " + std::to_string(k) + ": the loss is " +
                               std::to_string(loss) + ", or its gradient is not finite");
    step(rate(k));
  }
}

void Trainer::fit(const physics::DataSet& data, autodiff::Random& random, long steps,
                  const std::function<double(long step)>& rate) {
  std::vector<Matrix> inputs{data.states, data.accelerations};
  if (data.controls.size() > 0) inputs.push_back(data.controls);
  fit(inputs, random, steps, rate);
}

}  // namespace nn
