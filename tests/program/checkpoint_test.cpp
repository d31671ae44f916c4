// Runs that are stopped, killed and resumed, and checkpoints that cannot be.
#include "tools/app/checkpoint.h"

#include <cmath>
#include <limits>
#include <memory>

#include "nn/optimisers/adam.h"
#include "tests/program/program.h"
#include "tools/app/models.h"
#include "tools/app/run_folder.h"

namespace fs = std::filesystem;
using program::Background;
using program::contains;
using program::Folder;
using program::metrics_without_time;
using program::Outcome;
using program::split;
using program::wait_until;

namespace {

std::unique_ptr<nn::NetworkModel> model_of(const tools::TrainOptions& options) {
  return make_model(options, tools::Subject(options), {});
}

const std::string small = "--hidden 8,8 --batch 16 --rollouts 0 --quiet ";

/// The same weights, bit for bit, reached by the same losses.
void check_same(const Folder& folder, const std::string& a, const std::string& b) {
  CHECK(folder.read(a + "/model.safetensors") == folder.read(b + "/model.safetensors"));
  CHECK(metrics_without_time(folder.read(a + "/metrics.csv")) ==
        metrics_without_time(folder.read(b + "/metrics.csv")));
  CHECK(folder.json(a + "/result.json")["acceleration_l1"] ==
        folder.json(b + "/result.json")["acceleration_l1"]);
}

}  // namespace

TEST_CASE("100 steps at once and 37, stopped, resumed, are the same to the last bit") {
  for (const std::string set_up :
       {"--epochs 10 --steps-per-epoch 10", "--epochs 10 --steps-per-epoch 10 --optimiser adam",
        "--epochs 10 --steps-per-epoch 10 --optimiser sgd",
        "--source fixed --trajectories 40 --points 4 --epochs 10 --model mlp",
        "--source trajectories --trajectories 40 --points 4 --epochs 10 --schedule step"}) {
    CAPTURE(set_up);
    const Folder folder;
    const std::string run = small + set_up;
    REQUIRE(folder.train(run + " --out once").code == 0);
    CHECK(folder.json("once/result.json")["train_steps"] == 100);

    const Outcome stopped = folder.train(run + " --out twice --stop-after 37");
    CHECK(stopped.code == 130);
    CHECK(contains(stopped.err, "./train --resume twice"));
    CHECK(folder.json("twice/result.json")["status"] == "interrupted");
    CHECK(folder.json("twice/result.json")["train_steps"] == 37);
    CHECK(folder.train("--resume twice --stop-after 1 --quiet").code == 130);
    CHECK(folder.train("--resume twice --threads 2 --quiet").code == 0);
    CHECK(folder.json("twice/result.json")["train_steps"] == 100);
    check_same(folder, "once", "twice");
  }
}

TEST_CASE("a run that was killed goes on from its last checkpoint as if it had not been") {
  const Folder folder;
  const std::string run = small + "--epochs 300 --steps-per-epoch 5 ";
  REQUIRE(folder.train(run + "--out once").code == 0);
  Background killed(folder, program::train + run + "--checkpoint-every 1e-9 --out twice");
  wait_until([&] { return split(folder.read("twice/metrics.csv"), '\n').size() > 4; });
  CHECK(killed.end_by(SIGKILL) == -SIGKILL);
  CHECK(folder.train("--resume twice --quiet").code == 0);
  check_same(folder, "once", "twice");
}

TEST_CASE("a resumed run knows how much is left to do") {
  const Folder folder;
  // It stops two steps before the end of epoch 1 of 100: 99 epochs take as long 50 times 99 times.
  REQUIRE(folder
              .train("--hidden 64,64 --batch 128 --rollouts 0 --epochs 100 --steps-per-epoch 100 "
                     "--optimiser adam --stop-after 98 --out X")
              .code == 130);
  const double before = folder.json("X/result.json")["wall_s"].get<double>();
  const Outcome resumed = folder.train("--resume X --stop-after 3");
  const double after = std::stod(split(split(folder.read("X/metrics.csv"), '\n')[1], ',')[4]);
  const double left = (after - before) * 50 * 99;
  REQUIRE(left > 1);
  const std::size_t at = resumed.out.find("epoch   1/100"), end = resumed.out.find(" left", at);
  REQUIRE(end != std::string::npos);
  const std::vector<std::string> words = split(resumed.out.substr(at, end - at), ' ');
  const std::string name = words.back();
  const double unit = name == "s" ? 1 : name == "min" ? 60 : name == "h" ? 3600 : 86400;
  const double told = std::stod(words[words.size() - 2]);
  // More on a busy machine, which has gone on since; half a unit less by rounding.
  CHECK((told + 0.5) * unit > 0.99 * left);
}

TEST_CASE("a finished run that is resumed is only judged again") {
  const Folder folder;
  REQUIRE(folder.train(small + "--steps 20 --epochs 2 --out X").code == 0);
  const std::string weights = folder.read("X/model.safetensors");
  fs::remove(folder.path() / "X/result.json");
  CHECK(folder.train("--resume X --quiet").code == 0);
  CHECK(folder.read("X/model.safetensors") == weights);
  CHECK(folder.json("X/result.json")["status"] == "finished");
}

TEST_CASE("Ctrl-C finishes the step, saves, says how to go on, and ends with 130") {
  const Folder folder;
  Background run(folder, program::train + small + "--epochs 1000000 --steps-per-epoch 10 --out X");
  wait_until([&] { return split(folder.read("X/metrics.csv"), '\n').size() > 1; });
  CHECK(run.end_by(SIGINT) == 130);
  CHECK(contains(folder.read("stderr"), "interrupted after "));
  CHECK(contains(folder.read("stderr"), "--resume X"));
  CHECK(folder.json("X/result.json")["status"] == "interrupted");
  CHECK(folder.json("X/result.json")["train_steps"] > 0);
  CHECK(folder.train("--resume X --stop-after 5").code == 130);
}

TEST_CASE("with --resume the options are those that the run began with") {
  const Folder folder;
  REQUIRE(folder.train(small + "--steps 20 --epochs 2 --lr 0.003 --out X").code == 0);
  for (const std::string flag : {"--lr 0.1", "--out Y", "--seed 3", "--config X/config.toml"}) {
    const Outcome wrong = folder.train("--resume X " + flag);
    CHECK(wrong.code == 2);
    CHECK(contains(wrong.err, split(flag, ' ')[0] + " cannot be given with --resume"));
  }
  CHECK(folder.train("--resume nowhere").code == 4);
  fs::rename(folder.path() / "X", folder.path() / "moved");
  CHECK(folder.train("--resume moved").code == 0);
  CHECK_FALSE(fs::exists(folder.path() / "X"));
}

TEST_CASE("a bad checkpoint is refused with the reason") {
  const Folder folder;
  REQUIRE(folder.train(small + "--steps 20 --epochs 2 --out X").code == 0);
  const std::string good = folder.read("X/checkpoint.safetensors");
  const auto exchanged = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    REQUIRE(contains(text, from));
    REQUIRE(from.size() == to.size());
    text.replace(text.find(from), from.size(), to);
    for (std::size_t at; (at = text.find("crc64")) != text.npos;) text[at] = 'x';  // no checksum
    return text;
  };
  struct Case {
    std::string text, reason;
  };
  const std::vector<Case> cases{
      {good.substr(0, good.size() / 2), "truncated"},
      {good.substr(0, 5), "5 bytes"},
      {"a text, and no checkpoint at all", "safetensors"},
      {folder.read("X/model.safetensors"), "no checkpoint"},
      {exchanged(R"("checkpoint":"4")", R"("checkpoint":"9")"), "format is 9"},
      {exchanged(R"("optimiser_steps":"20")", R"("optimiser_steps":"x0")"), "optimiser_steps"},
      {exchanged(R"(hidden=\"8,8)", R"(hidden=\"8,9)"), "shape"},
      {exchanged(R"(hidden=\"8,8)", R"(hidden=\"x,8)"), "other options"},
      {exchanged(R"("optimiser_steps":"20")", R"("optimiser_steps":"+2")"), "optimiser_steps"},
      {exchanged(R"("standing")", R"("standinx")"), "standing"},
      {exchanged(R"(batches=\"20)", R"(batches=\"2x)"), "batches"},
      {exchanged(R"(batches=\"20)", R"(batches=\"2.)"), "batches"},
      {exchanged(R"(skipped=\"0)", R"(skipped=\"1)"), "20 batches 20 learnt from and 1 skipped"},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.reason);
    folder.write("X/checkpoint.safetensors", bad.text);
    const Outcome refused = folder.train("--resume X");
    CAPTURE(refused.err);
    CHECK(refused.code == 4);
    CHECK(contains(refused.err, bad.reason));
    CHECK(contains(refused.err, "X"));
  }
}

TEST_CASE("a flipped bit anywhere in a checkpoint is noticed") {
  tools::TrainOptions options;
  options.hidden = {2};
  autodiff::Random random(1);
  const auto model = model_of(options);
  nn::Adam adam(model->parameters().size());
  tools::Standing standing;
  std::string file = tools::to_checkpoint({*model, adam, random, standing}, "seed=1\n");
  CHECK(tools::Checkpoint(file, "whole").config() == "seed=1\n");
  int flipped = 0, noticed = 0;
  for (std::size_t bit = 0; bit < 8 * file.size(); bit += program::sanitized ? 7 : 1, ++flipped) {
    const auto flip = static_cast<char>(1 << bit % 8);
    file[bit / 8] ^= flip;
    try {
      const tools::Checkpoint checkpoint(file, "damaged");
    } catch (const tools::IoError& error) {
      noticed += contains(error.what(), "damaged");
    }
    file[bit / 8] ^= flip;
  }
  CHECK(noticed == flipped);
}

TEST_CASE("where a checkpoint cannot be written the run ends with 4 and the earlier one stays") {
  const Folder folder;
  REQUIRE(folder.train(small + "--steps 100 --epochs 10 --stop-after 30 --out X").code == 130);
  const std::string before = folder.read("X/checkpoint.safetensors");
  // A limit on the size of files stands in for a full disk: it stops a write half way.
  const Outcome full = folder.run("trap '' XFSZ; ulimit -f 16; '" TRAIN_PROGRAM "' --resume X");
  CHECK(full.code == 4);
  CHECK(contains(full.err, "checkpoint.safetensors"));
  CHECK(folder.read("X/checkpoint.safetensors") == before);
  CHECK_FALSE(fs::exists(folder.path() / "X/checkpoint.safetensors.tmp"));
  CHECK(folder.train("--resume X --quiet").code == 0);
}

TEST_CASE("what cannot be restored leaves everything as it was") {
  const Folder folder;
  REQUIRE(folder.train(small + "--steps 20 --epochs 2 --out X").code == 0);
  tools::TrainOptions options;
  options.initialiser = "rule";
  options.hidden = {8, 9};
  autodiff::Random random(1);
  const auto model = model_of(options);
  initialise(*model, options, random);
  nn::Adam adam(model->parameters().size());
  tools::Standing standing{.batches = 3};
  const std::vector<autodiff::Scalar> weights(model->parameters().values().begin(),
                                              model->parameters().values().end());
  const std::string state = random.state();
  const tools::Checkpoint checkpoint(folder.path() / "X/checkpoint.safetensors");
  CHECK_THROWS_AS(checkpoint.restore({*model, adam, random, standing, {10, 20}}), tools::IoError);
  CHECK(std::ranges::equal(weights, model->parameters().values()));
  CHECK(random.state() == state);
  CHECK(adam.steps() == 0);
  CHECK(standing.batches == 3);
}

namespace {

/// A small model with all that a checkpoint holds, at the fifth of 20 steps in epochs of 3.
struct Small {
  std::unique_ptr<nn::NetworkModel> model = [] {
    tools::TrainOptions options;
    options.hidden = {4};
    return model_of(options);
  }();
  nn::Adam adam{model->parameters().size()};
  autodiff::Random random{1};
  tools::Standing standing{.batches = 5,
                           .train_steps = 4,
                           .skipped = 1,
                           .skipped_in_a_row = 1,
                           .epoch_loss = 0.5,
                           .epoch_steps = 1,
                           .last_loss = 3,
                           .rate = 0.1,
                           .seconds = 7};

  tools::Training training() { return {*model, adam, random, standing, {3, 20}}; }
  std::string checkpoint() {
    adam.set_steps(standing.train_steps);
    return to_checkpoint(training(), "lr=1\n");
  }
  /// What is said of it; empty: it is taken.
  std::string complaint() {
    const std::string file = checkpoint();
    Small other;
    try {
      tools::Checkpoint(file, "X").restore(other.training());
    } catch (const tools::IoError& error) {
      CHECK(other.standing.batches == 5);
      CHECK(other.adam.steps() == 0);
      return error.what();
    }
    return {};
  }
};

}  // namespace

TEST_CASE("where no run can stand, none goes on") {
  REQUIRE(Small().complaint().empty());
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const long far = 1'000'000'000'000'000, last = std::numeric_limits<long>::max();
  using S = tools::Standing;
  const std::vector<std::function<void(S&)>> impossible{
      [](S& s) { s.batches = -95, s.train_steps = -96; },
      [](S& s) { s.batches = -95; },
      [=](S& s) { s.batches = far, s.train_steps = far - 1; },
      [=](S& s) { s.batches = last; },
      [](S& s) { s.batches = 21, s.train_steps = 20; },
      [](S& s) { s.train_steps = 5; },
      [](S& s) { s.train_steps = 3; },
      [](S& s) { s.skipped = 0; },
      [](S& s) { s.skipped = 6, s.train_steps = -1; },
      [=](S& s) { s.skipped = last, s.train_steps = 5 - last; },
      [](S& s) { s.skipped_in_a_row = 2; },
      [](S& s) { s.skipped_in_a_row = -1; },
      [](S& s) { s.epoch_steps = 3; },
      [](S& s) { s.epoch_steps = -1; },
      [](S& s) { s.epoch_steps = 0; },  // but with a loss
      [](S& s) { s.epoch_loss = -1; },
      [=](S& s) { s.epoch_loss = nan; },
      [](S& s) { s.last_loss = -1; },
      [=](S& s) { s.last_loss = inf; },
      [](S& s) { s.batches = 2, s.train_steps = 1; },  // no epoch before, but its loss
      [](S& s) { s.rate = -1; },
      [=](S& s) { s.rate = nan; },
      [](S& s) { s.seconds = -1; },
      [=](S& s) { s.seconds = nan; },
      [=](S& s) { s.seconds = inf; },
      [](S& s) { s.builds.clear(); },
  };
  for (std::size_t k = 0; k < impossible.size(); ++k) {
    CAPTURE(k);
    Small small;
    impossible[k](small.standing);
    CHECK(contains(small.complaint(), "standing"));
  }
  Small steps;
  const std::string file = steps.checkpoint();
  Small longer;
  auto training = longer.training();
  training.course.total = 4;
  CHECK_THROWS_AS(tools::Checkpoint(file, "X").restore(training), tools::IoError);
}

TEST_CASE("another precision is refused, another build goes on and is remembered") {
  Small small;
  const std::string other_precision = sizeof(autodiff::Scalar) == 8 ? "float" : "double";
  small.standing.builds = {other_precision + ", GCC 12.2.0, AVX2"};
  CHECK(contains(small.complaint(), other_precision + " precision"));

  const std::string other = tools::precision_of(tools::this_build()) + ", Clang 3, AVX";
  small.standing.builds = {"double, first", other};
  const std::string file = small.checkpoint();
  Small restored;
  CHECK(tools::Checkpoint(file, "X").restore(restored.training()) == other);
  CHECK(restored.standing.builds ==
        std::vector<std::string>{"double, first", other, tools::this_build()});
  CHECK(tools::Checkpoint(restored.checkpoint(), "X").restore(small.training()).empty());
  CHECK(small.standing.builds.size() == 3);
}

TEST_CASE("a run of another build that goes on says so, and tells of both") {
  const Folder folder;
  REQUIRE(
      folder.train(small + "--optimiser adam --steps 20 --epochs 2 --stop-after 5 --out X").code ==
      130);
  const fs::path path = folder.path() / "X/checkpoint.safetensors";
  const tools::Checkpoint checkpoint(path);
  folder.write("config", checkpoint.config());
  const std::string config = (folder.path() / "config").string();
  const char* arguments[] = {"train", "--config", config.c_str()};
  const tools::TrainOptions options = tools::parse_train_options(3, arguments);
  const auto model = model_of(options);
  nn::Adam adam(model->parameters().size());
  autodiff::Random random(1);
  tools::Standing standing;
  const tools::Training training{*model, adam, random, standing, {10, 20}};
  CHECK(checkpoint.restore(training).empty());
  standing.builds = {tools::precision_of(tools::this_build()) + ", another compiler"};
  tools::write_file(path, to_checkpoint(training, checkpoint.config()));

  const Outcome run = folder.train("--resume X");
  CHECK(run.code == 0);
  CHECK(contains(run.err, "another compiler"));
  CHECK(contains(run.err, tools::this_build()));
  CHECK(folder.json("X/result.json")["builds"].size() == 2);
  CHECK(folder.train("--resume X").err.empty());
}

TEST_CASE("a run goes on with the data it began with, wherever they lie, and with no others") {
  const Folder folder;
  std::string csv = "x,x',x''\n";
  for (int k = 0; k < 100; ++k)
    csv += std::to_string(k % 7) + ",1," + std::to_string(-k % 7) + '\n';
  folder.write("mine.csv", csv);
  const std::string run = small + "--data mine.csv --steps 20 ";
  REQUIRE(folder.train(run + "--out once").code == 0);
  REQUIRE(folder.train(run + "--out twice --stop-after 7").code == 130);

  std::string changed = csv;
  changed[changed.size() / 2] ^= 1;
  for (const std::string& other : {changed, csv + "1,1,1\n", csv.substr(0, csv.size() - 6)}) {
    folder.write("mine.csv", other);
    const Outcome refused = folder.train("--resume twice");
    CHECK(refused.code == 4);
    CHECK(contains(refused.err, "mine.csv"));
    CHECK(contains(refused.err, "changed"));
  }
  fs::remove(folder.path() / "mine.csv");
  const Outcome gone = folder.train("--resume twice");
  CHECK(gone.code == 4);
  CHECK(contains(gone.err, "mine.csv"));
  CHECK(contains(gone.err, "--data"));

  folder.write("elsewhere.csv", changed);
  CHECK(folder.train("--resume twice --data elsewhere.csv").code == 4);
  folder.write("elsewhere.csv", csv);
  CHECK(folder.train("--resume twice --data elsewhere.csv --stop-after 3 --quiet").code == 130);
  CHECK(folder.train("--resume twice --quiet").code == 0);  // remembered
  CHECK(folder.read("once/model.safetensors") == folder.read("twice/model.safetensors"));
  REQUIRE(folder.train(small + "--steps 4 --out none").code == 0);
  CHECK(folder.train("--resume none --data elsewhere.csv").code == 2);
}

TEST_CASE("--resume with --threads 0 takes one for each core") {
  const Folder folder;
  REQUIRE(folder.train(small + "--steps 4 --stop-after 1 --out X").code == 130);
  CHECK(folder.train("--resume X --threads 0 --quiet").code == 0);
  CHECK(folder.json("X/result.json")["threads"] >= 1);
}
