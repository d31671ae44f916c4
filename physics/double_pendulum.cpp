#include "physics/double_pendulum.h"

#include <stdexcept>
#include <string>

namespace physics {

Var DoublePendulum::lagrangian(Var q, Var v) const {
  const Var theta1 = row(q, 0), theta2 = row(q, 1);
  return kinetic_energy(theta1, theta2, row(v, 0), row(v, 1)) - potential_energy(theta1, theta2);
}

std::array<double, 2> DoublePendulum::acceleration(const double* state) const {
  const auto [theta1, theta2, omega1, omega2] = std::array{state[0], state[1], state[2], state[3]};
  const double delta = theta1 - theta2;
  const double sin_delta = std::sin(delta), cos_delta = std::cos(delta);
  // 2 m1 + m2 - m2 cos 2δ = 2 (m1 + m2 sin² δ), written so that nothing cancels.
  const double denominator = 2 * (m1 + m2 * sin_delta * sin_delta);
  const double numerator1 =
      -g * (2 * m1 + m2) * std::sin(theta1) - m2 * g * std::sin(theta1 - 2 * theta2) -
      2 * m2 * sin_delta * (l2 * omega2 * omega2 + l1 * omega1 * omega1 * cos_delta);
  const double numerator2 = 2 * sin_delta *
                            ((m1 + m2) * (l1 * omega1 * omega1 + g * std::cos(theta1)) +
                             m2 * l2 * omega2 * omega2 * cos_delta);
  return {numerator1 / (l1 * denominator), numerator2 / (l2 * denominator)};
}

void DoublePendulum::accelerations(const Eigen::MatrixXd& states,
                                   Eigen::Ref<Eigen::MatrixXd> result) const {
  if (states.rows() != 2 * coordinates || result.rows() != coordinates ||
      result.cols() != states.cols())
    throw std::invalid_argument("[DoublePendulum] accelerations, " + std::to_string(result.rows()) +
                                'x' + std::to_string(result.cols()) + ", of states, " +
                                std::to_string(states.rows()) + 'x' +
                                std::to_string(states.cols()) + ": must be 2xN of 4xN");
  for (Index s = 0; s < states.cols(); ++s) {
    const auto [a1, a2] = acceleration(states.data() + 4 * s);
    result(0, s) = a1;
    result(1, s) = a2;
  }
}

std::array<double, 4> DoublePendulum::positions(double theta1, double theta2) const {
  const double x1 = l1 * std::sin(theta1), y1 = -l1 * std::cos(theta1);
  return {x1, y1, x1 + l2 * std::sin(theta2), y1 - l2 * std::cos(theta2)};
}

}  // namespace physics
