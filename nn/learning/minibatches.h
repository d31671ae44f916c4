// Minibatches: the samples in random order, cut into batches.
//
//     nn::Minibatches batches(x.cols(), 32, random);
//     for (long step = 0; step < 1000; ++step) {
//       const std::span<const Index> some = batches.next();
//       x_batch = nn::columns(x, some);
//       y_batch = nn::columns(y, some);
//       ...
//     }
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "autodiff/random.h"

namespace nn {

class Minibatches {
 public:
  /// The Random must outlive it. Throws std::invalid_argument where the samples do not fill a
  /// batch.
  Minibatches(autodiff::Index samples, autodiff::Index batch, autodiff::Random& random)
      : samples_(samples), batch_(batch), next_(samples), random_(random) {
    if (batch < 1 || samples < batch)
      throw std::invalid_argument("[minibatches] " + std::to_string(samples) +
                                  " samples do not fill a batch of " + std::to_string(batch));
  }

  /// The numbers of the next batch's samples, valid until the next call. When no full batch is
  /// left, an epoch is over: all samples are shuffled anew.
  std::span<const autodiff::Index> next() {
    if (next_ + batch_ > samples_) {
      order_ = random_.permutation(samples_);
      next_ = 0;
      ++epoch_;
    }
    next_ += batch_;
    return std::span(order_).subspan(static_cast<std::size_t>(next_ - batch_),
                                     static_cast<std::size_t>(batch_));
  }

  /// The epoch of the last batch, from 0.
  long epoch() const { return epoch_; }
  /// Batches of an epoch.
  autodiff::Index per_epoch() const { return samples_ / batch_; }

 private:
  autodiff::Index samples_, batch_;
  autodiff::Index next_;  ///< in order_, where the next batch begins
  long epoch_ = -1;
  std::vector<autodiff::Index> order_;
  autodiff::Random& random_;
};

/// Those columns of m, in that order.
inline autodiff::Matrix columns(const autodiff::Matrix& m, std::span<const autodiff::Index> some) {
  autodiff::Matrix chosen(m.rows(), std::ssize(some));
  for (autodiff::Index s = 0; s < chosen.cols(); ++s)
    chosen.col(s) = m.col(some[static_cast<std::size_t>(s)]);
  return chosen;
}

}  // namespace nn
