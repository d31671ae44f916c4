// Runs that are stopped, killed and resumed, and checkpoints that cannot be.
#include "tools/checkpoint.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include "nn/adam.h"
#include "tests/program/program.h"
#include "tools/models.h"
#include "tools/run_folder.h"

namespace fs = std::filesystem;
using program::contains;
using program::Folder;
using program::metrics_without_time;
using program::Outcome;
using program::split;

namespace {

const std::string small = "--hidden 8,8 --batch 16 --rollouts 0 --quiet ";

/// The same weights, bit for bit, reached by the same losses.
void check_same(const Folder& folder, const std::string& a, const std::string& b) {
  CHECK(folder.read(a + "/model.safetensors") == folder.read(b + "/model.safetensors"));
  CHECK(metrics_without_time(folder.read(a + "/metrics.csv")) ==
        metrics_without_time(folder.read(b + "/metrics.csv")));
  CHECK(folder.json(a + "/result.json")["acceleration_l1"] ==
        folder.json(b + "/result.json")["acceleration_l1"]);
}

/// ./train in the background, in the folder.
class Background {
 public:
  Background(const Folder& folder, const std::string& flags) : child_(fork()) {
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      const std::string command = "exec '" TRAIN_PROGRAM "' " + flags + " >stdout 2>stderr";
      if (chdir(folder.path().c_str()) == 0)
        execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
  }
  ~Background() {
    if (status_ < 0) end_by(SIGKILL);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Sends the signal and waits; the exit code, or minus the signal that ended it.
  int end_by(int signal) {
    kill(child_, signal);
    waitpid(child_, &status_, 0);
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
  }

 private:
  pid_t child_;
  int status_ = -1;
};

/// Waits until something is so, for 20 s at most.
void wait_until(const std::function<bool()>& so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!so() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  REQUIRE(so());
}

}  // namespace

TEST_CASE("100 steps at once and 37, stopped, resumed, are the same to the last bit") {
  for (const std::string set_up :
       {"--epochs 10 --steps-per-epoch 10", "--epochs 10 --steps-per-epoch 10 --optimiser adam",
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
  const std::string run = small + "--epochs 60 --steps-per-epoch 50 --checkpoint-every 1e-9 ";
  REQUIRE(folder.train(run + "--out once").code == 0);
  Background killed(folder, run + "--out twice");
  wait_until([&] { return split(folder.read("twice/metrics.csv"), '\n').size() > 4; });
  CHECK(killed.end_by(SIGKILL) == -SIGKILL);
  CHECK(folder.train("--resume twice --quiet").code == 0);
  check_same(folder, "once", "twice");
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
  Background run(folder, small + "--epochs 1000000 --steps-per-epoch 10 --out X");
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
    return text.replace(text.find(from), from.size(), to);
  };
  struct Case {
    std::string text, reason;
  };
  const std::vector<Case> cases{
      {good.substr(0, good.size() / 2), "truncated"},
      {good.substr(0, 5), "5 bytes"},
      {"a text, and no checkpoint at all", "safetensors"},
      {folder.read("X/model.safetensors"), "no checkpoint"},
      {exchanged(R"("checkpoint":"1")", R"("checkpoint":"2")"), "format is 2"},
      {exchanged(R"("optimiser_steps":"20")", R"("optimiser_steps":"x0")"), "optimiser_steps"},
      {exchanged(R"(hidden=\"8,8)", R"(hidden=\"8,9)"), "shape"},
      {exchanged(R"(hidden=\"8,8)", R"(hidden=\"x,8)"), "other options"},
      {exchanged(R"("standing")", R"("standinx")"), "standing"},
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
  const auto model = make_model(options);
  initialise(*model, options, random);
  nn::Adam adam(model->parameters().size());
  tools::Standing standing{.batches = 3};
  const std::vector<autodiff::Scalar> weights(model->parameters().values().begin(),
                                              model->parameters().values().end());
  const std::string state = random.state();
  const tools::Checkpoint checkpoint(folder.path() / "X/checkpoint.safetensors");
  CHECK_THROWS_AS(checkpoint.restore({*model, adam, random, standing}), tools::IoError);
  CHECK(std::ranges::equal(weights, model->parameters().values()));
  CHECK(random.state() == state);
  CHECK(adam.steps() == 0);
  CHECK(standing.batches == 3);
}
