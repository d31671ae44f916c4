// What changes parameters by their gradient.
#pragma once

#include <span>

#include "autodiff/matrix.h"

namespace nn {

class Optimiser {
 public:
  virtual ~Optimiser() = default;

  /// One step against gradient_scale · gradient, both as long as the parameters. Throws
  /// std::invalid_argument for other lengths.
  virtual void step(std::span<autodiff::Scalar> parameters,
                    std::span<const autodiff::Scalar> gradient, double rate,
                    double gradient_scale = 1) = 0;
};

/// The factor that brings the norm of the gradient down to `limit`; 1 where it is below already,
/// NaN where it is not finite.
double clip_factor(std::span<const autodiff::Scalar> gradient, double limit);

}  // namespace nn
