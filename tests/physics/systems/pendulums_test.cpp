// Single bobs that swing: `pendulum`, `spring_pendulum`, `spherical_pendulum` and `foucault`.
#include <cmath>
#include <numbers>

#include "physics/systems/table.h"
#include "tests/physics/systems/moving.h"

using physics::System;
using physics::Var;

namespace {

constexpr double pi = std::numbers::pi;

System made(const char* name, const std::map<std::string, double>& set = {}) {
  return make_system(physics::find_system(name), set);
}

/// Where the points of the picture are: P·dimension x N.
Eigen::MatrixXd points_of(const System& system, const Eigen::MatrixXd& states) {
  return physics::StateFunction(system.n(), system.k(), [&](Var, Var q, Var, Var) {
    return system.picture.points(q);
  })(states);
}

}  // namespace

TEST_CASE("pendulum: its period is 4 √(l/g) K(sin² θ0/2)" * in_double_only) {
  const auto check = [](double l, double g, double start, double period) {
    const System system = made("pendulum", {{"l", l}, {"g", g}, {"m", 0.7}});
    const Eigen::VectorXd quarters = Eigen::VectorXd::LinSpaced(5, 0, period);
    const Eigen::MatrixXd states = states_at(system, Eigen::Vector2d(start, 0), quarters);
    const Eigen::RowVectorXd turns{{start, 0, -start, 0, start}};
    CHECK(distance(states.row(0), turns) < 1e-8);
    CHECK(std::abs(states(1, 4)) < 1e-8);
  };
  check(1, 9.8, pi / 2, 2.369049722175);  // by 40-digit arithmetic
  check(1, 9.8, 3, 5.160697749978);
  // K(sin² α) = π / (2 agm(1, cos α)), the arithmetic-geometric mean (Gauss).
  for (const double start : {0.01, 1., 2.5}) {
    double a = 1, b = std::cos(start / 2);
    for (int k = 0; k < 10; ++k) {
      const double mean = (a + b) / 2;
      b = std::sqrt(a * b);
      a = mean;
    }
    check(0.4, 3.7, start, 2 * pi * std::sqrt(0.4 / 3.7) / a);
  }
}

TEST_CASE("spring_pendulum: it bounces with √(k/m), swings with √(g/r)" * in_double_only) {
  const double m = 1.2, k = 30, l = 0.8, g = 9.8, hanging = l + m * g / k, off = 1e-5;
  const System system = made("spring_pendulum", {{"m", m}, {"k", k}, {"l", l}, {"g", g}});
  const Eigen::ArrayXd times = Eigen::ArrayXd::LinSpaced(50, 0, 5);
  const Eigen::MatrixXd bouncing =
      states_at(system, Eigen::Vector4d(hanging + off, 0, 0, 0), times);
  const Eigen::ArrayXd bounce = hanging + off * (std::sqrt(k / m) * times).cos();
  CHECK(distance(bouncing.row(0), bounce.matrix().transpose()) < 1e-10);
  CHECK(bouncing.row(1).isZero(0));
  const Eigen::MatrixXd swinging = states_at(system, Eigen::Vector4d(hanging, off, 0, 0), times);
  const Eigen::ArrayXd swing = off * (std::sqrt(g / hanging) * times).cos();
  CHECK(distance(swinging.row(1), swing.matrix().transpose()) < 1e-4 * off);
}

TEST_CASE("spring_pendulum: in polar coordinates it moves as in Cartesian ones" * in_double_only) {
  const double m = 1.2, k = 30, l = 0.8, g = 9.8;
  const System polar = made("spring_pendulum", {{"m", m}, {"k", k}, {"l", l}, {"g", g}});
  System plane;
  plane.coordinates = {{"x"}, {"y"}};
  plane.lagrangian = [=](Var q, Var v) {
    return 0.5 * m * sum_rows(v * v) - m * g * row(q, 1) -
           0.5 * k * pow(sqrt(sum_rows(q * q)) - l, 2);
  };
  autodiff::Random random(1);
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(50, 0, 5);
  const Eigen::MatrixXd starts = random_starts(polar, random, 5);
  for (const Eigen::VectorXd& start : starts.colwise()) {
    const double r = start[0], sine = std::sin(start[1]), cosine = std::cos(start[1]);
    const double along = start[2], across = r * start[3];
    const Eigen::Vector4d same(r * sine, -r * cosine, along * sine + across * cosine,
                               -along * cosine + across * sine);
    const Eigen::MatrixXd motion = states_at(plane, same, times);
    CHECK(distance(points_of(polar, states_at(polar, start, times)), motion.topRows(2)) < 1e-7);
  }
}

TEST_CASE("spherical_pendulum: on its cone it goes around in 2π √(l cos θ / g)" * in_double_only) {
  const double l = 1.7, g = 3.1;
  const System system = made("spherical_pendulum", {{"l", l}, {"g", g}, {"m", 2.2}});
  for (const double theta : {0.1, 0.8, 1.5}) {
    const double period = 2 * pi * std::sqrt(l * std::cos(theta) / g);
    const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(5, 0, period);
    const Eigen::MatrixXd states =
        states_at(system, Eigen::Vector4d(theta, 0, 0, 2 * pi / period), times);
    CHECK(distance(states.row(0), Eigen::RowVectorXd::Constant(5, theta)) < 1e-8);
    CHECK(distance(states.row(1), Eigen::RowVectorXd::LinSpaced(5, 0, 2 * pi)) < 1e-8);
  }
  CHECK(ignorable_coordinates(system) == std::vector<physics::Index>{1});
}

TEST_CASE("foucault: on ground at rest it is the spherical pendulum" * in_double_only) {
  const double l = 1.3, g = 9.8;
  const System sphere = made("spherical_pendulum", {{"l", l}, {"g", g}});
  const System ground = made("foucault", {{"l", l}, {"g", g}, {"day", 1e9}});
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(30, 0, 5);
  const double theta = 0.9, theta_dot = -0.4, phi_dot = 2;  // at φ = 0
  const Eigen::MatrixXd expected =
      points_of(sphere, states_at(sphere, Eigen::Vector4d(theta, 0, theta_dot, phi_dot), times));
  const Eigen::MatrixXd states =
      states_at(ground,
                Eigen::Vector4d(l * std::sin(theta), 0, l * std::cos(theta) * theta_dot,
                                l * std::sin(theta) * phi_dot),
                times);
  CHECK(distance(points_of(ground, states), expected) < 1e-6);
}

TEST_CASE("foucault: its plane turns by -2π sin(latitude) a day" * in_double_only) {
  // A quarter of a day of 600 s, small swings of 2 s: what is left out is of the orders of
  // (2 s / 600 s)² and of the swings' size squared.
  const double l = 1, g = pi * pi, day = 600, off = 0.01;
  for (const double latitude : {90., 48.85, 10., 0., -30.}) {
    CAPTURE(latitude);
    const System system =
        made("foucault", {{"l", l}, {"g", g}, {"day", day}, {"latitude", latitude}});
    const Eigen::Vector4d end = state_after(system, Eigen::Vector4d(off, 0, 0, 0), day / 4);
    CHECK(std::hypot(end[0], end[1]) == doctest::Approx(off).epsilon(1e-3));
    CHECK(std::abs(std::atan2(end[1], end[0]) + pi / 2 * std::sin(latitude * pi / 180)) < 1e-3);
  }
}
