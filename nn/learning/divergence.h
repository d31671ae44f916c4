// Why a training step gave no finite loss or gradient: which sample, which operation, and how far
// its mass matrix was from singular.
#pragma once

#include <optional>
#include <string>

#include "nn/learning/training_step.h"
#include "nn/models/mass_matrix.h"

namespace nn {

struct Divergence {
  Index sample = 0;       ///< which column of the batch, from 0
  Matrix state;           ///< 2n x 1: that sample's (q; v)
  std::string operation;  ///< the first with a value that is not finite, as "sample_solve (2x1)"
  /// Condition number of the sample's mass matrix, for a model that has one; Inf where it is
  /// singular.
  std::optional<double> condition;
};

/// The first sample of the batch that has a non-finite loss or gradient by itself, with the model's
/// current parameters; none if each by itself is finite (their sum may have overflowed). `inputs`
/// are those of the objective, a sample a column; the first of them are states, 2n x N.
std::optional<Divergence> find_divergence(const Model& model, const Objective& objective,
                                          const std::vector<Matrix>& inputs);

}  // namespace nn
