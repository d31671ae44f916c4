// What training minimises: one number for a batch.
#pragma once

#include <vector>

#include "autodiff/grad.h"
#include "nn/layers/parameters.h"
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
  // With c = |e| cut off at 1, both cases are c (|e| - ½ c).
  const autodiff::Var e = abs(prediction - target);
  const autodiff::Var c = min(e, 1);
  return mean(c * (e - c * 0.5));
}

/// Mean over the samples of the cross-entropy -Σ_i target_i log softmax(logits)_i, where each
/// column of the target holds the probabilities of n classes: (n x N, n x N) -> 1 x 1.
inline autodiff::Var cross_entropy_loss(autodiff::Var logits, autodiff::Var target) {
  return -mean(sum_rows(target * log_softmax_rows(logits)));
}

/// The same where one class is certain, given by its number 0, ..., n - 1:
/// (n x N, 1 x N) -> 1 x 1. Another number gives NaN.
inline autodiff::Var cross_entropy_of_classes(autodiff::Var logits, autodiff::Var classes) {
  return -mean(gather_rows(log_softmax_rows(logits), classes));
}

/// The loss and its gradient with respect to each parameter, in order: what a program of one
/// training step computes. Its values lie one after the other, so that they are the loss and then
/// the gradient that an optimiser takes:
///     const Program program(loss_and_gradients(loss, parameters));
///     Workspace workspace(program);
///     parameters.bind(workspace);
///     ...
///     program.run(workspace);
///     optimiser.step(parameters.values(), workspace.values().subspan(1), rate);
inline std::vector<Var> loss_and_gradients(Var loss, const Parameters& parameters) {
  std::vector<Var> all = grad(loss, parameters.on(loss.tape()));
  all.insert(all.begin(), loss);
  return all;
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
