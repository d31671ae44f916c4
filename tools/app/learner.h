// What a run trains, made from its options as a whole: batches, a model, its optimiser and loss,
// and what watches over them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tools/app/models.h"
#include "tools/app/watch.h"

namespace tools {

struct Learner {
  /// All of them must outlive it. It has no first weights yet.
  Learner(const TrainOptions& options, const Subject& subject, autodiff::Random& random);
  Learner(const Learner&) = delete;  // its parts point at one another
  Learner& operator=(const Learner&) = delete;

  /// Draws first weights, and forgets what was learnt from any others.
  void begin();
  /// Begins the round that starts with the next batch, where one does (--rounds). Throws
  /// Interrupted (tools/app/interrupt.h), and has changed nothing, where that would take long.
  void begin_round_if_due();

  struct Learnt {
    double loss;  ///< before the step
    double rate;  ///< of the step
  };
  /// Learns from the next batch. Empty where its loss is not finite, or the gradient: the weights
  /// stay. Whoever counts counts it in `standing`.
  std::optional<Learnt> learn_batch();

  /// What has to be put back, beside weights and optimiser, for a run to go on.
  std::vector<nn::NamedMatrix> memory();

  const TrainOptions& options;
  const Subject& subject;
  autodiff::Random& random;
  std::unique_ptr<Batches> batches;
  Course course;
  std::unique_ptr<nn::NetworkModel> model;
  std::unique_ptr<nn::Optimiser> optimiser;
  nn::Objective objective;
  nn::Trainer trainer;
  Standing standing;
  Watch watch;
};

}  // namespace tools
