#include "nn/learning/scales.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace nn {
namespace {

/// 0 where the size is nothing but rounding of values so large.
double unless_rounding(double size, double largest) {
  constexpr double rounding = 100. * std::numeric_limits<Scalar>::epsilon();
  return size > rounding * largest ? size : 0;
}

/// Each row's standard deviation.
Eigen::ArrayXd deviations(const Eigen::MatrixXd& x) {
  const Eigen::VectorXd mean = x.rowwise().mean();
  Eigen::ArrayXd result = (x.colwise() - mean).array().square().rowwise().mean().sqrt();
  for (Index i = 0; i < x.rows(); ++i)
    result[i] = unless_rounding(result[i], x.row(i).cwiseAbs().maxCoeff());
  return result;
}

/// 1 in place of 0: what does not vary keeps its own unit.
Eigen::ArrayXd or_one(const Eigen::ArrayXd& sizes) { return (sizes > 0).select(sizes, 1); }

Eigen::ArrayXd inverse_deviations(const Eigen::MatrixXd& x) { return 1 / or_one(deviations(x)); }

/// The mean size of each coordinate's accelerations. What rests or moves uniformly may have some
/// from rounding, which are nothing beside its q times the square of the fastest rate.
Eigen::ArrayXd sizes_of_accelerations(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v,
                                      const Eigen::MatrixXd& a) {
  Eigen::ArrayXd sizes = a.cwiseAbs().rowwise().mean();
  const Eigen::ArrayXd spread = deviations(v), largest = q.cwiseAbs().rowwise().maxCoeff();
  const double rate = (spread > 0).select(sizes / spread, 0).maxCoeff();
  for (Index i = 0; i < sizes.size(); ++i)
    sizes[i] = unless_rounding(sizes[i], largest[i] * rate * rate);
  return sizes;
}

PerCoordinate per_coordinate(const Eigen::ArrayXd& values) {
  return std::vector<double>(values.begin(), values.end());
}

}  // namespace

void scale_to(NetworkOptions& options, const physics::DataSet& data) {
  const auto n = static_cast<Index>(options.angles.size());
  if (data.controls.rows() != options.controls)
    throw std::invalid_argument("[scale_to] data with " + std::to_string(data.controls.rows()) +
                                " controls for a model with " + std::to_string(options.controls));
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
  const Eigen::ArrayXd acceleration = or_one(sizes_of_accelerations(q, v, a));

  options.coordinate_offset = per_coordinate(offset);
  options.coordinate_scale = per_coordinate(scale);
  options.velocity_scale = per_coordinate(0.58 * inverse_deviations(v));
  options.kinetic_prior = per_coordinate(10 * scale / acceleration);
  options.acceleration_scale = per_coordinate(acceleration);
  options.mass_scale = per_coordinate(30 * scale / acceleration);
  options.energy_scale = 30;
  Eigen::MatrixXd next(n, q.cols());
  next << q.bottomRows(n - 1), q.topRows(1);
  options.difference_scale = inverse_deviations((next - q).reshaped(1, q.size()))[0];
  if (options.controls > 0)
    options.control_scale = per_coordinate(inverse_deviations(data.controls.cast<double>()));
}

void scale_to(NetworkOptions& options, const physics::DataSet& data, const Matrix& momenta) {
  scale_to(options, data);
  const auto n = static_cast<Index>(options.angles.size());
  if (momenta.rows() != n || momenta.cols() != data.size())
    throw std::invalid_argument("[scale_to] momenta " + std::to_string(momenta.rows()) + 'x' +
                                std::to_string(momenta.cols()) + " of " +
                                std::to_string(data.size()) + " states");
  const Eigen::ArrayXd of_p = inverse_deviations(momenta.cast<double>()),
                       of_v = inverse_deviations(data.states.bottomRows(n).cast<double>());
  options.velocity_scale = per_coordinate(0.58 * of_p);
  options.mass_scale = options.kinetic_prior = per_coordinate(of_v / of_p);
  double energy = 0;
  for (Index i = 0; i < n; ++i)
    energy += options.mass_scale[i] * options.acceleration_scale[i] / options.coordinate_scale[i];
  options.energy_scale = energy / static_cast<double>(n);
}

}  // namespace nn
