// What ends a program from outside: signals, a pipe without a reader, a terminal that closes. And
// what should not: standard output that cannot be written to.
#include <fcntl.h>
#include <sys/ioctl.h>

#include <cstdlib>

#include "tests/program/program.h"

namespace fs = std::filesystem;
using program::Background;
using program::contains;
using program::Folder;
using program::metrics_without_time;
using program::Outcome;
using program::rows;
using program::wait_until;

namespace {

const std::string small = "--hidden 8,8 --batch 16 --rollouts 0 ";
/// Hours of it.
const std::string endless = small + "--epochs 1000000 --steps-per-epoch 10 ";
/// Minutes of judging after a moment of training: a wide network.
const std::string long_judging =
    "--hidden 400,400 --batch 4 --steps 1 --epochs 1 --rollouts 100000 --optimiser adam ";

/// The run `X` was stopped at some step; one that is stopped at the same step by --stop-after has
/// the same weights.
void check_saved(const Folder& folder, const std::string& flags) {
  const auto result = folder.json("X/result.json");
  CHECK(result["status"] == "interrupted");
  const long steps = result["train_steps"].get<long>();
  REQUIRE(steps > 0);
  const Outcome same =
      folder.train(flags + "--quiet --out same --stop-after " + std::to_string(steps));
  REQUIRE(same.code == 130);
  CHECK(folder.read("X/model.safetensors") == folder.read("same/model.safetensors"));
  CHECK(folder.train("--resume X --quiet --stop-after 7").code == 130);
  CHECK(folder.train("--resume same --quiet --stop-after 7").code == 130);
  CHECK(folder.read("X/model.safetensors") == folder.read("same/model.safetensors"));
  CHECK(metrics_without_time(folder.read("X/metrics.csv")) ==
        metrics_without_time(folder.read("same/metrics.csv")));
}

/// Whether that process is one of our programs already, and has said what a SIGINT shall do.
bool catches_signals(pid_t id) {
  const std::string process = "/proc/" + std::to_string(id);
  std::error_code error;
  const std::string program = fs::read_symlink(process + "/exe", error).string();
  if (program != TRAIN_PROGRAM && program != EVALUATE_PROGRAM && program != SIMULATE_PROGRAM)
    return false;
  std::ifstream status(process + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigCgt:"))
      return (std::stoul(line.substr(7), nullptr, 16) >> (SIGINT - 1) & 1) != 0;
  return false;
}

/// A pseudo-terminal, and a command in it that Ctrl-C reaches as it does at a desk.
class Terminal {
 public:
  Terminal(const Folder& folder, const std::string& command) : master_(posix_openpt(O_RDWR)) {
    REQUIRE(master_ >= 0);
    REQUIRE(grantpt(master_) == 0);
    REQUIRE(unlockpt(master_) == 0);
    const std::string name = ptsname(master_);
    child_ = fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      program::heed_signals();
      setsid();
      const int terminal = open(name.c_str(), O_RDWR);
      close(master_);
      if (ioctl(terminal, TIOCSCTTY, 0) == 0 && chdir(folder.path().c_str()) == 0) {
        for (const int number : {0, 1, 2}) dup2(terminal, number);
        execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      }
      _exit(127);
    }
  }
  ~Terminal() {
    hang_up();
    waitpid(child_, nullptr, 0);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void press_ctrl_c() const { CHECK(write(master_, "\x03", 1) == 1); }
  void hang_up() {
    if (master_ >= 0) close(master_);
    master_ = -1;
  }

 private:
  int master_;
  pid_t child_ = -1;
};

}  // namespace

TEST_CASE("SIGINT, SIGTERM and SIGHUP save the run, and it goes on bit for bit") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(signal);
    const Folder folder;
    Background run(folder, program::train + endless + "--out X");
    wait_until([&] { return rows(folder, "X") > 3; });
    CHECK(run.end_by(signal) == 130);
    CHECK(contains(folder.read("stderr"), "./train --resume X"));
    check_saved(folder, endless);
  }
}

TEST_CASE("a request ends the estimates of a round, and the run goes on with all of them") {
  const Folder folder;
  REQUIRE(folder
              .simulate("--system chain --set n=5 --trajectories 20 --duration 3 --columns "
                        "coordinates --out f.csv")
              .code == 0);
  // Six rounds of one step: all the time goes into estimates.
  const std::string flags =
      "--data f.csv --hidden 8 --batch 16 --rounds 6 --steps 6 --friction none --patience 1 ";
  const std::string standing = "X/checkpoint.safetensors";
  Background run(folder, program::train + flags + "--checkpoint-every 0.001 --out X");
  wait_until([&] { return fs::exists(folder.path() / standing); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(run.end_by(SIGTERM) == 130);
  const auto result = folder.json("X/result.json");
  CHECK(result["status"] == "interrupted");
  CHECK(result["train_steps"].get<long>() < 6);
  if (program::sanitized) return;  // where the other rounds take minutes
  CHECK(folder.train("--resume X --quiet").code == 0);
  CHECK(folder.train(flags + "--quiet --out same").code == 0);
  CHECK(folder.read("X/model.safetensors") == folder.read("same/model.safetensors"));
}

TEST_CASE("a signal that comes twice, as from `timeout` or a closing shell, is one request") {
  for (const int signal : {SIGTERM, SIGHUP}) {
    const Folder folder;
    Background run(folder, program::train + endless + "--out X");
    wait_until([&] { return rows(folder, "X") > 3; });
    run.send(signal);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(run.end_by(signal) == 130);
    CHECK(folder.json("X/result.json")["status"] == "interrupted");
  }
  const Folder folder;
  CHECK(folder.run("timeout -s INT 3 " + program::train + endless + "--out Y").code == 124);
  CHECK(folder.json("Y/result.json")["status"] == "interrupted");
}

TEST_CASE("nohup keeps a run from ending with its terminal") {
  const Folder folder;
  Background run(folder, "nohup " + program::train + endless + "--out X");
  wait_until([&] { return rows(folder, "X") > 3; });
  run.send(SIGHUP);
  const std::size_t before = rows(folder, "X");
  wait_until([&] { return rows(folder, "X") > before + 100; });
  CHECK(run.end_by(SIGTERM) == 130);
}

TEST_CASE("a second Ctrl-C ends the program at once, in the middle of a step") {
  const Folder folder;
  // A step of this takes seconds.
  Background run(folder, program::train +
                             "--hidden 1500,1500 --batch 1024 --threads 1 --rollouts 0 --epochs 9 "
                             "--checkpoint-every 0 --optimiser adam --out X");
  wait_until([&] { return rows(folder, "X") == 1; });
  run.send(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(run.end_by(SIGINT) == -SIGINT);
  CHECK_FALSE(fs::exists(folder.path() / "X/result.json"));  // nothing was finished
}

TEST_CASE("a run whose output nobody reads any more is saved, and ends with 130") {
  const Folder folder;
  const Outcome outcome =
      folder.run("{ " + program::train + endless + "--out X; echo $? >code; } | head -n 1");
  CHECK(folder.read("code") == "130\n");
  CHECK(contains(outcome.err, "./train --resume X"));
  check_saved(folder, endless);
}

TEST_CASE("the end of a reader is noticed between two lines, which may be hours apart") {
  const Folder folder;
  // The second line would come after 100,000 epochs.
  folder.run("{ " + program::train + endless + "--out X; echo $? >code; } | head -n 1");
  CHECK(folder.json("X/result.json")["train_steps"].get<long>() < 1'000'000);
}

TEST_CASE("Ctrl-C at a terminal on `./train | tee log` saves the run") {
  const Folder folder;
  Terminal terminal(folder, "{ trap : INT; " + program::train + endless +
                                "--out X 2>err; echo $? >code; } | tee log");
  wait_until([&] { return rows(folder, "X") > 3; });
  terminal.press_ctrl_c();
  wait_until([&] { return folder.read("code") == "130\n"; });
  CHECK(contains(folder.read("err"), "./train --resume X"));
  check_saved(folder, endless);
}

TEST_CASE("a terminal that is closed saves the run") {
  const Folder folder;
  Terminal terminal(folder, "exec " + program::train + endless + "--out X");
  wait_until([&] { return rows(folder, "X") > 3; });
  terminal.hang_up();
  wait_until([&] { return fs::exists(folder.path() / "X/result.json"); });
  check_saved(folder, endless);
}

TEST_CASE("judging ends at once, and the run is judged again when it goes on") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(signal);
    const Folder folder;
    Background run(folder, program::train + long_judging + "--out X");
    wait_until([&] { return contains(folder.read("stdout"), "judging"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(signal == SIGINT ? 0 : 200));
    const auto before = std::chrono::steady_clock::now();
    CHECK(run.end_by(signal) == 130);
    // Half a second on a quiet machine; on a busy one far from the minutes that judging takes.
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(5));
    CHECK(contains(folder.read("stderr"), "./train --resume X"));
    CHECK(folder.json("X/result.json")["status"] == "interrupted");
    CHECK_FALSE(fs::exists(folder.path() / "X/trajectory.csv"));
    Background again(folder, program::train + "--resume X");
    wait_until([&] { return contains(folder.read("stdout"), "judging"); });
    CHECK(again.end_by(SIGINT) == 130);
  }
}

TEST_CASE("where nothing can be lost a program ends at once, and says so") {
  const Folder folder;
  REQUIRE(folder.train(small + "--steps 5 --epochs 1 --quiet --out X").code == 0);
  struct Case {
    std::string what, command;
  };
  // Hours each: true roll-outs for a data set, what --dry-run measures, evaluating, simulating.
  for (const Case& c : std::vector<Case>{
           {"data", program::train + "--source trajectories --trajectories 100000 --duration 1000 "
                                     "--hidden 4 --rollouts 0 --out Y"},
           {"dry-run", program::train + "--source trajectories --trajectories 100000 --duration "
                                        "1000 --hidden 4 --dry-run"},
           {"evaluate", program::evaluate + "X --trajectories 20000 --duration 100"},
           {"simulate",
            program::simulate + "--trajectories 10000 --step 1 --duration 1000 --out s"}}) {
    CAPTURE(c.what);
    Background run(folder, c.command);
    wait_until([&] { return catches_signals(run.id()); });
    CHECK(run.end_by(SIGINT) == 130);
    CHECK(contains(folder.read("stderr"), "interrupted; nothing is written"));
  }
  CHECK_FALSE(fs::exists(folder.path() / "Y"));
  CHECK_FALSE(fs::exists(folder.path() / "X/evaluation.json"));
  CHECK_FALSE(fs::exists(folder.path() / "s"));
}

TEST_CASE("a closed or full standard output disturbs no file, and the finished run ends with 4") {
  const Folder folder;
  const std::string run = small + "--epochs 4 --steps-per-epoch 10 ";
  REQUIRE(folder.train(run + "--out once").code == 0);
  for (const std::string where : {">&-", ">/dev/full", ">&- <&-"}) {
    CAPTURE(where);
    const Outcome outcome = folder.train(run + "--out X " + where);
    CHECK(outcome.code == 4);
    CHECK(contains(outcome.err, "cannot write to standard output"));
    CHECK(contains(outcome.err, "the run is finished; its files are in X/"));
    CHECK(folder.read("X/model.safetensors") == folder.read("once/model.safetensors"));
    CHECK(metrics_without_time(folder.read("X/metrics.csv")) ==
          metrics_without_time(folder.read("once/metrics.csv")));
    CHECK(folder.read("X/trajectory.csv") == folder.read("once/trajectory.csv"));
    CHECK(folder.json("X/result.json")["status"] == "finished");
  }
  CHECK(folder.train(run + "--out X --quiet >&-").code == 0);  // it has nothing to say
  CHECK(folder.train(run + "--out X >&- 2>&-").code == 4);
  CHECK(folder.read("X/model.safetensors") == folder.read("once/model.safetensors"));
  CHECK(folder.evaluate("X --trajectories 2 --duration 1 --repeats 1 >/dev/full").code == 4);
  CHECK(folder.json("X/evaluation.json").contains("regions"));
  CHECK(folder.train("--help >/dev/full").code == 4);
  CHECK(folder.simulate("--states 10 >/dev/full").code == 4);
}

TEST_CASE("what is simulated for a reader that has had enough ends without a word") {
  const Folder folder;
  const Outcome outcome = folder.run(program::simulate + "--states 100000 | head -n 1");
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
}
