// What a run learns: which part of a file is learnt, which watches and which judges; the states of
// a simulated system.
#include "tools/app/subject.h"

#include <cmath>

#include "physics/integrate/roll_out.h"
#include "physics/systems/table.h"
#include "tests/precision.h"
#include "tests/program/program.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using doctest::Approx;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using program::contains;
using tools::Recorded;
using tools::Subject;
using tools::TrainOptions;

namespace {

/// The subject that a file of this text is, and so much of it judges and watches.
Subject subject_of(const std::string& csv, double held_out = 0.1, double validation = 0.1) {
  const program::Folder folder;
  TrainOptions options;
  options.held_out = held_out;
  options.validation = validation;
  folder.write("data.csv", csv);
  options.data = (folder.path() / "data.csv").string();
  return Subject(options);
}

TrainOptions of_system(const std::string& name) {
  TrainOptions options;
  options.system = name;
  return options;
}

/// States x = 0, 1, 2, ..., each with its acceleration, without times.
std::string states(int count) {
  std::string csv = "x,x',x'',u:push\n";
  for (int k = 0; k < count; ++k)
    csv += std::to_string(k) + ",1," + std::to_string(-k) + ',' + std::to_string(2 * k) + '\n';
  return csv;
}

/// Oscillations x = sin(rate t + number of the trajectory).
std::string swings(int trajectories, int rows, double rate = 1, double step = 0.1) {
  std::string csv = "trajectory,t,x\n";
  for (int k = 0; k < trajectories; ++k)
    for (int row = 0; row < rows; ++row) {
      char line[100];
      std::snprintf(line, sizeof line, "%d,%.17g,%.17g\n", k, step * row,
                    std::sin(rate * step * row + k));
      csv += line;
    }
  return csv;
}

/// The states of a part as its recordings and estimates tell of them.
Matrix states_of(const Subject& subject, const Recorded& part) {
  const std::vector<Index> inner = subject.inner_rows(part);
  Index rows = 0;
  for (const physics::Estimate& one : part.estimates) rows += one.states.cols();
  MatrixXd all(2 * subject.coordinates.size(), rows);
  rows = 0;
  for (const physics::Estimate& one : part.estimates) {
    all.middleCols(rows, one.states.cols()) = one.states;
    rows += one.states.cols();
  }
  return all(Eigen::all, inner).cast<autodiff::Scalar>();
}

constexpr Index neighbours = 3;  // of an oscillation without noise, on each side

}  // namespace

// ---------------------------------------------------------------- a file

TEST_CASE("states without times: the last part judges, the one before it watches") {
  const Subject subject = subject_of(states(100), 0.2, 0.1);
  CHECK(subject.samples.size() == 72);
  CHECK(subject.validation.size() == 8);
  CHECK(subject.held_out.size() == 20);
  CHECK(subject.first_held_out == 80);
  Matrix all(1, 100), pushes(1, 100);
  all << subject.samples.states.topRows(1), subject.validation.states.topRows(1),
      subject.held_out.states.topRows(1);
  pushes << subject.samples.controls, subject.validation.controls, subject.held_out.controls;
  for (Index k = 0; k < 100; ++k) {
    CHECK(all(k) == k);
    CHECK(pushes(k) == 2 * k);
  }
  CHECK(subject.held_out.accelerations(0, 19) == -99);
  CHECK(subject.recorded.recordings.empty());
  REQUIRE(subject.controls.size() == 1);
  CHECK(subject.controls[0].name == "push");

  const Subject unwatched = subject_of(states(100), 0.2, 0);
  CHECK(unwatched.samples.size() == 80);
  CHECK(unwatched.validation.size() == 0);
  CHECK(unwatched.held_out.size() == 20);
}

TEST_CASE("an angle has radians, and no other unit is known of a file") {
  const Subject subject =
      subject_of("x,q:angle,x',q',x'',q''\n1,2,3,4,5,6\n1,2,3,4,5,6\n1,2,3,4,5,6\n");
  REQUIRE(subject.coordinates.size() == 2);
  CHECK(subject.coordinates[0].unit == "");
  CHECK_FALSE(subject.coordinates[0].angle);
  CHECK(subject.coordinates[1].unit == "rad");
  CHECK(subject.coordinates[1].angle);
}

TEST_CASE(
    "however small the file, two samples are learnt and one judges, and watching comes last") {
  struct Case {
    int count;
    double held_out, validation;
    Index learnt, watch, judge;
  };
  for (const Case& c :
       {Case{3, 0.001, 0.1, 2, 0, 1}, Case{4, 0.9, 0.1, 2, 0, 2}, Case{3, 0.9, 0.5, 2, 0, 1},
        Case{3, 0.5, 0.9, 2, 0, 1}, Case{4, 0.25, 0.4, 2, 1, 1}, Case{40, 0.001, 0.1, 35, 4, 1},
        Case{20000, 0.1, 0.1, 17000, 1000, 2000}}) {  // a thousand are enough
    CAPTURE(c.count);
    CAPTURE(c.held_out);
    const Subject subject = subject_of(states(c.count), c.held_out, c.validation);
    CHECK(subject.samples.size() == c.learnt);
    CHECK(subject.validation.size() == c.watch);
    CHECK(subject.held_out.size() == c.judge);
  }
}

TEST_CASE("fewer than three samples are refused, with their number") {
  for (const int count : {1, 2})
    CHECK_THROWS_WITH_AS(
        subject_of(states(count)),
        doctest::Contains(
            ("samples that they give: " + std::to_string(count) + "; it takes at least 3").c_str()),
        tools::IoError);
}

TEST_CASE("nothing watches where the rows lost beside it would be more than those learnt from") {
  for (const auto& [rows, watch] : {std::pair(14, 0), {18, 0}, {24, 2}}) {  // but for 6 at the ends
    const Subject subject = subject_of(swings(1, rows));
    REQUIRE(subject.measured->fit.neighbours == neighbours);
    CHECK(subject.validation.size() == watch);
    CHECK(subject.samples.size() ==
          rows - 6 - subject.held_out.size() - (watch > 0 ? watch + 6 : 0));
  }
}

TEST_CASE("where a trajectory is cut, nothing that is learnt has neighbours that watch") {
  // Four trajectories of 100 - 6 samples: watching begins within the third or fourth.
  for (const double validation : {0.1, 0.25}) {
    CAPTURE(validation);
    const Subject subject = subject_of(swings(4, 100), 0.1, validation);
    const Index all = 4 * 94, judge = 38;  // 37.6
    REQUIRE(subject.measured->fit.neighbours == neighbours);
    CHECK(subject.held_out.size() == judge);
    CHECK(subject.first_held_out == all - judge);
    CHECK(subject.validation.size() == std::lround(validation * 0.9 * all));
    CHECK(subject.samples.size() ==
          all - judge - subject.validation.size() - 2 * subject.measured->fit.neighbours);
  }
  // Watching begins with the last trajectory but one: nothing is cut.
  const Subject whole = subject_of(swings(5, 100), 0.2, 0.25);
  CHECK(whole.samples.size() == 3 * 94);
  CHECK(whole.validation.size() == 94);
  // Three samples behind its start: of the trajectory only those are left out.
  const Subject near = subject_of(swings(5, 100), 0.2, 91. / 376);
  CHECK(near.samples.size() == 3 * 94);
  CHECK(near.validation.size() == 91);
  // Accelerations that were measured have no neighbours.
  std::string csv = "t,x,x',x''\n";
  for (int k = 0; k < 100; ++k) csv += std::to_string(k) + ",1,2,3\n";
  const Subject measured = subject_of(csv, 0.2, 0.1);
  CHECK(measured.samples.size() == 72);
}

TEST_CASE("of many trajectories whole ones watch, of few a part of one does") {
  for (const int trajectories : {20, 21, 22, 23, 40}) {
    CAPTURE(trajectories);
    // 20 samples each. The last trajectory judges, and one and a half before it would watch.
    const Subject subject =
        subject_of(swings(trajectories, 26), 1. / trajectories, 1.5 / (trajectories - 1));
    REQUIRE(subject.first_held_out == 20 * (trajectories - 1));
    const bool many = trajectories > 21;
    CHECK(subject.validation.size() == (many ? 20 : 30));
    CHECK(subject.samples.size() ==
          (many ? 20 * (trajectories - 2) : 20 * (trajectories - 1) - 36));
  }
}

TEST_CASE("of trajectories too long to watch in number one does, and of a huge one a part") {
  // 1500 samples each, more than the thousand that are enough; the last judges.
  const Subject long_ones = subject_of(swings(24, 1506), 1. / 24, 0.1);
  REQUIRE(long_ones.first_held_out == 23 * 1500);
  CHECK(long_ones.validation.size() == 1500);
  CHECK(long_ones.samples.size() == 22 * 1500);
  // 20 samples each of 22, and one that is longer than all that would watch.
  std::string csv = swings(22, 26);
  for (int row = 0; row < 2006; ++row) csv += "22," + std::to_string(0.1 * row) + ",0\n";
  const Subject one_huge = subject_of(csv, 0.3, 0.1);
  CHECK(one_huge.validation.size() == std::lround(0.07 * 2440));
  CHECK(one_huge.samples.size() > 1000);
}

TEST_CASE("what was recorded of each part has the samples of that part, and the rows around them") {
  const Subject subject = subject_of(swings(30, 40), 0.2, 0.25);
  REQUIRE(subject.held_out.size() == 6 * 34);
  REQUIRE(subject.validation.size() == 6 * 34);
  REQUIRE(subject.samples.size() == 18 * 34);
  CHECK(subject.recorded.recordings.size() == 18);
  CHECK(subject.validation_recorded.recordings.size() == 6);
  CHECK(subject.held_out_recorded.recordings.size() == 6);
  CHECK(states_of(subject, subject.recorded) == subject.samples.states);
  CHECK(states_of(subject, subject.validation_recorded) == subject.validation.states);
  CHECK(states_of(subject, subject.held_out_recorded) == subject.held_out.states);
  for (const Recorded* part :
       {&subject.recorded, &subject.validation_recorded, &subject.held_out_recorded})
    for (const physics::Recording& one : part->recordings) {
      CHECK(one.size() == 40);
      CHECK(one.t[0] == 0);
    }
  CHECK(subject.held_out_recorded.recordings[0].q(0, 0) == Approx(std::sin(24.)));
  CHECK(subject.noise.q[0] < 1e-3);  // what a polynomial misses
}

TEST_CASE("the noise of a file is found") {
  Random random(1);
  std::string csv = "t,x\n";
  for (int k = 0; k < 2000; ++k)
    csv += std::to_string(0.01 * k) + ',' +
           std::to_string(std::sin(0.01 * k) + 0.02 * random.normal()) + '\n';
  CHECK(subject_of(csv).noise.q[0] == Approx(0.02).epsilon(0.1));
}

// ---------------------------------------------------------------- how fast it moves

TEST_CASE("an oscillation's velocity changes at 0.9 of its angular frequency") {
  // The mean of |a| = w² |sin| over the deviation of v = w cos: w 2/pi sqrt(2).
  physics::DataSet data{Matrix(4, 1000), Matrix(2, 1000)};
  for (Index k = 0; k < 1000; ++k) {
    const double phase = 2 * 3.14159265358979 * static_cast<double>(k) / 1000;
    const auto column = [](std::initializer_list<double> numbers) {
      return Eigen::Map<const VectorXd>(numbers.begin(), std::ssize(numbers))
          .cast<autodiff::Scalar>()
          .eval();
    };
    // The second coordinate five times as fast, and so small that only its rate tells; the mean
    // of its velocity, which is that of the frame, does not matter.
    data.states.col(k) = column({std::sin(2 * phase), 0.1 * std::sin(3 * phase),
                                 2 * std::cos(2 * phase), 7 + 1 * std::cos(3 * phase)});
    data.accelerations.col(k) = column({-4 * std::sin(2 * phase), -10 * std::sin(3 * phase)});
  }
  CHECK(tools::fastest_rate(data) == Approx(10 * 0.9003).epsilon(1e-3));
  data.states.bottomRows(1).setConstant(7);  // a velocity that does not change tells nothing
  CHECK(tools::fastest_rate(data) == Approx(2 * 0.9003).epsilon(1e-3));
}

TEST_CASE("a learnt law is followed over 0.8 of the time in which the motion changes") {
  for (const double rate : {1., 2.}) {
    CAPTURE(rate);
    const Subject dense = subject_of(swings(25, 150, rate, 0.01));  // of all phases
    for (const double times : {1., 2., 4.}) {
      const physics::Stride stride = dense.stride(times);
      CHECK(static_cast<double>(stride.window) ==
            Approx(times * 0.8 / (0.9 * rate) / 0.01).epsilon(0.05));
      CHECK(stride.substeps == 1);
      CHECK(stride.neighbours == dense.measured->fit.neighbours);
    }
  }
  // Where rows are far apart the law takes several steps from one to the next, but windows have
  // place for the neighbours of the estimates.
  const Subject coarse = subject_of(swings(10, 60, 1, 0.4));
  const double changed = 0.4 * tools::fastest_rate(coarse.samples);
  const Index neighbours_there = coarse.measured->fit.neighbours,
              substeps = coarse.stride(1).substeps;
  CHECK(coarse.stride(1).window == 4 * neighbours_there + 2);
  CHECK(coarse.stride(2).window == 2 * (4 * neighbours_there + 2));
  CHECK(coarse.stride(4).window == 2 * (4 * neighbours_there + 2));
  CHECK(substeps > 1);
  CHECK(changed / static_cast<double>(substeps) <= 0.15);
  CHECK(changed / static_cast<double>(substeps - 1) > 0.15);

  std::string csv = "t,x,x'\n";  // nothing changes
  for (int k = 0; k < 60; ++k) csv += std::to_string(k) + ',' + std::to_string(2 * k) + ",2\n";
  const Subject even = subject_of(csv);
  CHECK(even.stride(1).window == 4 * even.measured->fit.neighbours + 2);
  CHECK(even.stride(1).substeps == 1);
}

// ---------------------------------------------------------------- a simulated system

TEST_CASE("the list of systems tells every one's coordinates, controls and parameters") {
  const std::string list = tools::list_of_systems();
  for (const physics::Family& family : physics::systems()) {
    CAPTURE(family.name);
    const std::size_t begin = list.find(family.name + ": " + family.what + "\n    coordinates ");
    REQUIRE(begin != list.npos);
    for (const physics::Parameter& p : family.parameters)
      CHECK(list.find("\n    " + p.name + '=', begin) != list.npos);
  }
  CHECK(contains(list, "\n    coordinates x [m] theta [rad]; controls force [N]\n"));
  CHECK(contains(list, "Beside its own, every system takes\n"));
  const std::size_t beside = list.find("Beside its own");
  for (const physics::Parameter& p : physics::parameters_beside())
    CHECK(list.find("\n    " + p.name + '=', beside) != list.npos);
}

TEST_CASE("--angle and --velocity narrow the region, of angles and of all velocities") {
  TrainOptions options = of_system("cart_pole");
  const physics::System own = system_of(options);
  const physics::StateBox whole = make_system(physics::find_system("cart_pole")).region;
  CHECK(own.region.low == whole.low);
  CHECK(own.region.high == whole.high);
  REQUIRE_FALSE(own.coordinates[0].angle);
  REQUIRE(own.coordinates[1].angle);
  options.angle = 0.25;
  options.velocity = 0.125;
  const physics::StateBox box = system_of(options).region;
  VectorXd high(4);
  high << whole.high[0], 0.25, 0.125, 0.125;
  CHECK(box.high == high);
  high[0] = -whole.low[0];
  CHECK(box.low == -high);
}

TEST_CASE("what is wrong with a system is told with the option that says it") {
  const auto refusal = [](const TrainOptions& options) -> std::string {
    try {
      const Subject subject(options);
    } catch (const tools::EndProgram& end) {
      CHECK(end.code == tools::exit_usage);
      return end.what();
    }
    return {};
  };
  CHECK(refusal(of_system("perpetuum")).starts_with("--system: "));
  TrainOptions options;
  options.set = {{"m7", 1}};
  CHECK(refusal(options).starts_with("--set: "));
  options.set = {{"drive", 1}};
  CHECK(contains(refusal(options), "--set drive: no model here sees the time"));
}

TEST_CASE("random controls are uniform in their range") {
  physics::System system;
  system.controls = {{"a"}, {"b"}};
  system.control_range = Eigen::Vector2d(2, 0.5);
  Random random(1);
  const MatrixXd controls = tools::random_controls(system, 4000, random);
  REQUIRE(controls.cols() == 4000);
  for (const Index i : {0, 1}) {
    const double range = system.control_range[i];
    CHECK(controls.row(i).maxCoeff() == Approx(range).epsilon(0.01));
    CHECK(controls.row(i).minCoeff() == Approx(-range).epsilon(0.01));
    CHECK(std::abs(controls.row(i).mean()) < 0.05 * range);
  }
}

TEST_CASE("states are labelled by the true law under the controls that stand beside them") {
  const tools::Simulated simulated(tools::system_of(of_system("cart_pole")));
  REQUIRE(simulated.system.k() == 1);
  Random random(2);
  const MatrixXd states = region_states(simulated, 50, random);
  const physics::DataSet data = label(simulated, states, random);
  REQUIRE(data.controls.cols() == 50);
  CHECK(data.controls.cwiseAbs().minCoeff() > 0);
  const physics::DataSet again =
      physics::label(simulated.truth, states, data.controls.cast<double>());
  CHECK((again.accelerations - data.accelerations).cwiseAbs().maxCoeff() < 1e4 * rounding);
}

TEST_CASE("a set of trajectories has the points of each, evenly in time over its duration") {
  TrainOptions options = of_system("pendulum");
  options.points = 5;
  options.duration = 2;
  options.threads = 1;
  const tools::Simulated simulated(system_of(options));
  Random random(3), again(3);
  const MatrixXd states = trajectory_states(options, simulated, 4, random);
  REQUIRE(states.cols() == 4 * 5);
  const MatrixXd starts = random_starts(simulated.system, again, 4);
  for (Index k = 0; k < 4; ++k) {
    CHECK(states.col(5 * k) == starts.col(k));
    const auto path = physics::roll_out(simulated.truth, starts.col(k),
                                        VectorXd::LinSpaced(9, 0, 2), tools::for_truth());
    for (const Index point : {1, 2, 3, 4})
      CHECK((states.col(5 * k + point) - path.front().y.col(2 * point)).norm() <
            1e-5 + 1e4 * rounding);
  }
}

TEST_CASE("a margin stretches a box of velocities about its middle") {
  physics::System system = tools::system_of(of_system("pendulum"));
  system.region = {Eigen::Vector2d(-1, 2), Eigen::Vector2d(1, 6)};
  const tools::Simulated simulated(system);
  Random random(4);
  const MatrixXd states = region_states(simulated, 4000, random, 3);
  CHECK(states.row(0).maxCoeff() == Approx(1).epsilon(0.01));
  CHECK(states.row(1).minCoeff() == Approx(-2).epsilon(0.01));
  CHECK(states.row(1).maxCoeff() == Approx(10).epsilon(0.01));
}

TEST_CASE("a learnt motion may take twice the steps of the true one, at its own tolerance") {
  const double truth = tools::for_truth().rtol;
  CHECK(tools::for_truth().atol == truth);
  CHECK(truth == std::max(1e-8, 10 * rounding));
  const physics::Rk45Options same = tools::for_learnt(truth, 1000),
                             rough = tools::for_learnt(1e5 * truth, 1000);
  CHECK(same.rtol == truth);
  CHECK(same.atol == truth);
  CHECK(same.max_steps == 2500);
  CHECK(rough.max_steps == 700);  // a formula of fifth order: (1e5)^(1/5) = 10 times fewer
}
