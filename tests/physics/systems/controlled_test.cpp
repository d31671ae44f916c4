// Systems with controls: the cart and pole, the acrobot; friction and drive beside others.
#include <doctest/doctest.h>

#include <cmath>

#include "physics/forces.h"
#include "physics/integrate/roll_out.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Random;
using physics::find_system;
using physics::make_system;
using physics::System;

namespace {

constexpr physics::Rk45Options finely{.rtol = 1e-11, .atol = 1e-12};

double largest(const Eigen::MatrixXd& m) { return m.cwiseAbs().maxCoeff(); }

/// Accelerations of states under controls.
Eigen::MatrixXd accelerations(const System& s, const Eigen::MatrixXd& states,
                              const Eigen::MatrixXd& u) {
  Eigen::MatrixXd rates(states.rows(), states.cols());
  motion_of(s)(Eigen::RowVectorXd::Zero(states.cols()), states, u, rates);
  return rates.bottomRows(s.n());
}

/// How far the energy's change over a motion is from the work of the forces, the work integrated by
/// Simpson's rule, over the largest energy.
double missing_energy(const System& s, const physics::Solution& one, const Eigen::MatrixXd& u) {
  REQUIRE(one.ok());
  const Eigen::MatrixXd energy = energy_of(s)(one.y);
  Eigen::MatrixXd power(1, one.y.cols());
  power_of(s)(one.t.transpose(), one.y, u, power);
  double work = 0;
  for (Index k = 0; k + 2 < power.size(); k += 2)
    work += (one.t[k + 1] - one.t[k]) / 3 * (power(k) + 4 * power(k + 1) + power(k + 2));
  CHECK(std::abs(work) > 0.01);  // there is something to miss
  return std::abs(energy(energy.size() - 1) - energy(0) - work) / largest(energy);
}

}  // namespace

TEST_CASE("cart_pole: its accelerations are those of the literature" * in_double_only) {
  // R. Tedrake, Underactuated Robotics, ch. 3, equations (20) and (21): θ from the downward
  // vertical, too.
  const double M = 1.3, m = 0.4, l = 0.7, g = 9.8;
  const System s = make_system(find_system("cart_pole"), {{"M", M}, {"m", m}, {"l", l}, {"g", g}});
  Random random(1);
  const Eigen::MatrixXd states = random_starts(s, random, 50);
  const Eigen::MatrixXd force = random.uniform_matrix(1, 50, -5, 5).cast<double>();
  const Eigen::MatrixXd a = accelerations(s, states, force);
  Eigen::MatrixXd expected(2, 50);
  for (Index k = 0; k < 50; ++k) {
    const double sine = std::sin(states(1, k)), cosine = std::cos(states(1, k));
    const double f = force(k), turn = l * states(3, k) * states(3, k);
    expected(0, k) = (f + m * sine * (turn + g * cosine)) / (M + m * sine * sine);
    expected(1, k) =
        (-f * cosine - m * turn * cosine * sine - (M + m) * g * sine) / (l * (M + m * sine * sine));
  }
  CHECK(largest(a - expected) < 1e-11 * largest(expected));
}

TEST_CASE("acrobot: its accelerations are those of the literature" * in_double_only) {
  // R. Tedrake, Underactuated Robotics, ch. 3.1: M q'' + C q' = τ_g + B u, with I1 and I2 about the
  // joints, m l²/3 of a uniform rod, and the middles at l_c = l/2.
  const double m1 = 1.2, m2 = 0.7, l1 = 0.9, l2 = 1.4, g = 9.8;
  const System s = make_system(find_system("acrobot"),
                               {{"m1", m1}, {"m2", m2}, {"l1", l1}, {"l2", l2}, {"g", g}});
  const double I1 = m1 * l1 * l1 / 3, I2 = m2 * l2 * l2 / 3, lc1 = l1 / 2, lc2 = l2 / 2;
  Random random(2);
  const Eigen::MatrixXd states = random_starts(s, random, 50);
  const Eigen::MatrixXd torque = random.uniform_matrix(1, 50, -5, 5).cast<double>();
  const Eigen::MatrixXd a = accelerations(s, states, torque);
  for (Index k = 0; k < 50; ++k) {
    const Eigen::Vector4d x = states.col(k);
    const double s1 = std::sin(x[0]), s2 = std::sin(x[1]), s12 = std::sin(x[0] + x[1]);
    const double off = m2 * l1 * lc2, c2 = std::cos(x[1]);
    Eigen::Matrix2d mass, coriolis;
    mass << I1 + I2 + m2 * l1 * l1 + 2 * off * c2, I2 + off * c2, I2 + off * c2, I2;
    coriolis << -2 * off * s2 * x[3], -off * s2 * x[3], off * s2 * x[2], 0;
    const Eigen::Vector2d gravity(-m1 * g * lc1 * s1 - m2 * g * (l1 * s1 + lc2 * s12),
                                  -m2 * g * lc2 * s12);
    const Eigen::Vector2d total = gravity + Eigen::Vector2d(0, torque(k));
    const Eigen::Vector2d left = mass * a.col(k) + coriolis * x.tail<2>();
    CHECK((left - total).norm() < 1e-10 * (1 + total.norm()));
  }
}

TEST_CASE("a controller's work is what the energy changes by" * in_double_only) {
  // The cart is held back by a spring and a damper, the acrobot's elbow pumped by its own speed.
  const auto check = [](const char* name, const Eigen::Vector4d& start,
                        const Eigen::RowVector4d& gains) {
    INFO(name);
    const System s = make_system(find_system(name));
    const physics::Motion motion =
        motion_of(s).controlled_by([=](const Eigen::RowVectorXd&, const Eigen::MatrixXd& states,
                                       Eigen::MatrixXd& u) { u = gains * states; });
    const auto one = roll_out(motion, start, Eigen::VectorXd::LinSpaced(2001, 0, 5), finely)[0];
    CHECK(missing_energy(s, one, gains * one.y) < 1e-8);
  };
  check("cart_pole", {1, 2, 0, 1}, {-3, 0, -1, 0});
  check("acrobot", {0.5, 0.2, 0, 0}, {0, 0, 0, 0.2});
}

TEST_CASE("friction: small swings of a damped pendulum decay and ring as the formulas say" *
          in_double_only) {
  // θ'' = -c/(m l²) θ' - g/l θ: θ = θ0 e^{-δt} (cos ωt + δ/ω sin ωt), δ = c/(2 m l²), ω² = g/l -
  // δ².
  const double m = 2, l = 0.5, g = 9.8, c = 0.3, small = 1e-5;
  const System s =
      make_system(find_system("pendulum"), {{"m", m}, {"l", l}, {"g", g}, {"friction", c}});
  const auto times = Eigen::VectorXd::LinSpaced(101, 0, 10);
  const auto one =
      roll_out(motion_of(s), Eigen::Vector2d(small, 0), times, {.rtol = 1e-10, .atol = 1e-16})[0];
  const double decay = c / (2 * m * l * l), omega = std::sqrt(g / l - decay * decay);
  for (Index k = 0; k < times.size(); ++k) {
    const double t = times[k];
    const double expected =
        small * std::exp(-decay * t) * (std::cos(omega * t) + decay / omega * std::sin(omega * t));
    CHECK(std::abs(one.y(0, k) - expected) < 1e-8 * small);
  }
}

TEST_CASE("drive: a damped oscillator settles at the amplitude and phase of its response" *
          in_double_only) {
  // m x'' + c x' + k x = A cos Ωt: x → a cos(Ωt - φ), a = A/√((k - m Ω²)² + (c Ω)²),
  // tan φ = c Ω/(k - m Ω²).
  const double m = 1.5, c = 0.8, k = 6, A = 2;
  System spring;
  spring.coordinates = {{"x"}};
  spring.lagrangian = [=](physics::Var q, physics::Var v) {
    return 0.5 * m * v * v - 0.5 * k * q * q;
  };
  for (const double Omega : {0.5, 2., 3.}) {
    CAPTURE(Omega);
    const System s = with_drive(with_friction(spring, c), 0, A, Omega);
    const auto times = Eigen::VectorXd::LinSpaced(11, 0, 100);
    const auto one = roll_out(motion_of(s), Eigen::Vector2d(1, 0), times, finely)[0];
    const double a = A / std::hypot(k - m * Omega * Omega, c * Omega);
    const double phase = std::atan2(c * Omega, k - m * Omega * Omega);
    CHECK(one.y(0, 10) == doctest::Approx(a * std::cos(Omega * 100 - phase)).epsilon(1e-8));
    CHECK(one.y(1, 10) ==
          doctest::Approx(-a * Omega * std::sin(Omega * 100 - phase)).epsilon(1e-8));
  }
}

TEST_CASE("friction and drive: their power is what the energy changes by, in any system" *
          in_double_only) {
  for (const char* name : {"charged", "double_pendulum", "cart_pole", "magnet_pendulum"}) {
    INFO(name);
    const System s =
        make_system(find_system(name), {{"friction", 0.2}, {"drive", 1}, {"drive_frequency", 2}});
    Random random(3);
    const auto one = roll_out(motion_of(s), random_starts(s, random, 1),
                              Eigen::VectorXd::LinSpaced(4001, 0, 4), finely)[0];
    CHECK(missing_energy(s, one, Eigen::MatrixXd::Zero(s.k(), one.y.cols())) < 1e-8);
  }
}

TEST_CASE("friction beside a control: both act, each coordinate by its own coefficient" *
          in_double_only) {
  const System plain = make_system(find_system("cart_pole"));
  const System s = with_friction(plain, Eigen::Vector2d(0.3, 0.7));
  Random random(4);
  const Eigen::MatrixXd states = random_starts(s, random, 20);
  const Eigen::MatrixXd u = Eigen::MatrixXd::Constant(1, 20, 2);
  const Eigen::MatrixXd before = accelerations(plain, states, u),
                        after = accelerations(s, states, u);
  const Eigen::MatrixXd masses = mass_of(s)(states);
  for (Index k = 0; k < 20; ++k) {
    const Eigen::Vector2d force = masses.col(k).reshaped(2, 2) * (after.col(k) - before.col(k));
    const Eigen::Vector2d expected(-0.3 * states(2, k), -0.7 * states(3, k));
    CHECK((force - expected).norm() < 1e-10);
  }
}

TEST_CASE("friction and drive of coordinates that are not there are refused" * in_double_only) {
  const System s = make_system(find_system("kepler"));
  CHECK_THROWS_WITH_AS(with_friction(s, Eigen::Vector3d(1, 2, 3)),
                       "[with_friction] 3 coefficients for 2 coordinates", std::invalid_argument);
  CHECK_THROWS_WITH_AS(with_drive(s, 2, 1, 1), "[with_drive] coordinate 2 of 2",
                       std::invalid_argument);
  CHECK_THROWS_AS(make_system(find_system("kepler"), {{"friction", -1}}), std::invalid_argument);
}
