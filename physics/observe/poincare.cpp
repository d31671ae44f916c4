#include "physics/observe/poincare.h"

#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

namespace physics {
namespace {

/// Two neighbouring states with their rates, and the cubic between them: s from 0 to 1.
struct Span {
  Eigen::VectorXd y0, y1, rate0, rate1;
  double step;

  Eigen::VectorXd at(double s) const {
    const double r = 1 - s;
    return r * r * ((1 + 2 * s) * y0 + s * step * rate0) +
           s * s * ((1 + 2 * r) * y1 - r * step * rate1);
  }
};

/// The s at which the angle is a multiple of 2π, between ends on both sides of it; by bisection.
double crossing(const Span& span, Index coordinate, double target) {
  double low = 0, high = 1;
  for (int k = 0; k < 50; ++k) {
    const double middle = (low + high) / 2;
    (span.at(middle)[coordinate] < target ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

Eigen::MatrixXd poincare_section(const Motion& motion, const Solution& trajectory, Index coordinate,
                                 bool angle) {
  constexpr double circle = 2 * std::numbers::pi;
  const Eigen::MatrixXd& y = trajectory.y;
  if (coordinate < 0 || coordinate >= y.rows())
    throw std::invalid_argument("[poincare_section] coordinate " + std::to_string(coordinate) +
                                " of states with " + std::to_string(y.rows()) + " rows");
  if (trajectory.t.size() != y.cols())
    throw std::invalid_argument("[poincare_section] " + std::to_string(trajectory.t.size()) +
                                " times for " + std::to_string(y.cols()) + " states");
  const Eigen::MatrixXd rates = motion(trajectory.t.transpose(), y);
  std::vector<Eigen::VectorXd> points;
  for (Index k = 1; k < y.cols(); ++k) {
    // Zero, or the multiple of 2π at or below the later angle, which the earlier one has not
    // reached.
    const double later = y(coordinate, k), target = angle ? circle * std::floor(later / circle) : 0;
    if (!(y(coordinate, k - 1) < target && later >= target)) continue;
    const Span span{y.col(k - 1), y.col(k), rates.col(k - 1), rates.col(k),
                    trajectory.t[k] - trajectory.t[k - 1]};
    points.push_back(span.at(crossing(span, coordinate, target)));
  }
  Eigen::MatrixXd section(y.rows(), points.size());
  for (std::size_t k = 0; k < points.size(); ++k) section.col(static_cast<Index>(k)) = points[k];
  return section;
}

}  // namespace physics
