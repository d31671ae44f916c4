// What an evaluation finds, of motions so simple that everything about them is known.
#include "tools/app/evaluation.h"

#include <cmath>
#include <numbers>

#include "nn/models/models.h"
#include "tests/precision.h"
#include "tests/program/program.h"
#include "tools/app/text.h"

using autodiff::Index;
using autodiff::Var;
using doctest::Approx;
using physics::System;
using program::contains;
using program::split;

namespace {

constexpr double pi = std::numbers::pi;

/// x'' = y, and y stays where it starts, between 0 and 1; of two masses, 1 and 1 + 9 y.
System ramp() {
  System s;
  s.coordinates = {{"x"}, {"y"}};
  s.lagrangian = [](Var q, Var v) {
    const Var vx = row(v, 0), vy = row(v, 1);
    return 0.5 * (vx * vx + (1. + 9. * row(q, 1)) * vy * vy);
  };
  s.force = [](Var, Var q, Var, Var) { return pad_rows(row(q, 1), 0, 2); };
  s.closed_form = [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
    a.row(0) = states.row(1);
    a.row(1).setZero();
  };
  s.region = {Eigen::Vector4d(-1, 0, -1, 0), Eigen::Vector4d(1, 1, 1, 0)};
  s.duration = 1;
  return s;
}

/// Two wheels that turn freely.
System wheels() {
  System s;
  s.coordinates = {{"a", "rad", true}, {"b", "rad", true}};
  s.lagrangian = [](Var, Var v) { return 0.5 * sum_rows(v * v); };
  s.closed_form = [](const Eigen::MatrixXd&, Eigen::Ref<Eigen::MatrixXd> a) { a.setZero(); };
  s.region = {Eigen::Vector4d(-pi, -pi, -4, -4), Eigen::Vector4d(pi, pi, 4, 4)};
  s.duration = 2;
  return s;
}

/// A mass on a line from these starts, which that force moves.
System line(double low, double high, double speed, double (*acceleration)(double x)) {
  System s;
  s.coordinates = {{"x"}};
  s.lagrangian = [](Var, Var v) { return 0.5 * v * v; };
  s.closed_form = [=](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
    a = states.topRows(1).unaryExpr([=](double x) { return acceleration(x); });
  };
  s.region = {Eigen::Vector2d(low, speed), Eigen::Vector2d(high, speed)};
  s.duration = 1;
  return s;
}

/// Equal but for that part.
Approx near(double expected, double part) { return Approx(expected).epsilon(part).scale(0); }

tools::Subject subject_of(const System& system) {
  tools::Subject subject{tools::TrainOptions{}};
  subject.simulated.emplace(system);
  subject.coordinates = system.coordinates;
  return subject;
}

/// A model that knows of no force: all its weights are zero.
std::unique_ptr<nn::NetworkModel> idle(const std::string& kind, const System& system,
                                       const nn::PerCoordinate& prior = 0) {
  nn::NetworkOptions options;
  options.hidden = {4};
  options.angles.clear();
  for (const physics::Coordinate& c : system.coordinates) options.angles.push_back(c.angle);
  options.kinetic_prior = prior;
  return nn::make_model(kind, options);
}

tools::Evaluation evaluation(const nn::NetworkModel& model, const System& system,
                             const tools::EvaluateOptions& options) {
  return evaluate(model, {}, subject_of(system), options);
}

std::vector<std::vector<double>> numbers(const std::string& csv) {
  std::vector<std::vector<double>> rows;
  const auto lines = split(csv, '\n');
  for (std::size_t k = 1; k < lines.size(); ++k) {
    rows.emplace_back();
    for (const std::string& entry : split(lines[k], ','))
      rows.back().push_back(entry.empty() ? std::nan("") : std::stod(entry));
  }
  return rows;
}

}  // namespace

TEST_CASE("a model that misses a known force is judged as far off as it is") {
  const System system = ramp();
  const tools::Evaluation found =
      evaluation(*idle("mlp", system), system, {.run = "", .trajectories = 1500, .repeats = 2});
  REQUIRE(found.regions.size() == 1);
  const tools::Region& region = found.regions.front();
  CHECK(region.acceleration.l1[0] == near(0.5, 0.03));
  CHECK(region.acceleration.l1[1] == 0);

  // After t it is off by ½ y t², y between 0 and 1, in units of x's deviation.
  const double unit = 1 / std::sqrt(3.);
  CHECK(region.unit[0] == near(unit, 0.03));
  CHECK(region.unit[1] == near(1 / std::sqrt(12.), 0.03));
  const auto valid = [&](double y) { return std::sqrt(2 * tools::valid_up_to * unit / y); };
  CHECK(region.valid.lower_quartile == near(valid(0.75), 0.02));
  CHECK(region.valid.median == near(valid(0.5), 0.03));
  CHECK(region.valid.upper_quartile == near(valid(0.25), 0.04));
  CHECK(region.unbroken == near(unit / 4, 0.1));  // those that hold for 2 s
  REQUIRE(region.rollouts.size() == 2);
  CHECK(region.rollouts[0].mse[0] != region.rollouts[1].mse[0]);
  for (const physics::RolloutErrors& errors : region.rollouts)
    CHECK(errors.mse[0] == near(1. / 4 / 3 * 16 / 5, 0.08));

  REQUIRE(region.floor);
  CHECK(region.floor->valid.lower_quartile == 20);  // usual durations: nothing is chaotic here
  CHECK(region.floor->left_out == 0);

  REQUIRE(found.truth);
  CHECK(found.truth->duration == 1);
  CHECK(found.truth->early == Approx(0.2));
  CHECK(found.truth->model_error == near(0.5 * 0.5 * 0.04 / unit, 0.15));
  CHECK(found.truth->integrator_error < 1e-6);
  CHECK(found.truth->divergence_stopped == 0);
  const auto parted = numbers(found.truth->divergence_csv);
  REQUIRE(parted.size() == 501);  // 250 for each usual duration
  CHECK(parted[500][0] == 2);
  CHECK(parted[250][0] == 1);
  CHECK(parted[250][1] == near(0.5 * 0.25 / unit, 0.3));
  CHECK(parted[250][2] == near(0.5 * 0.5 / unit, 0.15));
  CHECK(parted[250][3] == near(0.5 * 0.75 / unit, 0.15));
  CHECK(parted[500][2] == near(4 * parted[250][2], 1e-4));
  const auto moved = [&](double t) {  // each entry of the start by half of it
    const double x = 1 + t + t * t / 2 + t * t * t / 6, y = 1 + t;
    return tools::perturbation / 2 * std::hypot(x / unit, y * std::sqrt(12.));
  };
  CHECK(parted[0][4] == near(moved(0), 0.02));
  CHECK(parted[250][4] == near(moved(1), 0.05));

  REQUIRE(found.true_mass);
  CHECK(found.true_mass->median == near(5.5, 0.05));
  CHECK(found.true_mass->percentile99 == near(9.91, 0.004));
  CHECK(found.true_mass->largest == near(9.99, 0.001));
  CHECK(found.true_mass->indefinite == 0);
  CHECK_FALSE(found.learnt_mass);
  CHECK_FALSE(found.learnt_energy_change);
}

TEST_CASE("the durations of an evaluation are those asked for, with rows as close as usual") {
  const System system = ramp();
  const tools::Evaluation found = evaluation(
      *idle("mlp", system), system, {.run = "", .trajectories = 5, .duration = 0.1, .repeats = 1});
  CHECK(numbers(found.truth->divergence_csv).size() == 26);
  CHECK(found.truth->early == Approx(0.1));
  CHECK(found.regions[0].valid.upper_quartile == Approx(0.1));
  CHECK(found.regions[0].unbroken == 1);
  CHECK(numbers(evaluation(*idle("mlp", system), system,
                           {.run = "", .trajectories = 5, .duration = 1e-4, .repeats = 1})
                    .truth->divergence_csv)
            .size() == 2);
}

TEST_CASE("chaos: what a start moved by 1e-8 leaves to be predicted, and at which rate" *
          in_double_only) {
  // x'' = x: what parts, parts as e^t.
  System system = line(-1e-6, 1e-6, 1e-6, [](double x) { return x; });
  system.coordinates[0].angle = true;  // a unit of 1
  const auto found =
      evaluation(*idle("mlp", system), system, {.run = "", .trajectories = 9, .repeats = 1});
  const tools::Floor& floor = *found.regions[0].floor;
  // By 1e-8 / √2 in x and in v, until that is ½.
  CHECK(floor.valid.median == near(std::log(0.5 * std::sqrt(2.) / 1e-8), 0.001));
  CHECK(floor.lyapunov_exponent == near(1, 0.05));
}

TEST_CASE("true motions that end early are left out, and each is counted where it is") {
  System system = ramp();  // where y > 0 x runs to infinity in a finite time, else it grows as e^t
  system.region = {Eigen::Vector4d(2, -1, 1, 0), Eigen::Vector4d(3, 1, 2, 0)};
  system.closed_form = [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
    a.setZero();
    for (Index s = 0; s < states.cols(); ++s) {
      const double x = states(0, s);
      a(0, s) = states(1, s) > 0 ? 6 * x * x : x;
    }
  };
  const auto found =
      evaluation(*idle("mlp", system), system, {.run = "", .trajectories = 100, .repeats = 1});
  const tools::Region& region = found.regions[0];
  const tools::Floor& floor = *region.floor;
  for (const Index count : {floor.left_out, floor.exponent_left_out, region.rollouts[0].left_out,
                            found.truth->divergence_stopped}) {
    CHECK(count > 35);
    CHECK(count < 65);
  }
  CHECK(floor.exponent_left_out == floor.left_out);  // of the same starts
  CHECK(floor.lyapunov_exponent == near(1, 0.1));
  CHECK(region.unbroken == 0);
  CHECK(std::isfinite(region.valid.median));
  // Half of them are at an end after a second: the distances are those of the others.
  const auto parted = numbers(found.truth->divergence_csv);
  CHECK(std::isfinite(parted.back()[2]));
}

TEST_CASE("the learnt energy and mass are judged in the model's own units") {
  // x'' = 2 from rest. The model's energy is 5/2 v² = 10 t², its mean change 10/3 in one second,
  // and the deviation of t² is √(1/5 - 1/9).
  const System system = line(0, 1, 0, [](double) { return 2.; });
  const auto found =
      evaluation(*idle("lnn", system, 5), system, {.run = "", .trajectories = 3, .repeats = 1});
  REQUIRE(found.learnt_energy_change);
  CHECK(*found.learnt_energy_change == near(1. / 3 / std::sqrt(1. / 5 - 1. / 9), 0.01));

  const auto two = evaluation(*idle("lnn", ramp(), std::vector{2., 8.}), ramp(),
                              {.run = "", .trajectories = 3, .repeats = 1});
  REQUIRE(two.learnt_mass);
  for (const double condition :
       {two.learnt_mass->median, two.learnt_mass->percentile99, two.learnt_mass->largest})
    CHECK(condition == Approx(4));
  CHECK(two.learnt_mass->indefinite == 0);
}

TEST_CASE("what should stay is told with how much it changes: energy, and momenta by name") {
  // Truth: x swings, y moves freely. The model: y'' = -3.
  System system = ramp();
  system.lagrangian = [](Var q, Var v) { return sum_rows(v * v) - pow(row(q, 0), 2); };
  system.force = {};
  system.closed_form = [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
    a.row(0) = -states.row(0);
    a.row(1).setZero();
  };
  system.region = {Eigen::Vector4d(0, 0, 0, 4), Eigen::Vector4d(1, 1, 0, 4)};
  system.duration = 0.5;
  system.energy_test = {system.region, 0.25, 2};
  const auto model = idle("mlp", system);
  model->parameters().matrix(model->parameters().list().back()) << 0, -3;
  const auto found = evaluation(*model, system, {.run = "", .trajectories = 2, .repeats = 1});
  REQUIRE(found.truth->momentum_changes.size() == 1);
  CHECK(found.truth->momentum_changes[0].first == 1);
  CHECK(found.truth->momentum_changes[0].second == near(3 * 0.5 / 4., 1e-5));
  // In the test's 0.25 s v falls from 4 to 3.25, and the energy is v², in units of 2 J.
  CHECK(found.truth->energy_mean == near((16 - 3.25 * 3.25) / 2, 1e-5));
  CHECK(found.truth->energy_largest == near((16 - 3.25 * 3.25) / 2, 1e-5));
  REQUIRE(found.regions.size() == 2);
  CHECK(found.regions[1].key == "near_rest");
  CHECK(found.seconds > 0);
}

TEST_CASE("a Poincaré section shows starts of one energy, each time that the first passes zero") {
  System system = wheels();
  system.section_energy = 2;
  const auto found =
      evaluation(*idle("mlp", system), system, {.run = "", .trajectories = 2, .repeats = 1});
  const auto lines = split(found.truth->poincare_csv, '\n');
  REQUIRE(lines.size() > 100);
  CHECK(lines[0] == "motion,start,b,b'");
  std::map<std::string, std::vector<std::pair<double, double>>> points;  // of each motion and start
  for (std::size_t k = 1; k < lines.size(); ++k) {
    const auto entries = split(lines[k], ',');
    points[entries[0] + entries[1]].emplace_back(std::stod(entries[2]), std::stod(entries[3]));
  }
  CHECK(points.size() == 60);  // 30 starts, both ways
  std::size_t compared = 0;
  for (int start = 0; start < 30; ++start) {
    const auto& truth = points["true" + std::to_string(start)];
    const auto& learnt = points["learnt" + std::to_string(start)];
    REQUIRE(!truth.empty());
    CHECK(learnt.size() == truth.size());
    const double v = truth[0].second, other = std::sqrt(2 * 2 - v * v);
    const double turns = 20 * system.duration * other / (2 * pi);
    CHECK(std::abs(static_cast<double>(truth.size()) - turns) <= 1.001);
    for (std::size_t k = 0; k < truth.size(); ++k) {
      CHECK(std::abs(truth[k].first) <= pi + 1e-5);
      CHECK(truth[k].second == near(v, 1e-4));
      if (k + 1 == truth.size()) continue;
      const double step = truth[k + 1].first - truth[k].first - v * 2 * pi / other;
      CHECK(std::abs(std::remainder(step, 2 * pi)) < 2e-3 * (1 + 1 / other));
      ++compared;
    }
    for (std::size_t k = 0; k < std::min(truth.size(), learnt.size()); ++k)
      CHECK(std::abs(std::remainder(truth[k].first - learnt[k].first, 2 * pi)) < 1e-3);
  }
  CHECK(compared > 100);

  // Where the first never moves there is no section; and none of one coordinate.
  system.region.high[2] = 0;
  const tools::EvaluateOptions few{.run = "", .trajectories = 2, .repeats = 1};
  CHECK(evaluation(*idle("mlp", system), system, few).truth->poincare_csv.empty());
  const System one = line(0, 1, 1, [](double) { return 0.; });
  CHECK(evaluation(*idle("mlp", one), one, few).truth->poincare_csv.empty());
}

TEST_CASE("without an energy of its own a section has the median one of the region") {
  System system = wheels();
  system.region = {Eigen::Vector4d(-pi, -pi, 1.99, 1), Eigen::Vector4d(pi, pi, 2.01, 1)};
  system.region.high[2] = 3;  // starts with v1 between 1.99 and 3: 2.495 in the middle
  const auto found =
      evaluation(*idle("mlp", system), system, {.run = "", .trajectories = 2, .repeats = 1});
  const auto lines = split(found.truth->poincare_csv, '\n');
  REQUIRE(lines.size() > 10);
  const auto b = [&](std::size_t k) { return std::stod(split(lines[k], ',')[2]); };
  const double per_turn = std::remainder(b(3) - b(2), 2 * pi);
  CHECK(std::abs(per_turn) == near(2 * pi / 2.495, 0.03));
}

TEST_CASE("what a file held out is written beside what was learnt of it") {
  // x = t²: three trajectories of six rows, then one of one row and one of three, which are held
  // out together with the last row of the third.
  std::string csv = "trajectory,t,x,x',x''\n";
  const std::vector<int> sizes{6, 6, 6, 1, 3};
  for (std::size_t k = 0; k < sizes.size(); ++k)
    for (int row = 0; row < sizes[k]; ++row) {
      const double t = 0.5 * row;
      csv += tools::format("%zu,%g,%g,%g,2\n", k, t, t * t, 2 * t);
    }
  const program::Folder folder;
  folder.write("f.csv", csv);
  tools::TrainOptions options;
  options.data = (folder.path() / "f.csv").string();
  options.held_out = 5. / 22;
  options.validation = 0;
  const tools::Subject subject(options);
  REQUIRE(subject.held_out.size() == 5);
  const physics::System mass = line(0, 1, 0, [](double) { return 2.; });

  const auto judged = [&](const std::string& kind, double prior) {
    return evaluate(*idle(kind, mass, prior), options, subject, {.run = ""});
  };
  const tools::Evaluation found = judged("mlp", 0);
  REQUIRE(found.regions.size() == 1);
  CHECK(found.regions[0].key == "held_out");
  CHECK(found.regions[0].acceleration.l1[0] == Approx(2));
  CHECK_FALSE(found.truth);
  CHECK(found.coordinates.size() == 1);
  const auto lines = split(found.held_out_csv, '\n');
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "piece,t,x,x',learnt x,learnt x',x'',learnt x''");
  CHECK(lines[1] == "0,0,0,0,0,0,2,0");
  CHECK(lines[2] == "0,0.5,0.25,1,0,0,2,0");
  CHECK(lines[3] == "0,1,1,2,0,0,2,0");

  const auto with_energy = numbers(judged("lnn", 3).held_out_csv);
  REQUIRE(with_energy.size() == 3);
  // piece, t, x, x', energy 3/2 v², learnt x, x', energy, x'', learnt x''
  const std::vector<double> last{0, 1, 1, 2, 6, 0, 0, 0, 2, 0};
  REQUIRE(with_energy[2].size() == last.size());
  for (std::size_t k = 0; k < last.size(); ++k) CHECK(with_energy[2][k] == Approx(last[k]));
}
