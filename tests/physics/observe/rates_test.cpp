// Velocities held against coordinates, where it is known how the two go together.
#include "physics/observe/rates.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/random.h"

using autodiff::Random;
using doctest::Approx;
using physics::Index;
using physics::rate_fit;
using physics::Recording;

namespace {

constexpr double pi = std::numbers::pi;

/// x = sin t and y = cos 3t, of which the velocities say so much: a column for each coordinate.
Recording waves(Index rows, double step, double factor_x = 1, double factor_y = 1) {
  Recording r{Eigen::VectorXd(rows), Eigen::MatrixXd(2, rows), Eigen::MatrixXd(2, rows)};
  for (Index k = 0; k < rows; ++k) {
    const double t = r.t[k] = step * static_cast<double>(k);
    r.q.col(k) << std::sin(t), std::cos(3 * t);
    r.v.col(k) << std::cos(t) / factor_x, -3 * std::sin(3 * t) / factor_y;
  }
  return r;
}

void add_noise(Eigen::MatrixXd& rows, double deviation) {
  Random random(3);
  for (double& value : rows.reshaped()) value += deviation * random.normal();
}

}  // namespace

TEST_CASE("a velocity that is a rate explains how its coordinate changes, by the factor 1") {
  for (const bool angle : {false, true}) {
    const std::vector recordings{waves(200, 0.05), waves(30, 0.05)};
    for (const Index i : {0, 1}) {
      const auto fit = rate_fit(recordings, i, i, angle);
      REQUIRE(fit);
      CHECK(fit->factor == Approx(1).epsilon(0.01));
      CHECK(fit->explained > 0.9999);
    }
    CHECK(rate_fit(recordings, 0, 1, angle)->explained < 0.1);
  }
}

TEST_CASE("other units and signs are a factor") {
  for (const double factor : {57.3, 1 / 57.3, -1., 1000.}) {
    CAPTURE(factor);
    const auto fit = rate_fit(std::vector{waves(200, 0.05, factor)}, 0, 0, false);
    REQUIRE(fit);
    CHECK(fit->factor == Approx(factor).epsilon(0.01));
    CHECK(fit->explained > 0.9999);
  }
}

TEST_CASE("noise of positions and of velocities hides neither, over spans that are long enough") {
  Recording noisy = waves(5000, 0.002);
  add_noise(noisy.q, 0.01);  // five times as much as happens from row to row
  CHECK(rate_fit(std::vector{noisy}, 0, 0, false)->explained > 0.9);
  CHECK(rate_fit(std::vector{noisy}, 0, 0, false)->factor == Approx(1).epsilon(0.02));
  noisy = waves(2000, 0.05);
  add_noise(noisy.v, 0.5);
  CHECK(rate_fit(std::vector{noisy}, 0, 0, false)->explained > 0.9);
  CHECK(rate_fit(std::vector{noisy}, 0, 0, false)->factor == Approx(1).epsilon(0.1));
}

TEST_CASE("a velocity that is something else explains nothing") {
  Recording wrong = waves(500, 0.05);
  wrong.v.setZero();
  add_noise(wrong.v, 1);
  CHECK(rate_fit(std::vector{wrong}, 0, 0, false)->explained < 0.1);
  wrong.v.setZero();
  CHECK(rate_fit(std::vector{wrong}, 0, 0, false)->explained == 0);
  CHECK(rate_fit(std::vector{wrong}, 0, 0, false)->factor == 0);
}

TEST_CASE("where nothing moves, or too far between two rows, nothing is said") {
  Recording resting = waves(100, 0.05);
  resting.q.row(0).setConstant(0.1);
  CHECK_FALSE(rate_fit(std::vector{resting}, 0, 0, false));
  CHECK(rate_fit(std::vector{resting}, 1, 1, false));
  CHECK_FALSE(rate_fit(std::vector{waves(100, 1.)}, 1, 1, false));  // half a wave from row to row
  CHECK(rate_fit(std::vector{waves(100, 1.)}, 0, 0, false)->factor == Approx(1).epsilon(0.2));
  CHECK_FALSE(rate_fit(std::vector{waves(5, 0.05)}, 0, 0, false));  // too few rows
  CHECK_THROWS_WITH_AS(rate_fit(std::vector{Recording{resting.t, resting.q}}, 0, 0, false),
                       doctest::Contains("no velocities"), std::invalid_argument);
}

TEST_CASE("an angle that turns around between two rows says nothing, and no other does") {
  Recording wheel{Eigen::VectorXd::LinSpaced(100, 0, 99), Eigen::MatrixXd(1, 100),
                  Eigen::MatrixXd::Constant(1, 100, 2 * pi + 0.1)};
  wheel.q.row(0) = 0.1 * wheel.t.transpose();  // as it looks, unwrapped
  CHECK_FALSE(rate_fit(std::vector{wheel}, 0, 0, true));
  CHECK(rate_fit(std::vector{wheel}, 0, 0, false)->factor == Approx(0.1 / (2 * pi + 0.1)));
}
