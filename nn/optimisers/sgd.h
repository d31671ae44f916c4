// Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al. 2013).
#pragma once

#include <span>
#include <vector>

#include "nn/optimisers/optimiser.h"

namespace nn {

class Sgd : public Optimiser {
 public:
  struct Options {
    double momentum = 0;    ///< how slowly the velocity forgets; 0: it is the gradient
    bool nesterov = false;  ///< the gradient is taken as if the velocity had acted already
  };

  explicit Sgd(Index size) : Sgd(size, Options()) {}
  /// Throws std::invalid_argument for a momentum that is not in [0, 1).
  Sgd(Index size, Options options);

  /// One step: parameters -= rate v, or with Nesterov's momentum rate (g + μ v), with
  ///   v = μ v + g,   g = gradient_scale · gradient.
  void step(std::span<Scalar> parameters, std::span<const Scalar> gradient, double rate,
            double gradient_scale = 1) override;

  std::vector<NamedMatrix> memory() override;

 private:
  Options options_;
  std::vector<Scalar> v_;
};

}  // namespace nn
