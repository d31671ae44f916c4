// Adam: gradient descent with a step size of its own for every parameter (Kingma & Ba 2015, Alg.
// 1).
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "nn/optimisers/optimiser.h"

namespace nn {

class Adam : public Optimiser {
 public:
  struct Options {
    double beta1 = 0.9;     ///< how slowly the mean of the gradient forgets
    double beta2 = 0.999;   ///< how slowly the mean of its square forgets
    double epsilon = 1e-8;  ///< keeps the division finite
  };

  explicit Adam(Index size) : Adam(size, Options()) {}
  Adam(Index size, Options options) : options_(options), m_(size, 0), v_(size, 0) {}

  /// One step: parameters -= rate m̂ / (√v̂ + ε), with
  ///   m = β1 m + (1 - β1) g,   m̂ = m / (1 - β1^t),
  ///   v = β2 v + (1 - β2) g²,  v̂ = v / (1 - β2^t),   g = gradient_scale · gradient.
  void step(std::span<Scalar> parameters, std::span<const Scalar> gradient, double rate,
            double gradient_scale = 1) override;

  std::vector<NamedMatrix> memory() override;

 private:
  Options options_;
  std::vector<Scalar> m_, v_;
};

}  // namespace nn
