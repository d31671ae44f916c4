// The judges, on motions and trajectories made up so that the answers are known.
#include "physics/observe/judge.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using autodiff::Index;
using physics::energy_errors;
using physics::judge_accelerations;
using physics::judge_rollouts;
using Trajectories = std::vector<physics::Solution>;

namespace {

/// A trajectory with these states, one time after the other.
physics::Solution trajectory(const Eigen::MatrixXd& states) {
  physics::Solution solution;
  solution.y = states;
  if (states.cols() > 0) solution.y_end = states.rightCols(1);
  return solution;
}

/// n = 1: the coordinate stays at `q` for `count` times, the velocity is 9.
physics::Solution standing(double q, Index count) {
  Eigen::MatrixXd states(2, count);
  states.row(0).setConstant(q);
  states.row(1).setConstant(9);
  return trajectory(states);
}

const physics::Energy first_entry = [](const Eigen::MatrixXd& states) { return states.topRows(1); };
const Eigen::VectorXd as_they_are = Eigen::VectorXd::Ones(1);

}  // namespace

TEST_CASE("errors of accelerations are means and maxima of each coordinate apart") {
  const physics::Motion truth(
      2, [](const Eigen::MatrixXd& states, Eigen::MatrixXd& result) { result = states; });
  const physics::Motion learnt(2, [](const Eigen::MatrixXd& states, Eigen::MatrixXd& result) {
    result = states;
    result.bottomRows(2) += states.topRows(2);
  });
  Eigen::MatrixXd states(4, 4);  // the upper half becomes the error
  states << 1, -1, 1, -1,        //
      0, 0, -4, 2,               //
      7, 8, 9, 10,               //
      5, 4, 3, 2;
  const physics::AccelerationErrors errors =
      judge_accelerations(learnt, physics::label(truth, states));
  CHECK(errors.mse.isApprox(Eigen::Vector2d(1, 5)));
  CHECK(errors.l1.isApprox(Eigen::Vector2d(1, 1.5)));
  CHECK(errors.largest.isApprox(Eigen::Vector2d(1, 4)));
  CHECK(judge_accelerations(truth, physics::label(truth, states)).largest.isZero(0));
}

TEST_CASE("errors stand beside those of the best constants, the truth's mean and median") {
  const physics::Motion truth(2, [](const Eigen::MatrixXd& states, Eigen::MatrixXd& result) {
    result = states;  // accelerations are the velocities: the lower half
  });
  Eigen::MatrixXd states = Eigen::MatrixXd::Zero(4, 4);
  states.row(2) << 0, 0, 1, 7;  // mean 2, median 0.5
  states.row(3).setConstant(5);
  const physics::DataSet samples = physics::label(truth, states);
  const physics::AccelerationErrors errors = judge_accelerations(truth, samples);
  CHECK(errors.mse_of_mean.isApprox(Eigen::Vector2d((4 + 4 + 1 + 25) / 4.0, 0)));
  CHECK(errors.l1_of_median.isApprox(Eigen::Vector2d((0.5 + 0.5 + 0.5 + 6.5) / 4, 0)));
  CHECK_FALSE(errors.worse_than_constant().any());

  const auto worse_by = [&](double off,
                            double last) {  // than the truth, at all samples or the last
    return judge_accelerations(
               physics::Motion(2,
                               [&](const Eigen::MatrixXd& at, Eigen::MatrixXd& result) {
                                 result = truth(at);
                                 result.row(2).array() += off;
                                 result(2, 3) += last;
                               }),
               samples)
        .worse_than_constant();
  };
  CHECK_FALSE(worse_by(1.9, 0)[0]);
  CHECK(worse_by(2.1, 0)[0]);  // by its mean absolute error
  CHECK(worse_by(0, 7.9)[0]);  // by its mean square: 15.6 for 8.5
  CHECK(worse_by(0, std::nan(""))[0]);
  CHECK_FALSE(worse_by(2.1, 0)[1]);  // the constant truth, exactly learnt
  const physics::Motion nearly(2, [&](const Eigen::MatrixXd& at, Eigen::MatrixXd& result) {
    result = truth(at);
    result.row(3).array() += 1e-9;
  });
  CHECK_FALSE(judge_accelerations(nearly, samples).worse_than_constant()[1]);  // nor nearly so
}

TEST_CASE("an acceleration that is not finite spoils its own coordinate's errors only") {
  const physics::Motion truth(2, [](const Eigen::MatrixXd& states, Eigen::MatrixXd& result) {
    result = Eigen::MatrixXd::Zero(4, states.cols());
  });
  const physics::Motion learnt(2, [&](const Eigen::MatrixXd& states, Eigen::MatrixXd& result) {
    result = truth(states);
    result(3, 2) = std::nan("");
  });
  const auto errors =
      judge_accelerations(learnt, physics::label(truth, Eigen::MatrixXd::Zero(4, 5)));
  CHECK(errors.mse[0] == 0);
  CHECK(std::isnan(errors.mse[1]));
  CHECK(std::isnan(errors.l1[1]));
}

TEST_CASE("errors of rollouts are of the coordinates, over all times and trajectories") {
  Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(4, 2), first = zero, second = zero;
  first.row(0) << 1, 3;           // θ1 off by 1 and 3
  second.row(1) << 0, -2;         // θ2 off by 0 and -2
  second.row(3).setConstant(50);  // velocities do not count
  const auto errors =
      judge_rollouts({trajectory(first), trajectory(second)}, {trajectory(zero), trajectory(zero)});
  CHECK(errors.mse.isApprox(Eigen::Vector2d(10.0 / 4, 4.0 / 4)));
  CHECK(errors.stopped == 0);
}

TEST_CASE("the median is that of the trajectories' own errors, whatever their order") {
  const Trajectories truth(5, standing(0, 3));
  const Trajectories learnt{standing(100, 3), standing(1, 3), standing(3, 3), standing(2, 3),
                            standing(0, 3)};
  const auto errors = judge_rollouts(learnt, truth);
  CHECK(errors.median[0] == doctest::Approx(4));
  CHECK(errors.mse[0] == doctest::Approx((10000 + 1 + 9 + 4) / 5.0));
}

TEST_CASE("the median of an even number of trajectories lies between the two in the middle") {
  const Trajectories truth(2, standing(0, 3));
  const auto errors = judge_rollouts({standing(1, 3), standing(3, 3)}, truth);
  CHECK(errors.median[0] >= 1);
  CHECK(errors.median[0] <= 9);
}

TEST_CASE("a trajectory that stopped is counted, and stands where it stopped") {
  const Trajectories truth(3, standing(0, 4));
  physics::Solution at_once = standing(5, 0);
  at_once.y_end = Eigen::Vector2d(5, 9);
  const auto errors = judge_rollouts({standing(2, 1), standing(1, 4), at_once}, truth);
  CHECK(errors.stopped == 2);
  CHECK(errors.mse[0] == doctest::Approx((4 + 1 + 25) / 3.0));
  CHECK(errors.median[0] == doctest::Approx(4));
}

TEST_CASE("what the truth itself could not follow is left out and counted") {
  physics::Solution stopped = standing(0, 2);
  stopped.status = physics::Rk45Status::too_many_steps;
  stopped.message = "t = 0.7: 9 steps taken";
  const Trajectories learnt{standing(1, 4), standing(100, 4), standing(3, 4), standing(100, 1)},
      truth{standing(0, 4), stopped, standing(0, 4), stopped};
  const auto errors = judge_rollouts(learnt, truth);
  CHECK(physics::judged_pairs(learnt, truth) == std::vector<std::size_t>{0, 2});
  CHECK(errors.left_out == 2);
  CHECK(errors.stopped == 0);  // of those that were judged
  CHECK(errors.reason == stopped.message);
  CHECK(errors.mse[0] == doctest::Approx((1 + 9) / 2.0));
  CHECK(errors.median[0] == doctest::Approx(5));

  // A truth that claims to be whole, and has fewer times than what it is to judge.
  CHECK(judge_rollouts({standing(1, 3), standing(2, 3)}, {standing(0, 1), standing(0, 3)}).mse[0] ==
        doctest::Approx(4));

  const auto none = judge_rollouts({standing(1, 4)}, {stopped});
  CHECK(none.left_out == 1);
  CHECK(none.mse.size() == 1);
  CHECK(std::isnan(none.mse[0]));
  CHECK(std::isnan(none.median[0]));
  CHECK(physics::valid_times({standing(1, 4)}, {stopped}, 1, as_they_are).size() == 0);
}

TEST_CASE("trajectories whose parts do not fit together are refused, with the numbers") {
  const auto message = [](const auto& judge) -> std::string {
    try {
      judge();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return {};
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  physics::Solution endless = standing(1, 2);  // stands where it stopped, but where is that?
  endless.y_end.resize(0);
  CHECK(has(message([&] { judge_rollouts({endless}, {standing(0, 4)}); }), "end with 0 numbers"));
  const physics::Solution wide = trajectory(Eigen::MatrixXd::Zero(4, 3));
  CHECK(has(message([&] { judge_rollouts({wide}, {standing(0, 3)}); }), "4x3"));
  CHECK(has(message([&] {
              judge_rollouts({standing(0, 3), wide}, {standing(0, 3), wide});
            }),
            "trajectory 1"));
  CHECK(has(
      message([&] { physics::valid_times({standing(0, 3)}, {standing(0, 3)}, 1, as_they_are); }),
      "0 times"));
  CHECK(has(message([&] { energy_errors({standing(0, 0)}, first_entry, 1); }), "2x0"));
}

TEST_CASE("learnt and true trajectories that do not pair are refused") {
  CHECK_THROWS_AS(judge_rollouts({}, {}), std::invalid_argument);
  CHECK_THROWS_AS(judge_rollouts({standing(1, 3)}, Trajectories(2, standing(0, 3))),
                  std::invalid_argument);
}

TEST_CASE("the energy error is the mean of |last - first| in units of the scale") {
  Eigen::MatrixXd up(2, 3), down(2, 2);
  up << 1, 99, 3, 0, 0, 0;  // what is in between does not count
  down << 5, 1, 0, 0;
  const double error = energy_errors({trajectory(up), trajectory(down)}, first_entry, 10).mean();
  CHECK(error == doctest::Approx((2 + 4) / 2.0 / 10));
}

TEST_CASE("a trajectory that stopped early is judged by the energy it had there") {
  physics::Solution stopped = standing(3, 1);  // of the times asked for it only reached the start
  stopped.status = physics::Rk45Status::too_many_steps;
  stopped.y_end = Eigen::Vector2d(8, 0);
  CHECK(energy_errors({stopped}, first_entry, 1)[0] == 5);
}

TEST_CASE("a trajectory is believed up to the last time before it is off by the threshold") {
  const auto with_times = [](Eigen::MatrixXd states) {
    physics::Solution solution = trajectory(states);
    solution.t = Eigen::VectorXd::LinSpaced(states.cols(), 0, 0.5 * double(states.cols() - 1));
    return solution;
  };
  Eigen::MatrixXd truth = Eigen::MatrixXd::Zero(4, 5), off = truth, back = truth;
  off.row(0) << 0, 0.3, 0.3, 0.3, 0.9;
  off.row(1) << 0, 0.4, 0.5, 0, 0;  // distances 0, 0.5, 0.58, 0.3, 0.9
  back.row(2).setConstant(100);     // velocities do not count
  const Eigen::VectorXd times = physics::valid_times(
      {with_times(off), with_times(back), with_times(back.leftCols(2))},
      {with_times(truth), with_times(truth), with_times(truth)}, 0.5, Eigen::Vector2d(1, 1));
  CHECK(times == Eigen::Vector3d(0.5, 2, 0.5));
  // In units of 0.5 the first coordinate alone is off by 0.6; later than 0 begins the clock of
  // some.
  physics::Solution late = with_times(truth);
  late.t.array() += 7;
  CHECK(physics::valid_times({with_times(off)}, {late}, 0.5, Eigen::Vector2d(0.5, 100))[0] == 0);
  CHECK(physics::valid_times({with_times(off)}, {late}, 0.5, Eigen::Vector2d(1, 100))[0] == 1.5);
  CHECK_THROWS_AS(physics::valid_times({with_times(off)}, {late}, 0.5, as_they_are),
                  std::invalid_argument);
}

TEST_CASE("quantiles lie between neighbours in a straight line") {
  const Eigen::VectorXd values = (Eigen::VectorXd(5) << 5, 1, 4, 2, 3).finished();
  CHECK(physics::quantile(values, 0) == 1);
  CHECK(physics::quantile(values, 0.5) == 3);
  CHECK(physics::quantile(values, 0.9) == doctest::Approx(4.6));
  CHECK(physics::quantile(values, 1) == 5);
  CHECK(std::isnan(physics::quantile({}, 0.5)));
}

TEST_CASE("quantiles are of fractions between 0 and 1, of one value it is that value") {
  for (const double p : {-0.01, 1.01, std::nan("")})
    CHECK_THROWS_WITH_AS(physics::quantile(Eigen::Vector2d(1, 2), p),
                         doctest::Contains("is not between 0 and 1"), std::invalid_argument);
  for (const double p : {0., 0.3, 1.}) CHECK(physics::quantile(as_they_are, p) == 1);
}

TEST_CASE("accelerations are judged under the controls they belong to, under none where none are") {
  const physics::Motion pushed(1, 1,
                               [](const Eigen::RowVectorXd&, const Eigen::MatrixXd& states,
                                  const Eigen::MatrixXd& u, Eigen::MatrixXd& rates) {
                                 rates.row(0) = states.row(1);
                                 rates.row(1) = 2 * states.row(0) + u;
                               });
  const Eigen::MatrixXd states{{1, 2, 3}, {0, 0, 0}}, u{{5, -7, 1}};
  const physics::DataSet driven = label(pushed, states, u), left_alone = label(pushed, states);
  CHECK(driven.accelerations == autodiff::Matrix{{7, -3, 7}});
  CHECK(driven.controls == u.cast<autodiff::Scalar>());
  CHECK(left_alone.accelerations == autodiff::Matrix{{2, 4, 6}});
  CHECK(judge_accelerations(pushed, driven).largest[0] == 0);
  CHECK(judge_accelerations(pushed, left_alone).largest[0] == 0);
  physics::DataSet untold = driven;
  untold.controls.resize(0, 0);
  CHECK(judge_accelerations(pushed, untold).largest[0] == 7);
}

TEST_CASE("what cannot be judged is refused with its sizes") {
  const physics::Motion still(
      1, [](const Eigen::MatrixXd&, Eigen::MatrixXd& rates) { rates.setZero(); });
  using autodiff::Matrix;
  const std::pair<physics::DataSet, const char*> wrong[]{
      {{Matrix(2, 0), Matrix(1, 0)}, "[judge] 0 states and 0 accelerations to judge by"},
      {{Matrix::Zero(2, 3), Matrix::Zero(1, 2)}, "[judge] 3 states and 2 accelerations"},
      {{Matrix::Zero(2, 3), Matrix::Zero(2, 3)}, "[judge] 3 states and 3 accelerations"}};
  for (const auto& one : wrong)
    CHECK_THROWS_WITH_AS(judge_accelerations(still, one.first), doctest::Contains(one.second),
                         std::invalid_argument);
  CHECK_THROWS_WITH_AS(judge_rollouts({standing(1, 3)}, Trajectories(2, standing(0, 3))),
                       "[judge] 1 learnt and 2 true trajectories: they go in pairs",
                       std::invalid_argument);
  physics::Solution endless = standing(1, 2);
  endless.y_end.resize(0);
  CHECK_THROWS_WITH_AS(judge_rollouts({standing(1, 4), endless}, Trajectories(2, standing(0, 4))),
                       "[judge] trajectory 1: learnt states 2x2 that end with 0 numbers, true ones "
                       "2x4: all need 2 rows",
                       std::invalid_argument);
  // One that came to the end, or a truth as short, needs no place to stand.
  CHECK(physics::judged_pairs({endless}, {standing(0, 2)}).size() == 1);
  CHECK_THROWS_WITH_AS(energy_errors({standing(1, 2), endless}, first_entry, 1),
                       "[energy_errors] trajectory 1 has 2x2 states and ends with 0 numbers",
                       std::invalid_argument);
  physics::Solution untimed = standing(0, 3);
  untimed.t = Eigen::Vector2d(0, 1);
  CHECK_THROWS_WITH_AS(physics::valid_times({standing(0, 3)}, {untimed}, 1, as_they_are),
                       "[valid_times] trajectory 0 has 3 states at 2 times", std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      physics::valid_times({standing(0, 3)}, {standing(0, 3)}, 1, Eigen::Vector2d(1, 1)),
      "[valid_times] 2 spreads of 1 coordinates", std::invalid_argument);
}

TEST_CASE("a truth without any states judges nothing, though it claims to have ended well") {
  physics::Solution at_once = standing(5, 0);
  at_once.y_end = Eigen::Vector2d(5, 9);
  const auto errors = judge_rollouts({at_once, standing(2, 3)}, {standing(0, 0), standing(0, 3)});
  CHECK(errors.left_out == 1);
  CHECK(errors.reason.empty());
  CHECK(errors.mse[0] == doctest::Approx(4));
}

TEST_CASE("the reason told is the first of those that stopped") {
  physics::Solution first = standing(0, 2), second = first;
  first.status = second.status = physics::Rk45Status::not_finite;
  first.message = "t = 1: the first";
  second.message = "t = 2: the second";
  const auto errors =
      judge_rollouts(Trajectories(3, standing(1, 4)), {standing(0, 4), first, second});
  CHECK(errors.reason == "t = 1: the first");
  CHECK(errors.left_out == 2);
}
