// Weights from files, good and bad, and tools/evaluate as its users meet it.
#include <cmath>
#include <cstring>

#include "nn/safetensors.h"
#include "tests/program/program.h"
#include "tools/evaluation.h"
#include "tools/run_folder.h"
#include "tools/safetensors_file.h"

namespace fs = std::filesystem;
using autodiff::Index;
using autodiff::Scalar;
using program::contains;
using program::Folder;

namespace {

nn::Parameters two_matrices() {
  nn::Parameters parameters;
  parameters.add("a.weight", 2, 3);
  parameters.add("a.bias", 2, 1);
  for (std::size_t k = 0; k < parameters.values().size(); ++k)
    parameters.values()[k] = static_cast<Scalar>(0.1 * static_cast<double>(k) - 0.3);
  return parameters;
}

/// What load_weights says of a file; empty if it takes it.
std::string complaint(const std::string& file) {
  const Folder folder;
  folder.write("w", file);
  nn::Parameters parameters = two_matrices();
  try {
    tools::load_weights(folder.path() / "w", parameters);
  } catch (const tools::IoError& error) {
    return error.what();
  }
  return {};
}

/// A file with this header over so many bytes of zeros.
std::string with_header(const std::string& header, std::size_t bytes) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(bytes, '\0');
}

}  // namespace

TEST_CASE("weights come back from their file bit for bit") {
  const Folder folder;
  nn::Parameters written = two_matrices(), read = two_matrices();
  folder.write("w", to_safetensors(written));
  for (Scalar& p : read.values()) p = 7;
  tools::load_weights(folder.path() / "w", read);
  CHECK(std::equal(written.values().begin(), written.values().end(), read.values().begin()));
}

TEST_CASE("weights in single precision are taken") {
  const std::string header = R"({"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                             R"("a.bias":{"dtype":"F32","shape":[2,1],"data_offsets":[24,32]}})";
  std::string file = with_header(header, 32);
  const float half = 0.5;
  std::memcpy(file.data() + 8 + header.size() + 4, &half, 4);  // row 0, column 1
  const Folder folder;
  folder.write("w", file);
  nn::Parameters parameters = two_matrices();
  tools::load_weights(folder.path() / "w", parameters);
  CHECK(parameters.matrix(parameters.list()[0])(0, 1) == Scalar(0.5));
  CHECK(parameters.matrix(parameters.list()[0])(1, 0) == 0);
}

TEST_CASE("a bad file of weights is refused with the reason") {
  const auto header = [](const std::string& weight, const std::string& more = "") {
    return R"({"a.weight":)" + weight +
           R"(,"a.bias":{"dtype":"F64","shape":[2,1],"data_offsets":[48,64]})" + more + "}";
  };
  const std::string good = R"({"dtype":"F64","shape":[2,3],"data_offsets":[0,48]})";
  REQUIRE(complaint(with_header(header(good), 64)).empty());
  struct Case {
    std::string file, reason;
  };
  const std::vector<Case> cases{
      {"", "0 bytes"},
      {"short", "5 bytes"},
      {"a text, and no weights at all", "truncated"},
      {with_header("no json", 64), "JSON"},
      {with_header("[1]", 64), "JSON"},
      {with_header("{}", 64), "a.weight"},
      {with_header(header(good), 63), "truncated"},
      {with_header(header(good), 72), "8 bytes follow"},
      {with_header(header(good, R"(,"c":1)"), 64), "3 tensors"},
      {with_header(header(R"({"dtype":"F64","shape":[3,2],"data_offsets":[0,48]})"), 64), "[3,2]"},
      {with_header(header(R"({"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]})"), 64), "BF16"},
      {with_header(header(R"({"dtype":"F64","shape":[2,3],"data_offsets":[8,56]})"), 64), "[8,56]"},
      {with_header(header(R"({"dtype":"F64","shape":[2,3]})"), 64), "null"},
      {with_header(header("7"), 64), "a.weight"},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.reason);
    CHECK(contains(complaint(bad.file), bad.reason));
  }
  nn::Parameters broken = two_matrices();
  broken.values()[4] = std::numeric_limits<Scalar>::quiet_NaN();
  CHECK(contains(complaint(to_safetensors(broken)), "NaN"));
}

TEST_CASE("no damage to a file of weights does worse than being refused") {
  const std::string file = to_safetensors(two_matrices());
  for (std::size_t length = 0; length < file.size(); ++length)
    CHECK_FALSE(complaint(file.substr(0, length)).empty());
  const std::size_t header = file.size() - 8 * sizeof(Scalar);
  for (std::size_t at = 0; at < header; ++at)
    for (const char byte : {'\0', '9', '"', '}', '\xff'}) {
      std::string damaged = file;
      damaged[at] = byte;
      complaint(damaged);  // whatever it says
    }
}

TEST_CASE("a trained model is evaluated, each kind of it") {
  const Folder folder;
  for (const std::string model : {"lnn", "delan", "hnn", "mlp"}) {
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
    nn::RolloutErrors errors;
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
    acceleration.l1 = acceleration.mse = acceleration.largest = Eigen::Vector2d(1, 2);
  }
  e.regions[1].floor_left_out = 7;
  e.divergence_stopped = 8;
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
  CHECK(contains(table, "in b: left out, as the truth stopped early: 7 moved ones"));
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
  CHECK(regions["training"]["velocity"] == 1);
  CHECK(regions["near_rest"]["velocity"] == 0.1);
  CHECK(regions["fast"]["velocity"] == 10);
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
  CHECK(folder.evaluate("R --bogus").code == 2);
  CHECK(folder.evaluate("").code == 2);
  CHECK(folder.evaluate("--help").code == 0);
}
