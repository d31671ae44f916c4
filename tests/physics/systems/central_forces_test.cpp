// Orbits around a centre: `kepler` and `central` against celestial mechanics.
#include <cmath>
#include <numbers>

#include "physics/systems/table.h"
#include "tests/physics/systems/moving.h"

using physics::System;

namespace {

constexpr double pi = std::numbers::pi;

System planet(double mu, double m = 1) {
  return make_system(physics::find_system("kepler"), {{"mu", mu}, {"m", m}});
}

System attracted(double p, double k = 1, double m = 1) {
  return make_system(physics::find_system("central"), {{"p", p}, {"k", k}, {"m", m}});
}

/// At the perihelion (θ = 0) of the ellipse with half axis a: v² = μ/a (1 + e) / (1 - e).
Eigen::Vector4d perihelion(double mu, double a, double e) {
  const double r = a * (1 - e);
  return {r, 0, 0, std::sqrt(mu / a * (1 + e) / (1 - e)) / r};
}

/// E - e sin E = M, by Newton's method.
double eccentric_anomaly(double mean_anomaly, double e) {
  double anomaly = mean_anomaly + e * std::sin(mean_anomaly);
  for (int k = 0; k < 50; ++k)
    anomaly -= (anomaly - e * std::sin(anomaly) - mean_anomaly) / (1 - e * std::cos(anomaly));
  return anomaly;
}

/// x, y and their rates, a column for each state (r, θ, r', θ').
Eigen::MatrixXd cartesian(const Eigen::MatrixXd& states) {
  Eigen::MatrixXd result(4, states.cols());
  for (Eigen::Index s = 0; s < states.cols(); ++s) {
    const double r = states(0, s), rate = states(2, s), around = r * states(3, s);
    const double sine = std::sin(states(1, s)), cosine = std::cos(states(1, s));
    result.col(s) << r * cosine, r * sine, rate * cosine - around * sine,
        rate * sine + around * cosine;
  }
  return result;
}

}  // namespace

TEST_CASE("kepler: where Kepler's equation says, at e = 0, 0.5 and 0.9" * in_double_only) {
  const double mu = 3, a = 1.7, period = 2 * pi * std::sqrt(a * a * a / mu);
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(101, 0, 2 * period);
  for (const double e : {0., 0.5, 0.9}) {
    CAPTURE(e);
    const Eigen::MatrixXd states = states_at(planet(mu), perihelion(mu, a, e), times);
    Eigen::MatrixXd expected(2, times.size());
    for (Eigen::Index k = 0; k < times.size(); ++k) {
      const double anomaly = eccentric_anomaly(2 * pi * times[k] / period, e);
      expected.col(k) << a * (std::cos(anomaly) - e), a * std::sqrt(1 - e * e) * std::sin(anomaly);
    }
    CHECK(distance(cartesian(states).topRows(2), expected) < 1e-8);
  }
}

TEST_CASE("kepler: an orbit with half axis a returns after 2π √(a³/μ)" * in_double_only) {
  for (const double mu : {0.2, 1., 40.})
    for (const double a : {0.3, 1., 5.}) {
      const Eigen::Vector4d start = perihelion(mu, a, 0.6);
      const Eigen::Vector4d end =
          state_after(planet(mu, 2.5), start, 2 * pi * std::sqrt(a * a * a / mu));
      CHECK(distance(end.array() / start.array().max(1),
                     (start + Eigen::Vector4d(0, 2 * pi, 0, 0)).array() / start.array().max(1)) <
            1e-7);
    }
}

TEST_CASE("kepler: angular momentum and the Runge-Lenz vector stay" * in_double_only) {
  const double mu = 1.3, m = 2;
  const System system = planet(mu, m);
  autodiff::Random random(1);
  const Eigen::MatrixXd starts = random_starts(system, random, 5);
  for (const Eigen::VectorXd& start : starts.colwise()) {
    const Eigen::MatrixXd states =
        states_at(system, start, Eigen::VectorXd::LinSpaced(200, 0, system.duration));
    const Eigen::MatrixXd at = cartesian(states);
    const Eigen::RowVectorXd turning =
        at.row(0).cwiseProduct(at.row(3)) - at.row(1).cwiseProduct(at.row(2));
    CHECK(distance(turning, turning.Constant(200, turning(0))) < 1e-9);
    CHECK(distance(momenta_of(system)(states).row(1), m * turning) < 1e-12);
    // v × (r × v) - μ r / |r|: towards the perihelion, as long as μ e.
    Eigen::MatrixXd runge_lenz(2, 200);
    runge_lenz.row(0) = at.row(3).cwiseProduct(turning);
    runge_lenz.row(1) = -at.row(2).cwiseProduct(turning);
    runge_lenz -= mu * at.topRows(2).cwiseQuotient(states.row(0).replicate(2, 1));
    CHECK(distance(runge_lenz, runge_lenz.col(0).replicate(1, 200)) < 1e-9);
    const double energy = energy_of(system)(start)(0) / m;  // μ² (e² - 1) = 2 E h²
    CHECK(runge_lenz.col(0).squaredNorm() ==
          doctest::Approx(mu * mu + 2 * energy * turning(0) * turning(0)).epsilon(1e-12));
  }
  CHECK(ignorable_coordinates(system) == std::vector<physics::Index>{1});
}

TEST_CASE("central: with p = -2 it is a sun" * in_double_only) {
  autodiff::Random random(2);
  const System sun = planet(1.7, 2), same = attracted(-2, 2 * 1.7, 2);
  const Eigen::MatrixXd states = random_starts(sun, random, 50);
  CHECK(distance(motion_of(same)(states), motion_of(sun)(states)) < 1e-13);
}

TEST_CASE("central: with p = 1 the orbit is an ellipse around the centre" * in_double_only) {
  // x = A cos ωt, y = B sin ωt, ω² = k/m: from (A, 0) with the velocity (0, B ω).
  const double k = 6, m = 1.5, omega = std::sqrt(k / m), a = 1.4, b = 0.5;
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(101, 0, 4 * pi / omega);
  const Eigen::MatrixXd states =
      states_at(attracted(1, k, m), Eigen::Vector4d(a, 0, 0, b * omega / a), times);
  Eigen::MatrixXd expected(2, times.size());
  expected << a * (omega * times.array()).cos().transpose(),
      b * (omega * times.array()).sin().transpose();
  CHECK(distance(cartesian(states).topRows(2), expected) < 1e-9);
  CHECK(states(1, 100) == doctest::Approx(4 * pi).epsilon(1e-10));  // twice around
}

TEST_CASE("central: from nearest to farthest, near the circle, π / √(3 + p)" * in_double_only) {
  // The deviation of the angle is in proportion to the square of that of the radius.
  const double k = 2, m = 0.7, omega = std::sqrt(k / m), off = 1e-4;
  for (const double p : {-2.5, -2., -1.5, -1., -0.3, 0., 1., 2., 5.}) {
    CAPTURE(p);
    const System system = attracted(p, k, m);
    const double expected = pi / std::sqrt(3 + p), time = expected / omega;
    const double nearest = 1 - off, theta_dot = omega / (nearest * nearest);
    const physics::Motion motion = motion_of(system);
    const physics::Solution orbit =
        roll_out(motion, Eigen::Vector4d(nearest, 0, 0, theta_dot), Eigen::Vector2d(0, 1.1 * time),
                 {.rtol = 1e-13, .atol = 1e-13, .dense = true})
            .front();
    double low = 0.9 * time, high = 1.1 * time;  // r' is positive before, negative after
    REQUIRE(orbit.at(low)[2] > 0);
    REQUIRE(orbit.at(high)[2] < 0);
    for (int halving = 0; halving < 60; ++halving) {
      const double middle = (low + high) / 2;
      (orbit.at(middle)[2] > 0 ? low : high) = middle;
    }
    CHECK(std::abs(orbit.at(low)[1] - expected) < 1e-6);
  }
}

TEST_CASE("central: the logarithm of p = -1 is what its neighbours come to" * in_double_only) {
  autodiff::Random random(3);
  const System exact = attracted(-1, 2), near = attracted(-1 + 1e-7, 2);
  const Eigen::MatrixXd states = random_starts(exact, random, 50);
  CHECK(distance(motion_of(near)(states), motion_of(exact)(states)) < 1e-6);
  CHECK(distance(energy_of(near)(states), energy_of(exact)(states)) < 1e-6);
}
