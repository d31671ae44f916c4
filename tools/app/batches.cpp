#include "tools/app/batches.h"

namespace tools {

using autodiff::Index;

Batches::Batches(const TrainOptions& options, autodiff::Random& random, const Subject& subject)
    : options_(options),
      random_(random),
      subject_(subject),
      fresh_(options.source == "fresh" && subject.simulated) {
  if (fresh_) {
    autodiff::Random of_sample(options.seed + 4'000'003);  // the batches' own stream stays as it is
    sample_ = label(*subject.simulated,
                    region_states(*subject.simulated, 2000, of_sample, options.velocity_margin),
                    of_sample);
    return;
  }
  if (!subject.simulated)
    data_ = subject.samples;
  else if (options.source == "trajectories")
    data_ =
        label(*subject.simulated,
              trajectory_states(options, *subject.simulated, options.trajectories, random), random);
  else
    data_ = fresh_set(Index{options.trajectories} * options.points);
  data_ = physics::shuffled(data_, random);
  sample_ = data_;
  if (data_.size() < options.batch)
    throw EndProgram(exit_usage, "--batch: " + std::to_string(options.batch) +
                                     " is more than the " + std::to_string(data_.size()) +
                                     " samples to learn from");
}

physics::DataSet Batches::fresh_set(Index count) {
  const Simulated& simulated = *subject_.simulated;
  return label(simulated, region_states(simulated, count, random_, options_.velocity_margin),
               random_);
}

Course Batches::course() const {
  const long steps = options_.steps;
  const long per_epoch = !fresh_     ? data_.size() / options_.batch
                         : steps > 0 ? (steps - 1) / options_.epochs + 1
                                     : options_.steps_per_epoch;
  return {per_epoch, steps > 0 ? steps : per_epoch * options_.epochs};
}

void Batches::go_to(Index k) {
  if (fresh_) data_ = fresh_set(options_.batch);
  begin_ = fresh_ ? 0 : k * options_.batch;
}

physics::DataSet Batches::batch() const {
  physics::DataSet one{data_.states.middleCols(begin_, options_.batch),
                       data_.accelerations.middleCols(begin_, options_.batch)};
  if (data_.controls.size() > 0) one.controls = data_.controls.middleCols(begin_, options_.batch);
  return one;
}

}  // namespace tools
