#include "physics/observe/poincare.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "physics/systems/double_pendulum.h"

using physics::Index;

namespace {

/// Two springs, x'' = -w² x: everything about them is known.
constexpr double w0 = 1, w1 = std::numbers::sqrt2;
const physics::Motion springs = physics::Motion::of_accelerations(
    2, [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> accelerations) {
      accelerations = Eigen::Vector2d(-w0 * w0, -w1 * w1).asDiagonal() * states.topRows(2);
    });

}  // namespace

TEST_CASE("the section of two springs is an ellipse, met once a period of the first") {
  const auto times = Eigen::VectorXd::LinSpaced(4001, 0, 200);
  // x0 = sin(w0 (t - 1)), x1 = cos(w1 t)
  const Eigen::Vector4d start(-std::sin(1), 1, w0 * std::cos(1), 0);
  const auto trajectory =
      physics::roll_out(springs, start, times, {.rtol = 1e-10, .atol = 1e-10}).front();
  const Eigen::MatrixXd section = poincare_section(springs, trajectory, 0);
  REQUIRE(section.cols() == 32);  // t = 1 + 2πk below 200
  for (Index k = 0; k < section.cols(); ++k) {
    const double t = 1 + 2 * std::numbers::pi * static_cast<double>(k) / w0;
    CHECK(std::abs(section(0, k)) < 1e-6);
    CHECK(section(1, k) == doctest::Approx(std::cos(w1 * t)).epsilon(1e-5));
    CHECK(section(2, k) == doctest::Approx(w0).epsilon(1e-5));
    CHECK(section(3, k) == doctest::Approx(-w1 * std::sin(w1 * t)).epsilon(1e-5));
  }
}

TEST_CASE("a pendulum that turns over is met once a turn, forwards only, at its energy") {
  const physics::DoublePendulum system;
  const physics::Motion motion = physics::Motion::of_accelerations(
      2, [system](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
        system.accelerations(states, a);
      });
  const auto times = Eigen::VectorXd::LinSpaced(2001, 0, 10);
  for (const double sign : {1.0, -1.0}) {
    // Like one rod, far too fast to be stopped by gravity.
    const Eigen::Vector4d start(0.5, 0.5, sign * 60, sign * 60);
    const auto trajectory =
        physics::roll_out(motion, start, times, {.rtol = 1e-10, .atol = 1e-10}).front();
    const Eigen::MatrixXd section = poincare_section(motion, trajectory, 0);
    CHECK(section.cols() ==
          (sign > 0 ? std::lround(std::floor(trajectory.y(0, 2000) / (2 * std::numbers::pi))) : 0));
    for (Index k = 0; k < section.cols(); ++k) {
      const Eigen::Vector4d state = section.col(k);
      CHECK(std::abs(std::remainder(state[0], 2 * std::numbers::pi)) < 1e-9);
      CHECK(state[2] > 0);
      CHECK(system.energy(state.data()) ==
            doctest::Approx(system.energy(start.data())).epsilon(1e-6));
    }
  }
}

TEST_CASE("a trajectory that never passes leaves no point") {
  physics::Solution still;
  still.t = Eigen::VectorXd::LinSpaced(5, 0, 1);
  still.y = Eigen::MatrixXd::Constant(4, 5, 0.3);
  CHECK(poincare_section(springs, still, 0).cols() == 0);
}

TEST_CASE("a trajectory whose times fall on the section passes it once, where it stood") {
  const double circle = 2 * std::numbers::pi;
  physics::Solution sampled;
  sampled.t = Eigen::VectorXd::LinSpaced(9, 0, 8);
  sampled.y = Eigen::MatrixXd::Constant(4, 9, 0.1);
  sampled.y.row(2).setOnes();
  // On 0 and on 2π, each with a time before and one after it; back below, and on 2π once more.
  sampled.y.row(0) << -1, 0, 1, circle - 1, circle, circle + 1, circle - 1, circle, circle + 1;
  const Eigen::MatrixXd section = poincare_section(springs, sampled, 0);
  REQUIRE(section.cols() == 3);
  CHECK(section(0, 0) == doctest::Approx(0));
  CHECK(section(0, 1) == doctest::Approx(circle));
  CHECK(section(0, 2) == doctest::Approx(circle));
}

TEST_CASE("a start on the section is no passage, an end on it is one") {
  physics::Solution sampled;
  sampled.t = Eigen::VectorXd::LinSpaced(3, 0, 2);
  sampled.y = Eigen::MatrixXd::Constant(4, 3, 0.1);
  sampled.y.row(0) << 0, 0.5, 1;
  CHECK(poincare_section(springs, sampled, 0).cols() == 0);
  sampled.y.row(0) << -1, -0.5, 0;
  CHECK(poincare_section(springs, sampled, 0).cols() == 1);
}

TEST_CASE("an angle is met at every full turn, backwards of 0 too, and a length only at 0") {
  const double circle = 2 * std::numbers::pi;
  physics::Solution sampled;
  sampled.t = Eigen::VectorXd::LinSpaced(41, 0, 20);
  sampled.y = Eigen::MatrixXd::Zero(4, 41);
  sampled.y.row(0) = (sampled.t.array() - 9.2).matrix().transpose();  // from -9.2 to 10.8
  sampled.y.row(1) = 2 * sampled.y.row(0);
  sampled.y.row(2).setOnes();
  sampled.y.row(3).setConstant(2);
  const physics::Motion even(2, [](const Eigen::MatrixXd& states, Eigen::MatrixXd& rates) {
    rates.setZero();
    rates.topRows(2) = states.bottomRows(2);
  });
  const Eigen::MatrixXd turns = poincare_section(even, sampled, 0);
  REQUIRE(turns.cols() == 3);
  for (Index k = 0; k < 3; ++k) {
    CHECK(turns(0, k) == doctest::Approx(circle * static_cast<double>(k - 1)));
    CHECK(turns(1, k) == doctest::Approx(2 * circle * static_cast<double>(k - 1)));
  }
  const Eigen::MatrixXd once = poincare_section(even, sampled, 0, false);
  REQUIRE(once.cols() == 1);
  CHECK(once.col(0).isApprox(Eigen::Vector4d(0, 0, 1, 2)));
  CHECK(poincare_section(even, sampled, 1).cols() == 6);
}

TEST_CASE("between two times the state is the cubic of both ends' values and rates") {
  // x = t³ - 2 t of one motion, beside y = t³ + t² - 1 and their rates, over steps of 1 s: cubics
  // come out as they are. x passes 0 upwards at √2.
  const auto state = [](double t) {
    return Eigen::Vector4d(t * t * t - 2 * t, t * t * t + t * t - 1, t, -t * t);
  };
  const physics::Motion rates(2, 0,
                              [](const Eigen::RowVectorXd& t, const Eigen::MatrixXd&,
                                 const Eigen::MatrixXd&, Eigen::MatrixXd& rate) {
                                rate.row(0) = 3 * t.array().square() - 2;
                                rate.row(1) = 3 * t.array().square() + 2 * t.array();
                                rate.row(2).setOnes();
                                rate.row(3) = -2 * t;
                              });
  physics::Solution sampled;
  sampled.t = Eigen::Vector3d(-0.5, 0.9, 2.1);
  sampled.y.resize(4, 3);
  for (Index k = 0; k < 3; ++k) sampled.y.col(k) = state(sampled.t[k]);
  const Eigen::MatrixXd section = poincare_section(rates, sampled, 0, false);
  REQUIRE(section.cols() == 1);
  CHECK((section.col(0) - state(std::numbers::sqrt2)).norm() < 1e-12);
}

TEST_CASE("a section across what is not there is refused") {
  physics::Solution still;
  still.t = Eigen::VectorXd::LinSpaced(5, 0, 1);
  still.y = Eigen::MatrixXd::Constant(4, 5, 0.3);
  CHECK_THROWS_WITH_AS(poincare_section(springs, still, -1),
                       "[poincare_section] coordinate -1 of states with 4 rows",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(poincare_section(springs, still, 4),
                       "[poincare_section] coordinate 4 of states with 4 rows",
                       std::invalid_argument);
  still.t.conservativeResize(4);
  CHECK_THROWS_WITH_AS(poincare_section(springs, still, 0),
                       "[poincare_section] 4 times for 5 states", std::invalid_argument);
}
