#include "nn/optimisers/adam.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace nn {
namespace {

/// √x for x >= 0, to some ulps. The processor's own root keeps the unit busy that also divides, and
/// Adam divides once as it is. Newton's method needs the multipliers only, which idle meanwhile:
/// from a guess at 1/√x that halves the exponent, wrong by 4 %, each step doubles the digits.
[[maybe_unused]] inline double root(double x) {
  double y = std::bit_cast<double>(0x5fe6eb50c7b537a9 - (std::bit_cast<std::uint64_t>(x) >> 1));
  for (int i = 0; i < 4; ++i) y *= 1.5 - 0.5 * x * y * y;
  return x * y;
}
// Scalar is double or float: one of the two goes unused.
[[maybe_unused]] inline float root(float x) { return std::sqrt(x); }

}  // namespace

void Adam::step(std::span<Scalar> parameters, std::span<const Scalar> gradient, double rate,
                double gradient_scale) {
  if (parameters.size() != m_.size() || gradient.size() != m_.size())
    throw std::invalid_argument("[adam] made for " + std::to_string(m_.size()) +
                                " parameters, got " + std::to_string(parameters.size()) +
                                " and a gradient of " + std::to_string(gradient.size()));
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const auto beta1 = static_cast<Scalar>(options_.beta1);
  const auto beta2 = static_cast<Scalar>(options_.beta2);
  const auto epsilon = static_cast<Scalar>(options_.epsilon);
  const auto scale = static_cast<Scalar>(gradient_scale);
  const auto m_rate = static_cast<Scalar>(rate / (1 - std::pow(options_.beta1, t)));
  const auto v_correction = static_cast<Scalar>(1 / (1 - std::pow(options_.beta2, t)));

  Scalar *p = parameters.data(), *m = m_.data(), *v = v_.data();
  const Scalar* gradient_data = gradient.data();
  const auto size = static_cast<Index>(m_.size());
#pragma omp simd
  for (Index i = 0; i < size; ++i) {
    const Scalar g = scale * gradient_data[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    p[i] -= m_rate * m[i] / (root(v[i] * v_correction) + epsilon);
  }
}

std::vector<NamedMatrix> Adam::memory() {
  const auto column = [](std::vector<Scalar>& v) {
    return autodiff::MatrixMap(v.data(), static_cast<Index>(v.size()), 1);
  };
  return {{"m", column(m_)}, {"v", column(v_)}};
}

}  // namespace nn
