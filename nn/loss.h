// What training minimises: one number for a batch.
#pragma once

#include "autodiff/ops.h"

namespace nn {

/// Mean of (prediction - target)² over all entries: (n x N, n x N) -> 1 x 1.
inline autodiff::Var mse_loss(autodiff::Var prediction, autodiff::Var target) {
  return mean(pow(prediction - target, 2));
}

/// Mean of |prediction - target| over all entries: (n x N, n x N) -> 1 x 1.
inline autodiff::Var l1_loss(autodiff::Var prediction, autodiff::Var target) {
  return mean(abs(prediction - target));
}

}  // namespace nn
