#include "nn/initialise.h"

#include <algorithm>
#include <cmath>

namespace nn {

void initialise(const Mlp& mlp, Parameters& parameters, autodiff::Random& random,
                Initialiser initialiser) {
  const std::size_t last = mlp.layers.size() - 1;
  for (std::size_t k = 0; k <= last; ++k) {
    const auto [rows, cols] = mlp.layers[k].weight.shape;
    const double root_n = initialiser == Initialiser::rule
                              ? std::sqrt(static_cast<double>(std::max(rows, cols)))
                              : 5.6;
    const double deviation = k == last ? root_n  // n / √n
                             : k == 0  ? 2.2 / root_n
                                       : 0.58 * static_cast<double>(k) / root_n;
    parameters.matrix(mlp.layers[k].weight) = random.normal_matrix(rows, cols, deviation);
    parameters.matrix(mlp.layers[k].bias).setZero();
  }
}

}  // namespace nn
