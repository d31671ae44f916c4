// Pendulums in space, with rods as constraints and in angles: they move alike.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "autodiff/directional.h"
#include "physics/integrate/roll_out.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Random;
using physics::find_system;
using physics::make_system;
using physics::StateFunction;
using physics::System;
using physics::Var;

namespace {

constexpr physics::Rk45Options finely{.rtol = 1e-12, .atol = 1e-12};

double largest(const Eigen::MatrixXd& m) { return m.cwiseAbs().maxCoeff(); }

physics::Solution roll(const System& s, const Eigen::VectorXd& start,
                       const Eigen::VectorXd& times) {
  const physics::Solution one = roll_out(motion_of(s), start, times, finely)[0];
  REQUIRE(one.ok());
  return one;
}

/// The first `rows` rows of the picture's points, and their velocities: states in x, y, z.
Eigen::MatrixXd in_space(const System& s, Index rows, const Eigen::MatrixXd& states) {
  const StateFunction function(s.n(), s.k(), [&](Var, Var q, Var v, Var) {
    const Var points = slice_rows(s.picture.points(q), 0, rows);
    return stack_rows(points, autodiff::jvp(points, q, v));
  });
  return function(states);
}

/// From the same start, in angles and in x, y, z.
void check_alike(const char* name, std::map<std::string, double> set, Index rows) {
  INFO(name);
  const System bound = make_system(find_system(name), set);
  set["angles"] = 1;
  const System angles = make_system(find_system(name), set);
  REQUIRE(bound.n() == rows);
  Random random(1);
  const Eigen::MatrixXd starts = random_starts(angles, random, 3);
  const auto times = Eigen::VectorXd::LinSpaced(51, 0, 5);
  for (Index k = 0; k < starts.cols(); ++k) {
    const Eigen::MatrixXd one = in_space(angles, rows, roll(angles, starts.col(k), times).y);
    const Eigen::MatrixXd other = roll(bound, one.col(0), times).y;
    CHECK(largest(one.row(rows - 1).array() - one(rows - 1, 0)) > 0.01);  // it moves
    CHECK(largest(one - other) < 1e-6);
    CHECK(largest(energy_of(bound)(other).array() - energy_of(angles)(starts.col(k))(0)) < 1e-7);
  }
}

}  // namespace

TEST_CASE("magnet_pendulum: bound and in angles, it moves alike" * in_double_only) {
  check_alike("magnet_pendulum", {}, 3);
  check_alike("magnet_pendulum", {{"k", -0.01}, {"magnets", 2}, {"friction", 0}}, 3);
}

TEST_CASE("coupled_pendulums: bound and in angles, they move alike" * in_double_only) {
  check_alike("coupled_pendulums", {}, 6);
  check_alike("coupled_pendulums", {{"n", 3}, {"l", 0.7}, {"m", 2}, {"k", 100}}, 9);
}

TEST_CASE("magnet_pendulum: two dipoles one above the other have the energy -2 k/h³" *
          in_double_only) {
  const double k = 0.03, gap = 0.4, g = 9.8;
  const System s = make_system(find_system("magnet_pendulum"),
                               {{"k", k}, {"gap", gap}, {"magnets", 1}, {"radius", 0}});
  Eigen::VectorXd hanging = Eigen::VectorXd::Zero(6);
  hanging[2] = -1;
  CHECK(energy_of(s)(hanging)(0) == doctest::Approx(-g - 2 * k / std::pow(gap, 3)));
  // Level with the pivot u and e are at right angles: V(d) = 3 k (u·d)(e·d)/|d|⁵, d = (1, 0, 1.4).
  Eigen::VectorXd level = Eigen::VectorXd::Zero(6);
  level[0] = 1;
  const double d = std::hypot(1, 1 + gap);
  CHECK(energy_of(s)(level)(0) == doctest::Approx(3 * k * (1 + gap) / std::pow(d, 5)));
}

TEST_CASE("magnet_pendulum: with friction it comes to rest, over a magnet that is strong enough" *
          in_double_only) {
  const System s = make_system(find_system("magnet_pendulum"), {{"k", 0.2}, {"friction", 0.5}});
  Random random(2);
  const Eigen::MatrixXd starts = random_starts(s, random, 4);
  for (const auto& one : roll_out(motion_of(s), starts, Eigen::Vector2d(0, 60), {.rtol = 1e-8})) {
    REQUIRE(one.ok());
    const Eigen::VectorXd end = one.y.col(1);
    CHECK(end.tail(3).norm() < 1e-4);
    CHECK(end.head(2).norm() > 0.3);  // not below the pivot
    // In the direction of one of the three magnets.
    CHECK(std::cos(3 * std::atan2(end[1], end[0])) > 0.999);
  }
}

TEST_CASE("coupled_pendulums: small swings are the normal modes, together and against each other" *
          in_double_only) {
  const double m = 2, l = 0.8, k = 7, g = 9.8, small = 1e-4;
  const System s = make_system(find_system("coupled_pendulums"),
                               {{"m", m}, {"l", l}, {"k", k}, {"g", g}, {"angles", 1}});
  // Along x: ω² = g/l together, g/l + 2 k/m against each other. Across, the spring stays as long.
  const auto check = [&](const Eigen::Vector4d& mode, double omega2) {
    Eigen::VectorXd start = Eigen::VectorXd::Zero(8);
    start.head(4) = small * mode;
    const auto one = roll_out(motion_of(s), start, Eigen::VectorXd::LinSpaced(21, 0, 4),
                              {.rtol = 1e-10, .atol = 1e-14})[0];
    for (Index j = 0; j < 21; ++j) {
      const double now = small * std::cos(std::sqrt(omega2) * one.t[j]);
      CHECK(largest(one.y.col(j).head(4) - now * mode) < 2e-3 * small);
    }
  };
  check({1, 0, 1, 0}, g / l);
  check({1, 0, -1, 0}, g / l + 2 * k / m);
  check({0, 1, 0, 1}, g / l);
  check({0, 1, 0, -1}, g / l);
}

TEST_CASE("coupled_pendulums: left to themselves, two bobs of 1 kg hang 1 m apart" *
          in_double_only) {
  Eigen::VectorXd hanging(12);
  hanging << 0, 0, -1, 1, 0, -1, Eigen::VectorXd::Zero(6);
  const System s = make_system(find_system("coupled_pendulums"));
  CHECK(energy_of(s)(hanging)(0) == doctest::Approx(-2 * 9.8));
  hanging[3] += 0.5;
  CHECK(energy_of(s)(hanging)(0) == doctest::Approx(-2 * 9.8 + 0.5 * 10 * 0.25));
}

TEST_CASE("starts of bound systems lie on their constraints, and so do their velocities" *
          in_double_only) {
  for (const char* name : {"magnet_pendulum", "coupled_pendulums"}) {
    INFO(name);
    const System s = make_system(find_system(name), {{"l", 1.3}});
    Random random(3), again(3);
    const Eigen::MatrixXd states = random_starts(s, random, 40);
    CHECK(states == random_starts(s, again, 40));
    CHECK(largest(constraints_of(s)(states)) < 1e-13);
    const StateFunction rate(
        s.n(), 0, [&](Var, Var q, Var v, Var) { return autodiff::jvp(s.constraints(q), q, v); });
    CHECK(largest(rate(states)) < 1e-13);
    // All of the region is there: below the pivot in every direction, with every velocity.
    CHECK(states.row(0).minCoeff() < -0.5);
    CHECK(states.row(1).maxCoeff() > 0.5);
    CHECK(states.row(s.n()).minCoeff() < -0.4 * largest(states.row(s.n())));
    CHECK(states.row(s.n()).maxCoeff() > 0.4 * largest(states.row(s.n())));
  }
}

TEST_CASE("coupled_pendulums: many bobs and stiff springs have typical starts, too" *
          in_double_only) {
  for (const double angles : {0., 1.})
    for (const double k : {0., 1000.}) {
      const System s =
          make_system(find_system("coupled_pendulums"), {{"n", 32}, {"k", k}, {"angles", angles}});
      Random random(5);
      CHECK(random_starts(s, random, 3).allFinite());
    }
}

TEST_CASE("a start moves to the nearest point of its constraints" * in_double_only) {
  System s;
  s.coordinates = {{"x"}, {"y"}};
  s.lagrangian = [](Var, Var v) { return 0.5 * sum_rows(v * v); };
  s.constraints = [](Var q) { return sum_rows(q * q) - 4.; };
  s.region = {Eigen::Vector4d(3, 4, 1, 0), Eigen::Vector4d(3, 4, 1, 0)};
  Random random(4);
  const Eigen::Vector4d start = random_starts(s, random, 1);
  CHECK((start - Eigen::Vector4d(1.2, 1.6, 0.64, -0.48)).norm() < 1e-12);
}

TEST_CASE("ignorable coordinates: those that neither L, nor forces, nor constraints tell of" *
          in_double_only) {
  System s;
  s.coordinates = {{"x"}, {"y"}, {"z"}};
  s.lagrangian = [](Var q, Var v) { return 0.5 * sum_rows(v * v) - 9.8 * row(q, 2); };
  s.region = {-Eigen::VectorXd::Ones(6), Eigen::VectorXd::Ones(6)};
  CHECK(ignorable_coordinates(s) == std::vector<Index>{0, 1});
  s.force = [](Var, Var, Var v, Var) { return pad_rows(-row(v, 1), 1, 3); };
  CHECK(ignorable_coordinates(s) == std::vector<Index>{0});
  s.force = {};
  s.constraints = [](Var q) { return row(q, 0) - row(q, 2); };  // a slope
  CHECK(ignorable_coordinates(s) == std::vector<Index>{1});
  CHECK(ignorable_coordinates(make_system(find_system("cart_pole"))) == std::vector<Index>{0});
  CHECK(ignorable_coordinates(make_system(find_system("coupled_pendulums"))).empty());
}
