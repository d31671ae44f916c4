#include "nn/models/per_coordinate.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

namespace nn {
namespace {

using autodiff::Var;

/// The values as a column, repeated for every sample of x.
Var beside(Var x, const PerCoordinate& c) {
  const std::vector<double>& values = c.values();
  if (x.rows() != std::ssize(values))
    throw std::invalid_argument("[model] " + std::to_string(values.size()) + " values for " +
                                std::to_string(x.rows()) + " coordinates");
  const Eigen::Map<const Eigen::VectorXd> column(values.data(), x.rows());
  return broadcast_cols(x.tape().constant(autodiff::Matrix(column.cast<autodiff::Scalar>())),
                        x.cols());
}

}  // namespace

PerCoordinate::PerCoordinate(std::vector<double> values) : values_(std::move(values)) {
  if (values_.empty()) throw std::invalid_argument("[model] a value for each coordinate: none");
  if (std::ranges::count(values_, values_.front()) == std::ssize(values_))
    values_.erase(values_.begin() + 1, values_.end());
}

double PerCoordinate::mean() const {
  return std::accumulate(values_.begin(), values_.end(), 0.) / static_cast<double>(values_.size());
}

Var times(Var x, const PerCoordinate& c) {
  if (c == 1) return x;
  return c.values().size() == 1 ? x * c[0] : x * beside(x, c);
}

Var plus(Var x, const PerCoordinate& c) {
  if (c == 0) return x;
  return c.values().size() == 1 ? x + c[0] : x + beside(x, c);
}

Var sum_squares(Var x, const PerCoordinate& c) {
  return c.values().size() == 1 ? sum_rows(x * x) * c[0] : sum_rows(times(x * x, c));
}

}  // namespace nn
