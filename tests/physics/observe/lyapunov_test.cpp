// Lyapunov exponents of motions where they are known.
#include "physics/observe/lyapunov.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

TEST_CASE("an unstable equilibrium's neighbours part with the exponent of its linear motion") {
  // q'' = a² q has solutions e^{±at}.
  const physics::Motion saddle = physics::Motion::of_accelerations(
      1, [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
        a = 0.49 * states.topRows(1);
      });
  const auto found = physics::lyapunov_exponents(saddle, Eigen::MatrixXd::Constant(2, 2, 0.01),
                                                 {.settle = 10, .duration = 10});
  CHECK(found[0] == doctest::Approx(0.7).epsilon(1e-3));
  CHECK(found[1] == found[0]);
}

TEST_CASE("a harmonic oscillator is not chaotic") {
  const physics::Motion harmonic = physics::Motion::of_accelerations(
      1,
      [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) { a = -states.topRows(1); });
  const double turn = 2 * std::acos(-1.0);
  const auto found =
      physics::lyapunov_exponents(harmonic, Eigen::Vector2d(1, 0),
                                  {.interval = turn / 4, .settle = turn, .duration = 20 * turn});
  CHECK(std::abs(found[0]) < 1e-3);
}

TEST_CASE("Lorenz's attractor has 0.906") {
  const physics::Motion lorenz(2, [](const Eigen::MatrixXd& s, Eigen::MatrixXd& rates) {
    rates.row(3).setZero();  // a state has as many velocities as coordinates; this one rests
    rates.row(0) = 10 * (s.row(1) - s.row(0));
    rates.row(1) = s.row(0).cwiseProduct((28 - s.row(2).array()).matrix()) - s.row(1);
    rates.row(2) = s.row(0).cwiseProduct(s.row(1)) - 8.0 / 3 * s.row(2);
  });
  const Eigen::MatrixXd starts = Eigen::MatrixXd::Random(4, 16).array() + 5;
  const auto found = physics::lyapunov_exponents(
      lorenz, starts, {.settle = 20, .duration = 100, .integrator = {.rtol = 1e-9, .atol = 1e-9}});
  CHECK(found.mean() == doctest::Approx(0.906).epsilon(0.03));
}

TEST_CASE("a trajectory that cannot go on has no exponent, its neighbour has") {
  const physics::Motion walled = physics::Motion::of_accelerations(
      1, [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
        a = states.topRows(1);
        for (Eigen::Index s = 0; s < a.cols(); ++s)
          if (states(0, s) > 10) a(0, s) = std::nan("");
      });
  Eigen::MatrixXd starts(2, 2);
  starts << 9, 1e-9,  //
      0, 0;
  const auto found = physics::lyapunov_exponents(walled, starts, {.settle = 5, .duration = 5});
  CHECK(std::isnan(found[0]));
  CHECK(std::isfinite(found[1]));
}

TEST_CASE("growth is counted whole from the first interval on, whatever the offset's direction") {
  // Every direction grows alike; a twin at another distance than the offset would add to the first
  // interval's growth, and an interval left out or doubled change the mean.
  for (const Eigen::Index n : {1, 2, 5}) {
    const physics::Motion spread(
        n, [](const Eigen::MatrixXd& s, Eigen::MatrixXd& rates) { rates = 0.3 * s; });
    const auto found =
        physics::lyapunov_exponents(spread, Eigen::MatrixXd::Constant(2 * n, 3, 0.01),
                                    {.offset = 1e-6, .interval = 0.25, .settle = 0, .duration = 1});
    for (Eigen::Index s = 0; s < 3; ++s) CHECK(found[s] == doctest::Approx(0.3).epsilon(1e-4));
  }
}

TEST_CASE("what happens before the twin has settled is not counted") {
  // The rate is 2 until each trajectory's clock, its first coordinate, passes 1; then it is 0.1.
  const physics::Motion calmer(1, [](const Eigen::MatrixXd& s, Eigen::MatrixXd& rates) {
    for (Eigen::Index k = 0; k < s.cols(); ++k) {
      rates(0, k) = 1;
      rates(1, k) = (s(0, k) < 1 ? 2 : 0.1) * s(1, k);
    }
  });
  // A tiny state, so that the twin differs in the second coordinate by more than it has there.
  const auto exponent = [&](double settle) {
    return physics::lyapunov_exponents(calmer, Eigen::Vector2d(0, 0),
                                       {.interval = 0.5, .settle = settle, .duration = 40})[0];
  };
  CHECK(exponent(2) < 0.11);
  CHECK(exponent(0) > exponent(2) + 0.02);
}

TEST_CASE("an offset or an interval that cannot be is refused, with its value") {
  const physics::Motion still(1, [](const Eigen::MatrixXd& s, Eigen::MatrixXd& rates) {
    rates.setZero(s.rows(), s.cols());
  });
  CHECK_THROWS_WITH_AS(
      physics::lyapunov_exponents(still, Eigen::Vector2d(0, 0), {.offset = -1e-9, .duration = 3}),
      doctest::Contains("[lyapunov] offset -1e-09"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      physics::lyapunov_exponents(still, Eigen::Vector2d(0, 0), {.interval = 1e-300}),
      doctest::Contains("at most 1e9"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      physics::lyapunov_exponents(still, Eigen::Vector2d(0, 0), {.interval = 4, .duration = 3}),
      doctest::Contains("interval 4, settle"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      physics::lyapunov_exponents(still, Eigen::Vector2d(0, 0), {.settle = -0.5}),
      "[lyapunov] offset 1e-08, interval 0.5, settle -0.5, duration 20: offset and interval must "
      "be positive, the duration at least an interval, and settling and duration at most 1e9 of "
      "them",
      std::invalid_argument);
  for (const physics::LyapunovOptions& wrong :
       {physics::LyapunovOptions{.offset = 0}, physics::LyapunovOptions{.interval = 0},
        physics::LyapunovOptions{.settle = INFINITY},
        physics::LyapunovOptions{.duration = INFINITY}})
    CHECK_THROWS_AS(physics::lyapunov_exponents(still, Eigen::Vector2d(0, 0), wrong),
                    std::invalid_argument);
  // One interval is enough, and it need not settle.
  CHECK(physics::lyapunov_exponents(still, Eigen::Vector2d(0, 0),
                                    {.interval = 3, .settle = 0, .duration = 3})
            .size() == 1);
}

TEST_CASE("an exponent is that of the true time, however the intervals fall") {
  // Settling takes 1.2 intervals, so 1; 7.6 of growth, so 8.
  const physics::Motion spread(
      1, [](const Eigen::MatrixXd& s, Eigen::MatrixXd& rates) { rates = 0.3 * s; });
  for (const int threads : {1, 3}) {
    const auto found = physics::lyapunov_exponents(
        spread, Eigen::MatrixXd{{0.1, -0.2}, {0.3, 0}},
        {.offset = 1e-6, .settle = 0.6, .duration = 3.8, .threads = threads});
    CHECK(found[0] == doctest::Approx(0.3).epsilon(1e-4));
    CHECK(found[1] == doctest::Approx(0.3).epsilon(1e-4));
  }
}
