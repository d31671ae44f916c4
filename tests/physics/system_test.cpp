// Systems made up for the purpose: what follows from them, and what is refused of parameters.
#include "physics/system.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "physics/forces.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using namespace physics;
using autodiff::Random;
using Error = std::invalid_argument;

namespace {

/// A mass of 2 kg that falls along x and is free along y.
System falling() {
  System s;
  s.coordinates = {{"x"}, {"y"}};
  s.lagrangian = [](Var q, Var v) { return sum_rows(v * v) - 6. * row(q, 0); };
  s.region = {Eigen::Vector4d(-1, -2, 0, 3), Eigen::Vector4d(1, 2, 0, 4)};
  return s;
}

/// A family with a parameter in [1, 5], whole or not.
Family box(bool whole) {
  return {"box", "a test", {{"size", "m", 2, 1, 5, "width", whole}}, [](const Values& p) {
            System s = falling();
            s.duration = p["size"];
            return s;
          }};
}

/// Accelerations at that time, and with that first control, of a system at rest at 0.
Eigen::VectorXd forced(const System& s, double t, double control = 0) {
  Eigen::MatrixXd rates;
  motion_of(s)(Eigen::RowVectorXd::Constant(1, t), Eigen::MatrixXd::Zero(2 * s.n(), 1),
               Eigen::MatrixXd::Constant(s.k(), 1, control), rates);
  return rates.bottomRows(s.n());
}

}  // namespace

TEST_CASE("a system's energy, momenta, masses and accelerations follow from its Lagrangian") {
  const System s = falling();
  const Eigen::Vector4d state(0.5, 7, 3, -1);
  CHECK(energy_of(s)(state) == Eigen::MatrixXd{{9 + 1 + 3}});
  CHECK(momenta_of(s)(state) == Eigen::MatrixXd{{12. / 2}, {-4. / 2}});
  CHECK(mass_of(s)(state) == Eigen::MatrixXd{{2}, {0}, {0}, {2}});
  CHECK(motion_of(s)(state) == Eigen::MatrixXd{{3}, {-1}, {-3}, {0}});
  CHECK(power_of(s)(state.replicate(1, 3)) == Eigen::MatrixXd::Zero(1, 3));  // there is no force
}

TEST_CASE("the power is that of the force, with the time and controls it acts at") {
  System s = falling();
  s.controls = {{"u", "N"}};
  s.force = [](Var t, Var q, Var v, Var u) { return stack_rows(t * row(v, 0), u * row(q, 1)); };
  Eigen::MatrixXd power(1, 1);
  power_of(s)(Eigen::RowVectorXd::Constant(1, 3), Eigen::Vector4d(0.5, 7, 2, -1),
              Eigen::MatrixXd::Constant(1, 1, 5), power);
  CHECK(power(0) == 3 * 2 * 2 - 5 * 7);
}

TEST_CASE("a system without a picture, or constraints, is told so") {
  CHECK_THROWS_WITH_AS(points_of(falling()), "[points_of] the system has no picture", Error);
  CHECK_THROWS_WITH_AS(constraints_of(falling()), "[constraints_of] the system has none", Error);
}

TEST_CASE("random starts are of the region, typical ones only where not all are") {
  System s = falling();
  Random random(1);
  Eigen::MatrixXd starts = random_starts(s, random, 500);
  CHECK(starts.row(0).minCoeff() < -0.9);
  CHECK(starts.row(0).maxCoeff() > 0.9);
  s.typical = [](const Eigen::VectorXd& state) { return state[0] > 0.98; };
  starts = random_starts(s, random, 100);
  REQUIRE(starts.cols() == 100);
  CHECK(starts.row(0).minCoeff() > 0.98);
  CHECK(starts.row(1).minCoeff() < -1.5);
  const Eigen::MatrixXd elsewhere =
      random_starts(s, {Eigen::Vector4d(3, 3, 3, 3), Eigen::Vector4d(4, 4, 4, 4)}, random, 10);
  CHECK(elsewhere.minCoeff() >= 3);
  CHECK(random_starts(s, random, 0).cols() == 0);
  CHECK_THROWS_WITH_AS(
      random_starts(s, {Eigen::VectorXd::Zero(1), Eigen::VectorXd::Ones(1)}, random, 1),
      "[random_starts] a region of 1 numbers for states of 4", Error);
  s.typical = [](const Eigen::VectorXd& state) { return state[0] > 1; };
  CHECK_THROWS_WITH_AS(
      random_starts(s, random, 1),
      "[random_starts] none of 100000 states of the region is typical of the system", Error);
  s.typical = {};
  s.constraints = [](Var q) { return row(q, 0) * row(q, 0) + 1.; };  // is nowhere zero
  CHECK_THROWS_WITH_AS(random_starts(s, random, 1),
                       "[random_starts] none of 2000 states of the region leads to one that its "
                       "constraints allow",
                       Error);
}

TEST_CASE("parameters may lie at their limits, and beyond are refused with them") {
  for (const double size : {1., 2., 5.})
    CHECK(make_system(box(true), {{"size", size}}).duration == size);
  CHECK(make_system(box(true)).duration == 2);
  CHECK(make_system(box(false), {{"size", 2.5}}).duration == 2.5);
  const auto refused = [](bool whole, const char* name, double value, const char* message) {
    CHECK_THROWS_WITH_AS(make_system(box(whole), {{name, value}}), message, Error);
  };
  refused(false, "size", 0.99, "size=0.99 is out of range: the box's width lies between 1 and 5 m");
  refused(true, "size", 6, "size=6 is out of range: the box's width lies between 1 and 5 m");
  refused(true, "size", 2.5, "size=2.5 is no whole number: it is the box's width");
  refused(true, "width", 2,
          "the system box has no parameter 'width'; it has size, friction, drive, drive_frequency");
  refused(true, "friction", -1,
          "friction=-1 is out of range: the box's linear friction along every coordinate lies "
          "between 0 and 1e+09 N s/m");
  CHECK_THROWS_WITH_AS(make_system(find_system("chain"), {{"n", 2}, {"m3", 1}}),
                       "the system chain has no parameter 'm3'; it has n, m, m1 to m2, l, l1 to "
                       "l2, g, friction, drive, drive_frequency",
                       Error);
  Family bare = box(true);
  bare.parameters = {};
  bare.make = [](const Values&) { return falling(); };
  CHECK_THROWS_WITH_AS(
      make_system(bare, {{"size", 2}}),
      "the system box has no parameter 'size'; it has friction, drive, drive_frequency", Error);
}

TEST_CASE("friction and drive are parameters of every system, which it has none of unless set") {
  const auto with = [](const std::map<std::string, double>& set) {
    return make_system(box(true), set);
  };
  CHECK_FALSE(with({}).force);
  CHECK_FALSE(with({{"drive_frequency", 5}}).force);
  CHECK_FALSE(with({{"friction", 1}}).timed);
  CHECK(with({{"drive", 1}}).timed);
  // Along the first coordinate A cos(Ω t), of 2 kg that fall with 3 m/s².
  const double t = 0.7;
  for (const double drive : {8., -8.}) {
    const auto near = [&](const Eigen::VectorXd& a, double frequency) {
      const Eigen::Vector2d expected(drive / 2 * std::cos(frequency * t) - 3, 0);
      return (a - expected).norm() < 20 * rounding;
    };
    CHECK(near(forced(with({{"drive", drive}, {"drive_frequency", 3}}), t), 3));
    CHECK(near(forced(with({{"drive", drive}}), t), 1));
  }
  const Eigen::VectorXd slowed = motion_of(with({{"friction", 3}}))(Eigen::Vector4d(0, 0, 4, -2));
  CHECK((slowed.tail(2) - Eigen::Vector2d(-3 * 4 / 2. - 3, 3 * 2 / 2.)).norm() < 20 * rounding);
  CHECK_THROWS_WITH_AS(with_drive(falling(), -1, 1, 1), "[with_drive] coordinate -1 of 2", Error);
  CHECK(forced(with_drive(falling(), 1, 8, 3), 0) == Eigen::Vector2d(-3, 4));
}

TEST_CASE("friction stands beside a drive and a control, whichever came first") {
  System s = falling();
  s.controls = {{"u", "N"}};
  s.force = [](Var, Var, Var, Var u) { return pad_rows(u, 1, 2); };
  const System one = with_friction(with_drive(s, 0, 8, 3), 1),
               other = with_drive(with_friction(s, 1), 0, 8, 3);
  CHECK(forced(one, 0, 5) == Eigen::Vector2d(4 - 3, 2.5));
  CHECK(forced(other, 0, 5) == Eigen::Vector2d(4 - 3, 2.5));
}

TEST_CASE("numbered coordinates are alike but for their names") {
  const auto all = numbered({"theta", "rad", true}, 12);
  REQUIRE(all.size() == 12);
  CHECK(all.front().name == "theta1");
  CHECK(all.back().name == "theta12");
  CHECK(all.back().unit == "rad");
  CHECK(all.back().angle);
}

TEST_CASE("a family's values are had by name, each's by number") {
  const Values values({{"m1", 3}, {"m2", 5}, {"g", 9}});
  CHECK(values["g"] == 9);
  CHECK(values.each("m", 2) == Eigen::Vector2d(3, 5));
  CHECK_THROWS_AS(values["h"], std::out_of_range);
}
