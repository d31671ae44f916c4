#include "physics/observe/lyapunov.h"

#include <cmath>
#include <stdexcept>
#include <string>

#include "physics/text.h"

namespace physics {
namespace {

/// Every state after the interval; NaN where a trajectory ended before.
Eigen::MatrixXd later(const Motion& motion, const Eigen::MatrixXd& states,
                      const LyapunovOptions& options) {
  Eigen::MatrixXd result(states.rows(), states.cols());
  const auto solutions = roll_out(motion, states, Eigen::Vector2d(0, options.interval),
                                  options.integrator, options.threads);
  for (Index s = 0; s < states.cols(); ++s)
    if (solutions[s].ok())
      result.col(s) = solutions[s].y_end;
    else
      result.col(s).setConstant(std::nan(""));
  return result;
}

}  // namespace

Eigen::VectorXd lyapunov_exponents(const Motion& motion, const Eigen::MatrixXd& starts,
                                   const LyapunovOptions& options) {
  constexpr double most = 1e9;  // intervals
  if (!(options.interval > 0 && options.offset > 0 && options.settle >= 0 &&
        options.duration >= options.interval &&
        (options.settle + options.duration) / options.interval <= most))
    throw std::invalid_argument(
        "[lyapunov] offset " + number(options.offset) + ", interval " + number(options.interval) +
        ", settle " + number(options.settle) + ", duration " + number(options.duration) +
        ": offset and interval must be positive, the duration at least an interval, and settling "
        "and duration at most 1e9 of them");
  const Index d = starts.rows(), count = starts.cols();
  const long settling = std::lround(options.settle / options.interval);
  const long measured = std::lround(options.duration / options.interval);

  // States on the left, their twins on the right.
  Eigen::MatrixXd pairs(d, 2 * count);
  pairs.leftCols(count) = starts;
  pairs.rightCols(count) = starts.array() + options.offset / std::sqrt(static_cast<double>(d));
  Eigen::VectorXd growth = Eigen::VectorXd::Zero(count);
  for (long k = 0; k < settling + measured; ++k) {
    pairs = later(motion, pairs, options);
    for (Index s = 0; s < count; ++s) {
      const Eigen::VectorXd apart = pairs.col(count + s) - pairs.col(s);
      const double factor = apart.norm() / options.offset;
      if (k >= settling) growth[s] += std::log(factor);
      pairs.col(count + s) = pairs.col(s) + apart / factor;
    }
  }
  return growth / (static_cast<double>(measured) * options.interval);
}

}  // namespace physics
