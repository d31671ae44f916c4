// A rigid body that turns freely, as in space: L = ½ Σ_k I_k ω_k², with the angular velocities ω
// around its own three axes. In Euler angles z-x-z (φ, θ, ψ, see top.cpp)
//
//     ω1 = φ' sin θ sin ψ + θ' cos ψ,    ω2 = φ' sin θ cos ψ - θ' sin ψ,    ω3 = φ' cos θ + ψ'.
//
// These obey Euler's equations, I1 ω1' = (I2 - I3) ω2 ω3 and so round. The angular momentum keeps
// its direction in space. Around the axis of the middle moment a turn is unstable: the body
// tumbles.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "physics/systems/systems.h"

namespace physics {
namespace {

/// Between which values (J3/|J|)² runs, the least first: that is -1 where J3 changes its sign.
///
/// In the body the angular momentum J runs along a polhode: |J| and the energy E stay, and between
/// them J3² lies between its values where J1 or J2 is zero, (|J|²/I_k - 2 E)/(1/I_k - 1/I3) for
/// k = 2, 1. If one of those is no possible J3², J3 changes its sign.
std::pair<double, double> third_shares(const Eigen::Array3d& I, const Eigen::Array3d& J,
                                       double twice_energy) {
  const double J2 = J.square().sum();
  if ((I == I[2]).all()) {  // a ball, in which J stands still
    const double share = J[2] * J[2] / J2;
    return {share, share};
  }
  double least = 1, most = 0;
  for (const int k : {0, 1}) {
    const double share = (J2 / I[k] - twice_energy) / (1 / I[k] - 1 / I[2]) / J2;
    if (share >= 0 && share <= 1)
      most = std::max(most, share), least = std::min(least, share);
    else
      least = -1;
  }
  return {least, most};
}

/// Does the body's third axis stay 0.7 away from the vertical for ever, up and down?
///
/// The angular momentum stands still in space, at an angle γ from the vertical.
bool stays_off_the_vertical(const Eigen::Array3d& I, const Eigen::VectorXd& state) {
  constexpr double margin = 0.7;
  const double theta = state[1], psi = state[2];
  const double across = state[3] * std::sin(theta), along = std::cos(theta);
  const Eigen::Array3d omega(across * std::sin(psi) + state[4] * std::cos(psi),
                             across * std::cos(psi) - state[4] * std::sin(psi),
                             state[3] * along + state[5]);
  const Eigen::Array3d J = I * omega;
  const double J2 = J.square().sum(), twice_energy = (I * omega.square()).sum();
  const auto [least, most] = third_shares(I, J, twice_energy);
  const double far = least < 0 ? -std::sqrt(most) : std::sqrt(least);
  const double vertical = J[0] * std::sin(theta) * std::sin(psi) +
                          J[1] * std::sin(theta) * std::cos(psi) + J[2] * along;
  const double gamma = std::acos(std::clamp(vertical / std::sqrt(J2), -1., 1.));
  // The third axis's angle from J; it passes the vertical where that is γ or, downwards, π - γ.
  const double sign = J[2] < 0 && least >= 0 ? -1 : 1;
  const double a = std::acos(sign * std::sqrt(most)), b = std::acos(sign * far);
  const auto clear = [&](double angle) {
    return angle < std::min(a, b) - margin || angle > std::max(a, b) + margin;
  };
  return clear(gamma) && clear(std::numbers::pi - gamma);
}

}  // namespace

Family rigid_body() {
  return {
      "rigid_body",
      "a rigid body that turns freely",
      {{"I1", "kg m^2", 1, 1e-9, 1e9, "first moment of inertia"},
       {"I2", "kg m^2", 1.5, 1e-9, 1e9, "second moment of inertia"},
       {"I3", "kg m^2", 2.1, 1e-9, 1e9, "third moment of inertia"}},
      [](const Values& p) {
        const Eigen::Array3d I(p["I1"], p["I2"], p["I3"]);
        System s;
        s.coordinates = {{"phi", "rad", true}, {"theta", "rad", true}, {"psi", "rad", true}};
        s.lagrangian = [=](Var q, Var v) {
          const Var theta = row(q, 1), psi = row(q, 2);
          const Var across = row(v, 0) * sin(theta), theta_dot = row(v, 1);
          const Var omega1 = across * sin(psi) + theta_dot * cos(psi);
          const Var omega2 = across * cos(psi) - theta_dot * sin(psi);
          const Var omega3 = row(v, 0) * cos(theta) + row(v, 2);
          return 0.5 * (I[0] * omega1 * omega1 + I[1] * omega2 * omega2 + I[2] * omega3 * omega3);
        };
        const double pi = std::numbers::pi;
        Eigen::VectorXd low(6), high(6);
        low << -pi, 0.7, -pi, -2, -2, -2;
        high << pi, pi - 0.7, pi, 2, 2, 2;
        s.region = {low, high};
        s.typical = [=](const Eigen::VectorXd& state) { return stays_off_the_vertical(I, state); };
        // The tips of the body's three axes.
        s.picture = {.dimension = 3,
                     .points =
                         [](Var q) {
                           const Var cf = cos(row(q, 0)), sf = sin(row(q, 0));
                           const Var ct = cos(row(q, 1)), st = sin(row(q, 1));
                           const Var cp = cos(row(q, 2)), sp = sin(row(q, 2));
                           return stack_rows(std::array{
                               cf * cp - sf * ct * sp, sf * cp + cf * ct * sp, st * sp,
                               -cf * sp - sf * ct * cp, cf * ct * cp - sf * sp, st * cp,  //
                               sf * st, -cf * st, ct});
                         },
                     .links = {{-1, 0}, {-1, 1}, {-1, 2}}};
        return s;
      }};
}

}  // namespace physics
