// The loss of a batch and its gradient, recorded once and replayed for every batch.
#pragma once

#include <functional>
#include <span>

#include "nn/model.h"

namespace nn {

/// Records the mean loss of a shard: (prediction: n x N, target: n x N) -> 1 x 1.
using Loss = std::function<Var(Var prediction, Var target)>;

class TrainingStep {
 public:
  /// The model must outlive it and keep its parameters where they are.
  TrainingStep(const Model& model, const Loss& loss, autodiff::ShardedProgram::Layout layout,
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
