#include "nn/optimisers/sgd.h"

#include <stdexcept>
#include <string>

#include "physics/text.h"

namespace nn {

Sgd::Sgd(Index size, Options options) : options_(options), v_(size, 0) {
  if (!(options.momentum >= 0 && options.momentum < 1))
    throw std::invalid_argument("[sgd] momentum " + physics::number(options.momentum) +
                                ": it must be at least 0 and below 1");
}

void Sgd::step(std::span<Scalar> parameters, std::span<const Scalar> gradient, double rate,
               double gradient_scale) {
  if (parameters.size() != v_.size() || gradient.size() != v_.size())
    throw std::invalid_argument("[sgd] made for " + std::to_string(v_.size()) +
                                " parameters, got " + std::to_string(parameters.size()) +
                                " and a gradient of " + std::to_string(gradient.size()));
  ++steps_;
  const auto mu = static_cast<Scalar>(options_.momentum);
  const auto scale = static_cast<Scalar>(gradient_scale);
  const auto eta = static_cast<Scalar>(rate);
  const bool nesterov = options_.nesterov;

  Scalar *p = parameters.data(), *v = v_.data();
  const Scalar* gradient_data = gradient.data();
  const auto size = static_cast<Index>(v_.size());
#pragma omp simd
  for (Index i = 0; i < size; ++i) {
    const Scalar g = scale * gradient_data[i];
    v[i] = mu * v[i] + g;
    p[i] -= eta * (nesterov ? g + mu * v[i] : v[i]);
  }
}

std::vector<NamedMatrix> Sgd::memory() {
  return {{"v", autodiff::MatrixMap(v_.data(), static_cast<Index>(v_.size()), 1)}};
}

}  // namespace nn
