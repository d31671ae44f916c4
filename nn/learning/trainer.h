// Training a model: for each batch its loss and gradient, then a step of the optimiser.
//
//     const physics::System system = make_system(physics::find_system("kepler"));
//     autodiff::Random random(0);
//     const auto data = label(motion_of(system), random_starts(system, random, 20'000));
//     nn::NetworkOptions options{.angles = {false, true}};  // r, theta
//     nn::scale_to(options, data);
//     nn::LagrangianNetwork model(options);
//     model.initialise(random);
//     nn::Soap soap(model.parameters());
//     nn::Trainer trainer(model, soap, {.batch = 128});
//     const nn::WarmupCosine schedule{.peak = 1e-2, .warmup = 100, .total = 5000};
//     trainer.fit(data, random, 5000, [&](long step) { return schedule.rate(step); });
//     const physics::Motion learnt = nn::learnt_motion(model);
#pragma once

#include <functional>
#include <limits>
#include <span>

#include "autodiff/random.h"
#include "nn/learning/loss.h"
#include "nn/learning/training_step.h"
#include "nn/optimisers/optimiser.h"
#include "physics/data_set.h"

namespace nn {

class Trainer {
 public:
  struct Options {
    Objective objective = of_accelerations(l1_loss);
    Index batch = 128;       ///< samples of a step
    Index shard_width = 32;  ///< samples a thread takes at a time
    int threads = 1;
    double clip = 1;  ///< largest norm of the gradient
  };

  /// Model and optimiser must outlive it.
  Trainer(Model& model, Optimiser& optimiser, const Options& options);

  /// The loss of a batch, along whose gradient `step` goes. inputs[k]: the batch's columns of the
  /// objective's input k, one after the other.
  double loss_and_gradient(std::span<const Scalar* const> inputs);
  /// Were the last loss and all of its gradient finite?
  bool finite() const;
  /// One step of the optimiser along the last gradient.
  void step(double rate);

  /// So many steps over samples, shuffled anew each time they have been gone through; rate(step) is
  /// the learning rate. inputs: what the objective takes, rows x N each, a sample a column. Throws
  /// std::runtime_error at a loss that is not finite, and std::invalid_argument for samples that do
  /// not fill a batch.
  void fit(std::span<const Matrix> inputs, autodiff::Random& random, long steps,
           const std::function<double(long step)>& rate);
  /// The same of accelerations.
  void fit(const physics::DataSet& data, autodiff::Random& random, long steps,
           const std::function<double(long step)>& rate);

  const TrainingStep& training_step() const { return step_; }

 private:
  Model& model_;
  Optimiser& optimiser_;
  Options options_;
  TrainingStep step_;
  double loss_ = 0, clip_factor_ = 1;
};

}  // namespace nn
