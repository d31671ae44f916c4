// Data sets: reproducible draws, and nothing lost or torn apart on the way.
#include "physics/data_set.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "physics/integrate/roll_out.h"
#include "physics/systems/double_pendulum.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using physics::DataSet;
using physics::label;
using physics::points_of;
using physics::random_states;
using physics::roll_out;

namespace {

const physics::StateBox box{Eigen::Vector4d(-1, 0, 5, -3), Eigen::Vector4d(1, 0.5, 5, 8)};

/// Sample s has states 10 s + i and acceleration -s, so that every number tells where it was.
DataSet numbered(Index size) {
  DataSet data{Matrix(4, size), Matrix(2, size)};
  for (Index s = 0; s < size; ++s) {
    for (Index i = 0; i < 4; ++i) data.states(i, s) = static_cast<Scalar>(10 * s + i);
    data.accelerations.col(s).setConstant(static_cast<Scalar>(-s));
  }
  return data;
}

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

physics::Motion harmonic_of(Index coordinates) {
  return physics::Motion::of_accelerations(
      coordinates, [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> result) {
        result = -states.topRows(states.rows() / 2);
      });
}
const physics::Motion harmonic = harmonic_of(1);

}  // namespace

TEST_CASE("random states are the same from the same seed, on every platform") {
  Random a(2021), b(2021), c(2022);
  const Eigen::MatrixXd states = random_states(a, box, 50);
  CHECK(states == random_states(b, box, 50));
  CHECK(states != random_states(c, box, 50));
  CHECK(random_states(a, box, 50) == random_states(b, box, 50));  // and so on from there
  // mt19937_64, which the standard fixes: (draw >> 11) · 2^-53, worked out in Python.
  Random pinned(5489);
  const physics::StateBox unit{Eigen::Vector2d::Zero(), Eigen::Vector2d::Ones()};
  const Eigen::MatrixXd first = random_states(pinned, unit, 2);
  CHECK(first(0, 0) == 0x1.92da3239eded5p-1);
  CHECK(first(1, 0) == 0x1.007deb1e2f202p-2);
  CHECK(first(0, 1) == 0x1.6bdd196d57c8ap-1);
  CHECK(first(1, 1) == 0x1.e4b1a45a9b722p-1);
}

TEST_CASE("random states keep to their box and fill it") {
  Random random(1);
  const Eigen::MatrixXd states = random_states(random, box, 2000);
  REQUIRE(states.rows() == 4);
  REQUIRE(states.cols() == 2000);
  for (Index i = 0; i < 4; ++i) {
    const double width = box.high[i] - box.low[i];
    CHECK(states.row(i).minCoeff() >= box.low[i]);
    CHECK(states.row(i).maxCoeff() <= box.high[i]);
    CHECK(states.row(i).minCoeff() <= box.low[i] + 0.01 * width);
    CHECK(states.row(i).maxCoeff() >= box.high[i] - 0.01 * width);
    // Mean of a uniform: deviation width / √(12 · 2000).
    CHECK(std::abs(states.row(i).mean() - (box.low[i] + box.high[i]) / 2) <= 0.033 * width);
  }
}

TEST_CASE("a box that is upside down, uneven or not a number is refused") {
  Random random(1);
  const auto message = [&](const physics::StateBox& bad) {
    return message_of([&] { random_states(random, bad, 3); });
  };
  const std::string text = "[random_states] the box needs low <= high in every entry";
  CHECK(message({Eigen::Vector2d(0, 1), Eigen::Vector2d(1, 0.9)}) == text);
  CHECK(message({Eigen::Vector2d(0, 1), Eigen::Vector3d(1, 1, 1)}) == text);
  CHECK(message({Eigen::Vector2d(0, std::nan("")), Eigen::Vector2d(1, 1)}) == text);
  CHECK(message({Eigen::Vector2d(0, 1), Eigen::Vector2d(1, 1)}).empty());
}

TEST_CASE("shuffling is a permutation, moves something and keeps every sample together") {
  const DataSet data = numbered(100);
  Random random(3), again(3), other(4);
  const DataSet result = shuffled(data, random);
  REQUIRE(result.size() == 100);
  std::vector<Index> seen;
  for (Index s = 0; s < 100; ++s) {
    const auto was = static_cast<Index>(-result.accelerations(0, s));
    REQUIRE((was >= 0 && was < 100));
    CHECK(result.states.col(s) == data.states.col(was));
    CHECK(result.accelerations.col(s) == data.accelerations.col(was));
    seen.push_back(was);
  }
  CHECK_FALSE(std::is_sorted(seen.begin(), seen.end()));
  std::sort(seen.begin(), seen.end());
  for (Index s = 0; s < 100; ++s) CHECK(seen[s] == s);
  CHECK(shuffled(data, again).states == result.states);
  CHECK(shuffled(data, other).states != result.states);
}

TEST_CASE("a part of a set has its samples, whole") {
  physics::DataSet data = numbered(10);
  for (const bool controlled : {false, true}) {
    CAPTURE(controlled);
    if (controlled) data.controls = data.states.topRows(1) * 2;
    for (const auto& range : {std::pair<Index, Index>{0, 10}, {0, 3}, {3, 10}, {4, 4}}) {
      const Index begin = range.first, count = range.second - range.first;
      const physics::DataSet part = part_of(data, range.first, range.second);
      CHECK(part.size() == count);
      CHECK(part.states == data.states.middleCols(begin, count));
      CHECK(part.accelerations == data.accelerations.middleCols(begin, count));
      if (controlled) CHECK(part.controls == data.controls.middleCols(begin, count));
      CHECK((part.controls.size() > 0) == (controlled && count > 0));
    }
  }
}

TEST_CASE("samples that are not there make no part") {
  for (const auto& range : {std::pair<Index, Index>{-1, 3}, {2, 1}, {0, 11}}) {
    const std::string message =
        message_of([&] { part_of(numbered(10), range.first, range.second); });
    CHECK(message == "[part_of] samples " + std::to_string(range.first) + " to " +
                         std::to_string(range.second) + " of 10");
  }
}

TEST_CASE("a chain is one trajectory after the other, long or short") {
  std::vector<physics::Solution> trajectories(3);
  trajectories[0].t = Eigen::Vector2d(0, 1);
  trajectories[0].y = Eigen::MatrixXd::Constant(4, 2, 1);
  trajectories[1].y = Eigen::MatrixXd(4, 0);  // stopped before it began
  trajectories[2].t = Eigen::Vector3d(0, 1, 2);
  trajectories[2].y = Eigen::MatrixXd::Constant(4, 3, 3);
  trajectories[2].y(0, 1) = 7;
  const physics::Points points = points_of(trajectories);
  REQUIRE(points.y.rows() == 4);
  REQUIRE(points.y.cols() == 5);
  CHECK(points.y.leftCols(2) == trajectories[0].y);
  CHECK(points.y.rightCols(3) == trajectories[2].y);
  CHECK(points.t == Eigen::RowVector<double, 5>(0, 1, 0, 1, 2));
  CHECK(points_of({}).y.size() == 0);
  CHECK(points_of({}).t.size() == 0);
}

TEST_CASE("states without their times, or of another size, are not chained") {
  std::vector<physics::Solution> trajectories(2);
  for (auto& trajectory : trajectories) {
    trajectory.t = Eigen::Vector2d(0, 1);
    trajectory.y = Eigen::MatrixXd::Zero(4, 2);
  }
  const auto message = [&] { return message_of([&] { points_of(trajectories); }); };
  CHECK(message().empty());
  trajectories[1].t.resize(3);
  CHECK(message().find("2 states of 4 numbers at 3 times") != std::string::npos);
  trajectories[1].t.resize(2);
  trajectories[1].y.resize(2, 2);
  CHECK(message().find("2 states of 2 numbers") != std::string::npos);
}

TEST_CASE("labels are the accelerations of the closed form") {
  const physics::DoublePendulum pendulum{.m1 = 2, .m2 = 0.5, .l1 = 1.5, .l2 = 0.7, .g = 3};
  Random random(5);
  const Eigen::MatrixXd states = random_states(random, box, 20);
  const physics::Motion motion = physics::Motion::of_accelerations(
      2, [&](const Eigen::MatrixXd& at, Eigen::Ref<Eigen::MatrixXd> result) {
        pendulum.accelerations(at, result);
      });
  const DataSet data = label(motion, states);
  CHECK(data.states == states.cast<Scalar>());
  REQUIRE(data.accelerations.cols() == 20);
  for (Index s = 0; s < 20; ++s) {
    const auto [a1, a2] = pendulum.acceleration(states.col(s).data());
    CHECK(data.accelerations(0, s) == static_cast<Scalar>(a1));
    CHECK(data.accelerations(1, s) == static_cast<Scalar>(a2));
  }
}

TEST_CASE("a harmonic oscillator rolls out into sine and cosine, at the times asked for") {
  Eigen::MatrixXd starts(4, 3);  // q1, q2, v1, v2
  starts << 1, 0, -2,            //
      0, 3, 0.5,                 //
      0, 1, 1,                   //
      2, 0, -1;
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(21, 0, 10);
  const auto solutions = roll_out(harmonic_of(2), starts, times, {.rtol = 1e-10, .atol = 1e-10});
  REQUIRE(solutions.size() == 3);
  for (Index s = 0; s < 3; ++s) {
    REQUIRE(solutions[s].y.cols() == times.size());
    for (Index k = 0; k < times.size(); ++k)
      for (Index i = 0; i < 2; ++i) {
        const double q = starts(i, s), v = starts(2 + i, s);
        const double cosine = std::cos(times[k]), sine = std::sin(times[k]);
        CHECK(solutions[s].y(i, k) == doctest::Approx(q * cosine + v * sine).epsilon(1e-7));
        CHECK(solutions[s].y(2 + i, k) == doctest::Approx(v * cosine - q * sine).epsilon(1e-7));
      }
  }
}

TEST_CASE("a trajectory that cannot go on ends early and does not disturb the others") {
  // The second runs into a wall of NaN at q = 2, the first never gets there.
  const physics::Motion walled(1, [](const Eigen::MatrixXd& states, Eigen::MatrixXd& result) {
    result = harmonic(states);
    for (Index s = 0; s < states.cols(); ++s)
      if (states(0, s) > 2) result(1, s) = std::nan("");
  });
  Eigen::MatrixXd starts(2, 2);
  starts << 1, 0,  //
      0, 5;
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(11, 0, 5);
  const auto both = roll_out(walled, starts, times, {.rtol = 1e-8, .atol = 1e-8});
  const auto alone = roll_out(harmonic, starts.leftCols(1), times, {.rtol = 1e-8, .atol = 1e-8});
  CHECK(both[0].y == alone[0].y);
  CHECK(both[0].y.cols() == 11);
  CHECK(both[1].y.cols() < 11);
  CHECK(both[1].y.allFinite());

  const physics::Points points = points_of(both);
  REQUIRE(points.t.size() == 11 + both[1].y.cols());
  CHECK(points.t.tail(both[1].y.cols()) == times.head(both[1].y.cols()).transpose());
  const std::string told = stopped_early(both);
  CHECK(told.find("1 of 2 trajectories stopped") == 0);
  CHECK(told.find("number 2 at t = 0.41") != std::string::npos);  // 5 sin 0.41 = 2
  CHECK(told.find("not finite") != std::string::npos);
  CHECK(stopped_early(alone).empty());
  const std::string many = stopped_early(std::vector<physics::Solution>(30, both[1]));
  CHECK(many.find("30 of 30") == 0);
  CHECK(many.find("and 20 more") != std::string::npos);
}

TEST_CASE("what a motion throws on one of several threads reaches the caller") {
  const physics::Motion broken(1, [](const Eigen::MatrixXd& states, Eigen::MatrixXd& rates) {
    rates = harmonic(states);
    if (states(0, 0) > 2) throw std::runtime_error("no further");
  });
  Eigen::MatrixXd starts = Eigen::MatrixXd::Zero(2, 4);
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(11, 0, 5);
  CHECK(roll_out(broken, starts, times, {}, 4).size() == 4);
  starts(1, 2) = 5;
  CHECK_THROWS_WITH_AS(roll_out(broken, starts, times, {}, 4), "no further", std::runtime_error);
}

TEST_CASE("rolling out to no times, or from what is no state, is refused") {
  CHECK_THROWS_AS(roll_out(harmonic, Eigen::MatrixXd::Zero(2, 1), Eigen::VectorXd(), {}),
                  std::invalid_argument);
  const physics::Motion three(3, [](const Eigen::MatrixXd&, Eigen::MatrixXd&) {});
  CHECK_THROWS_WITH_AS(roll_out(three, Eigen::MatrixXd::Zero(4, 1), Eigen::VectorXd::Zero(1), {}),
                       "[roll_out] starts with 4 rows: a state of 3 coordinates has 6",
                       std::invalid_argument);
}

TEST_CASE("no states, and no fewer, are drawn") {
  Random random(1);
  CHECK(random_states(random, box, 0).cols() == 0);
  CHECK(message_of([&] { random_states(random, box, -1); }) ==
        "[random_states] there are no -1 states");
}

TEST_CASE("data whose parts do not fit together are refused with their sizes") {
  DataSet data = numbered(8);
  Random random(6);
  data.controls = Matrix::Zero(1, 7);
  CHECK_THROWS_WITH_AS(shuffled(data, random), doctest::Contains("controls of 7 samples"),
                       std::invalid_argument);
  data.controls = Matrix();
  data.accelerations = data.accelerations.leftCols(3).eval();
  CHECK_THROWS_AS(shuffled(data, random), std::invalid_argument);
  CHECK_THROWS_AS(part_of(data, 0, 2), std::invalid_argument);
}

TEST_CASE("controls stay beside their samples when these are shuffled") {
  DataSet data = numbered(30);
  data.controls = -data.accelerations;
  Random random(6);
  const DataSet result = shuffled(data, random);
  CHECK(result.states != data.states);
  CHECK(result.controls == -result.accelerations);
  Random again(6);
  CHECK(shuffled(numbered(30), again).controls.size() == 0);
}
