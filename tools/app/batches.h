// Where a run's batches come from: states with their accelerations, drawn anew each time or cut
// from a set; or windows of trajectories.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nn/learning/trajectory_loss.h"
#include "tools/app/subject.h"

namespace tools {

class Batches {
 public:
  virtual ~Batches() = default;

  /// As many batches as --steps says, or as the epochs have. An epoch goes once through a set; of
  /// fresh states it has its share of the steps.
  virtual Course course() const = 0;

  /// Batch number k of an epoch. Until the next call it is where inputs() point: those of the
  /// objective, --batch columns each.
  virtual void go_to(autodiff::Index k) = 0;
  virtual std::vector<const autodiff::Scalar*> inputs() const = 0;
  /// The same as matrices.
  virtual std::vector<autodiff::Matrix> batch() const = 0;

  /// A round of the run begins (--rounds; the first is 0): what is learnt or estimated of the data
  /// themselves is brought up to what the model knows by now. Throws Interrupted
  /// (tools/app/interrupt.h), and has changed nothing, where that would take long.
  virtual void begin_round(const nn::Model&, int) {}
  /// What is learnt of the data themselves takes a step along the last gradient, too.
  virtual void learn(const nn::TrainingStep&) {}
  /// What has been learnt of them.
  virtual std::vector<nn::NamedMatrix> memory() { return {}; }

  /// Some of what the batches are drawn from: tells of what size the numbers are.
  virtual const physics::DataSet& sample() = 0;
};

/// Draws or takes the set. Throws EndProgram where it does not fill a batch.
std::unique_ptr<Batches> make_batches(const TrainOptions& options, autodiff::Random& random,
                                      const Subject& subject);

/// What is set aside to watch a run by, as one batch; null where nothing is.
std::unique_ptr<Batches> make_validation(const TrainOptions& options, const Subject& subject);

/// The same options with what they leave to the data: how it is learnt, in how many steps and
/// rounds, in which windows, and with which friction.
TrainOptions settled(TrainOptions options, const Subject& subject);

/// What is compared in the loss, and why; for people.
std::string how_it_is_learnt(const TrainOptions& settled, const Subject& subject);

/// The loss of the windows that the options tell of.
nn::TrajectoryLoss trajectory_loss(const TrainOptions& options, const Subject& subject);

}  // namespace tools
