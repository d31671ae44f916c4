// The loss of a batch and its gradient, recorded once and replayed for every batch.
#pragma once

#include <functional>
#include <span>

#include "nn/models/model.h"

namespace nn {

/// Records the mean loss of a shard: (prediction: n x N, target: n x N) -> 1 x 1. It is asked for
/// the accelerations, and added for the velocities of a model that learns those too.
using Loss = std::function<Var(Var prediction, Var target)>;

/// The mean loss of some samples on a tape.
struct RecordedLoss {
  Var state;   ///< input: 2n x samples
  Var target;  ///< input: n x samples, the true accelerations
  Var loss;    ///< 1 x 1
};
RecordedLoss record_loss(const Model& model, const Loss& loss, Tape& tape, Index samples);

class TrainingStep {
 public:
  /// The model must outlive it and keep its parameters where they are.
  TrainingStep(const Model& model, const Loss& loss, autodiff::ShardedProgram::Sharding layout,
               autodiff::Program::Options options = {});

  /// The loss at the current parameters over layout.samples samples:
  /// states 2n x samples, accelerations n x samples, column-major.
  double run(const Scalar* states, const Scalar* accelerations);

  /// d loss / d parameters of the last run, as long and in the order of the flat array.
  std::span<const Scalar> gradient() const { return program_.summed().subspan(1); }

  const autodiff::Program& program() const { return program_.program(); }

 private:
  autodiff::ShardedProgram program_;
};

}  // namespace nn
