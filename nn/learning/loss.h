// What training minimises: one number for a batch.
#pragma once

#include "autodiff/ops.h"
#include "nn/models/per_coordinate.h"

namespace nn {

/// Mean of (prediction - target)² over all entries: (n x N, n x N) -> 1 x 1.
inline autodiff::Var mse_loss(autodiff::Var prediction, autodiff::Var target) {
  return mean(pow(prediction - target, 2));
}

/// Mean of |prediction - target| over all entries: (n x N, n x N) -> 1 x 1.
inline autodiff::Var l1_loss(autodiff::Var prediction, autodiff::Var target) {
  return mean(abs(prediction - target));
}

/// Mean over all entries of Huber's loss of e = prediction - target: ½ e² where |e| <= 1, else
/// |e| - ½. Between the two: small errors count by their square, large ones by their size.
/// (n x N, n x N) -> 1 x 1
inline autodiff::Var huber_loss(autodiff::Var prediction, autodiff::Var target) {
  // With c = |e| cut off at 1, both cases are c (|e| - ½ c); min(|e|, 1) = ½ (|e| + 1 - ||e| - 1|).
  const autodiff::Var e = abs(prediction - target);
  const autodiff::Var c = (e + 1 - abs(e - 1)) * 0.5;
  return mean(c * (e - c * 0.5));
}

/// The same loss with accelerations in units of `unit`, so that coordinates of other units count
/// alike.
inline auto in_units_of(const PerCoordinate& unit, auto loss) {
  return [loss, inverse = map(unit, [](double u) { return 1 / u; })](autodiff::Var prediction,
                                                                     autodiff::Var target) {
    return loss(times(prediction, inverse), times(target, inverse));
  };
}

}  // namespace nn
