#include "nn/learning/trainer.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/learning/minibatches.h"
#include "physics/text.h"

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
  Minibatches batches(samples, options_.batch, random);
  std::vector<Matrix> columns(inputs.size());
  std::vector<const Scalar*> batch(inputs.size());
  for (long k = 0; k < steps; ++k) {
    const std::span<const Index> some = batches.next();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      columns[i] = inputs[i](Eigen::all, some);
      batch[i] = columns[i].data();
    }
    const double loss = loss_and_gradient(batch);
    if (!finite())
      throw std::runtime_error("[trainer] step " + std::to_string(k) + ": the loss is " +
                               physics::number(loss) + ", or its gradient is not finite");
    step(rate(k));
  }
}

void Trainer::fit(const physics::DataSet& data, autodiff::Random& random, long steps,
                  const std::function<double(long step)>& rate) {
  require_sense(data);
  if (data.accelerations.rows() != model_.coordinates())
    throw std::invalid_argument("[trainer] data of " + std::to_string(data.accelerations.rows()) +
                                " coordinates for a model of " +
                                std::to_string(model_.coordinates()));
  std::vector<Matrix> inputs{data.states, data.accelerations};
  if (data.controls.size() > 0) inputs.push_back(data.controls);
  fit(inputs, random, steps, rate);
}

}  // namespace nn
