// ./train as its users meet it: a process with flags, files, messages and exit codes.
//
// TRAIN_PROGRAM is its path. Every test works in a fresh temporary folder.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "autodiff/matrix.h"
#include "nn/files/model_file.h"
#include "nn/models/learnt_motion.h"
#include "tests/precision.h"
#include "tests/program/program.h"
#include "tools/app/options.h"

namespace fs = std::filesystem;
using autodiff::Scalar;
using program::contains;
using program::Folder;
using program::metrics_without_time;
using program::Outcome;
using program::split;

namespace {

/// All numbers of a safetensors file.
std::vector<Scalar> weights(const std::string& file) {
  std::uint64_t header = 0;
  REQUIRE(file.size() > 8);
  std::memcpy(&header, file.data(), 8);
  REQUIRE(file.size() > 8 + header);
  std::vector<Scalar> values((file.size() - 8 - header) / sizeof(Scalar));
  std::memcpy(values.data(), file.data() + 8 + header, values.size() * sizeof(Scalar));
  return values;
}

bool all_finite(const std::vector<Scalar>& values) {
  return std::all_of(values.begin(), values.end(), [](Scalar x) { return std::isfinite(x); });
}

/// So much mass of its own (the prior) that the model hardly moves, trained or not: judging a wild
/// one takes a minute.
const std::string small_run =
    "--preset seed --epochs 2 --trajectories 16 --rollouts 5 --kinetic-prior 1e6";
/// The same in many shards.
const std::string sharded_run = small_run + " --batch 16 --shard-width 3 --quiet";

}  // namespace

TEST_CASE("--help ends with 0 and shows the groups of flags, examples and exit codes") {
  const Outcome help = Folder().train("--help");
  CHECK(help.code == 0);
  CHECK(help.err.empty());
  for (const char* part : {"Run", "System", "Data", "Model", "Training", "Judging", "Examples",
                           "--preset", "--seed", "--lr", "Exit codes", "130"})
    CHECK_MESSAGE(contains(help.out, part), part);
  // Every flag is in a group, but for those that the others start from.
  const std::size_t begin = help.out.find("Options:\n"), end = help.out.find("\n\n", begin);
  std::vector<std::string> without;
  for (const std::string& line : program::split(help.out.substr(begin, end - begin), '\n'))
    if (line.starts_with("  -")) without.push_back(line.substr(2, line.find_first_of(" =", 2) - 2));
  CHECK(without == std::vector<std::string>{"-h,--help", "--version", "--config", "--preset",
                                            "--list-presets"});
}

TEST_CASE("--version ends with 0 and tells name and version") {
  const Outcome version = Folder().train("--version");
  CHECK(version.code == 0);
  CHECK(contains(version.out, "lagrange 0."));
  CHECK(version.err.empty());
}

TEST_CASE("--list-presets names every preset and the options that make it") {
  const Folder folder;
  const Outcome list = folder.train("--list-presets");
  CHECK(list.code == 0);
  for (const char* part :
       {"default:", "best:", "seed:", "paper:", "any:", R"(--hidden="600,600,600")"})
    CHECK_MESSAGE(contains(list.out, part), part);
  CHECK_FALSE(contains(list.out, "--lr=0.01"));  // as in the default
}

TEST_CASE("--dry-run prints the configuration and the size of the job, and does nothing") {
  const Folder folder;
  const Outcome dry = folder.train("--dry-run --hidden 8,8 --batch 48 --epochs 3 --lr 0.002");
  CHECK(dry.code == 0);
  for (const char* part : {"lr=0.002", "hidden=\"8,8\"", "137 parameters", "of 48 samples",
                           "3 epochs of 1000 steps", "2 shards", "in all"})
    CHECK_MESSAGE(contains(dry.out, part), part);
  CHECK_FALSE(fs::exists(folder.path() / "runs"));

  folder.write("again.toml", dry.out);  // it is a --config, remarks and all
  const Outcome again = folder.train("--config again.toml --dry-run");
  CHECK(again.code == 0);
  const auto options = [](const Outcome& told) {
    return told.out.substr(0, told.out.find("# The"));
  };
  CHECK(options(again) == options(dry));
}

TEST_CASE("colours and bars only on a terminal, and never with NO_COLOR") {
  const Folder folder;
  const std::string run =
      "'" TRAIN_PROGRAM "' --hidden 4 --batch 8 --steps 8 --epochs 4 --rollouts 0 --out X";
  const auto on_a_terminal = [&](const std::string& environment) {
    folder.write("run.sh", environment + " " + run + "\n");
    const Outcome outcome = folder.run("TERM=xterm script -qec 'sh run.sh' /dev/null </dev/null");
    REQUIRE(outcome.code == 0);
    REQUIRE(contains(outcome.out, "epoch 4/4"));
    return outcome.out;
  };
  CHECK(contains(on_a_terminal("NO_COLOR="), "\033["));
  CHECK_FALSE(contains(on_a_terminal("NO_COLOR=1"), "\033["));
  CHECK_FALSE(contains(on_a_terminal("TERM=dumb"), "\033["));
  CHECK_FALSE(contains(folder.run(run).out, "\033["));
}

TEST_CASE("a wrong flag ends with 2 and a message that names flag and value") {
  const Folder folder;
  struct Wrong {
    std::string flag, value;
  };
  for (const Wrong& given : std::vector<Wrong>{{"--bogus", "3"},
                                               {"--lr", "-1"},
                                               {"--lr", "fast"},
                                               {"--lr", "nan"},
                                               {"--epochs", "0"},
                                               {"--epochs", "2.5"},
                                               {"--batch", "0"},
                                               {"--batch", "99999999"},
                                               {"--preset", "nope"},
                                               {"--activation", "relu"},
                                               {"--activation", "swish"},
                                               {"--loss", "l3"},
                                               {"--hidden", "16,x"},
                                               {"--seed", "-1"},
                                               {"--seed", "abc"},
                                               {"--angle-features", "maybe"},
                                               {"--points", "1"},
                                               {"--system", "kelper"},
                                               {"--set", "m1=0"},
                                               {"--set", "m3=1"},
                                               {"--set", "m1"}}) {
    // What should get past the flags all the same ends at once, with 4.
    const Outcome wrong = folder.train("--out file/x " + given.flag + " " + given.value);
    CAPTURE(wrong.err);
    CHECK_MESSAGE(wrong.code == 2, given.flag, " ", given.value);
    CHECK_MESSAGE(contains(wrong.err, given.flag), given.flag);
    CHECK_MESSAGE(
        contains(wrong.err,
                 given.flag == "--hidden" ? "x" : given.value.substr(0, given.value.find('='))),
        given.value);
    CHECK(wrong.out.empty());
  }
  CHECK(contains(folder.train("--activation relu").err, "second derivative"));
}

TEST_CASE("a batch larger than the data ends with 2 and gives both numbers") {
  const Outcome wrong = Folder().train("--preset seed --trajectories 5 --points 3 --batch 16");
  CHECK(wrong.code == 2);
  for (const char* part : {"--batch", "16", "15"}) CHECK(contains(wrong.err, part));
}

TEST_CASE("files that cannot be written or read end with 4 and are named") {
  const Folder folder;
  const Outcome blocked = folder.train("--preset seed --out file/below");
  CHECK(blocked.code == 4);
  CHECK(contains(blocked.err, "file/below"));
  const Outcome missing = folder.train("--config missing.toml");
  CHECK(missing.code == 4);
  CHECK(contains(missing.err, "missing.toml"));
  CHECK_FALSE(fs::exists(folder.path() / "runs"));  // nothing was begun
}

TEST_CASE("options written as TOML and read again are the same to the last digit") {
  const Folder folder;
  const auto parse = [](std::vector<const char*> flags) {
    flags.insert(flags.begin(), "train");
    return tools::parse_train_options(static_cast<int>(flags.size()), flags.data());
  };
  for (const char* preset : {"default", "seed"}) {
    const tools::TrainOptions options =
        parse({"--preset", preset, "--set", "g=9.80665123456789,m1=0.1", "--lr", "1.23456789e-7",
               "--seed", "18446744073709551615", "--hidden", "7,6,5"});
    const std::string file = (folder.path() / "config.toml").string();
    std::ofstream(file) << tools::to_toml(options);
    const tools::TrainOptions again = parse({"--config", file.c_str()});
    CHECK(again.preset == options.preset);
    CHECK(again.angle == options.angle);
    CHECK(again.system == options.system);
    CHECK(again.set == options.set);
    CHECK(again.velocity_scale == options.velocity_scale);
    CHECK(again.learning_rate == options.learning_rate);
    CHECK(again.seed == options.seed);
    CHECK(again.hidden == options.hidden);
    CHECK(again.angle_features == options.angle_features);
    CHECK(parse({"--config", file.c_str(), "--set", "m1=3"}).set.at("m1") == 3);  // flags over file
  }
}

TEST_CASE("a short run leaves everything behind, and its config.toml repeats it bit for bit") {
  const Folder folder;
  const Outcome run = folder.train(small_run + " --out X");
  CAPTURE(run.err);
  REQUIRE(run.code == 0);
  CHECK(run.err.empty());
  CHECK(contains(run.out, "X/"));
  for (const char unwanted : {'\r', '\x1b'}) CHECK(run.out.find(unwanted) == std::string::npos);

  const auto metrics = split(folder.read("X/metrics.csv"), '\n');
  REQUIRE(metrics.size() == 3);
  CHECK(metrics[0] == "epoch,loss,learning_rate,validation,seconds");
  CHECK(metrics[2].starts_with("2,"));

  const auto rows = split(folder.read("X/trajectory.csv"), '\n');
  REQUIRE(rows.size() > 101);
  const std::size_t columns = split(rows[0], ',').size();
  CHECK(rows[0].starts_with("t,theta1,theta2,theta1',theta2',energy"));
  for (std::size_t k = 1; k < rows.size(); ++k) {
    const auto entries = split(rows[k], ',');
    CHECK(entries.size() == columns);
    for (const std::string& entry : entries) CHECK(std::isfinite(std::stod(entry)));
  }

  const nlohmann::json result = folder.json("X/result.json");
  CHECK(result["preset"] == "seed");
  CHECK(result["status"] == "finished");
  CHECK(result["seed"] == 0);
  CHECK(result["threads"] >= 1);
  CHECK(result["train_steps"] == 32);
  CHECK(result["parameters"] == 641);  // 4-16-16-16-1
  for (const char* key : {"wall_s", "train_loss", "acceleration_l1", "energy_error"})
    CHECK_MESSAGE(result[key].is_number(), key);
  for (const char* key : {"acceleration_mse", "trajectory_mse"}) {
    REQUIRE_MESSAGE(result[key].size() == 2, key);
    CHECK(result[key][0].is_number());
    CHECK(result[key][1].is_number());
  }
  CHECK(weights(folder.read("X/model.safetensors")).size() == 641);

  REQUIRE(folder.train("--config X/config.toml --out Y").code == 0);
  CHECK(folder.read("Y/model.safetensors") == folder.read("X/model.safetensors"));
  CHECK(metrics_without_time(folder.read("Y/metrics.csv")) ==
        metrics_without_time(folder.read("X/metrics.csv")));
}

TEST_CASE("a model that ./train has saved is made again from its file alone") {
  const Folder folder;
  REQUIRE(folder
              .train("--hidden 8,8 --steps 300 --epochs 1 --velocity-scale 0.3 --kinetic-prior 1.7 "
                     "--rollouts 1 --duration 0.1 --quiet --out R")
              .code == 0);
  const auto model = nn::load_model(folder.path() / "R/model.safetensors");
  CHECK(model->options().names == std::vector<std::string>{"theta1", "theta2"});
  CHECK(model->options().velocity_scale == 0.3);

  // trajectory.csv holds states and the learnt accelerations there, to 10 digits.
  const auto rows = split(folder.read("R/trajectory.csv"), '\n');
  const auto columns = split(rows.at(0), ',');
  const auto value = [&](const std::string& row, const std::string& name) {
    const auto column = std::ranges::find(columns, name) - columns.begin();
    return std::stod(split(row, ',').at(static_cast<std::size_t>(column)));
  };
  const std::string& row = rows.at(300);
  const Eigen::MatrixXd state = Eigen::Vector4d(value(row, "theta1"), value(row, "theta2"),
                                                value(row, "theta1'"), value(row, "theta2'"));
  const Eigen::MatrixXd rates = nn::learnt_motion(*model)(state);
  const double tolerance = 1e-9 + 1e4 * rounding;  // 10 digits in the file
  CHECK(rates(2, 0) == doctest::Approx(value(row, "learnt theta1''")).epsilon(tolerance));
  CHECK(rates(3, 0) == doctest::Approx(value(row, "learnt theta2''")).epsilon(tolerance));
}

TEST_CASE("a seed gives the same bits with one thread and with two, another seed others") {
  const Folder folder;
  REQUIRE(folder.train(sharded_run + " --out one --threads 1").code == 0);
  const Outcome two = folder.train(sharded_run + " --out two --threads 2");
  REQUIRE(two.code == 0);
  CHECK(two.out.empty());  // --quiet
  REQUIRE(folder.train(sharded_run + " --out other --seed 1").code == 0);
  CHECK(folder.read("two/model.safetensors") == folder.read("one/model.safetensors"));
  CHECK(folder.read("two/trajectory.csv") == folder.read("one/trajectory.csv"));
  CHECK(metrics_without_time(folder.read("two/metrics.csv")) ==
        metrics_without_time(folder.read("one/metrics.csv")));
  CHECK(folder.read("other/model.safetensors") != folder.read("one/model.safetensors"));
}

TEST_CASE("a run that diverges ends with 3, says so and keeps what it reached") {
  const Folder folder;
  const Outcome run = folder.train(
      "--preset seed --trajectories 16 --lr 1e6 --clip 0 --on-divergence stop --out X");
  CHECK(run.code == 3);
  for (const char* part : {"finite", "sample", "state", "condition number", "--lr"})
    CHECK_MESSAGE(contains(run.err, part), part);
  CHECK(folder.json("X/result.json")["status"] == "diverged");
  CHECK(folder.json("X/result.json")["skipped"] == 1);
  CHECK(split(folder.read("X/metrics.csv"), '\n').size() >= 2);
  CHECK(all_finite(weights(folder.read("X/model.safetensors"))));
}

TEST_CASE(
    "by default batches without a finite loss are skipped and counted, until all of them are") {
  const Folder folder;
  const Outcome run =
      folder.train("--preset seed --trajectories 64 --epochs 50 --lr 1e6 --clip 0 --out X");
  CHECK(run.code == 3);
  CHECK(folder.json("X/result.json")["skipped"].get<long>() >= 100);
  CHECK(split(run.err, '\n').size() < 10);  // told once, not a hundred times
}

TEST_CASE("a batch that was learnt begins the count of those in a row without a finite loss anew") {
  const Folder folder;
  const bool single = sizeof(autodiff::Scalar) == sizeof(float);
  const std::string large = single ? "9e29" : "9e99", unit = single ? "1e-9" : "1e-30";
  std::string csv = "x,x',x''\n";
  for (int k = 0; k < 60; ++k)  // every third acceleration is too large, in this unit
    csv += std::to_string(0.01 * k) + ",0.5," + (k % 3 == 0 ? large : "-0.2") + '\n';
  folder.write("wild.csv", csv);
  const Outcome run = folder.train(
      "--data wild.csv --model lnn --batch 1 --loss mse --hidden 4 --steps 600 --restarts 0 "
      "--validation 0 --out X "
      "--target-scale " +
      unit);
  CHECK(run.code == 0);
  CHECK(folder.json("X/result.json")["skipped"].get<long>() > 100);
  CHECK(folder.json("X/result.json")["status"] == "finished");
}

TEST_CASE("every model trains by the same program and says what it has learnt") {
  const Folder folder;
  for (const char* model : {"lnn", "delan", "pullback", "hnn", "mlp"}) {
    CAPTURE(model);
    const std::string run = std::string("--model ") + model +
                            " --hidden 16,16 --steps 450 --epochs 3 --batch 32 --rollouts 0 --out ";
    CHECK(folder.train(run + "one").code == 0);
    CHECK(folder.train(run + "two --threads 2").code == 0);
    CHECK(folder.json("one/result.json")["model"] == model);
    CHECK(folder.json("one/result.json")["train_steps"] == 450);
    CHECK(folder.read("one/model.safetensors") == folder.read("two/model.safetensors"));
    const auto rows = split(folder.read("one/metrics.csv"), '\n');
    REQUIRE(rows.size() == 4);
    CHECK(std::stod(split(rows[3], ',')[1]) < std::stod(split(rows[1], ',')[1]));
  }
}

TEST_CASE("--steps of fresh states are shared out among the epochs, or fewer of them") {
  const Folder folder;
  struct Case {
    int steps, epochs;          // asked for
    int run_steps, run_epochs;  // run
  };
  for (const Case& c :
       {Case{12, 4, 12, 4}, {3, 40, 3, 3}, {100, 60, 100, 50}, {7, 3, 7, 3}, {1, 1, 1, 1}}) {
    const std::string asked =
        "--steps " + std::to_string(c.steps) + " --epochs " + std::to_string(c.epochs);
    CAPTURE(asked);
    CHECK(folder.train("--hidden 4 --batch 4 --rollouts 0 --out X " + asked).code == 0);
    CHECK(folder.json("X/result.json")["train_steps"] == c.run_steps);
    const auto rows = split(folder.read("X/metrics.csv"), '\n');  // a header and the epochs
    CHECK(rows.size() == 1 + static_cast<std::size_t>(c.run_epochs));
  }
}

// Sanitized it takes a minute: millions of steps of an integrator that others see.
TEST_CASE("where the truth itself stops early, what is there is learnt and the judge says so" *
          doctest::skip(program::sanitized)) {
  const Folder folder;
  // So fast that the true motion takes its most steps long before the end.
  const Outcome run = folder.train(
      "--velocity 1e5 --duration 5 --source trajectories --trajectories 2 --points 5000 --batch 4 "
      "--hidden 4 --steps 4 --epochs 1 --rollouts 2 --kinetic-prior 1e6 --out X");
  CHECK(run.code == 0);
  CHECK(contains(run.err, "of the data set, 2 of 2 trajectories stopped before their end"));
  CHECK(contains(run.err, "1000000 steps taken"));
  CHECK(contains(run.out, "2 of them are left out, whose truth stopped early, the first at t = "));
  const auto result = folder.json("X/result.json");
  CHECK(result["trajectories_left_out"] == 2);
  CHECK(result["trajectory_mse"][0].is_null());
  CHECK(result["acceleration_l1"].is_number());
  // As far as it came: its header, and rows whose times go on evenly.
  const auto rows = split(folder.read("X/trajectory.csv"), '\n');
  CHECK(rows.size() > 2);
  CHECK(rows.size() < 502);
  for (std::size_t k = 1; k < rows.size(); ++k)
    CHECK(std::stod(rows[k]) == doctest::Approx(0.02 * static_cast<double>(k - 1)));
}
