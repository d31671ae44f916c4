// The loss of a batch and its gradient, recorded once and replayed for every batch.
#pragma once

#include <functional>
#include <span>

#include "nn/models/model.h"

namespace nn {

/// The mean loss of some samples on a tape.
struct RecordedLoss {
  std::vector<Var> inputs;       ///< rows x samples each
  Var loss;                      ///< 1 x 1
  std::vector<Var> learnt = {};  ///< those inputs that are learnt as well, sample by sample
};
/// Records on an empty tape the mean loss of so many samples: what training minimises.
using Objective = std::function<RecordedLoss(const Model& model, Tape& tape, Index samples)>;

/// Records the mean loss of a shard: (prediction: n x N, target: n x N) -> 1 x 1.
using Loss = std::function<Var(Var prediction, Var target)>;

/// The loss of the accelerations, and added to it that of the velocities of a model that learns
/// those too. Its inputs: states 2n x samples; true accelerations n x samples; where the model has
/// controls, those, k x samples.
Objective of_accelerations(Loss loss);

class TrainingStep {
 public:
  /// The model must outlive it and keep its parameters where they are.
  TrainingStep(const Model& model, const Objective& objective,
               autodiff::ShardedProgram::Sharding layout, autodiff::Program::Options options = {});
  TrainingStep(const Model& model, const Loss& loss, autodiff::ShardedProgram::Sharding layout,
               autodiff::Program::Options options = {})
      : TrainingStep(model, of_accelerations(loss), layout, options) {}

  /// The loss at the current parameters over layout.samples samples; of every input of the
  /// objective, its columns. Throws std::invalid_argument where one is missing.
  double run(std::span<const Scalar* const> inputs);
  /// The same of accelerations.
  double run(const Scalar* states, const Scalar* accelerations, const Scalar* controls = nullptr);

  /// d loss / d parameters of the last run, as long and in the order of the flat array.
  std::span<const Scalar> gradient() const { return program_.summed().subspan(1); }
  /// d loss / d learnt input number k of the last run: rows x samples.
  const Matrix& learnt_gradient(int k) const { return program_.per_sample(k); }

  const autodiff::Program& program() const { return program_.program(); }

 private:
  std::size_t inputs_;  ///< how many
  autodiff::ShardedProgram program_;
};

}  // namespace nn
