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
  Var state;    ///< input: 2n x samples
  Var target;   ///< input: n x samples, the true accelerations
  Var control;  ///< input: k x samples; empty where the model has no controls
  Var loss;     ///< 1 x 1
};
RecordedLoss record_loss(const Model& model, const Loss& loss, Tape& tape, Index samples);

class TrainingStep {
 public:
  /// The model must outlive it and keep its parameters where they are.
  TrainingStep(const Model& model, const Loss& loss, autodiff::ShardedProgram::Sharding layout,
               autodiff::Program::Options options = {});

  /// The loss at the current parameters over layout.samples samples:
  /// states 2n x samples, accelerations n x samples, controls k x samples, column-major. Throws
  /// std::invalid_argument where the model has controls and none are given.
  double run(const Scalar* states, const Scalar* accelerations, const Scalar* controls = nullptr);

  /// d loss / d parameters of the last run, as long and in the order of the flat array.
  std::span<const Scalar> gradient() const { return program_.summed().subspan(1); }

  const autodiff::Program& program() const { return program_.program(); }

 private:
  bool controlled_;
  autodiff::ShardedProgram program_;
};

}  // namespace nn
