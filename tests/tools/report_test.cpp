// What a run ends with: result.json, the table, and how it says that it stopped.
#include "tools/app/report.h"

#include <iostream>
#include <sstream>

#include "nn/models/models.h"
#include "tests/program/program.h"

using program::contains;
using program::split;
using tools::RunResult;

namespace {

/// The words of a text, one blank between them.
std::string plain(const std::string& text) {
  std::string words;
  for (const std::string& line : split(text, '\n'))
    for (const std::string& word : split(line, ' '))
      if (!word.empty()) words += word + ' ';
  return words;
}

/// A finished run on a system of an angle and a length.
RunResult result_of_a_system() {
  const tools::Subject subject{tools::TrainOptions{}};
  tools::TrainOptions options;
  options.hidden = {5, 7};
  options.learning_rate = 0.5;
  options.rollouts = 9;
  options.duration = 4;
  nn::NetworkOptions network;
  network.hidden = {5, 7};
  const auto model = nn::make_model("lnn", network);
  RunResult result(options, subject, *model);
  result.coordinates = {{"theta", "rad", true}, {"r", "m", false}};
  result.status = "finished";
  result.standing.train_steps = 400;
  result.standing.seconds = 2;
  result.standing.last_loss = 0.25;
  tools::Judgement& judged = result.judgement.emplace();
  judged.acceleration = {.mse = Eigen::Vector2d(4, 9),
                         .l1 = Eigen::Vector2d(1.5, 2.5),
                         .largest = Eigen::Vector2d(7, 8),
                         .mse_of_mean = Eigen::Vector2d(16, 3),
                         .l1_of_median = Eigen::Vector2d(3, 5)};
  judged.seconds = 1.5;
  auto& rolled_out = judged.rolled_out.emplace();
  rolled_out.errors.mse = Eigen::Vector2d(11, 12);
  rolled_out.errors.median = Eigen::Vector2d(0.5, 0.75);
  rolled_out.valid = Eigen::Vector3d(3, 1, 2);
  rolled_out.energy_error = 0.125;
  return result;
}

nlohmann::json json_of(const RunResult& result) { return nlohmann::json::parse(to_json(result)); }

}  // namespace

TEST_CASE("result.json: what was learnt, and how well, by name") {
  RunResult result = result_of_a_system();
  result.options.system = "spring_pendulum";
  result.options.seed = 18446744073709551615u;
  result.standing.skipped = 3;
  result.standing.restarts = 2;
  result.indefinite_share = 0.03125;
  result.energy_flow = {.friction = 0.25, .controls = 0.5};
  result.judgement->rolled_out->errors.stopped = 4;
  result.judgement->rolled_out->errors.left_out = 6;
  const auto json = json_of(result);
  const auto expected = nlohmann::json::parse(R"({
      "preset": "default", "status": "finished", "system": "spring_pendulum", "wall_s": 2.0,
      "seed": 18446744073709551615, "train_steps": 400, "train_loss": 0.25, "model": "lnn",
      "skipped": 3, "restarts": 2, "stuck": 0.03125, "learn": "accelerations", "friction": "none",
      "coordinates": ["theta", "r"], "units": ["rad", "m"],
      "angles": [true, false], "energy_flow_per_s": {"friction": 0.25, "controls": 0.5},
      "acceleration_l1": 4.0, "acceleration_l1_each": [1.5, 2.5], "acceleration_mse": [4.0, 9.0],
      "acceleration_largest": [7.0, 8.0], "acceleration_l1_relative": [0.5, 0.5],
      "acceleration_mse_relative": [0.25, 3.0], "worse_than_constant": ["r"],
      "trajectory_mse": [11.0, 12.0], "trajectory_mse_median": [0.5, 0.75], "trajectories": 9,
      "trajectories_stopped": 4, "trajectories_left_out": 6, "valid_seconds_median": 2.0,
      "energy_error": 0.125, "judge_s": 1.5,
      "picture": {"dimension": 2, "links": [[-1, 0], [0, 1]]}})");
  for (const auto& one : expected.items()) {
    const std::string& name = one.key();
    const auto& value = one.value();
    CAPTURE(name);
    CHECK(json[name] == value);
  }
  CHECK(json["learns"] == "L(q, v)");
  // (cos, sin) of two angles and two velocities: 6-5-7-1.
  CHECK(json["parameters"] == 6 * 5 + 5 + 5 * 7 + 7 + 7 + 1);
  CHECK_FALSE(json.contains("data"));
  CHECK_FALSE(json.contains("overfits"));  // nothing watched
}

TEST_CASE("result.json has no numbers that there are none of, and null where a ratio is none") {
  RunResult result = result_of_a_system();
  result.judgement->acceleration.l1_of_median[1] = 0;  // r never changes
  result.judgement->rolled_out->energy_error = std::nullopt;
  auto json = json_of(result);
  CHECK(json["acceleration_l1_relative"][0] == 0.5);
  CHECK(json["acceleration_l1_relative"][1].is_null());
  CHECK_FALSE(json.contains("energy_error"));
  CHECK_FALSE(json.contains("energy_flow_per_s"));
  result.judgement->rolled_out = std::nullopt;
  result.picture = {};
  json = json_of(result);
  for (const char* name : {"trajectory_mse", "valid_seconds_median", "picture"})
    CHECK_FALSE(json.contains(name));
  CHECK(json["judge_s"] == 1.5);
  result.judgement = std::nullopt;
  CHECK_FALSE(json_of(result).contains("acceleration_l1"));
}

TEST_CASE("result.json of a file tells what was found in it, and names no system") {
  RunResult result = result_of_a_system();
  result.data = {.rows = 100,
                 .used = 80,
                 .trajectories = 4,
                 .gaps = {{7, ""}, {9, ""}},
                 .jumps = {{11, ""}},
                 .turns = {{12, ""}},
                 .left_out = {{13, ""}},
                 .time_step = 0.05,
                 .estimated = true,
                 .comments = 2,
                 .doubts = {"x rests"}};
  const auto json = json_of(result);
  CHECK(json["system"].is_null());
  CHECK(json["data"] == nlohmann::json::parse(R"({"rows": 100, "rows_used": 80, "trajectories": 4,
      "doubts": ["x rests"], "time_does_not_grow_at_lines": [12], "gaps_before_lines": [7, 9], "jumps_before_lines": [11], "left_out_at_lines": [13],
      "time_step_s": 0.05, "accelerations_estimated": true})"));
}

TEST_CASE("a run overfits where its last steps made what watches a fifth worse than its best") {
  RunResult result = result_of_a_system();
  result.standing.best_validation = 0.5;
  result.standing.best_batches = 300;
  for (const auto& [last, kept, overfits] :
       {std::tuple(0.52, false, false), {0.59, true, false}, {0.61, true, true}}) {
    result.standing.validation = last;
    CHECK(json_of(result)["overfits"] == overfits);
    CHECK(json_of(result)["validation_loss"] == 0.5);
    CHECK(json_of(result)["validation_best_step"] == 300);
    const std::string table = plain(to_table(result));
    CHECK(contains(table, "validation loss 0.5, the best at step 300, "));
    CHECK(contains(table, "whose weights are kept") == kept);
    CHECK(contains(table, "which the last weights are as good as") == !kept);
    CHECK(contains(table, "overfits at the last step it was 0.61") == overfits);
  }
}

TEST_CASE("the table of a run says how much was trained, and each error in its unit") {
  RunResult result = result_of_a_system();
  const std::string table = plain(to_table(result));
  for (const char* part :
       {"learnt L(q, v) of double_pendulum, hidden layers 5-7, 85 parameters ",
        "training 400 steps of 128 samples in 2.0 s (5000.0 us a step), last loss 0.25 ",
        "how well theta r ", "acceleration, mean |error| [own units] 1.5 2.5 ",
        "acceleration, mean square [own units] 4 9 ",
        "of the best constant's, mean |error| 0.5 0.5 ",
        "of the best constant's, mean square 0.25 3 ",
        "trajectories, mean square [own units] 11 12 ",
        "the same, median trajectory [own units] 0.5 0.75 ", "valid prediction, median [s] 2 ",
        "energy error at the end [of its scale] 0.125 ", "worse than a constant prediction: r ",
        "9 random trajectories of 4 s, judged in 1.5 s "})
    CHECK_MESSAGE(contains(table, part), table);
  for (const char* absent : {"skipped", "watching", "overfits", "restarts", "stuck", "note",
                             "friction", "controls", "ran away", "left out", "held out"})
    CHECK_FALSE_MESSAGE(contains(table, absent), table);
}

TEST_CASE("the table of a run has units where all coordinates share one that is known") {
  RunResult result = result_of_a_system();
  result.coordinates[1].unit = "rad";
  std::string table = plain(to_table(result));
  for (const char* part : {"mean |error| [rad/s^2] ", "acceleration, mean square [rad^2/s^4] ",
                           "trajectories, mean square [rad^2] ", "median trajectory [rad^2] "})
    CHECK_MESSAGE(contains(table, part), table);
  result.coordinates[0].unit = result.coordinates[1].unit = "";
  CHECK(contains(plain(to_table(result)), "acceleration, mean |error| 1.5"));
}

TEST_CASE("the table of a run tells of what was out of order, and only of that") {
  RunResult result = result_of_a_system();
  result.standing.train_steps = 0;  // what has no steps takes no time for one
  result.standing.skipped = 3;
  result.standing.restarts = 2;
  result.indefinite_share = 0.02;
  result.options.preset = "seed";
  result.options.learning_rate = 1e-4;
  result.judgement->rolled_out->errors.stopped = 4;
  result.judgement->rolled_out->errors.left_out = 6;
  result.judgement->rolled_out->errors.reason = "t = 3: too fast";
  result.judgement->acceleration.mse[1] = 1;
  std::string table = plain(to_table(result));
  for (const char* part :
       {"training 0 steps", "(2000000.0 us a step)", "skipped 3 of 3 batches", "restarts 2, of",
        "wrong sign in 2 % of the states", "; 4 of them ran away before their end ",
        "6 of them are left out, whose truth stopped early, the first at t = 3: too fast "})
    CHECK_MESSAGE(contains(table, part), table);
  CHECK_FALSE(contains(table, "worse than a constant"));
  result.indefinite_share = 0.01;
  CHECK_FALSE(contains(to_table(result), "wrong sign"));
  CHECK_FALSE(contains(to_table(result), "watching"));
}

TEST_CASE("a preset's note is for those who train at its rate") {
  RunResult result = result_of_a_system();
  result.options.preset = "seed";
  CHECK_FALSE(contains(to_table(result), "note"));
  const char* arguments[] = {"train", "--preset", "seed"};
  result.options.learning_rate = tools::parse_train_options(3, arguments).learning_rate;
  CHECK(contains(to_table(result), "--lr 0.01"));
}

TEST_CASE("the table of a run tells of friction that was asked for, and of controls there were") {
  RunResult result = result_of_a_system();
  result.energy_flow = {.friction = 0.25, .controls = 0};
  CHECK_FALSE(contains(to_table(result), "[of kinetic energy, 1/s]"));
  result.options.friction = "linear";
  result.energy_flow->controls = 0.5;
  const std::string table = plain(to_table(result));
  CHECK(contains(table, "friction takes [of kinetic energy, 1/s] 0.25 "));
  CHECK(contains(table, "controls give [of kinetic energy, 1/s] 0.5 "));
}

TEST_CASE("the table of a file's run names the file, and the part that judged") {
  RunResult result = result_of_a_system();
  result.options.data = "/far/away/swings.csv";
  result.options.held_out = 0.15;
  result.data.emplace();
  result.judgement->rolled_out->energy_error = std::nullopt;
  const std::string table = plain(to_table(result));
  CHECK(contains(table, "learnt L(q, v) of swings.csv,"));
  CHECK(contains(table, "judged on 15 % of the file that were held out, judged in"));
  CHECK_FALSE(contains(table, "energy error"));
  result.judgement->rolled_out = std::nullopt;
  CHECK_FALSE(contains(to_table(result), "trajector"));
  result.judgement = std::nullopt;
  CHECK_FALSE(contains(to_table(result), "how well"));
}

TEST_CASE("why a step has no finite loss: the sample, its state, and how near singular it was") {
  nn::Divergence found;
  found.sample = 7;
  found.state = autodiff::Matrix::Zero(2, 1);
  found.state << 0.5, -3;
  found.operation = "sample_solve (2x1)";
  std::string text = tools::divergence_text(12, found);
  for (const char* part : {"step 12 ", "sample 7 ", "sample_solve (2x1) ", "(q; v) = 0.5 -3."})
    CHECK_MESSAGE(contains(text, part), text);
  CHECK_FALSE(contains(text, "condition"));
  CHECK_FALSE(contains(text, "overflowed"));
  found.condition = 1.5e9;
  CHECK(contains(tools::divergence_text(12, found), "(q; v) = 0.5 -3; condition number"));
  CHECK(contains(tools::divergence_text(12, found), "1.5e+09"));
  text = tools::divergence_text(12, std::nullopt);
  CHECK(contains(text, "their sum overflowed"));
  CHECK(contains(text, "--lr"));
}

TEST_CASE("a run that stopped says where its weights are, or how it goes on") {
  const program::Folder folder;
  RunResult result = result_of_a_system();
  result.options.quiet = true;
  const tools::RunFolder run(folder.path() / "R");
  std::ostringstream said;
  std::streambuf* const before = std::cerr.rdbuf(said.rdbuf());
  CHECK(tell(result, run) == tools::exit_ok);
  result.status = "diverged";
  result.standing.skipped = 3;
  const std::string where = (folder.path() / "R").string();
  CHECK(contains(ending(result, run), "diverged after 400 steps"));
  CHECK(contains(ending(result, run), "finite loss: 3)"));
  CHECK(contains(ending(result, run), where + '/'));
  CHECK(tell(result, run) == tools::exit_diverged);
  result.status = "interrupted";
  CHECK(ending(result, run) == "interrupted after 400 steps; go on with ./train --resume " + where);
  CHECK(tell(result, run) == tools::exit_interrupted);
  std::cerr.rdbuf(before);
  CHECK(contains(said.str(), "diverged after 400 steps"));
  CHECK(contains(said.str(), "interrupted after 400 steps"));
}
