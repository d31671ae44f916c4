// The double pendulum against mechanics on paper: what stands here is computed without its
// formulas.
#include "physics/systems/double_pendulum.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/compile/program.h"
#include "autodiff/random.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Tape;
using autodiff::Var;
using physics::DoublePendulum;
using State = std::array<double, 4>;

namespace {

constexpr double pi = std::numbers::pi;

DoublePendulum random_pendulum(Random& random) {
  return {.m1 = random.uniform(0.2, 4),
          .m2 = random.uniform(0.2, 4),
          .l1 = random.uniform(0.2, 4),
          .l2 = random.uniform(0.2, 4),
          .g = random.uniform(0.5, 20)};
}

State random_state(Random& random) {
  return {random.uniform(-7, 7), random.uniform(-7, 7), random.uniform(-6, 6),
          random.uniform(-6, 6)};
}

double relative(double value, double expected, double size) {
  return std::abs(value - expected) / std::max(1e-12, size);
}

/// Velocity and acceleration of the masses, by the chain rule from angles, rates and accelerations.
struct Kinematics {
  std::array<double, 4> velocity, acceleration;  ///< x1, y1, x2, y2
};
Kinematics kinematics(const DoublePendulum& p, const State& s, const std::array<double, 2>& a) {
  Kinematics k{};
  for (int rod = 0; rod < 2; ++rod) {
    const double length = rod == 0 ? p.l1 : p.l2;
    const double sine = std::sin(s[rod]), cosine = std::cos(s[rod]), rate = s[2 + rod];
    for (int mass = rod; mass < 2; ++mass) {  // the outer mass rides on the inner one
      k.velocity[2 * mass] += length * cosine * rate;
      k.velocity[2 * mass + 1] += length * sine * rate;
      k.acceleration[2 * mass] += length * (cosine * a[rod] - sine * rate * rate);
      k.acceleration[2 * mass + 1] += length * (sine * a[rod] + cosine * rate * rate);
    }
  }
  return k;
}

}  // namespace

TEST_CASE("double pendulum: hanging, level and upright it has the energies of its heights") {
  const DoublePendulum p{.m1 = 2, .m2 = 3, .l1 = 0.5, .l2 = 0.25, .g = 10};
  CHECK(p.potential_energy(0., 0.) == doctest::Approx(-2 * 10 * 0.5 - 3 * 10 * 0.75));
  CHECK(p.potential_energy(pi, pi) == doctest::Approx(2 * 10 * 0.5 + 3 * 10 * 0.75));
  CHECK(p.potential_energy(0., pi) == doctest::Approx(-2 * 10 * 0.5 - 3 * 10 * 0.25));
  CHECK(std::abs(p.potential_energy(pi / 2, -pi / 2)) < 1e-14);
  CHECK(p.kinetic_energy(1., 2., 0., 0.) == 0);
  // Only the outer rod turns; only the inner one, the outer mass carried along; both as one body.
  CHECK(p.kinetic_energy(0.3, 2., 0., 4.) == doctest::Approx(0.5 * 3 * 1 * 1));
  CHECK(p.kinetic_energy(0.3, 2., 4., 0.) == doctest::Approx(0.5 * 5 * 2 * 2));
  CHECK(p.kinetic_energy(0.7, 0.7, 4., 4.) == doctest::Approx(0.5 * (2 * 2 * 2 + 3 * 3 * 3)));
}

TEST_CASE("double pendulum: kinetic energy is that of two masses in Cartesian coordinates") {
  Random random(11);
  for (int i = 0; i < 200; ++i) {
    const DoublePendulum p = random_pendulum(random);
    const State s = random_state(random);
    const auto v = kinematics(p, s, {}).velocity;
    const double kinetic =
        0.5 * p.m1 * (v[0] * v[0] + v[1] * v[1]) + 0.5 * p.m2 * (v[2] * v[2] + v[3] * v[3]);
    CHECK(p.kinetic_energy(s[0], s[1], s[2], s[3]) == doctest::Approx(kinetic).epsilon(1e-12));
    CHECK(p.energy(s.data()) == doctest::Approx(kinetic + p.potential_energy(s[0], s[1])));
  }
}

TEST_CASE("double pendulum: the reference start has energy 2.5682361500844") {
  const State start{3 * pi / 7, 3 * pi / 4, 0, 0};
  CHECK(std::abs(DoublePendulum().energy(start.data()) - 2.5682361500844) < 1e-13);
}

TEST_CASE(
    "double pendulum: it learns from where the slides do, and its energy is judged as there") {
  const physics::System s = make_system(physics::find_system("double_pendulum"));
  CHECK(s.region.low == Eigen::Vector4d(-pi, -pi, -10, -10));
  CHECK(s.region.high == Eigen::Vector4d(pi, pi, 10, 10));
  REQUIRE(s.energy_test);
  CHECK(s.energy_test->starts.low == Eigen::Vector4d(0, 0, 0, 0));
  CHECK(s.energy_test->starts.high == Eigen::Vector4d(2 * pi, 2 * pi, 0.1, 0.1));
  CHECK(s.energy_test->duration == 100);
  CHECK(s.energy_test->scale == doctest::Approx(29.4));
}

TEST_CASE("double pendulum: y points up, x to the right, and the rods have their lengths") {
  const DoublePendulum p{.l1 = 2, .l2 = 3};
  const auto close = [](const std::array<double, 4>& a, const std::array<double, 4>& b) {
    for (int k = 0; k < 4; ++k)
      if (!(std::abs(a[k] - b[k]) < 1e-14)) return false;
    return true;
  };
  CHECK(close(p.positions(0., 0.), {0, -2, 0, -5}));
  CHECK(close(p.positions(pi / 2, pi / 2), {2, 0, 5, 0}));
  CHECK(close(p.positions(-pi / 2, pi), {-2, 0, -2, 3}));
  CHECK(close(p.positions(pi / 6, pi / 2), {1, -std::sqrt(3.), 4, -std::sqrt(3.)}));
}

TEST_CASE("double pendulum: the energy does not change along the closed form's motion") {
  Random random(12);
  for (int i = 0; i < 500; ++i) {
    CAPTURE(i);
    const DoublePendulum p = random_pendulum(random);
    const State s = random_state(random);
    const auto a = p.acceleration(s.data());
    const State rate{s[2], s[3], a[0], a[1]};
    // dE/dt = gradient · rate; central differences, their steps scaled so that rounding is small.
    double change = 0, size = 0;
    for (int k = 0; k < 4; ++k) {
      const auto at = [&](double offset) {
        State moved = s;
        moved[k] += offset;
        return p.energy(moved.data());
      };
      // Fourth order: exact to ~ step^4 for the sines, exact for the squares of the rates.
      const double h = 1e-3;
      const double slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      change += slope * rate[k];
      size += std::abs(slope * rate[k]);
    }
    CHECK(relative(change, 0, size) < 1e-9);
  }
}

TEST_CASE("double pendulum: Newton's law holds for both masses, with forces along the rods only") {
  Random random(13);
  for (int i = 0; i < 500; ++i) {
    CAPTURE(i);
    const DoublePendulum p = random_pendulum(random);
    const State s = random_state(random);
    const auto a = kinematics(p, s, p.acceleration(s.data())).acceleration;
    // What is left of m·a after gravity: on the outer mass along rod 2; on both along rod 1.
    const double fx2 = p.m2 * a[2], fy2 = p.m2 * (a[3] + p.g);
    const double fx = fx2 + p.m1 * a[0], fy = fy2 + p.m1 * (a[1] + p.g);
    const double across2 = fx2 * std::cos(s[1]) + fy2 * std::sin(s[1]);
    const double across1 = fx * std::cos(s[0]) + fy * std::sin(s[0]);
    CHECK(relative(across2, 0, std::hypot(fx2, fy2) + p.m2 * p.g) < 1e-12);
    CHECK(relative(across1, 0, std::hypot(fx, fy) + p.m1 * p.g) < 1e-12);
  }
}

TEST_CASE("double pendulum: accelerations known without solving anything") {
  const DoublePendulum p{.m1 = 1.5, .m2 = 0.5, .l1 = 0.8, .l2 = 1.2, .g = 9.8};
  const auto at = [](const DoublePendulum& pendulum, const State& s) {
    return pendulum.acceleration(s.data());
  };
  CHECK(at(p, {0, 0, 0, 0}) == std::array{0., 0.});
  // Both rods level on one side and at rest: the inner mass starts as if free, the outer rod stays.
  const auto level = at(p, {pi / 2, pi / 2, 0, 0});
  CHECK(level[0] == doctest::Approx(-p.g / p.l1));
  CHECK(std::abs(level[1]) < 1e-13);
  // Without gravity, stretched and turning as one body, it goes on turning.
  const auto turning = at({.m1 = 1.5, .m2 = 0.5, .l1 = 0.8, .l2 = 1.2, .g = 0}, {0.4, 0.4, 3, 3});
  CHECK(turning == std::array{0., 0.});
  // An outer mass of next to nothing leaves a simple pendulum.
  const auto simple =
      at({.m1 = 1, .m2 = 1e-14, .l1 = 0.8, .l2 = 1.2, .g = 9.8}, {1.1, -2.0, 0.7, 3});
  CHECK(simple[0] == doctest::Approx(-9.8 / 0.8 * std::sin(1.1)).epsilon(1e-11));
}

TEST_CASE("double pendulum: mirrored, and turned by full turns, it moves alike") {
  Random random(14);
  for (int i = 0; i < 100; ++i) {
    const DoublePendulum p = random_pendulum(random);
    const State s = random_state(random);
    const auto a = p.acceleration(s.data());
    const State mirrored{-s[0], -s[1], -s[2], -s[3]}, backwards{s[0], s[1], -s[2], -s[3]};
    const State turned{s[0] + 4 * pi, s[1] - 2 * pi, s[2], s[3]};
    CHECK(p.acceleration(mirrored.data()) == std::array{-a[0], -a[1]});
    CHECK(p.acceleration(backwards.data()) == a);  // time runs backwards as well as forwards
    const double size = std::hypot(a[0], a[1]);
    CHECK(relative(p.acceleration(turned.data())[0], a[0], size) < 1e-11);
    CHECK(relative(p.acceleration(turned.data())[1], a[1], size) < 1e-11);
  }
}

TEST_CASE("double pendulum: a batch gives each column its own acceleration, NaN where it is NaN") {
  Random random(15);
  const DoublePendulum p = random_pendulum(random);
  Eigen::MatrixXd states(4, 37), result(2, 37);
  for (Index s = 0; s < states.cols(); ++s)
    states.col(s) = Eigen::Map<const Eigen::Vector4d>(random_state(random).data());
  states(1, 20) = std::numeric_limits<double>::quiet_NaN();
  p.accelerations(states, result);
  for (Index s = 0; s < states.cols(); ++s) {
    const auto a = p.acceleration(states.col(s).data());
    CHECK(result.col(s).allFinite() == (s != 20));
    if (s != 20) CHECK(result.col(s) == Eigen::Vector2d(a[0], a[1]));
  }
  Eigen::MatrixXd rates = Eigen::MatrixXd::Zero(4, 37);
  p.accelerations(states.leftCols(20), rates.block(2, 1, 2, 20));  // into a part of a matrix
  CHECK(rates.block(2, 1, 2, 20) == result.leftCols(20));
  rates.block(2, 1, 2, 20).setZero();
  CHECK(rates.isZero(0));
  CHECK_THROWS_WITH_AS(p.accelerations(states, rates),
                       "[DoublePendulum] accelerations, 4x37, of states, 4x37: must be 2xN of 4xN",
                       std::invalid_argument);
}

TEST_CASE("double pendulum: the Lagrangian on the tape is T - V, a number a sample") {
  Random random(16);
  const DoublePendulum p = random_pendulum(random);
  const Matrix q = random.uniform_matrix(2, 30, -7, 7), v = random.uniform_matrix(2, 30, -6, 6);
  Tape tape;
  const Var q_var = tape.input(2, 30, "q"), v_var = tape.input(2, 30, "v");
  const Matrix value = evaluate(p.lagrangian(q_var, v_var), {{q_var, q}, {v_var, v}});
  REQUIRE(value.rows() == 1);
  REQUIRE(value.cols() == 30);
  for (Index s = 0; s < 30; ++s) {
    const double kinetic = p.kinetic_energy(q(0, s), q(1, s), v(0, s), v(1, s));
    const double potential = p.potential_energy(q(0, s), q(1, s));
    CHECK(relative(value(s), kinetic - potential, kinetic + std::abs(potential)) < 500 * rounding);
  }
}
