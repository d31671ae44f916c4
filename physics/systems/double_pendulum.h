// The double pendulum: two point masses on two massless rods.
//
//        o pivot
//         \  l1
//          \        θ1, θ2: angles of the rods from the downward vertical [rad], not wrapped;
//           o m1    ω1, ω2: their rates [rad/s]. A state is the column (θ1, θ2, ω1, ω2).
//           |  l2
//           o m2    y points up, the pivot is the origin.
//
// The energies are written once, as templates, so that the same formula serves numbers and the
// tape.
#pragma once

#include <array>
#include <cmath>
#include <numbers>

#include "autodiff/ops.h"

namespace physics {

using autodiff::Index;
using autodiff::Var;

struct DoublePendulum {
  double m1 = 1, m2 = 1;  ///< masses [kg]
  double l1 = 1, l2 = 1;  ///< rod lengths [m]
  double g = 9.8;         ///< gravity [m/s²]

  static constexpr Index coordinates = 2;

  /// T = ½ (m1 + m2) l1² ω1² + ½ m2 l2² ω2² + m2 l1 l2 ω1 ω2 cos(θ1 - θ2)   [J]
  template <class Number>
  Number kinetic_energy(Number theta1, Number theta2, Number omega1, Number omega2) const {
    using std::cos;
    return 0.5 * (m1 + m2) * l1 * l1 * (omega1 * omega1) + 0.5 * m2 * l2 * l2 * (omega2 * omega2) +
           m2 * l1 * l2 * (omega1 * omega2 * cos(theta1 - theta2));
  }

  /// V = -(m1 + m2) g l1 cos θ1 - m2 g l2 cos θ2   [J], zero with both rods level
  template <class Number>
  Number potential_energy(Number theta1, Number theta2) const {
    using std::cos;
    return -(m1 + m2) * g * l1 * cos(theta1) - m2 * g * l2 * cos(theta2);
  }

  /// L = T - V of every sample: (q: 2 x N, v: 2 x N) -> 1 x N.
  Var lagrangian(Var q, Var v) const;

  /// E = T + V of one state [J].
  double energy(const double* state) const {
    return kinetic_energy(state[0], state[1], state[2], state[3]) +
           potential_energy(state[0], state[1]);
  }

  /// θ1'' and θ2'' of one state [rad/s²], in closed form (the Euler-Lagrange equations solved).
  std::array<double, 2> acceleration(const double* state) const;

  /// The same for many states: fills in the result, 4 x N -> 2 x N. Throws std::invalid_argument
  /// for other shapes.
  void accelerations(const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> result) const;

  /// (x1, y1, x2, y2) of the two masses [m].
  template <class Number>
  std::array<Number, 4> positions(Number theta1, Number theta2) const {
    using std::cos, std::sin;
    const Number x1 = l1 * sin(theta1), y1 = -l1 * cos(theta1);
    return {x1, y1, x1 + l2 * sin(theta2), y1 - l2 * cos(theta2)};
  }
};

}  // namespace physics
