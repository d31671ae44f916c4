#include "nn/layers/initialise.h"

#include <algorithm>
#include <cmath>

namespace nn {
namespace {

/// The standard deviation of the weights (rows x cols) of layer k, counted from 0.
double deviation(Initialiser initialiser, std::size_t k, std::size_t last, Shape weights) {
  if (initialiser == Initialiser::lecun) return 1 / std::sqrt(static_cast<double>(weights.cols));
  const double root_n = initialiser == Initialiser::slides
                            ? 5.6
                            : std::sqrt(static_cast<double>(std::max(weights.rows, weights.cols)));
  if (k == last) return root_n;  // n / √n
  return (k == 0 ? 2.2 : 0.58 * static_cast<double>(k)) / root_n;
}

}  // namespace

void initialise(const Mlp& mlp, Parameters& parameters, autodiff::Random& random,
                Initialiser initialiser) {
  const std::size_t last = mlp.layers.size() - 1;
  for (std::size_t k = 0; k <= last; ++k) {
    const Shape shape = mlp.layers[k].weight.shape;
    parameters.matrix(mlp.layers[k].weight) =
        random.normal_matrix(shape.rows, shape.cols, deviation(initialiser, k, last, shape));
    parameters.matrix(mlp.layers[k].bias).setZero();
  }
}

}  // namespace nn
