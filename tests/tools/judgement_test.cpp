// The judges' states: never those that were learnt from, and learning sees a wider box than
// judging.
#include "tools/app/judgement.h"

#include <array>
#include <cmath>
#include <numbers>
#include <set>
#include <tuple>

#include "nn/models/learnt_motion.h"
#include "tests/program/program.h"
#include "tools/app/evaluation.h"
#include "tools/app/models.h"

using autodiff::Index;
using autodiff::Random;

namespace {

/// A state tells by its angles whence it comes; a margin stretches the velocities alone.
std::set<std::pair<double, double>> angles_of(const Eigen::MatrixXd& states) {
  std::set<std::pair<double, double>> angles;
  for (const auto& state : states.colwise()) angles.emplace(state[0], state[1]);
  return angles;
}

/// x'' of x.
physics::Motion line(double (*acceleration)(double x)) {
  return physics::Motion::of_accelerations(
      1, [=](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
        a = states.topRows(1).unaryExpr([=](double x) { return acceleration(x); });
      });
}

/// x = sin 3t six times, so far between that a polynomial through the neighbours misses much of it.
/// Each begins so many seconds before the one above it; the control counts the rows.
std::string fast_swings(double earlier) {
  std::string csv = "trajectory,t,x,u:control\n";
  for (int k = 0; k < 6; ++k)
    for (int row = 0; row < 40; ++row)
      csv += std::to_string(k) + ',' + std::to_string(earlier * (6 - k) + 0.125 * row) + ',' +
             std::to_string(std::sin(3 * 0.125 * row + k)) + ',' + std::to_string(row) + '\n';
  return csv;
}
/// Their law, which is deaf to the control.
const physics::Motion law_of_fast_swings(1, 1,
                                         [](const Eigen::RowVectorXd&,
                                            const Eigen::MatrixXd& states, const Eigen::MatrixXd&,
                                            Eigen::MatrixXd& rates) {
                                           rates << states.row(1), -9 * states.row(0);
                                         });

/// A run that learns from a file of this text in the folder, but for what is held out.
tools::TrainOptions options_of(const program::Folder& folder, const std::string& csv,
                               double held_out) {
  folder.write("f.csv", csv);
  tools::TrainOptions options;
  options.data = (folder.path() / "f.csv").string();
  options.held_out = held_out;
  options.validation = 0;
  return options;
}

/// A free mass of 1 kg on a line.
physics::System mass_on_a_line(const physics::StateBox& region) {
  physics::System s;
  s.coordinates = {{"x"}};
  s.lagrangian = [](autodiff::Var, autodiff::Var v) { return 0.5 * v * v; };
  s.closed_form = [](const Eigen::MatrixXd&, Eigen::Ref<Eigen::MatrixXd> a) { a.setZero(); };
  s.region = region;
  return s;
}

}  // namespace

TEST_CASE("no state that judges is one that a run with the same seed begins its training with") {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{7}}) {
    tools::TrainOptions options;
    options.seed = seed;
    options.rollouts = 5;
    options.duration = 1;
    options.threads = 1;
    Random training(seed);
    const tools::Subject subject(options);
    const auto learnt_from = angles_of(tools::region_states(*subject.simulated, 20'000, training));
    REQUIRE(learnt_from.size() == 20'000);

    const physics::Motion& truth = subject.simulated->truth;
    Index judged_on = 0, seen_before = 0;
    const physics::Motion watched(2, [&](const Eigen::MatrixXd& states, Eigen::MatrixXd& rates) {
      for (const auto& state : angles_of(states)) seen_before += learnt_from.contains(state);
      judged_on += states.cols();
      rates = truth(states);
    });
    judge(options, subject, watched);
    CHECK(judged_on > 10'000);
    CHECK(seen_before == 0);
  }
}

TEST_CASE("an evaluation judges on other states than those that training begins with") {
  tools::TrainOptions options;
  options.hidden = {4};
  options.model = "mlp";
  options.velocity = 1;
  const tools::Subject subject(options);
  const tools::Simulated& simulated = *subject.simulated;
  const auto model = make_model(options, subject, {});
  Random random(3);
  initialise(*model, options, random);
  const tools::Evaluation found = evaluate(
      *model, options, subject,
      {.run = "", .trajectories = 1, .duration = 0.1, .repeats = 1, .seed = 0, .threads = 2});
  Random training(options.seed);
  const physics::AccelerationErrors on_training_states = physics::judge_accelerations(
      nn::learnt_motion(*model),
      physics::label(simulated.truth, tools::region_states(simulated, 10'000, training)));
  CHECK(found.regions.front().acceleration.l1 != on_training_states.l1);
}

TEST_CASE("a margin stretches the velocities of the box, and nothing else") {
  tools::TrainOptions options;
  options.angle = 2;
  options.velocity = 5;
  Random a(1), b(1);
  const tools::Simulated simulated(system_of(options));
  const Eigen::MatrixXd inside = region_states(simulated, 5000, a),
                        stretched = region_states(simulated, 5000, b, 1.5);
  CHECK(inside.topRows(2).cwiseAbs().maxCoeff() == doctest::Approx(2).epsilon(0.01));
  CHECK(inside.bottomRows(2).cwiseAbs().maxCoeff() == doctest::Approx(5).epsilon(0.01));
  CHECK(stretched.topRows(2).cwiseAbs().maxCoeff() == doctest::Approx(2).epsilon(0.01));
  CHECK(stretched.bottomRows(2).cwiseAbs().maxCoeff() == doctest::Approx(7.5).epsilon(0.01));
}

TEST_CASE("a distance is measured in deviations of a coordinate, of an angle in radians") {
  Eigen::MatrixXd states(6, 4);
  states << 1, 1, 5, 5,  // a deviation of 2
      1, 9, 1, 9,        // an angle
      3, 3, 3, 3,        // nothing varies
      Eigen::MatrixXd::Zero(3, 4);
  CHECK(tools::spreads({{"x"}, {"a", "rad", true}, {"y"}}, states) == Eigen::Vector3d(2, 1, 1));
}

TEST_CASE("measured controls drive a law in straight lines between their times") {
  const physics::Motion law(
      1, 1,
      [](const Eigen::RowVectorXd&, const Eigen::MatrixXd& states, const Eigen::MatrixXd& u,
         Eigen::MatrixXd& rates) { rates << states.row(1), u; });
  const Eigen::MatrixXd controls = Eigen::RowVector4d(5, 7, 3, 3);
  const physics::Motion driven = tools::driven_by(law, Eigen::Vector4d(1, 2, 4, 5), controls);
  Eigen::RowVectorXd times(7);
  times << 1, 1.25, 2, 2.5, 4, 4.75, 5;
  Eigen::MatrixXd rates;
  driven(times, Eigen::MatrixXd::Zero(2, 7), Eigen::MatrixXd(0, 7), rates);
  Eigen::RowVectorXd expected(7);
  expected << 5, 5.5, 7, 6, 3, 3, 3;
  CHECK(rates.row(1) == expected);
  CHECK(tools::driven_by(law, Eigen::Vector2d(0, 1), Eigen::MatrixXd(0, 2)).controls() == 1);
}

TEST_CASE("a learnt motion gets the steps that the truth took, and some more, but no end of them") {
  const physics::Motion swing = line([](double x) { return -x; }),
                        frantic = line([](double x) { return -1e6 * x; });
  const Eigen::MatrixXd starts = Eigen::Vector2d(1, 0);
  const Eigen::Vector2d times(0, 1500);  // so long that 500 steps are too few
  const tools::Comparison alike = tools::roll_out_both({swing, swing}, starts, times, 1e-6, 1);
  CHECK(alike.learnt[0].ok());
  CHECK(alike.learnt[0].accepted > 500);
  if (sizeof(autodiff::Scalar) == sizeof(double))  // float tells the two tolerances apart no more
    CHECK(alike.learnt[0].accepted < alike.truth[0].accepted);
  CHECK(std::abs(alike.truth[0].y(0, 1) - std::cos(1500)) < 1e-2);
  const tools::Comparison ran_away = tools::roll_out_both({swing, frantic}, starts, times, 1e-6, 1);
  CHECK(ran_away.learnt[0].status == physics::Rk45Status::too_many_steps);
  CHECK(ran_away.learnt[0].accepted < 2 * alike.truth[0].accepted);
}

TEST_CASE("the error of energy is that of learnt motions, in units of the test or the deviation") {
  // h = ½ v², and learnt is x'' = 2: from v it becomes ½ (v + 2 T)².
  physics::System system = mass_on_a_line({Eigen::Vector2d(0, 0), Eigen::Vector2d(1, 2)});
  system.duration = 0.5;
  const physics::Motion learnt = line([](double) { return 2.; });
  const auto errors = [&] {
    Random random(1);
    return tools::energy_errors(tools::Simulated(system), learnt, random, 1);
  };
  // v is uniform between 0 and 2: 2 T v + 2 T² is 1.5 on average. The deviation of ½ v² is
  // √(16/20 - 4/9).
  CHECK(errors().size() == 40);
  CHECK(errors().mean() == doctest::Approx(1.5 / std::sqrt(0.8 - 4. / 9)).epsilon(0.1));
  system.region = {Eigen::Vector2d(0, 3), Eigen::Vector2d(1, 3)};  // all of one energy: joules
  CHECK(errors().minCoeff() == doctest::Approx(3.5));
  CHECK(errors().maxCoeff() == doctest::Approx(3.5));
  system.energy_test = {{Eigen::Vector2d(0, 1), Eigen::Vector2d(1, 1)}, 2, 4};
  CHECK(errors().minCoeff() == doctest::Approx((2 * 2 + 2 * 4) / 4.));
}

TEST_CASE("a run is judged over the duration and by the states that its options tell") {
  tools::TrainOptions options;
  options.rollouts = 4;
  options.duration = 2;
  options.points = 5;
  options.threads = 1;
  physics::System system = mass_on_a_line({Eigen::Vector2d(1, 0), Eigen::Vector2d(1, 0)});
  system.closed_form = [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
    a = states.topRows(1);  // x = cosh t
  };
  tools::Subject subject{tools::TrainOptions{}};
  subject.simulated.emplace(system);
  subject.coordinates = system.coordinates;
  const physics::Motion still = line([](double) { return 0.; });
  const tools::Judgement judged = judge(options, subject, still);
  CHECK(judged.acceleration.largest[0] == 1);
  REQUIRE(judged.rolled_out);
  CHECK(judged.rolled_out->valid.size() == 4);
  // cosh t is off by more than ½ from 0.9624 s on; a hundred steps of 0.02 s.
  CHECK(judged.rolled_out->valid[0] == doctest::Approx(0.96));
  double square = 0;
  for (int k = 0; k <= 100; ++k) square += std::pow(std::cosh(0.02 * k) - 1, 2) / 101;
  CHECK(judged.rolled_out->errors.mse[0] == doctest::Approx(square).epsilon(1e-4));
  CHECK(judged.rolled_out->energy_error.value() == 0);
  CHECK(judged.seconds > 0);

  options.source = "trajectories";  // states at 0, 0.5, 1, 1.5 and 2 s
  CHECK(judge(options, subject, still).acceleration.largest[0] ==
        doctest::Approx(std::cosh(2)).epsilon(1e-4));
  CHECK(judge(options, subject, still).acceleration.l1[0] ==
        doctest::Approx((1 + std::cosh(0.5) + std::cosh(1) + std::cosh(1.5) + std::cosh(2)) / 5)
            .epsilon(1e-4));
  options.rollouts = 0;
  CHECK_FALSE(judge(options, subject, still).rolled_out);
}

TEST_CASE("a law that is deaf to controls is judged by what it misses of them") {
  tools::TrainOptions options;
  options.system = "cart_pole";
  options.rollouts = 0;
  const tools::Subject subject(options);
  const physics::Motion& truth = subject.simulated->truth;
  const physics::Motion deaf(
      2, 1,
      [&](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states, const Eigen::MatrixXd& u,
          Eigen::MatrixXd& rates) { truth(t, states, 0 * u, rates); });
  CHECK(judge(options, subject, truth).acceleration.l1.maxCoeff() == 0);
  CHECK(judge(options, subject, deaf).acceleration.l1.minCoeff() > 0.1);
}

TEST_CASE("trajectory.csv: true and learnt motion side by side, with energies, points and rates") {
  physics::System system = mass_on_a_line({Eigen::Vector2d(3, 1), Eigen::Vector2d(3, 1)});
  system.closed_form = [](const Eigen::MatrixXd&, Eigen::Ref<Eigen::MatrixXd> a) {
    a.setConstant(2);
  };
  system.picture.points = [](autodiff::Var q) { return stack_rows(std::array{q, 2. * q}); };
  tools::TrainOptions options;
  options.duration = 1;
  const auto lines = program::split(
      trajectory_csv(options, tools::Simulated(system), line([](double x) { return 0. * x; })),
      '\n');
  REQUIRE(lines.size() == 502);  // to twice the duration
  CHECK(lines[0] ==
        "t,x,x',energy,point x1,point y1,learnt x,learnt x',learnt energy,learnt point x1,"
        "learnt point y1,x'',learnt x''");
  const auto entries = program::split(lines[501], ',');
  // From 3 with 1 for 2 s: 3 + 2 + 4.
  const std::vector<double> expected{2, 9, 5, 12.5, 9, 18, 5, 1, 0.5, 5, 10, 2, 0};
  REQUIRE(entries.size() == expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k)
    CHECK(std::stod(entries[k]) == doctest::Approx(expected[k]).epsilon(1e-5));
  system.picture.points = {};
  CHECK(trajectory_csv(options, tools::Simulated(system), line([](double) { return 0.; }))
            .starts_with("t,x,x',energy,learnt x,learnt x',learnt energy,x'',learnt x''\n"));
}

TEST_CASE("rates of what was held out are estimated with the help of a law that is nearly right") {
  const program::Folder folder;
  const tools::TrainOptions options = options_of(folder, fast_swings(0), 0.4);
  const tools::Subject subject(options);
  const physics::Motion& truth = law_of_fast_swings;
  const physics::DataSet refined = held_out_with(subject, truth), &rough = subject.held_out;
  // Some samples beside the cut are neighbours only; the last ones are the same.
  REQUIRE(refined.size() > 50);
  REQUIRE(refined.size() <= rough.size());
  const auto off = [&](const physics::DataSet& data) {
    const Index last = std::min(refined.size(), Index{50});
    return (data.accelerations + 9 * data.states.topRows(1)).rightCols(last).cwiseAbs().mean();
  };
  CHECK(off(refined) < 0.3 * off(rough));
  CHECK((refined.states - rough.states.rightCols(refined.size())).topRows(1).cwiseAbs().maxCoeff() <
        0.1);
  CHECK(refined.controls == rough.controls.rightCols(refined.size()));

  const tools::Comparison both = follow_held_out(subject, truth);
  REQUIRE(both.truth.size() > 1);
  for (std::size_t k = 0; k < both.truth.size(); ++k) {
    REQUIRE(both.learnt[k].ok());
    CHECK((both.learnt[k].y - both.truth[k].y).row(0).cwiseAbs().maxCoeff() < 0.05);
  }
  const tools::Judgement judged = judge(options, subject, truth);
  CHECK(judged.acceleration.l1[0] < 0.3 * off(rough));
  REQUIRE(judged.rolled_out);
  CHECK(judged.rolled_out->valid.size() == std::ssize(both.truth));
  CHECK_FALSE(judged.rolled_out->energy_error);
}

TEST_CASE("what is followed from the middle of a turning wheel starts on the same turn") {
  std::string csv = "t,a:angle\n";  // 5 rad/s, back from π to -π
  for (int row = 0; row < 200; ++row)
    csv += std::to_string(0.05 * row) + ',' +
           std::to_string(std::remainder(0.25 * row, 2 * std::numbers::pi)) + '\n';
  const program::Folder folder;
  const tools::Subject subject(options_of(folder, csv, 0.3));
  const tools::Comparison both = follow_held_out(subject, line([](double) { return 0.; }));
  REQUIRE(both.truth.size() == 1);
  CHECK(both.truth[0].y.cols() > 40);
  CHECK((both.learnt[0].y - both.truth[0].y).cwiseAbs().maxCoeff() < 0.01);
}

TEST_CASE("each held-out trajectory is followed from its own state, whenever it was") {
  const program::Folder folder;
  const tools::Subject subject(options_of(folder, fast_swings(100), 0.5));
  const tools::Comparison both = follow_held_out(subject, law_of_fast_swings);
  REQUIRE(both.truth.size() == 3);
  for (const physics::Solution& one : both.learnt) {
    CAPTURE(one.t[0]);
    const Eigen::Vector2d start = one.y.col(0);
    const double amplitude = std::hypot(start[0], start[1] / 3);
    CHECK(amplitude == doctest::Approx(1).epsilon(0.01));
  }
}
