// What was found of a model, as numbers for programs and as tables for people.
#include <algorithm>
#include <cmath>

#include "tests/program/program.h"
#include "tools/app/evaluation.h"

using program::contains;
using program::split;

namespace {

/// The words of each line, one blank between them.
std::string plain(const std::string& text) {
  std::string squeezed;
  for (const std::string& line : split(text, '\n')) {
    std::string words;
    for (const std::string& word : split(line, ' '))
      if (!word.empty()) words += (words.empty() ? "" : " ") + word;
    squeezed += words + '\n';
  }
  return squeezed;
}

physics::RolloutErrors rollout(double angle, double radius) {
  physics::RolloutErrors errors;
  errors.mse = Eigen::Vector2d(angle, radius);
  errors.median = errors.mse / 2;
  return errors;
}

/// Of a pendulum that is a spring, in two regions.
tools::Evaluation found_of_a_system() {
  tools::Evaluation e;
  e.coordinates = {{"theta", "rad", true}, {"r", "", false}};
  tools::Region region{.key = "training", .where = "as in training"};
  region.box = {Eigen::Vector4d(-3, 1, -2, -1), Eigen::Vector4d(3, 2, 2, 1)};
  region.unit = Eigen::Vector2d(1, 0.25);
  region.acceleration = {.mse = Eigen::Vector2d(4, 9),
                         .l1 = Eigen::Vector2d(1.5, 2.5),
                         .largest = Eigen::Vector2d(7, 8),
                         .mse_of_mean = Eigen::Vector2d(16, 36),
                         .l1_of_median = Eigen::Vector2d(3, 10)};
  region.rollouts = {rollout(1, 10), rollout(2, 20), rollout(6, 60)};
  region.rollouts[0].stopped = 2;
  region.rollouts[2].stopped = 3;
  region.rollouts[1].left_out = region.rollouts[2].left_out = 1;
  region.rollouts[1].reason = "t = 2: here";
  region.rollouts[2].reason = "t = 9: there";
  region.valid = {11, 12, 14};
  region.unbroken = 0.125;
  region.floor = {
      .valid = {30, 40, 50}, .lyapunov_exponent = 0.5, .left_out = 0, .exponent_left_out = 1};
  e.regions.push_back(region);
  region.key = "near_rest";
  region.where = "near rest";
  region.rollouts = {rollout(3, 30)};
  region.floor->exponent_left_out = 0;
  e.regions.push_back(region);
  e.learnt_mass = {2, 3, 4, 0.0625};
  e.true_mass = {5, 6, 7, 0};
  e.learnt_energy_change = 0.75;
  e.seconds = 1.25;
  tools::BesideTruth& truth = e.truth.emplace();
  truth.energy_mean = 0.001;
  truth.energy_largest = 0.002;
  truth.momentum_changes = {{1, 0.031}};
  truth.early = 0.2;
  truth.model_error = 0.5;
  truth.integrator_error = 0.05;
  return e;
}

}  // namespace

TEST_CASE("evaluation.json holds every number under its name") {
  tools::Evaluation e = found_of_a_system();
  const auto json = nlohmann::json::parse(to_json(e));
  const auto& region = json["regions"]["training"];
  CHECK(region["low"] == std::vector<double>{-3, 1, -2, -1});
  CHECK(region["high"] == std::vector<double>{3, 2, 2, 1});
  CHECK(region["acceleration"] == nlohmann::json::parse(R"({"l1_sum": 4.0, "l1": [1.5, 2.5],
      "l1_of_median": [3.0, 10.0], "mse": [4.0, 9.0], "largest": [7.0, 8.0]})"));
  const auto& trajectories = region["trajectory_mse"];
  // Mean 3 of 1, 2 and 6; their sample variance (4 + 1 + 9) / 2.
  CHECK(trajectories["theta"]["mean"] == 3);
  CHECK(trajectories["theta"]["smallest"] == 1);
  CHECK(trajectories["theta"]["largest"] == 6);
  CHECK(trajectories["theta"]["deviation"].get<double>() == doctest::Approx(std::sqrt(7)));
  CHECK(trajectories["theta"]["repeats"] == std::vector<double>{1, 2, 6});
  CHECK(trajectories["r"]["mean"] == 30);
  CHECK(trajectories["median_trajectory"] == std::vector<double>{1.5, 15});
  CHECK(trajectories["stopped"] == 5);
  CHECK(region["spread"] == std::vector<double>{1, 0.25});
  CHECK(region["valid_seconds"] == nlohmann::json::parse(R"({"threshold": 0.5,
      "model": {"median": 12.0, "quartiles": [11.0, 14.0]}, "valid_to_the_end": 0.125,
      "moved_by": 1e-8, "moved_truth": {"median": 40.0, "quartiles": [30.0, 50.0]},
      "moved_left_out": 0})"));
  CHECK(region["lyapunov_exponent"] == 0.5);
  CHECK(region["lyapunov_left_out"] == 1);
  const auto& one = json["regions"]["near_rest"]["trajectory_mse"]["r"];
  CHECK(one["deviation"] == 0);  // of a single repeat
  CHECK(one["mean"] == 30);
  e.regions[1].rollouts.push_back(rollout(3, 34));
  const auto two = nlohmann::json::parse(to_json(e))["regions"]["near_rest"]["trajectory_mse"];
  CHECK(two["r"]["deviation"].get<double>() == doctest::Approx(std::sqrt(8)));
  CHECK(json["mass_condition"] == nlohmann::json::parse(R"({
      "learnt": {"median": 2.0, "percentile99": 3.0, "largest": 4.0, "indefinite_share": 0.0625},
      "true": {"median": 5.0, "percentile99": 6.0, "largest": 7.0, "indefinite_share": 0.0}})"));
  CHECK(json["learnt_energy_change"] == 0.75);
  CHECK(json["momentum_changes"] == nlohmann::json::parse(R"({"r": 0.031})"));
  CHECK(json["energy"] == nlohmann::json::parse(R"({"mean": 0.001, "largest": 0.002})"));
  CHECK(json["integrator"] == nlohmann::json::parse(
                                  R"({"after_seconds": 0.2, "model_error": 0.5,
                                      "integrator_error": 0.05})"));
  CHECK(json["seconds"] == 1.25);
}

TEST_CASE("evaluation.json of a file without trajectories has what there is, and null for none") {
  tools::Evaluation e = found_of_a_system();
  e.regions.resize(1);
  e.regions[0].box = {};
  e.regions[0].rollouts.clear();
  e.learnt_mass = e.true_mass = std::nullopt;
  e.learnt_energy_change = std::nullopt;
  e.truth = std::nullopt;
  const auto json = nlohmann::json::parse(to_json(e));
  CHECK(json["regions"]["training"].size() == 1);  // accelerations
  CHECK(json["mass_condition"]["learnt"].is_null());
  CHECK(json["mass_condition"]["true"].is_null());
  CHECK(json["learnt_energy_change"].is_null());
  for (const char* name : {"momentum_changes", "energy", "integrator", "divergence_stopped"})
    CHECK_FALSE(json.contains(name));
}

TEST_CASE("the tables of an evaluation: a row for each region and coordinate, in its unit") {
  tools::Evaluation e = found_of_a_system();
  tools::TrainOptions training;
  training.model = "delan";
  training.seed = 18446744073709551615u;
  const std::string table = plain(to_table(e, training, {.run = "runs/x"}));
  for (
      const char* row : {
          "runs/x, --model delan, seed 18446744073709551615\n",
          // mean |e|, in units of a constant's, root mean square, largest
          "\nas in training theta [rad/s^2] 1.5 0.5 2 7\nr 2.5 0.25 3 8\nnear rest theta [rad/s^2]",
          // mean, smallest and largest repeat, the median trajectory
          "\nas in training theta [rad^2] 3 1 6 1.5\nr 30 10 60 15\n(as in training: 5 ran away)\n"
          "(as in training: 2 left out, whose truth stopped early, the first at t = 2: here)\n"
          "near rest theta [rad^2] 3 3 3 1.5\nr 30 30 30 15\n\n",
          "\nas in training model 11 12 14 6\nmoved truth 30 40 50 20\n"
          "12.5 % of the model's are valid to the end\n"
          "(left out, as the truth stopped early: 0 moved ones, 1 exponents)\nnear rest model",
          "off by 0.5 of their spread, an angle by 0.5 rad;\nmoved truth: the true motion, started "
          "1e-08 away)\n",
          "\nlearnt 2 3 4 6.25 %\ntrue 5 6 7 0.00 %\n",
          "the learnt energy changes by 0.75 of its deviation along true motions\n",
          "the momentum of r, which stays, changes by 0.031 of its size\n",
          "energy error at the end: mean 0.001, largest 0.002, of its scale\n",
          "after 0.2 s the median trajectory is off by 0.5, of which the integrator's 0.05\n",
          "judged in 1.2 s\n",
      })
    CHECK_MESSAGE(contains(table, row), table);
  CHECK(contains(table, "not well below the model's"));  // a tenth is too much
  CHECK(std::count(table.begin(), table.end(), '(') ==
        4);  // of the second region nothing is left out
  e.truth->integrator_error = 0.049;
  CHECK_FALSE(contains(to_table(e, training, {}), "not well below"));
}

TEST_CASE(
    "the tables of a file's evaluation tell of measured motions, and of nothing that is true") {
  tools::Evaluation e = found_of_a_system();
  e.regions.resize(1);
  e.regions[0].floor = std::nullopt;
  e.truth = std::nullopt;
  e.true_mass = e.learnt_mass = std::nullopt;
  const std::string table = plain(to_table(e, {}, {}));
  CHECK(contains(table, "\nas in training model 11 12 14\n12.5 %"));
  CHECK(contains(table, "an angle by 0.5 rad)\n"));
  CHECK(contains(table, "learnt: this model has none"));
  CHECK(contains(table, "along measured motions"));
  CHECK_FALSE(contains(table, "true"));

  e.regions[0].rollouts.clear();  // states without time
  e.learnt_energy_change = std::nullopt;
  const std::string states = plain(to_table(e, {}, {}));
  CHECK_FALSE(contains(states, "valid to the end"));
  CHECK_FALSE(contains(states, "[rad] "));
  CHECK_FALSE(contains(states, "learnt energy"));
}
