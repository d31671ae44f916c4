// What the table tells of each system: its coordinates and parameters, where its motions start and
// how long they last, and what its picture shows. Numbers by hand.
#include "physics/systems/table.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "physics/text.h"
#include "tests/precision.h"

using autodiff::Index;
using physics::find_system;
using physics::make_system;
using physics::number;
using physics::System;

namespace {

using Set = std::map<std::string, double>;

constexpr double pi = std::numbers::pi;
const double root3 = std::sqrt(3.);

Eigen::VectorXd vector(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Index>(values.size()));
}

void check_near(const Eigen::VectorXd& value, const Eigen::VectorXd& expected, double tolerance) {
  REQUIRE(value.size() == expected.size());
  CAPTURE(value.transpose());
  CAPTURE(expected.transpose());
  CHECK((value - expected).cwiseAbs().maxCoeff() < tolerance);
}

/// "m=1 kg in 1e-09..1e+09", "n=3 in 1..32 whole"; "*" stands behind what each of some has.
std::string told(const std::vector<physics::Parameter>& parameters) {
  std::string all;
  for (const physics::Parameter& p : parameters)
    all += (all.empty() ? "" : ", ") + p.name + '=' + number(p.value) +
           (p.unit.empty() ? "" : ' ' + p.unit) + " in " + number(p.low) + ".." + number(p.high) +
           (p.whole ? " whole" : "") + (p.each.empty() ? "" : " *" + p.each);
  return all;
}

/// "r m, theta rad°": the ring stands for an angle, that comes back after a turn.
std::string told(const std::vector<physics::Coordinate>& coordinates) {
  std::string all;
  for (const physics::Coordinate& c : coordinates)
    all += (all.empty() ? "" : ", ") + c.name + ' ' + c.unit + (c.angle ? "°" : "");
  return all;
}

}  // namespace

TEST_CASE("every system's coordinates, controls and parameters, with their ranges and units") {
  struct Row {
    const char *name, *coordinates, *parameters, *controls = "";
  };
  const Row rows[]{
      {"kepler", "r m, theta rad°", "m=1 kg in 1e-09..1e+09, mu=1 m^3/s^2 in 1e-09..1e+30"},
      {"central", "r m, theta rad°",
       "m=1 kg in 1e-09..1e+09, k=1 N/m^p in 1e-09..1e+30, p=1 in -2.9..20"},
      {"spring_pendulum", "r m, theta rad°",
       "m=1 kg in 1e-09..1e+09, k=40 N/m in 1e-09..1e+09, l=1 m in 1e-09..1e+09, "
       "g=9.8 m/s^2 in 0..1e+09"},
      {"pendulum", "theta rad°",
       "m=1 kg in 1e-09..1e+09, l=1 m in 1e-09..1e+09, g=9.8 m/s^2 in 0..1e+09"},
      {"double_pendulum", "theta1 rad°, theta2 rad°",
       "m1=1 kg in 1e-09..1e+09, m2=1 kg in 1e-09..1e+09, l1=1 m in 1e-09..1e+09, "
       "l2=1 m in 1e-09..1e+09, g=9.8 m/s^2 in 0..1e+09"},
      {"chain", "theta1 rad°, theta2 rad°, theta3 rad°",
       "n=3 in 1..32 whole, m=1 kg in 1e-09..1e+09 *n, l=1 m in 1e-09..1e+09 *n, "
       "g=9.8 m/s^2 in 0..1e+09"},
      {"spherical_pendulum", "theta rad°, phi rad°",
       "m=1 kg in 1e-09..1e+09, l=1 m in 1e-09..1e+09, g=9.8 m/s^2 in 1e-09..1e+09"},
      {"foucault", "x m, y m",
       "m=1 kg in 1e-09..1e+09, l=1 m in 1e-09..1e+09, g=9.8 m/s^2 in 1e-09..1e+09, "
       "day=60 s in 1e-09..1e+09, latitude=48.85 degrees in -90..90"},
      {"cart_pole", "x m, theta rad°",
       "M=1 kg in 1e-09..1e+09, m=0.5 kg in 1e-09..1e+09, l=1 m in 1e-09..1e+09, "
       "g=9.8 m/s^2 in 0..1e+09",
       "force N"},
      {"acrobot", "theta1 rad°, theta2 rad°",
       "m1=1 kg in 1e-09..1e+09, m2=1 kg in 1e-09..1e+09, l1=1 m in 0.0001..10000, "
       "l2=1 m in 0.0001..10000, g=9.8 m/s^2 in 0..1e+09",
       "torque N m"},
      {"oscillators", "x1 m, x2 m, x3 m",
       "n=3 in 1..256 whole, m=1 kg in 1e-09..1e+09 *n, k=10 N/m in 1e-09..1e+09"},
      {"henon_heiles", "x m, y m", "lambda=1 1/m in 1e-09..1e+09"},
      {"bodies", "x1 m, y1 m, x2 m, y2 m, x3 m, y3 m",
       "n=3 in 2..32 whole, dimension=2 in 2..3 whole, m=1 kg in 1e-09..1e+30 *n, "
       "G=1 m^3/(kg s^2) in 1e-12..1e+09"},
      {"charged", "x m, y m, z m",
       "m=1 kg in 1e-09..1e+09, e=1 C in -1e+09..1e+09, B=1 T in -1e+09..1e+09, "
       "Ex=0.2 V/m in -1e+09..1e+09, Ez=0 V/m in -1e+09..1e+09, D=0 T m^3 in -1e+09..1e+09"},
      {"relativistic", "q m",
       "m=1 kg in 1e-09..1e+09, c=1 m/s in 1e-09..1e+09, g=1 m/s^2 in -1e+09..1e+09, "
       "p=0.5 in -2..1"},
      {"top", "phi rad°, theta rad°, psi rad°",
       "m=1 kg in 0..1e+09, l=0.3 m in 0..1e+09, I1=0.2 kg m^2 in 1e-09..1e+09, "
       "I3=0.1 kg m^2 in 1e-09..1e+09, g=9.8 m/s^2 in 0..1e+09"},
      {"rigid_body", "phi rad°, theta rad°, psi rad°",
       "I1=1 kg m^2 in 1e-09..1e+09, I2=1.5 kg m^2 in 1e-09..1e+09, "
       "I3=2.1 kg m^2 in 1e-09..1e+09"},
      {"magnet_pendulum", "x m, y m, z m",
       "m=1 kg in 1e-09..1e+09, l=1 m in 1e-09..1e+09, g=9.8 m/s^2 in 0..1e+09, "
       "k=0.02 J m^3 in -1e+09..1e+09, magnets=3 in 0..32 whole, radius=0.5 m in 0..1e+09, "
       "gap=0.25 m in 1e-09..1e+09, angles=0 in 0..1 whole"},
      {"coupled_pendulums", "x1 m, y1 m, z1 m, x2 m, y2 m, z2 m",
       "n=2 in 2..32 whole, m=1 kg in 1e-09..1e+09, l=1 m in 1e-09..1e+09, k=10 N/m in 0..1e+09, "
       "a=1 m in 1e-09..1e+09, g=9.8 m/s^2 in 1e-09..1e+09, angles=0 in 0..1 whole"},
      {"wave",
       "u1 m, u2 m, u3 m, u4 m, u5 m, u6 m, u7 m, u8 m, u9 m, u10 m, u11 m, u12 m, u13 m, u14 m, "
       "u15 m, u16 m",
       "n=16 in 3..512 whole, length=1 m in 1e-09..1e+09, mu=1 kg/m in 1e-09..1e+09, "
       "tension=1 N in 1e-09..1e+09"}};
  REQUIRE(physics::systems().size() == std::size(rows));
  for (std::size_t k = 0; k < std::size(rows); ++k) {
    const physics::Family& family = physics::systems()[k];
    const System system = make_system(family);
    CHECK(family.name == rows[k].name);
    CHECK(told(system.coordinates) == rows[k].coordinates);
    CHECK(told(family.parameters) == rows[k].parameters);
    CHECK(told(system.controls) == rows[k].controls);
    CHECK(system.ring == (family.name == "wave"));
    CHECK_FALSE(system.timed);
    CHECK(static_cast<bool>(system.force) == (system.k() > 0));
  }
  CHECK(told(physics::parameters_beside()) ==
        "friction=0 N s/m in 0..1e+09, drive=0 N in -1e+09..1e+09, "
        "drive_frequency=1 rad/s in 0..1e+09");
  // In other coordinates, or in another number of dimensions.
  const auto with = [](const char* name, const Set& set) {
    return told(make_system(find_system(name), set).coordinates);
  };
  CHECK(with("magnet_pendulum", {{"angles", 1}}) == "alpha rad°, beta rad°");
  CHECK(with("coupled_pendulums", {{"angles", 1}}) ==
        "alpha1 rad°, beta1 rad°, alpha2 rad°, beta2 rad°");
  CHECK(with("bodies", {{"n", 2}, {"dimension", 3}}) == "x1 m, y1 m, z1 m, x2 m, y2 m, z2 m");
}

TEST_CASE("motions start in a box, and last, as the parameters say") {
  struct Row {
    const char* name;
    Set set;
    std::vector<double> low, high;
    double duration;
  };
  const Row rows[]{
      {"kepler", {{"mu", 4}, {"m", 3}}, {.8, -pi, -.6, -2.4}, {1.2, pi, .6, 2.4}, 2 * pi},
      {"central", {{"k", 8}, {"m", 2}}, {.8, -pi, -.6, -2.4}, {1.2, pi, .6, 2.4}, 2 * pi},
      {"spring_pendulum",  // it hangs at 0.8 m, and bounces with 5 rad/s
       {{"m", 2}, {"k", 50}, {"l", .4}, {"g", 10}},
       {.7, -1.5, -.3, -1.25},
       {.9, 1.5, .3, 1.25},
       2 * pi},
      {"pendulum", {{"l", .25}, {"g", 4}}, {-pi, -8.1}, {pi, 8.1}, 5},
      {"double_pendulum", {{"l1", 2}, {"g", 4}}, {-pi, -pi, -10, -10}, {pi, pi, 10, 10}, 5},
      {"chain",
       {{"n", 2}, {"l1", .5}, {"l2", 1.5}, {"g", 4}},
       {-pi / 3, -pi / 3, -1.1, -1.1},
       {pi / 3, pi / 3, 1.1, 1.1},
       5},
      {"spherical_pendulum",
       {{"l", 2}, {"g", 8}},
       {.7, -pi, -.8, -3.2},
       {1.3, pi, .8, 3.2},
       3 * pi},
      {"foucault", {{"l", 2}, {"g", 8}}, {-.8, -.8, -1.6, -1.6}, {.8, .8, 1.6, 1.6}, 3 * pi},
      {"cart_pole", {{"l", .25}, {"g", 4}}, {-2, -pi, -2, -8.1}, {2, pi, 2, 8.1}, 5},
      {"acrobot", {{"l1", .25}, {"g", 4}}, {-pi, -pi, -4.1, -4.1}, {pi, pi, 4.1, 4.1}, 5},
      {"oscillators",  // the highest mode has at most 4 rad/s
       {{"n", 2}, {"k", 8}, {"m1", 1}, {"m2", 3}},
       {-.25, -.25, -1, -1},
       {.25, .25, 1, 1},
       2.5 * pi},
      {"henon_heiles",
       {{"lambda", 2}},
       {-root3 / 4, -.25, -.5 / root3, -.5 / root3},
       {root3 / 4, .5, .5 / root3, .5 / root3},
       20},
      {"bodies",  // two on a circle of radius 1, at 2 m/s
       {{"n", 2}, {"G", 4}, {"m1", 1}, {"m2", 7}},
       {.925, -.075, -1.075, -.075, -.1, 1.9, -.1, -2.1},
       {1.075, .075, -.925, .075, .1, 2.1, .1, -1.9},
       pi / 2},
      {"charged",
       {{"m", 2}, {"e", -4}, {"B", .5}},
       {-1, -1, -1, -1, -1, -1},
       {1, 1, 1, 1, 1, 1},
       4 * pi},
      {"charged",
       {{"m", 2}, {"e", -4}, {"B", .5}, {"D", -.5}},
       {-1.5, -1.5, -1.5, -.3, -.3, -.3},
       {1.5, 1.5, 1.5, .3, .3, .3},
       10 * pi},
      {"charged", {{"e", 0}}, {-1, -1, -1, -1, -1, -1}, {1, 1, 1, 1, 1, 1}, 5},
      {"relativistic", {{"c", 2}, {"g", -4}}, {-2, -1.8}, {2, 1.8}, 1},
      {"relativistic", {{"c", 2}, {"g", 0}}, {-2, -1.8}, {2, 1.8}, 2},
      {"top",  // gravity turns it with 2 rad/s
       {{"m", 2}, {"l", .5}, {"g", 4}, {"I1", 1}},
       {-pi, .6, -pi, -2.1, -2.1, -12.6},
       {pi, 2.5, pi, 2.1, 2.1, 12.6},
       10 / 2.1},
      {"rigid_body", {}, {-pi, .7, -pi, -2, -2, -2}, {pi, pi - .7, pi, 2, 2, 2}, 5},
      {"magnet_pendulum", {{"l", 2}, {"g", 4}}, {-2, -2, -2, -4, -4, -4}, {2, 2, 0, 4, 4, 4}, 5},
      {"magnet_pendulum",
       {{"l", 2}, {"g", 4}, {"angles", 1}},
       {-1.4, -1.4, -2, -2},
       {1.4, 1.4, 2, 2},
       5},
      {"coupled_pendulums",  // springs as strong as gravity: k l = m g
       {{"m", 2}, {"g", 5}, {"k", 12.5}, {"l", .8}, {"a", 1.5}},
       {-.48, -.48, -1.28, 1.02, -.48, -1.28, -.84, -.84, -.84, -.84, -.84, -.84},
       {.48, .48, -.32, 1.98, .48, -.32, .84, .84, .84, .84, .84, .84},
       5},
      {"coupled_pendulums",
       {{"m", 2}, {"g", 5}, {"k", 12.5}, {"l", .8}, {"angles", 1}},
       {-.6, -.6, -.6, -.6, -1.05, -1.05, -1.05, -1.05},
       {.6, .6, .6, .6, 1.05, 1.05, 1.05, 1.05},
       5},
      {"wave",  // with 2 m/s it is around in 1 s
       {{"n", 3}, {"length", 2}, {"tension", 12}, {"mu", 3}},
       {-.1, -.1, -.1, -.2 * pi, -.2 * pi, -.2 * pi},
       {.1, .1, .1, .2 * pi, .2 * pi, .2 * pi},
       2}};
  for (const Row& row : rows) {
    INFO(row.name);
    const System system = make_system(find_system(row.name), row.set);
    check_near(system.region.low, vector(row.low), 1e-6);  // pivots are of the engine's numbers
    check_near(system.region.high, vector(row.high), 1e-6);
    CHECK(system.duration == doctest::Approx(row.duration).epsilon(1e-12));
  }
  // Controls: as strong as the weight of all, and as what holds the lower rod level.
  CHECK(make_system(find_system("cart_pole"), {{"M", 2}, {"m", 1.5}, {"g", 4}}).control_range[0] ==
        14);
  CHECK(make_system(find_system("acrobot"), {{"m2", 3}, {"l2", 2}, {"g", 4}}).control_range[0] ==
        12);
}

TEST_CASE(
    "double_pendulum: its section's energy has the lower bob halfway up, and no gravity means no "
    "scale") {
  const auto with = [](const Set& set) { return make_system(find_system("double_pendulum"), set); };
  CHECK(*with({}).section_energy == doctest::Approx(-2 * 9.8));
  // -(m1 + m2) g l1, the lower rod level.
  CHECK(*with({{"m1", 2}, {"m2", 3}, {"l1", .5}, {"g", 4}}).section_energy == doctest::Approx(-10));
  CHECK(with({{"m1", 2}, {"m2", 3}, {"l1", .5}, {"g", 4}}).energy_test->scale ==
        doctest::Approx(5 * 4 * .5 + 3 * 4));
  CHECK(with({{"g", 0}}).energy_test->scale == 1);
}

TEST_CASE("pictures show where everything is, and what is linked to what") {
  using Links = std::vector<std::pair<int, int>>;
  struct Row {
    const char* name;
    Set set;
    Index dimension;
    std::vector<double> q, points;
    Links links;
  };
  const Row rows[]{
      {"kepler", {}, 2, {2, pi / 6}, {root3, 1}, {}},
      {"central", {}, 2, {2, pi / 6}, {root3, 1}, {}},
      {"spring_pendulum", {}, 2, {2, pi / 6}, {1, -root3}, {{-1, 0}}},
      {"pendulum", {{"l", 2}}, 2, {pi / 6}, {1, -root3}, {{-1, 0}}},
      {"double_pendulum",
       {{"l1", 2}, {"l2", 3}},
       2,
       {pi / 6, pi / 2},
       {1, -root3, 4, -root3},
       {{-1, 0}, {0, 1}}},
      {"chain",
       {{"n", 2}, {"l1", 2}, {"l2", 3}},
       2,
       {pi / 6, pi / 2},
       {1, -root3, 4, -root3},
       {{-1, 0}, {0, 1}}},
      {"spherical_pendulum", {{"l", 4}}, 3, {pi / 6, pi / 3}, {1, root3, -2 * root3}, {{-1, 0}}},
      {"foucault", {{"l", 2}}, 3, {.6, .8}, {.6, .8, -root3}, {{-1, 0}}},
      {"cart_pole", {{"l", 2}}, 2, {.5, pi / 6}, {.5, 0, 1.5, -root3}, {{0, 1}}},
      {"acrobot",  // the lower rod level
       {{"l1", 2}, {"l2", 3}},
       2,
       {pi / 6, pi / 3},
       {1, -root3, 4, -root3},
       {{-1, 0}, {0, 1}}},
      {"oscillators",  // walls at 0 m and 3 m
       {{"n", 2}},
       2,
       {.1, -.2},
       {0, 0, 1.1, 0, 1.8, 0, 3, 0},
       {{0, 1}, {1, 2}, {2, 3}}},
      {"henon_heiles", {}, 2, {.3, .4}, {.3, .4}, {}},
      {"bodies", {{"n", 2}}, 2, {1, 2, 3, 4}, {1, 2, 3, 4}, {}},
      {"bodies", {{"n", 2}, {"dimension", 3}}, 3, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}, {}},
      {"charged", {}, 3, {1, 2, 3}, {1, 2, 3}, {}},
      {"relativistic", {}, 2, {.7}, {.7, 0}, {}},
      {"top", {{"l", 2}}, 3, {pi / 6, pi / 6, 1}, {.5, -root3 / 2, root3}, {{-1, 0}}},
      {"rigid_body", {}, 3, {0, 0, 0}, {1, 0, 0, 0, 1, 0, 0, 0, 1}, {{-1, 0}, {-1, 1}, {-1, 2}}},
      {"magnet_pendulum",  // the magnets lie below its bob at rest
       {{"l", 2}, {"magnets", 4}, {"radius", .5}, {"gap", .25}},
       3,
       {1, 0, -root3},
       {1, 0, -root3, .5, 0, -2.25, 0, .5, -2.25, -.5, 0, -2.25, 0, -.5, -2.25},
       {{-1, 0}}},
      {"magnet_pendulum",
       {{"l", 4}, {"magnets", 0}, {"angles", 1}},
       3,
       {pi / 6, pi / 3},
       {1, 2 * root3, -root3},
       {{-1, 0}}},
      {"coupled_pendulums",  // the bobs, then their pivots
       {{"l", 2}, {"a", 1.5}},
       3,
       {1, 0, -root3, 1.5, 0, -2},
       {1, 0, -root3, 1.5, 0, -2, 0, 0, 0, 1.5, 0, 0},
       {{0, 2}, {1, 3}, {0, 1}}},
      {"coupled_pendulums",
       {{"l", 4}, {"a", 1.5}, {"angles", 1}},
       3,
       {pi / 6, pi / 3, 0, 0},
       {1, 2 * root3, -root3, 1.5, 0, -4, 0, 0, 0, 1.5, 0, 0},
       {{0, 2}, {1, 3}, {0, 1}}},
      {"wave",  // around a circle of radius 1
       {{"n", 4}, {"length", 2 * pi}},
       3,
       {.1, .2, .3, .4},
       {1, 0, .1, 0, 1, .2, -1, 0, .3, 0, -1, .4},
       {{0, 1}, {1, 2}, {2, 3}, {3, 0}}}};
  for (const Row& row : rows) {
    INFO(row.name);
    const System system = make_system(find_system(row.name), row.set);
    Eigen::VectorXd state = Eigen::VectorXd::Zero(2 * system.n());
    state.head(system.n()) = vector(row.q);
    check_near(points_of(system)(state), vector(row.points), 20 * rounding);
    CHECK(system.picture.dimension == row.dimension);
    CHECK(system.picture.links == row.links);
  }
}

TEST_CASE("states are typical where their system's motions stay as they should") {
  const auto check = [](const char* name, const Set& set, const auto& expected) {
    INFO(name);
    const System system = make_system(find_system(name), set);
    REQUIRE(system.typical);
    autodiff::Random random(1);
    const Eigen::MatrixXd states = random_states(random, system.region, 1000);
    int yes = 0;
    for (const Eigen::VectorXd& state : states.colwise()) {
      CHECK(system.typical(state) == expected(state));
      yes += system.typical(state) ? 1 : 0;
    }
    CHECK(yes > 0);
    CHECK(yes < 1000);
  };
  check("kepler", {{"mu", 4}, {"m", 2}}, [](const Eigen::VectorXd& s) {
    // Of eccentricity e < ½: e² = 1 + 2 E h²/μ² with the energy and angular momentum of 1 kg.
    const double h = s[0] * s[0] * s[3];
    const double energy = (s[2] * s[2] + h * h / (s[0] * s[0])) / 2 - 4 / s[0];
    return 1 + 2 * energy * h * h / 16 < 0.25;
  });
  // Around, fast enough: either way, at 0.8 of what keeps to the circle or the level cone.
  check("central", {{"k", 8}, {"m", 2}},
        [](const Eigen::VectorXd& s) { return s[3] >= 1.6 || s[3] <= -1.6; });
  check("spherical_pendulum", {{"l", 2}, {"g", 8}},
        [](const Eigen::VectorXd& s) { return s[3] >= 1.6 || s[3] <= -1.6; });
  check("henon_heiles", {{"lambda", 2}}, [](const Eigen::VectorXd& s) {
    // In the triangle, with less energy than its corners have: 1/(6 λ²).
    const double x = s[0], y = s[1];
    const bool inside = 2 * y + 2 * root3 * x <= 1 && 2 * y - 2 * root3 * x <= 1;
    return inside && s.squaredNorm() / 2 + 2 * (x * x * y - y * y * y / 3) < 1. / 24;
  });
  check("charged", {{"m", 2}, {"e", -4}, {"B", .5}, {"D", -.5}}, [](const Eigen::VectorXd& s) {
    const double r = s.head(3).norm();
    return r > 0.8 && s.tail(3).norm() < 0.3 / (r * r);
  });
  check("magnet_pendulum", {{"l", 2}, {"g", 4}, {"m", 3}, {"k", 5}}, [](const Eigen::VectorXd& s) {
    // It comes no higher than 0.4 m below the pivot, were there no magnets.
    return s.tail(3).squaredNorm() / 2 + 4 * s[2] <= -4 * 0.4;
  });
  check("coupled_pendulums", {{"m", 2}, {"g", 5}, {"k", 0}, {"l", .8}, {"n", 3}},
        [](const Eigen::VectorXd& s) {
          // Springs being slack, all bobs but one hang and that one comes up to 0.2 l below.
          const double heights = s[2] + s[5] + s[8];
          return 2 * (s.tail(9).squaredNorm() / 2 + 5 * heights) < -(3 - 0.8) * 2 * 5 * .8;
        });
}
