// Batches: what a run learns from, in which order, in which windows, and how often it is gone
// through; and what the rounds make of measured data.
#include "tools/app/batches.h"

#include <algorithm>
#include <cmath>

#include "nn/learning/loss.h"
#include "nn/models/learnt_motion.h"
#include "tests/precision.h"
#include "tests/program/program.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using doctest::Approx;
using nn::Var;
using program::contains;
using tools::Batches;
using tools::Subject;
using tools::TrainOptions;

namespace {

/// The true law of the oscillations below; a control changes nothing.
class Spring : public nn::Model {
 public:
  explicit Spring(Index controls = 0) : controls_(controls) {}
  Index coordinates() const override { return 1; }
  Index controls() const override { return controls_; }
  Var acceleration(Var q, Var, Var) const override { return -q; }

 private:
  Index controls_;
};

TrainOptions options_of(int batch) {
  TrainOptions options;
  options.batch = batch;
  options.threads = 1;
  options.held_out = 0.1;
  options.validation = 0;
  return options;
}

Subject subject_of(const std::string& csv, TrainOptions options) {
  const program::Folder folder;
  folder.write("data.csv", csv);
  options.data = (folder.path() / "data.csv").string();
  return Subject(options);
}

struct Swings {
  int trajectories, rows;
  double step = 0.05, noise = 0;
  bool velocities = false, controls = false;
};

/// Oscillations x = sin(t + number of the trajectory), with a control that is 3 x.
std::string text_of(const Swings& s) {
  Random random(1);
  std::string csv = "trajectory,t,x";
  if (s.velocities) csv += ",x'";
  if (s.controls) csv += ",u:push";
  csv += '\n';
  for (int k = 0; k < s.trajectories; ++k)
    for (int row = 0; row < s.rows; ++row) {
      const double t = s.step * row, x = std::sin(t + k) + s.noise * random.normal();
      char line[200];
      std::snprintf(line, sizeof line, "%d,%.17g,%.17g", k, t, x);
      csv += line;
      std::snprintf(line, sizeof line, ",%.17g", std::cos(t + k) + s.noise * random.normal());
      if (s.velocities) csv += line;
      std::snprintf(line, sizeof line, ",%.17g", 3 * x);
      if (s.controls) csv += line;
      csv += '\n';
    }
  return csv;
}

/// States with accelerations, each row another, without times.
std::string states(int count, bool controls) {
  std::string csv = controls ? "x,x',x'',u:push\n" : "x,x',x''\n";
  for (int k = 0; k < count; ++k)
    csv += std::to_string(k) + ',' + std::to_string(2 * k) + ',' + std::to_string(3 * k) +
           (controls ? ',' + std::to_string(4 * k) : "") + '\n';
  return csv;
}

Matrix stacked(const std::vector<Matrix>& parts) {
  Index rows = 0;
  for (const Matrix& part : parts) rows += part.rows();
  Matrix all(rows, parts.front().cols());
  rows = 0;
  for (const Matrix& part : parts) {
    all.middleRows(rows, part.rows()) = part;
    rows += part.rows();
  }
  return all;
}
Matrix in_columns(const physics::DataSet& data) {
  return data.controls.size() > 0 ? stacked({data.states, data.accelerations, data.controls})
                                  : stacked({data.states, data.accelerations});
}

/// An epoch's batches, all inputs of a sample in a column. Pointers and matrices tell the same.
Matrix epoch_of(Batches& batches) {
  Matrix all;
  for (Index k = 0; k < batches.course().per_epoch; ++k) {
    batches.go_to(k);
    const std::vector<Matrix> batch = batches.batch();
    const std::vector<const Scalar*> inputs = batches.inputs();
    REQUIRE(inputs.size() == batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i)
      CHECK(Eigen::Map<const Matrix>(inputs[i], batch[i].rows(), batch[i].cols()) == batch[i]);
    const Matrix columns = stacked(batch);
    all.conservativeResize(columns.rows(), all.cols() + columns.cols());
    all.rightCols(columns.cols()) = columns;
  }
  return all;
}

/// Its columns in an order that only they decide.
std::vector<std::vector<Scalar>> sorted(const Matrix& m) {
  std::vector<std::vector<Scalar>> columns;
  for (Index k = 0; k < m.cols(); ++k)
    columns.emplace_back(m.col(k).data(), m.col(k).data() + m.rows());
  std::sort(columns.begin(), columns.end());
  return columns;
}

Matrix remembered(Batches& batches, const std::string& name) {
  for (const nn::NamedMatrix& one : batches.memory())
    if (one.name == name) return one.values;
  return {};
}

std::string refusal(const std::function<void()>& what) {
  try {
    what();
  } catch (const tools::EndProgram& end) {
    CHECK(end.code == tools::exit_usage);
    return end.what();
  }
  return {};
}

}  // namespace

TEST_CASE("an epoch goes once through what is learnt, in random order, and leaves no batch short") {
  for (const std::string& csv :
       {states(100, false), states(100, true), text_of({10, 46}),
        text_of({.trajectories = 10, .rows = 46, .velocities = true}),
        text_of({.trajectories = 10, .rows = 46, .velocities = true, .controls = true}),
        text_of({.trajectories = 10, .rows = 46, .controls = true})}) {
    CAPTURE(csv.substr(0, 30));
    TrainOptions options = options_of(9);
    options.epochs = 7;
    const Subject subject = subject_of(csv, options);
    const Index count = subject.samples.size();
    REQUIRE(count % 9 == 0);
    Random random(2);
    const auto batches = make_batches(options, random, subject);
    CHECK(batches->course().per_epoch == count / 9);
    CHECK(batches->course().total == 7 * (count / 9));
    const Matrix samples = in_columns(subject.samples);
    CHECK(sorted(in_columns(batches->sample())) == sorted(samples));
    const Matrix epoch = epoch_of(*batches);
    CHECK(sorted(epoch) == sorted(samples));
    CHECK(epoch != samples);
    CHECK(epoch_of(*batches) == epoch);

    options.batch = static_cast<int>(count) - 1;
    options.steps = 5;
    const auto wide = make_batches(options, random, subject);
    CHECK(wide->course().per_epoch == 1);
    CHECK(wide->course().total == 5);
    options.batch = static_cast<int>(count);
    CHECK(make_batches(options, random, subject)->course().per_epoch == 1);
    options.batch = static_cast<int>(count) + 1;
    CHECK(refusal([&] { make_batches(options, random, subject); }) ==
          "--batch: " + std::to_string(count + 1) + " is more than the " + std::to_string(count) +
              " samples to learn from");
  }
}

// ---------------------------------------------------------------- rounds of estimates

TEST_CASE("a round estimates anew from what the last one left, in the last rounds over more time") {
  struct Case {
    int rounds, round;
    double times;
  };
  const Spring law;
  for (const Case& c : {Case{5, 1, 1}, Case{5, 2, 1}, Case{5, 3, 2}, Case{5, 4, 4}, Case{2, 1, 4},
                        Case{3, 1, 1}, Case{3, 2, 4}}) {
    CAPTURE(c.rounds);
    CAPTURE(c.round);
    TrainOptions options = options_of(8);
    options.rounds = c.rounds;
    const Subject subject =
        subject_of(text_of({.trajectories = 6, .rows = 80, .noise = 1e-3}), options);
    Random random(3);
    const auto batches = make_batches(options, random, subject);
    std::vector<physics::Estimate> expected = subject.recorded.estimates;
    for (int again = 0; again < 2; ++again) {
      batches->begin_round(law, c.round);
      for (physics::Estimate& one : expected)  // kept as the engine's numbers
        one = {one.states.cast<Scalar>().cast<double>(),
               one.accelerations.cast<Scalar>().cast<double>()};
      expected = physics::refine(subject.recorded.recordings, expected, nn::learnt_motion(law),
                                 subject.stride(c.times), 1);
      const Matrix states = remembered(*batches, "states"),
                   accelerations = remembered(*batches, "accelerations");
      Index row = 0;
      for (const physics::Estimate& one : expected) {
        const Index rows = one.states.cols();
        CHECK(states.middleCols(row, rows) == one.states.cast<Scalar>());
        CHECK(accelerations.middleCols(row, rows) == one.accelerations.cast<Scalar>());
        row += rows;
      }
      CHECK(row == states.cols());
    }
  }
}

TEST_CASE("batches are of the round's estimates, and a first round's are those of the file") {
  const Spring law(1);
  TrainOptions options = options_of(6);
  options.rounds = 2;
  const Subject subject =
      subject_of(text_of({.trajectories = 6, .rows = 66, .step = 0.5, .controls = true}), options);
  Random random(4);
  const auto batches = make_batches(options, random, subject);
  // Rows so far apart that polynomials miss much of the motion, which the law follows: a = -x.
  const auto misses = [](const Matrix& epoch) {
    return (epoch.row(0) + epoch.row(2)).cwiseAbs().mean();
  };
  const Matrix first = epoch_of(*batches);
  batches->begin_round(law, 1);
  const Matrix second = epoch_of(*batches);
  CHECK(misses(second) < 0.1 * misses(first));
  CHECK(second.row(3) == first.row(3));  // the controls
  batches->begin_round(law, 0);
  CHECK(epoch_of(*batches) == first);
  // The sample is all of it; the epoch leaves out the last rows, which are no whole batch.
  const Matrix sample = in_columns(batches->sample());
  REQUIRE(sample.cols() >= first.cols());
  CHECK(sample.cols() < first.cols() + options.batch);
  CHECK(sample.leftCols(first.cols()) == first);
}

TEST_CASE("what a run remembers of its estimates, put back, is what another one learns from") {
  const Spring law;
  TrainOptions options = options_of(6);
  options.rounds = 2;
  const Subject subject =
      subject_of(text_of({.trajectories = 6, .rows = 66, .step = 0.5}), options);
  Random random(5), same(5);
  const auto one = make_batches(options, random, subject),
             other = make_batches(options, same, subject);
  const Matrix before = epoch_of(*other);
  one->begin_round(law, 1);
  const auto from = one->memory(), to = other->memory();
  REQUIRE(from.size() == to.size());
  for (std::size_t k = 0; k < from.size(); ++k) {
    CHECK(from[k].name == to[k].name);
    autodiff::MatrixMap(to[k].values) = from[k].values;
  }
  CHECK(epoch_of(*other) == epoch_of(*one));
  CHECK(epoch_of(*other) != before);
}

// ---------------------------------------------------------------- windows

namespace {

TrainOptions of_windows(int points, int batch) {
  TrainOptions options = options_of(batch);
  options.learn = "trajectories";
  options.window = points;
  options.span = 1;
  options.substeps = 1;
  return options;
}

}  // namespace

TEST_CASE("windows stand end to end in each trajectory, and an epoch goes once through them") {
  for (const bool velocities : {false, true}) {
    TrainOptions options = of_windows(4, 9);
    options.steps = 11;
    const Swings swings{.trajectories = 10, .rows = 15, .velocities = velocities, .controls = true};
    const Subject subject = subject_of(text_of(swings), options);
    Random random(6);
    const auto batches = make_batches(options, random, subject);
    CHECK(batches->course().per_epoch == 3);  // 3 windows of 9 trajectories; two rows are left over
    CHECK(batches->course().total == 11);
    const Matrix epoch = epoch_of(*batches);
    Matrix measured(5, 27);
    for (int k = 0; k < 9; ++k)
      for (int window = 0; window < 3; ++window)
        for (int point = 0; point < 5; ++point)
          measured(point, 3 * k + window) =
              static_cast<Scalar>(std::sin(0.05 * (4 * window + point) + k));
    // Starts (2), times (4), what was measured (5), ...
    const Matrix there = epoch.middleRows(6, 5);
    const auto found = sorted(there), expected = sorted(measured);
    for (std::size_t k = 0; k < 27; ++k)
      for (std::size_t i = 0; i < 5; ++i) CHECK(found[k][i] == Approx(expected[k][i]));
    CHECK((epoch.bottomRows(5) - 3 * there).cwiseAbs().maxCoeff() < 100 * rounding);
    CHECK((epoch.row(0) - there.row(0)).cwiseAbs().maxCoeff() < 1e-3);
    CHECK(epoch.rows() == 2 + 4 + (velocities ? 10 : 5) + 1 + 2 + 5);
    CHECK(&batches->sample() == &subject.samples);

    options.batch = 28;
    CHECK(refusal([&] { make_batches(options, random, subject); }) ==
          "--batch: 28 is more than the 27 windows to learn from");
  }
}

TEST_CASE("a round of windows brings their starts nearer to the truth, of all of them") {
  const Spring law;
  const TrainOptions options = of_windows(12, 8);
  // More windows than are moved at once.
  const Subject subject = subject_of(
      text_of({.trajectories = 320, .rows = 25, .noise = 0.02, .velocities = true}), options);
  Random random(7);
  const auto batches = make_batches(options, random, subject);
  const auto misses = [&] {
    const Matrix starts = remembered(*batches, "starts");
    REQUIRE(starts.cols() == 2 * 288);
    Eigen::MatrixXd off(2, starts.cols());
    for (Index k = 0; k < starts.cols(); ++k) {
      const double t = 0.6 * static_cast<double>(k % 2) + static_cast<double>(k / 2);
      off.col(k) << starts(0, k) - std::sin(t), starts(1, k) - std::cos(t);
    }
    return off;
  };
  const Eigen::MatrixXd before = misses();
  batches->begin_round(law, 0);
  const Eigen::MatrixXd after = misses();
  for (const Index begin : {0, 32, 256, 512}) {
    CAPTURE(begin);
    const Eigen::Vector2d left = after.middleCols(begin, 64).rowwise().norm().array() /
                                 before.middleCols(begin, 64).rowwise().norm().array();
    CHECK(left.maxCoeff() < 0.5);
  }
}

TEST_CASE("a step moves the starts of its batch's windows, and of those that follow them") {
  const Spring law;
  const TrainOptions options = of_windows(6, 5);
  const Subject subject =
      subject_of(text_of({.trajectories = 20, .rows = 25, .noise = 0.02}), options);
  Random random(8);
  const auto batches = make_batches(options, random, subject);
  batches->begin_round(law, 0);
  nn::TrainingStep step(law, nn::of_trajectories(trajectory_loss(options, subject)), {5, 5, 1});
  const Matrix before = remembered(*batches, "starts");
  batches->go_to(1);
  const std::vector<Matrix> batch = batches->batch();
  step.run(batches->inputs());
  batches->learn(step);
  const Matrix after = remembered(*batches, "starts");
  int moved = 0;
  for (Index k = 0; k < before.cols(); ++k) {
    bool present = false;
    for (Index s = 0; s < 5; ++s)
      present = present || batch[0].col(s) == before.col(k) || batch[4].col(s) == before.col(k);
    if (!present) CHECK(after.col(k) == before.col(k));
    moved += after.col(k) != before.col(k);
  }
  CHECK(moved >= 5);
  batches->go_to(0);
  batches->go_to(1);
  CHECK(batches->batch()[0] != batch[0]);
}

TEST_CASE("errors of trajectories are in units of two deviations of the noise") {
  TrainOptions options = of_windows(6, 5);
  options.agreement = 0.25;
  for (const bool velocities : {false, true}) {
    const Subject subject = subject_of(
        text_of({.trajectories = 20, .rows = 40, .noise = 0.02, .velocities = velocities}),
        options);
    const nn::TrajectoryLoss loss = trajectory_loss(options, subject);
    CHECK(loss.position_unit[0] == Approx(0.04).epsilon(0.15));
    CHECK(loss.velocity_unit[0] == Approx(2 * subject.noise.v[0]));
    CHECK(loss.agreement == 0.25);
    CHECK(loss.shape.velocities == velocities);
    CHECK(loss.shape.points == 6);
  }
}

// ---------------------------------------------------------------- what watches

TEST_CASE("what is set aside watches as one batch, in its order, and what is not watches nothing") {
  for (const std::string& csv :
       {states(100, true), text_of({.trajectories = 40, .rows = 46, .velocities = true}),
        text_of({.trajectories = 40, .rows = 46, .controls = true})}) {
    TrainOptions options = options_of(8);
    const Subject all = subject_of(csv, options);
    CHECK(make_validation(options, all) == nullptr);
    options.validation = 0.25;
    const Subject subject = subject_of(csv, options);
    const auto batches = make_validation(options, subject);
    REQUIRE(batches != nullptr);
    CHECK(batches->course().per_epoch == 1);
    CHECK(epoch_of(*batches) == in_columns(subject.validation));
  }
}

TEST_CASE("some of the windows that are set aside watch where there are many, and none of none") {
  TrainOptions options = of_windows(2, 8);
  CHECK(make_validation(options, subject_of(text_of({60, 15}), options)) == nullptr);
  options.validation = 0.25;
  const Subject few = subject_of(text_of({60, 15}), options);
  const auto of_few = make_validation(options, few);
  const auto trajectories = static_cast<Index>(few.validation_recorded.recordings.size());
  CHECK(epoch_of(*of_few).cols() == 7 * trajectories);
  CHECK(epoch_of(*of_few).middleRows(4, 3).col(1) ==
        few.validation_recorded.recordings[0].q.row(0).segment(2, 3).transpose().cast<Scalar>());

  options.validation = 0.5;
  CHECK(epoch_of(*make_validation(options, subject_of(text_of({200, 15}), options))).cols() == 256);
  options.window = 20;
  CHECK(make_validation(options, few) == nullptr);
}

// ---------------------------------------------------------------- a simulated system

TEST_CASE("fresh batches are new states every time, and an epoch is a share of the steps") {
  TrainOptions options = options_of(16);
  options.system = "pendulum";
  options.velocity_margin = 2;
  options.steps_per_epoch = 11;
  options.epochs = 3;
  const Subject subject(options);
  Random random(9), same(9);
  const auto batches = make_batches(options, random, subject);
  CHECK(batches->course().per_epoch == 11);
  CHECK(batches->course().total == 33);
  const physics::DataSet sample = batches->sample();
  CHECK(sample.size() == 2000);
  const auto expected = [&] {
    return in_columns(
        label(*subject.simulated, region_states(*subject.simulated, 16, same, 2), same));
  };
  for (int k = 0; k < 2; ++k) {
    batches->go_to(0);
    CHECK(stacked(batches->batch()) == expected());
    CHECK(Eigen::Map<const Matrix>(batches->inputs()[0], 2, 16) == batches->batch()[0]);
    CHECK(Eigen::Map<const Matrix>(batches->inputs()[1], 1, 16) == batches->batch()[1]);
  }
  for (const auto& [steps, share] : {std::pair{1, 1}, {3, 1}, {4, 2}, {6, 2}, {7, 3}}) {
    options.steps = steps;
    const auto some = make_batches(options, random, subject);
    CHECK(some->course().per_epoch == share);
    CHECK(some->course().total == steps);
  }
}

TEST_CASE("a set is of random states, or of points of trajectories, drawn once") {
  TrainOptions options = options_of(6);
  options.system = "pendulum";
  options.trajectories = 6;
  options.points = 5;
  options.duration = 1;
  options.velocity_margin = 3;
  options.epochs = 4;
  const Subject subject(options);
  for (const std::string source : {"fixed", "trajectories"}) {
    CAPTURE(source);
    options.source = source;
    Random random(10), same(10);
    const auto batches = make_batches(options, random, subject);
    CHECK(batches->course().per_epoch == 5);
    CHECK(batches->course().total == 20);
    const tools::Simulated& simulated = *subject.simulated;
    const Eigen::MatrixXd drawn = source == "fixed"
                                      ? region_states(simulated, 30, same, 3)
                                      : trajectory_states(options, simulated, 6, same);
    const Matrix set = in_columns(label(simulated, drawn, same));
    CHECK(sorted(epoch_of(*batches)) == sorted(set));
    CHECK(epoch_of(*batches) != set);
  }
}

// ---------------------------------------------------------------- what is left to the data

TEST_CASE(
    "a file is gone through a thousand times, in 4000 steps at least, the preset's at most, or the "
    "model's part of them") {
  const auto steps = [](int count, int epochs, int per_epoch, const char* model = "lnn") {
    TrainOptions options = options_of(10);
    options.model = model;
    options.steps = tools::steps_by_data;
    options.epochs = epochs;
    options.steps_per_epoch = per_epoch;
    return settled(options, subject_of(states(count, false), options)).steps;
  };
  CHECK(steps(80, 40, 1000) == 7200);  // 72 are learnt from
  CHECK(steps(20, 40, 1000) == 4000);
  CHECK(steps(1000, 40, 1000) == 40'000);
  CHECK(steps(20, 3, 500) == 1500);
  CHECK(steps(1000, 40, 1000, "pullback") == 10'000);
}

TEST_CASE("a batch that nobody asked for fits what there is, and leaves little of it out") {
  const auto batch = [](int count, int asked, bool fits, const char* how = "accelerations") {
    TrainOptions options = options_of(asked);
    options.batch_by_data = fits;
    options.learn = how;
    const bool over_time = options.learn == "trajectories";
    return settled(options, subject_of(over_time ? text_of({.trajectories = count, .rows = 8})
                                                 : states(count, false),
                                       options))
        .batch;
  };
  CHECK(batch(1000, 128, false) == 128);
  CHECK(batch(1000, 128, true) == 128);  // of 900, 4 are left out
  CHECK(batch(500, 128, true) == 112);   // of 450 there would be 66
  CHECK(batch(500, 128, false) == 128);
  CHECK(batch(140, 128, true) == 126);
  CHECK(batch(20, 128, true) == 18);
  CHECK(batch(3, 128, true) == 2);
  CHECK(batch(20, 128, true, "trajectories") == 18);  // a window of each
  for (const int count : {3, 20, 500}) {
    TrainOptions options = options_of(128);
    options.batch_by_data = true;
    const Subject subject = subject_of(states(count, false), options);
    const TrainOptions chosen = settled(options, subject);
    Random random(1);
    const auto batches = make_batches(chosen, random, subject);
    CHECK(epoch_of(*batches).cols() >= 0.95 * static_cast<double>(subject.samples.size()));
  }
  CHECK(contains(refusal([&] {
                   const TrainOptions options = options_of(128);
                   const Subject subject = subject_of(states(100, false), options);
                   Random random(1);
                   make_batches(settled(options, subject), random, subject);
                 }),
                 "--batch: 128 is more than the 90 samples"));
}

TEST_CASE("a coordinate that is all noise has no say in how many steps the others are learnt") {
  TrainOptions options = options_of(10);
  options.steps = tools::steps_by_data;
  options.epochs = 7;
  options.steps_per_epoch = 1000;
  Random random(1);
  for (const char* at_rest : {"1e-3", "0.0", "noise"}) {
    CAPTURE(at_rest);
    std::string csv = "t,x,y\n";
    for (int k = 0; k < 800; ++k) {
      const double t = 0.05 * k;
      csv += std::to_string(t) + ',' + std::to_string(std::sin(t)) + ',' +
             (at_rest == std::string("noise") ? std::to_string(0.3 * t + 1e-3 * random.normal())
                                              : at_rest) +
             '\n';
    }
    CHECK(settled(options, subject_of(csv, options)).steps == 7000);
  }
}

TEST_CASE("many rows whose accelerations drown in noise are learnt in fewer steps") {
  const auto steps = [](const Swings& swings, double& share, const char* how = "accelerations") {
    TrainOptions options = options_of(10);
    options.steps = tools::steps_by_data;
    options.epochs = 7;
    options.steps_per_epoch = 1000;
    options.learn = how;
    const Subject subject = subject_of(text_of(swings), options);
    share = subject.noise.a[0] / subject.samples.accelerations.cast<double>().cwiseAbs().mean();
    return settled(options, subject).steps;
  };
  double share = 0;
  CHECK(steps({.trajectories = 6, .rows = 80}, share) == 7000);
  CHECK(share < 0.01);
  // So many rows a second that an estimate takes many of them, and tells well all the same.
  CHECK(steps({.trajectories = 4, .rows = 800, .step = 0.002, .noise = 1e-4}, share) == 7000);
  CHECK(share > 0.01);
  const Swings noisy{.trajectories = 6, .rows = 80, .noise = 0.012};
  const long fewer = steps(noisy, share);
  CAPTURE(share);
  CHECK(fewer == std::lround(7000 * std::pow(0.16 / share, 3)));
  CHECK(share > 0.17);
  CHECK(steps(noisy, share, "trajectories") == 7000);  // which estimates only begin
  CHECK(steps({.trajectories = 6, .rows = 80, .noise = 1}, share) == 1000);  // no fewer
}

TEST_CASE(
    "trajectories of less than ten rows are learnt whole, others by accelerations in rounds") {
  struct Case {
    int rows;
    const char* learn;
    int rounds;
  };
  for (const Case& c : {Case{9, "trajectories", 1}, Case{10, "accelerations", 5}}) {
    TrainOptions options = options_of(4);
    options.learn = "auto";
    const Subject subject =
        subject_of(text_of({.trajectories = 10, .rows = c.rows, .velocities = true}), options);
    const TrainOptions found = settled(options, subject);
    CHECK(found.learn == c.learn);
    CHECK(found.rounds == c.rounds);
    options.rounds = 7;
    CHECK(settled(options, subject).rounds == 7);
    options.learn = "accelerations";
    options.rounds = 0;
    CHECK(settled(options, subject).rounds == 5);
  }
  TrainOptions options = options_of(4);
  options.learn = "auto";
  options.friction = "auto";
  for (const Subject& subject : {subject_of(states(30, false), options), Subject(options)}) {
    options.friction = subject.measured ? "none" : "auto";
    const TrainOptions found = settled(options, subject);
    CHECK(found.learn == "accelerations");
    CHECK(found.rounds == 1);
    CHECK(found.friction == "none");
  }
  options.learn = "trajectories";
  const Subject timeless = subject_of(states(30, false), options);
  CHECK(contains(refusal([&] { settled(options, timeless); }),
                 "--learn trajectories: there are none"));
}

TEST_CASE(
    "windows and steps suit the motion, the rows and the controls, where they are not given") {
  // Velocities change at 0.9 of their size a second: a step is 0.1 of that time, 0.11 s.
  struct Case {
    const char* what;
    Swings swings;
    int window, span, substeps;  // asked for
    int of_window, of_span, of_substeps;
  };
  const Case cases[]{
      {"dense rows: a step spans many", {30, 60, 0.01}, 0, 0, 0, 33, 11, 1},
      {"two spans find place", {30, 30, 0.01}, 0, 0, 0, 22, 11, 1},
      {"one does", {30, 9, 0.01}, 0, 0, 0, 8, 8, 1},
      {"controls change from row to row",
       {.trajectories = 30, .rows = 60, .step = 0.01, .controls = true},
       0,
       0,
       0,
       3,
       1,
       1},
      {"far rows: several steps from one to the next", {30, 30, 0.3}, 0, 0, 0, 3, 1, 3},
      {"a given span has no substeps", {30, 30, 0.3}, 0, 2, 0, 6, 2, 1},
      {"given substeps have no span", {30, 60, 0.01}, 0, 0, 2, 3, 1, 2},
      {"a given window", {30, 60, 0.01}, 10, 5, 0, 10, 5, 1},
      {"the longest window", {30, 11, 0.01}, 10, 5, 0, 10, 5, 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    TrainOptions options = options_of(4);
    options.learn = "trajectories";
    options.window = c.window;
    options.span = c.span;
    options.substeps = c.substeps;
    Swings swings = c.swings;
    swings.velocities = true;
    const Subject subject = subject_of(text_of(swings), options);
    const TrainOptions found = settled(options, subject);
    CHECK(found.window == c.of_window);
    CHECK(found.span == c.of_span);
    CHECK(found.substeps == c.of_substeps);
    Random random(11);
    CHECK(make_batches(found, random, subject) != nullptr);
  }
  TrainOptions options = options_of(4);
  options.learn = "trajectories";
  const Subject subject = subject_of(
      text_of({.trajectories = 30, .rows = 11, .step = 0.01, .velocities = true}), options);
  for (const auto& [window, span, substeps, reason] :
       {std::tuple{11, 1, 1, "--window 11, --span 1: no trajectory has more than 11 rows"},
        {4, 3, 1, "--window 4, --span 3, --substeps 1: the window is a multiple of the span"},
        {4, 2, 2, "--window 4, --span 2, --substeps 2"},
        {0, 15, 0, "--window 15, --span 15: no trajectory has more than 15 rows"}}) {
    options.window = window;
    options.span = span;
    options.substeps = substeps;
    CHECK(contains(refusal([&] { settled(options, subject); }), reason));
  }
}

TEST_CASE("how a file is learnt is told") {
  TrainOptions options = of_windows(12, 4);
  options.span = 3;
  options.rounds = 6;
  const Subject measured = subject_of(text_of({10, 46}), options);
  CHECK(contains(how_it_is_learnt(options, measured),
                 "trajectories, integrated over windows of 12 points, 3 in a step"));
  options.learn = "accelerations";
  CHECK(contains(how_it_is_learnt(options, measured),
                 "estimated from 3 rows on each side, and with the help of the law in 6 rounds"));
  CHECK(contains(how_it_is_learnt(options, subject_of(states(30, false), options)),
                 "accelerations, as they stand"));
}
