#include "physics/systems/double_pendulum.h"

#include <numbers>
#include <stdexcept>
#include <string>

#include "physics/systems/systems.h"

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

Family double_pendulum() {
  return {
      "double_pendulum",
      "two bobs on two massless rods, one below the other",
      {{"m1", "kg", 1, 1e-9, 1e9, "mass of the upper bob"},
       {"m2", "kg", 1, 1e-9, 1e9, "mass of the lower bob"},
       {"l1", "m", 1, 1e-9, 1e9, "length of the upper rod"},
       {"l2", "m", 1, 1e-9, 1e9, "length of the lower rod"},
       {"g", "m/s^2", 9.8, 0, 1e9, "gravity"}},
      [](const Values& p) {
        const DoublePendulum pendulum{p["m1"], p["m2"], p["l1"], p["l2"], p["g"]};
        System s;
        s.coordinates = {{"theta1", "rad", true}, {"theta2", "rad", true}};
        s.lagrangian = [=](Var q, Var v) { return pendulum.lagrangian(q, v); };
        s.closed_form = [=](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> result) {
          pendulum.accelerations(states, result);
        };
        const Eigen::Vector4d corner(std::numbers::pi, std::numbers::pi, 10, 10);
        s.region = {-corner, corner};
        // As Cranmer et al. 2020 judge energies: from near rest, in units of the highest potential
        // energy (29.4 J with all masses and lengths 1).
        constexpr double half = std::numbers::pi;
        const double highest = pendulum.potential_energy(half, half);
        s.energy_test = {{Eigen::Vector4d::Zero(), Eigen::Vector4d(2 * half, 2 * half, 0.1, 0.1)},
                         100,
                         highest > 0 ? highest : 1};
        // Halfway between hanging and the lower bob standing up: below it both rods only swing,
        // above it the chaos begins to fill everything.
        s.section_energy =
            (pendulum.potential_energy(0., 0.) + pendulum.potential_energy(0., half)) / 2;
        s.picture = {
            .points = [=](Var q) { return stack_rows(pendulum.positions(row(q, 0), row(q, 1))); },
            .links = {{-1, 0}, {0, 1}}};
        return s;
      }};
}

}  // namespace physics
