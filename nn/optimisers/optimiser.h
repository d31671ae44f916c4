// What changes parameters by their gradient.
#pragma once

#include <span>
#include <vector>

#include "nn/layers/parameters.h"

namespace nn {

class Optimiser {
 public:
  virtual ~Optimiser() = default;

  /// One step against gradient_scale · gradient, both as long as the parameters. Throws
  /// std::invalid_argument for other lengths.
  virtual void step(std::span<Scalar> parameters, std::span<const Scalar> gradient, double rate,
                    double gradient_scale = 1) = 0;

  /// Steps so far.
  long steps() const { return steps_; }
  /// All that it remembers beside them. With both and the parameters put back to what they were, it
  /// goes on as if never stopped.
  virtual std::vector<NamedMatrix> memory() = 0;
  void set_steps(long steps) { steps_ = steps; }
  /// It is as new: no step taken, nothing remembered.
  void forget();

 protected:
  long steps_ = 0;
};

/// The factor that brings the norm of the gradient down to `limit`; 1 where it is below already,
/// NaN where it is not finite.
double clip_factor(std::span<const Scalar> gradient, double limit);

}  // namespace nn
