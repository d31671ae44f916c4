// What must hold for every system in the table, whatever it is.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "physics/integrate/roll_out.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Random;
using physics::Family;
using physics::System;

namespace {

/// So finely that the integrator's own error is far below what is checked.
constexpr physics::Rk45Options finely{.rtol = 1e-10, .atol = 1e-10};

constexpr bool in_double = sizeof(autodiff::Scalar) == sizeof(double);

double largest(const Eigen::MatrixXd& m) { return m.size() > 0 ? m.cwiseAbs().maxCoeff() : 0; }

}  // namespace

TEST_CASE("every system tells its coordinates, where its motions start, and how long they are") {
  std::set<std::string> names;
  for (const Family& family : physics::systems()) {
    INFO(family.name);
    CHECK(names.insert(family.name).second);
    CHECK_FALSE(family.what.empty());
    const System s = make_system(family);
    REQUIRE(s.n() > 0);
    REQUIRE(s.region.low.size() == 2 * s.n());
    REQUIRE(s.region.high.size() == 2 * s.n());
    CHECK((s.region.low.array() < s.region.high.array()).all());
    CHECK(s.duration > 0);
    REQUIRE(s.control_range.size() == s.k());
    CHECK((s.control_range.array() > 0).all());
    for (const physics::Parameter& p : family.parameters) {
      INFO(p.name);
      CHECK(p.low <= p.value);
      CHECK(p.value <= p.high);
      CHECK_FALSE(p.what.empty());
      // Over its whole range the system moves.
      if (in_double)
        for (const double end : {p.low, p.high}) {
          INFO(end);
          Random random(1);
          const System other = make_system(family, {{p.name, end}});
          CHECK(motion_of(other)(random_starts(other, random, 5)).allFinite());
        }
      // Another value gives other accelerations or energies; also if only the first of many has it.
      double changed = p.value + (p.whole ? 1 : 0.01 * std::max(1., std::abs(p.value)));
      if (changed > p.high) changed = 2 * p.value - changed;
      Random random(1);
      const Eigen::MatrixXd states = random_starts(s, random, 5);
      for (const std::string& name : {p.name, p.name + (p.each.empty() ? "" : "1")}) {
        const System other = make_system(family, {{name, changed}});
        if (other.n() != s.n()) continue;  // it is their number that has changed
        CHECK(largest(motion_from_lagrangian(other)(states) - motion_from_lagrangian(s)(states)) +
                  largest(energy_of(other)(states) - energy_of(s)(states)) >
              0);
      }
    }
  }
}

TEST_CASE("every system's picture has points, and links between them") {
  for (const Family& family : physics::systems()) {
    const System s = make_system(family);
    if (!s.picture.points) continue;
    INFO(family.name);
    Random random(5);
    const physics::StateFunction points(
        s.n(), s.k(), [&](physics::Var, physics::Var q, auto...) { return s.picture.points(q); });
    CHECK(points(random_starts(s, random, 20)).allFinite());
    REQUIRE((s.picture.dimension == 2 || s.picture.dimension == 3));
    CHECK(points.rows() % s.picture.dimension == 0);
    for (const auto& [from, to] : s.picture.links)
      for (const int end : {from, to}) {
        CHECK(end >= -1);
        CHECK(end < points.rows() / s.picture.dimension);
      }
  }
}

TEST_CASE("every mass matrix that is said to be diagonal is, and none is singular") {
  for (const Family& family : physics::systems()) {
    const System s = make_system(family);
    INFO(family.name);
    Random random(6);
    const Eigen::MatrixXd states = random_starts(s, random, 20), masses = mass_of(s)(states);
    CHECK(motion_of(s)(states).allFinite());
    for (const auto& column : masses.colwise()) {
      Eigen::MatrixXd mass = column.reshaped(s.n(), s.n());
      CHECK(largest(mass - mass.transpose()) <= (in_double ? 1e-12 : 1e-5) * largest(mass));
      mass.diagonal().setZero();
      if (s.diagonal_mass) CHECK(mass.isZero(0));
    }
  }
}

TEST_CASE("every closed form gives the accelerations of its system's Lagrangian") {
  for (const Family& family : physics::systems()) {
    const System s = make_system(family);
    if (!s.closed_form) continue;
    INFO(family.name);
    Random random(2);
    const Eigen::MatrixXd states = random_starts(s, random, 200);
    const Eigen::MatrixXd closed = motion_of(s)(states),
                          derived = motion_from_lagrangian(s)(states);
    CHECK(largest(closed - derived) < 1e4 * rounding * largest(closed));
  }
}

TEST_CASE(
    "every system's energy changes by its forces' power alone, momenta of ignorable "
    "coordinates not at all" *
    in_double_only) {
  for (const Family& family : physics::systems()) {
    const System s = make_system(family);
    INFO(family.name);
    Random random(3);
    const physics::Motion motion = motion_of(s);
    const Eigen::MatrixXd starts = random_starts(s, random, 4);
    const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(401, 0, s.duration);
    const physics::StateFunction energy = energy_of(s), momenta = momenta_of(s),
                                 power = power_of(s);
    const auto ignorable = ignorable_coordinates(s);
    for (const physics::Solution& one : roll_out(motion, starts, times, finely)) {
      INFO(one.message);
      REQUIRE(one.ok());
      const Eigen::MatrixXd h = energy(one.y), p = momenta(one.y);
      Eigen::MatrixXd watts(1, one.y.cols());
      power(one.t.transpose(), one.y, Eigen::MatrixXd::Zero(s.k(), one.y.cols()), watts);
      // Simpson's rule over pairs of intervals.
      const double step = times[1] - times[0];
      double work = 0;
      for (Index k = 0; k + 2 < one.y.cols(); k += 2)
        work += step / 3 * (watts(k) + 4 * watts(k + 1) + watts(k + 2));
      const double scale =
          std::max(1e-12, (h.array() - h.mean()).abs().maxCoeff() + h.cwiseAbs().maxCoeff());
      CHECK(std::abs(h(h.size() - 1) - h(0) - work) < 1e-6 * scale);
      for (const Index i : ignorable)
        CHECK(largest(p.row(i).array() - p(i, 0)) < 1e-7 * std::max(1e-3, largest(p)));
    }
  }
}

TEST_CASE("every system's constraints hold: at the start, and over its motions" * in_double_only) {
  for (const Family& family : physics::systems()) {
    const System s = make_system(family);
    if (!s.constraints) continue;
    INFO(family.name);
    Random random(4);
    const Eigen::MatrixXd starts = random_starts(s, random, 3);
    const physics::StateFunction phi = constraints_of(s);
    CHECK(largest(phi(starts)) < 1e-12);
    const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(1001, 0, 100);
    for (const physics::Solution& one : roll_out(motion_of(s), starts, times, finely)) {
      REQUIRE(one.ok());
      CHECK(largest(phi(one.y)) < 1e-8);
    }
  }
}

TEST_CASE("unknown systems, unknown parameters and impossible values are refused by name") {
  CHECK_THROWS_WITH_AS(physics::find_system("kelper"),
                       doctest::Contains("there is no system 'kelper'; there are kepler, "),
                       std::invalid_argument);
  const Family& pendulum = physics::find_system("pendulum");
  CHECK_THROWS_WITH_AS(make_system(pendulum, {{"mass", 2}}),
                       "the system pendulum has no parameter 'mass'; it has m, l, g, friction, "
                       "drive, drive_frequency",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make_system(pendulum, {{"l", -1}}),
                       doctest::Contains("l=-1 is out of range: the pendulum's length of the rod"),
                       std::invalid_argument);
  CHECK_THROWS_AS(make_system(pendulum, {{"l", std::nan("")}}), std::invalid_argument);
}
