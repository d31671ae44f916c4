#include "nn/learning/scales.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace nn {
namespace {

/// One over a standard deviation or a mean size; 1 where it is nothing but rounding.
double inverse(double size, double largest) {
  constexpr double rounding = 100. * std::numeric_limits<Scalar>::epsilon();
  return size > rounding * largest ? 1 / size : 1;
}

/// One over each row's standard deviation.
Eigen::VectorXd inverse_deviations(const Eigen::MatrixXd& x) {
  const Eigen::VectorXd mean = x.rowwise().mean();
  const Eigen::VectorXd deviation = (x.colwise() - mean).array().square().rowwise().mean().sqrt();
  Eigen::VectorXd result(x.rows());
  for (Index i = 0; i < x.rows(); ++i)
    result[i] = inverse(deviation[i], x.row(i).cwiseAbs().maxCoeff());
  return result;
}

PerCoordinate per_coordinate(const Eigen::ArrayXd& values) {
  return std::vector<double>(values.begin(), values.end());
}

}  // namespace

void scale_to(NetworkOptions& options, const physics::DataSet& data) {
  const auto n = static_cast<Index>(options.angles.size());
  if (data.states.rows() != 2 * n || data.accelerations.rows() != n || data.size() < 2)
    throw std::invalid_argument("[scale_to] states " + std::to_string(data.states.rows()) + 'x' +
                                std::to_string(data.size()) + " and accelerations " +
                                std::to_string(data.accelerations.rows()) + "xN: " +
                                std::to_string(n) + " coordinates need " + std::to_string(2 * n) +
                                "xN and " + std::to_string(n) + "xN, and two samples at least");
  const Eigen::MatrixXd q = data.states.topRows(n).cast<double>(),
                        v = data.states.bottomRows(n).cast<double>(),
                        a = data.accelerations.cast<double>();
  Eigen::ArrayXd offset = q.rowwise().mean(), scale = inverse_deviations(q);
  for (Index i = 0; i < n; ++i)
    if (options.angles[i]) offset[i] = 0, scale[i] = 1;
  Eigen::ArrayXd acceleration = a.cwiseAbs().rowwise().mean();
  acceleration = (acceleration > 0).select(acceleration, 1);

  options.coordinate_offset = per_coordinate(offset);
  options.coordinate_scale = per_coordinate(scale);
  options.velocity_scale = per_coordinate(0.58 * inverse_deviations(v).array());
  options.kinetic_prior = per_coordinate(60 * scale / acceleration);
  options.acceleration_scale = per_coordinate(acceleration);
}

}  // namespace nn
