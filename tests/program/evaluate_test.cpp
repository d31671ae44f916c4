// tools/evaluate as its users meet it.
#include <cmath>

#include "tests/program/program.h"
#include "tools/app/evaluation.h"

namespace fs = std::filesystem;
using autodiff::Index;
using program::contains;
using program::Folder;
using program::Outcome;

TEST_CASE("a trained model is evaluated, each kind of it") {
  const Folder folder;
  for (const std::string model : program::sanitized
                                     ? std::vector{"lnn", "mlp"}
                                     : std::vector{"lnn", "delan", "pullback", "hnn", "mlp"}) {
    CAPTURE(model);
    REQUIRE(
        folder
            .train("--model " + model + " --hidden 8,8 --steps 300 --epochs 1 --rollouts 0 --out R")
            .code == 0);
    REQUIRE(folder.evaluate("R --trajectories 5 --duration 1 --repeats 2").code == 0);
    const auto found = nlohmann::json::parse(folder.read("R/evaluation.json"));
    REQUIRE(found["regions"].size() == 2);  // the default's training covers the whole phase space
    for (const auto& region : found["regions"]) {
      CHECK(region["acceleration"]["l1_sum"].get<double>() > 0);
      CHECK(region["trajectory_mse"]["theta1"]["repeats"].size() == 2);
      CHECK(region["valid_seconds"]["model"]["median"].get<double>() <= 1);
      CHECK(region["valid_seconds"]["moved_truth"]["median"].get<double>() > 5);
      CHECK(region["lyapunov_exponent"].get<double>() == doctest::Approx(0.8).epsilon(0.5));
    }
    CHECK(found["mass_condition"]["learnt"].is_null() == (model == "hnn" || model == "mlp"));
    CHECK(found["mass_condition"]["true"]["largest"].get<double>() ==
          doctest::Approx(6.85).epsilon(0.01));
    CHECK(contains(folder.read("stdout"), "valid prediction"));
  }
}

TEST_CASE("what the truth itself could not follow is left out of the means, and told") {
  const auto repeat = [](double error, Index left_out) {
    physics::RolloutErrors errors;
    errors.mse = errors.median = Eigen::Vector2d::Constant(error);
    errors.left_out = left_out;
    if (left_out > 0) errors.reason = "t = 3: 9 steps taken";
    return errors;
  };
  const double nan = std::nan("");
  tools::Evaluation e;
  for (const auto& rollouts : {std::vector{repeat(nan, 2), repeat(4, 0), repeat(6, 1)},
                               std::vector{repeat(nan, 2)}, std::vector{repeat(5, 0)}}) {
    const std::string key(1, static_cast<char>('a' + e.regions.size()));
    e.regions.push_back({.key = key, .where = "in " + key, .rollouts = rollouts});
    auto& acceleration = e.regions.back().acceleration;
    acceleration.l1 = acceleration.mse = acceleration.largest = acceleration.l1_of_median =
        Eigen::Vector2d(1, 2);
  }
  e.coordinates = {{"theta1", "rad", true}, {"theta2", "rad", true}};
  e.regions[1].floor.emplace().left_out = 7;
  e.truth.emplace().divergence_stopped = 8;
  const auto json = nlohmann::json::parse(to_json(e));
  const auto& some = json["regions"]["a"]["trajectory_mse"];
  CHECK(some["left_out"] == 3);
  CHECK(some["theta1"]["mean"] == 5);
  CHECK(some["theta2"]["smallest"] == 4);
  CHECK(some["theta2"]["repeats"] == std::vector<double>{4, 6});
  CHECK(some["median_trajectory"] == std::vector<double>{5, 5});
  CHECK(json["regions"]["b"]["trajectory_mse"]["theta1"]["mean"].is_null());
  CHECK(json["regions"]["b"]["valid_seconds"]["moved_left_out"] == 7);
  CHECK(json["regions"]["c"]["trajectory_mse"]["left_out"] == 0);
  CHECK(json["divergence_stopped"] == 8);

  const std::string table = to_table(e, {}, {});
  CHECK(
      contains(table, "in a: 3 left out, whose truth stopped early, the first at t = 3: 9 steps"));
  CHECK(contains(table, "in b: 2 left out"));
  CHECK(contains(table, "left out, as the truth stopped early: 7 moved ones"));
  CHECK_FALSE(contains(table, "in c: 0"));
  CHECK(contains(table, "8 true trajectories stopped early"));
}

TEST_CASE("an evaluation has the same bits on any number of threads, and looks beyond training") {
  const Folder folder;
  const std::string asked = "R --trajectories 7 --duration 1 --repeats 1 --threads ";
  REQUIRE(
      folder.train("--hidden 8,8 --velocity 1 --steps 300 --epochs 1 --rollouts 0 --out R").code ==
      0);
  REQUIRE(folder.evaluate(asked + "1").code == 0);
  auto alone = nlohmann::json::parse(folder.read("R/evaluation.json"));
  const std::string divergence = folder.read("R/divergence.csv"),
                    poincare = folder.read("R/poincare.csv");
  REQUIRE(folder.evaluate(asked + "3").code == 0);
  auto together = nlohmann::json::parse(folder.read("R/evaluation.json"));
  alone.erase("seconds");
  together.erase("seconds");
  CHECK(alone == together);
  CHECK(folder.read("R/divergence.csv") == divergence);
  CHECK(folder.read("R/poincare.csv") == poincare);

  const auto& regions = alone["regions"];
  CHECK(regions["training"]["high"][3] == 1);
  CHECK(regions["near_rest"]["high"][3] == 0.1);
  CHECK(regions["whole"]["high"][3] == 10);
}

TEST_CASE("what cannot be evaluated ends with 4 and the reason, a wrong flag with 2") {
  const Folder folder;
  CHECK(folder.evaluate("nowhere").code == 4);
  CHECK(contains(folder.read("stderr"), "nowhere"));
  fs::create_directory(folder.path() / "empty");
  CHECK(folder.evaluate("empty").code == 4);
  CHECK(contains(folder.read("stderr"), "config.toml"));
  REQUIRE(folder.train("--hidden 4 --steps 1 --epochs 1 --rollouts 0 --out R").code == 0);
  fs::resize_file(folder.path() / "R/model.safetensors", 100);
  CHECK(folder.evaluate("R").code == 4);
  CHECK(contains(folder.read("stderr"), "truncated"));
  CHECK_FALSE(fs::exists(folder.path() / "R/evaluation.json"));
  fs::remove(folder.path() / "R/model.safetensors");
  CHECK(folder.evaluate("R").code == 4);
  CHECK(contains(folder.read("stderr"), "model.safetensors"));
  CHECK(folder.evaluate("R --bogus").code == 2);
  CHECK(folder.evaluate("").code == 2);
  CHECK(folder.evaluate("--help").code == 0);
}

TEST_CASE("a run is judged by the data it has learnt from, wherever they lie, and by no others") {
  const Folder folder;
  fs::create_directory(folder.path() / "project");
  REQUIRE(folder.simulate("--system pendulum --states 200 --out project/f.csv").code == 0);
  const std::string csv = folder.read("project/f.csv");
  REQUIRE(
      folder.run("cd project && " + program::train + "--data f.csv --hidden 4 --steps 5").code ==
      0);
  fs::rename(folder.path() / "project", folder.path() / "moved");
  CHECK(folder.evaluate("moved/runs/f").code == 0);
  folder.write("moved/f.csv", csv + "0,0,0\n");
  CHECK(folder.evaluate("moved/runs/f").code == 4);
  CHECK(contains(folder.read("stderr"), "f.csv' have changed since the run began"));
  fs::remove(folder.path() / "moved/runs/f" / "checkpoint.safetensors");
  folder.write("moved/f.csv", "x,y,x',y',x'',y''\n1,2,3,4,5,6\n2,3,4,5,6,7\n3,4,5,6,7,8\n");
  fs::rename(folder.path() / "moved", folder.path() / "project");  // where config.toml has them
  CHECK(folder.evaluate("project/runs/f").code == 4);
  CHECK(contains(folder.read("stderr"), "of a model of 1 coordinates, the data have 2"));
}

TEST_CASE("weights are not evaluated as those of another model of the same shapes") {
  const Folder folder;
  const std::string run = "--hidden 4 --steps 1 --epochs 1 --rollouts 0 --out ";
  REQUIRE(folder.train(run + "A --activation tanh").code == 0);
  REQUIRE(folder.train(run + "B").code == 0);
  fs::copy_file(folder.path() / "A/model.safetensors", folder.path() / "B/model.safetensors",
                fs::copy_options::overwrite_existing);
  CHECK(folder.evaluate("B").code == 4);
  CHECK(contains(folder.read("stderr"), "another model: its \"activation\" is 'tanh'"));
}

TEST_CASE("what was learnt from a file is judged beside the system that it was measured of") {
  const Folder folder;
  REQUIRE(folder.simulate("--system pendulum --set l=2 --states 2000 --out f.csv").code == 0);
  REQUIRE(folder.train("--data f.csv --hidden 16,16 --steps 1500 --out R").code == 0);
  const auto error = [&](const std::string& set) {
    const Outcome judged =
        folder.evaluate("R --trajectories 5 --repeats 1 --system pendulum" + set);
    REQUIRE(judged.code == 0);
    CHECK(contains(judged.out, "held out of the file"));
    CHECK(contains(judged.out, "beside the truth"));
    const auto truth = folder.json("R/evaluation.json")["regions"]["truth"];
    return truth["acceleration"]["l1_of_median"][0].get<double>() /
           truth["acceleration"]["l1"][0].get<double>();
  };
  CHECK(error(" --set l=2") > 10);  // times better than a constant
  CHECK(error("") < 3);             // of another length

  const auto refused = [&](const std::string& flags, const std::string& words) {
    CHECK(folder.evaluate(flags).code == 2);
    CHECK(contains(folder.read("stderr"), words));
  };
  refused("R --system kepler",
          "--system kepler: its coordinates are r,theta:angle; those of the file are theta:angle");
  refused("R --system cart_pole", "its coordinates are");
  refused("R --system nonsense", "nonsense");
  refused("R --system ''", "--system");
  refused("R --system pendulum --set l=-1", "--set");
  refused("R --set l=2", "--set: it needs --system");
  REQUIRE(folder.train("--hidden 4 --steps 1 --epochs 1 --rollouts 0 --out S").code == 0);
  refused("S --system pendulum", "the run is of double_pendulum itself");
}

TEST_CASE("evaluate takes numbers up to its limits, and names the flag of one beyond them") {
  const Folder folder;
  for (const std::string wrong :
       {"--trajectories 0", "--trajectories 1000001", "--duration -1", "--duration 1000001",
        "--repeats 0", "--repeats 1001", "--seed -1", "--threads 4097", "--system ''"}) {
    const Outcome refused = folder.evaluate("R " + wrong);
    CHECK_MESSAGE(refused.code == 2, wrong);
    CHECK_MESSAGE(contains(refused.err, wrong.substr(0, wrong.find(' '))), refused.err);
  }
  for (const std::string right :
       {"--trajectories 1 --duration 1000000 --repeats 1", "--trajectories 1000000 --repeats 1000",
        "--seed 18446744073709551615 --threads 4096", "--threads 0 --duration 0"})
    CHECK_MESSAGE(folder.evaluate("R " + right).code == 4, right);  // there is no such run
}

TEST_CASE("evaluate writes what there is, says where, and with --quiet nothing") {
  const Folder folder;
  const std::string small = "--batch 4 --steps 1 --epochs 1 --rollouts 0 --quiet ";
  REQUIRE(folder.train(small + "--hidden 4 --system pendulum --out P").code == 0);
  const std::string few = " --trajectories 2 --duration 0.1 --repeats 1";
  const Outcome told = folder.evaluate("P" + few);
  CHECK(told.code == 0);
  CHECK(told.err.empty());
  CHECK(contains(told.out, "  written to P/evaluation.json\n"));
  CHECK(fs::exists(folder.path() / "P/divergence.csv"));
  for (const char* absent : {"P/poincare.csv", "P/held_out.csv"})  // of one coordinate; of no file
    CHECK_FALSE(fs::exists(folder.path() / absent));
  CHECK(folder.evaluate("P --quiet" + few).out.empty());
  const auto region = [&](const std::string& flags) {
    REQUIRE(folder.evaluate("P --quiet" + few + flags).code == 0);
    return folder.json("P/evaluation.json")["regions"]["training"]["acceleration"];
  };
  CHECK(region("") == region(" --seed 0"));
  CHECK(region("") != region(" --seed 1"));

  REQUIRE(folder.simulate("--system pendulum --states 40 --out f.csv").code == 0);
  REQUIRE(folder.train("--data f.csv --hidden 4 --batch 4 --steps 1 --quiet --out F").code == 0);
  REQUIRE(folder.evaluate("F --quiet").code == 0);
  CHECK(contains(folder.read("F/held_out.csv"), "theta,theta',theta'',learnt theta''\n"));
  CHECK_FALSE(fs::exists(folder.path() / "F/divergence.csv"));

  // Weights of other layers, or of another model.
  for (const auto& [other, words] :
       {std::pair<std::string, std::string>{"--hidden 5", "other hidden layers"},
        {"--hidden 4,4", "other hidden layers"},
        {"--hidden 4 --model mlp", "its \"model\" is 'mlp', that of the run 'lnn'"}}) {
    REQUIRE(folder.train(small + "--system pendulum " + other + " --out Q").code == 0);
    fs::copy_file(folder.path() / "Q/model.safetensors", folder.path() / "P/model.safetensors",
                  fs::copy_options::overwrite_existing);
    const Outcome refused = folder.evaluate("P" + few);
    CHECK(refused.code == 4);
    CHECK_MESSAGE(contains(refused.err, words), refused.err);
  }
}
