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

void Trainer::fit(const physics::DataSet& data, autodiff::Random& random, long steps,
                  const std::function<double(long step)>& rate) {
  const Index per_epoch = data.size() / options_.batch;
  if (per_epoch == 0)
    throw std::invalid_argument("[trainer] " + std::to_string(data.size()) +
                                " samples do not fill a batch of " +
                                std::to_string(options_.batch));
  physics::DataSet shuffled;
  for (long k = 0; k < steps; ++k) {
    if (k % per_epoch == 0) shuffled = physics::shuffled(data, random);
    const Index begin = k % per_epoch * options_.batch;
    std::vector<const Scalar*> batch{shuffled.states.col(begin).data(),
                                     shuffled.accelerations.col(begin).data()};
    if (shuffled.controls.size() > 0) batch.push_back(shuffled.controls.col(begin).data());
    const double loss = loss_and_gradient(batch);
    if (!finite())
      throw std::runtime_error("[trainer] step " + std::to_string(k) + ": the loss is " +
                               std::to_string(loss) + ", or its gradient is not finite");
    step(rate(k));
  }
}

}  // namespace nn
