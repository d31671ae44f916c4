#include "nn/optimisers/optimiser.h"

#include <cmath>
#include <limits>

namespace nn {

void Optimiser::forget() {
  for (const NamedMatrix& matrix : memory()) autodiff::MatrixMap(matrix.values).setZero();
  set_steps(0);
}

using autodiff::Scalar;

double clip_factor(std::span<const Scalar> gradient, double limit) {
  // Eight partial sums, added in a fixed order: fast, and the same bits on every processor.
  double partial[8] = {};
  for (std::size_t i = 0; i < gradient.size(); ++i)
    partial[i % 8] += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
  double square = 0;
  for (const double part : partial) square += part;
  const double norm = std::sqrt(square);
  if (!std::isfinite(norm)) return std::numeric_limits<double>::quiet_NaN();
  return norm > limit ? limit / norm : 1;
}

}  // namespace nn
