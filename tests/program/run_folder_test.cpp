// The folder of a run: who may write there, what stays of an earlier run, what becomes of a folder
// that vanishes, and what is on the disk when.
#include "tools/app/run_folder.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <cstdio>
#include <set>

#include "tests/program/program.h"

namespace fs = std::filesystem;
using program::Background;
using program::contains;
using program::Folder;
using program::metrics_without_time;
using program::Outcome;
using program::rows;
using program::split;
using program::wait_until;

namespace {

const std::string small = "--hidden 8,8 --batch 16 --rollouts 0 --quiet ";
const std::string endless = small + "--epochs 1000000 --steps-per-epoch 10 ";

/// What was asked of the operating system, while somebody listens.
std::vector<std::string>* calls = nullptr;

/// The function of that name that this file stands in front of.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::set<std::string> files(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_directory()) names.insert(fs::relative(entry.path(), folder).string());
  return names;
}

}  // namespace

// The test program's own come before the system's; they go on to those.
extern "C" int fsync(int file) {
  struct stat what;
  if (calls != nullptr && fstat(file, &what) == 0)
    calls->push_back(S_ISDIR(what.st_mode) ? "fsync folder"
                                           : "fsync " + std::to_string(what.st_size) + " bytes");
  return next<int(int)>("fsync")(file);
}
extern "C" int rename(const char* from, const char* to) noexcept {
  if (calls != nullptr) calls->push_back("rename");
  return next<int(const char*, const char*)>("rename")(from, to);
}

TEST_CASE("a file is on the disk before it has its name, and then its name is, too") {
  const Folder folder;
  std::vector<std::string> seen;
  calls = &seen;
  tools::write_file(folder.path() / "a", "12345");
  calls = nullptr;
  CHECK(seen == std::vector<std::string>{"fsync 5 bytes", "rename", "fsync folder"});
}

TEST_CASE("a second run in a folder is refused and names the process that is there") {
  const Folder folder;
  Background first(folder, program::train + endless + "--out X");
  wait_until([&] { return rows(folder, "X") > 3; });
  const std::string config = folder.read("X/config.toml");
  for (const std::string& second : std::vector<std::string>{
           program::train + "--seed 5 --out X", program::train + "--out ./X/../X",
           program::train + "--resume X --quiet", program::evaluate + "X"}) {
    CAPTURE(second);
    const Outcome refused = folder.run(second);
    CHECK(refused.code == 4);
    CHECK(contains(refused.err, "process " + std::to_string(first.id())));
  }
  CHECK(folder.read("X/config.toml") == config);
  CHECK(first.end_by(SIGTERM) == 130);
  CHECK(folder.json("X/result.json")["seed"] == 0);
  CHECK(folder.train("--resume X --quiet --stop-after 5").code == 130);
  CHECK_FALSE(fs::exists(folder.path() / "X/lock"));
}

TEST_CASE("the lock of a folder dies with its process") {
  const Folder folder;
  Background first(folder, program::train + endless + "--out X");
  wait_until([&] { return fs::exists(folder.path() / "X/checkpoint.safetensors"); });
  CHECK(first.end_by(SIGKILL) == -SIGKILL);
  CHECK(fs::exists(folder.path() / "X/lock"));
  CHECK(folder.train("--resume X --quiet --stop-after 5").code == 130);
  CHECK(folder.train(small + "--steps 5 --epochs 1 --out X").code == 0);
}

TEST_CASE("a lock whose folder somebody else has taken over leaves theirs") {
  const Folder folder;
  const fs::path file = folder.path() / "lock";
  {
    const tools::FolderLock first(folder.path());
    CHECK(first.holds());
    fs::remove(file);
    CHECK_FALSE(first.holds());
    folder.write("lock", "theirs");
  }
  CHECK(folder.read("lock") == "theirs");
  fs::remove(file);
  { const tools::FolderLock alone(folder.path()); }
  CHECK_FALSE(fs::exists(file));
}

TEST_CASE("data that a run in their folder would delete are refused, and stay") {
  for (const std::string name : {"trajectory.csv", "held_out.csv", "metrics.csv", "config.toml",
                                 "lock", "result.json.tmp"}) {
    CAPTURE(name);
    const Folder folder;
    const std::string data = "x,x',x''\n1,2,3\n4,5,6\n";
    folder.write(name, data);
    for (const std::string& out : {std::string("."), "../" + folder.path().filename().string()}) {
      const Outcome refused = folder.train("--data " + name + " --out " + out);
      CHECK(refused.code == 2);
      CHECK(contains(refused.err, '/' + name + "': a run in '" + out + "' would delete it"));
      CHECK(folder.read(name) == data);
    }
  }
}

TEST_CASE("a new run in a used folder leaves nothing of the old one, and what is not its own") {
  const Folder folder;
  REQUIRE(folder.train(small + "--steps 50 --epochs 5 --out X").code == 0);
  REQUIRE(folder.evaluate("X --trajectories 2 --duration 1 --repeats 1 --quiet").code == 0);
  const std::set<std::string> ours{"checkpoint.safetensors", "config.toml",    "metrics.csv",
                                   "model.safetensors",      "result.json",    "trajectory.csv",
                                   "evaluation.json",        "divergence.csv", "poincare.csv"};
  CHECK(files(folder.path() / "X") == ours);
  fs::create_directory(folder.path() / "X/figures");
  for (const char* stale :
       {"figures/training.svg", "figures/animation.gif", "command.json", "model.safetensors.tmp"})
    folder.write(std::string("X/") + stale, "old");
  std::set<std::string> foreign{"notes.txt", "figures/mine.svg", "model.safetensors.bak"};
  for (const std::string& name : foreign) folder.write("X/" + name, "foreign");

  Background second(folder, program::train + endless + "--checkpoint-every 0 --out X");
  wait_until([&] { return rows(folder, "X") > 10; });
  std::set<std::string> left = foreign;
  left.insert({"config.toml", "metrics.csv", "lock"});
  CHECK(files(folder.path() / "X") == left);
  // Nor is there anything of the old run after a kill, for nothing of the new was saved.
  second.end_by(SIGKILL);
  CHECK(folder.evaluate("X").code == 4);
  CHECK(folder.train("--resume X").code == 4);
}

TEST_CASE("a run that goes on has lost its results, and no row of what it saved") {
  const Folder folder;
  const std::string run = small + "--epochs 8 --steps-per-epoch 10 ";
  REQUIRE(folder.train(run + "--out once").code == 0);
  REQUIRE(folder.train(run + "--out X --stop-after 35").code == 130);
  REQUIRE(fs::exists(folder.path() / "X/model.safetensors"));
  folder.write("X/evaluation.json", "{}");
  // Rows that came after the checkpoint, as where a run is killed.
  folder.write("X/metrics.csv", folder.read("X/metrics.csv") + "4,1,2,3\n5,1,2,3\n6,1,");
  const Outcome resumed = folder.train("--resume X --quiet");
  CHECK(resumed.code == 0);
  CHECK(resumed.err.empty());
  CHECK(metrics_without_time(folder.read("X/metrics.csv")) ==
        metrics_without_time(folder.read("once/metrics.csv")));
  CHECK_FALSE(fs::exists(folder.path() / "X/evaluation.json"));
}

TEST_CASE("metrics that are cut or gone are told, and the run goes on") {
  const Folder folder;
  const std::string run = small + "--epochs 8 --steps-per-epoch 10 ";
  REQUIRE(folder.train(run + "--out once").code == 0);
  const auto whole = split(metrics_without_time(folder.read("once/metrics.csv")), '\n');
  struct Case {
    std::string metrics;
    std::size_t kept;  // rows
  };
  REQUIRE(folder.train(run + "--out X --stop-after 35").code == 130);
  const std::string metrics = folder.read("X/metrics.csv");
  const std::string third = metrics.substr(0, metrics.size() - 1);
  for (const Case& c : {Case{third.substr(0, third.rfind('\n') + 4), 2},
                        {third.substr(0, third.rfind(',')) + '\n', 2},
                        {third, 2},
                        {"", 0}}) {
    CAPTURE(c.metrics);
    fs::remove_all(folder.path() / "Y");
    fs::copy(folder.path() / "X", folder.path() / "Y");
    folder.write("Y/metrics.csv", c.metrics);
    if (c.metrics.empty()) fs::remove(folder.path() / "Y/metrics.csv");
    const Outcome resumed = folder.train("--resume Y --quiet");
    CHECK(resumed.code == 0);
    CHECK(contains(resumed.err, std::to_string(c.kept) + " of the 3 epochs"));
    std::vector<std::string> expected = whole;
    expected.erase(expected.begin() + 1 + static_cast<long>(c.kept), expected.begin() + 4);
    CHECK(split(metrics_without_time(folder.read("Y/metrics.csv")), '\n') == expected);
    CHECK(folder.read("Y/model.safetensors") == folder.read("once/model.safetensors"));
    // What came after the gap is not lost when it goes on once more.
    CHECK(folder.train("--resume Y --quiet").code == 0);
    CHECK(split(metrics_without_time(folder.read("Y/metrics.csv")), '\n') == expected);
  }
}

TEST_CASE("a folder that vanishes while its run goes on is made again, with all of it") {
  const Folder folder;
  Background run(folder, program::train + endless + "--out X/Y");
  wait_until([&] { return rows(folder, "X/Y") > 10; });
  fs::rename(folder.path() / "X", folder.path() / "gone");
  wait_until([&] { return fs::exists(folder.path() / "X/Y/checkpoint.safetensors"); });
  fs::rename(folder.path() / "X",
             folder.path() / "gone, too");  // at once: the run writes meanwhile
  wait_until([&] { return rows(folder, "X/Y") > 20; });
  CHECK(folder.train("--out X/Y").code == 4);  // it is locked again
  CHECK(run.end_by(SIGTERM) == 130);
  CHECK(folder
            .train(endless + "--out same --stop-after " +
                   std::to_string(folder.json("X/Y/result.json")["train_steps"].get<long>()))
            .code == 130);
  for (const char* file : {"model.safetensors", "config.toml"})
    CHECK(folder.read(std::string("X/Y/") + file).size() > 0);
  CHECK(folder.read("X/Y/model.safetensors") == folder.read("same/model.safetensors"));
  CHECK(metrics_without_time(folder.read("X/Y/metrics.csv")) ==
        metrics_without_time(folder.read("same/metrics.csv")));
  CHECK(folder.train("--resume X/Y --quiet --stop-after 5").code == 130);
}

TEST_CASE(
    "where a vanished folder cannot be made again the run goes on elsewhere, and says where") {
  const Folder folder;
  Background run(folder, program::train + endless + "--out X/Y");
  wait_until([&] { return rows(folder, "X/Y") > 10; });
  fs::rename(folder.path() / "X", folder.path() / "gone");
  folder.write("X", "no folder");
  wait_until([&] { return contains(folder.read("stderr"), "goes on in"); });
  CHECK(run.end_by(SIGINT) == 130);
  const std::string said = folder.read("stderr");
  const std::size_t name = said.find("--resume ") + 9;
  const std::string elsewhere = said.substr(name, said.find('\n', name) - name);
  CAPTURE(said);
  CHECK(folder.train("--resume '" + elsewhere + "' --quiet --stop-after 5").code == 130);
  if (fs::path(elsewhere).parent_path() != folder.path()) fs::remove_all(elsewhere);
}

TEST_CASE("a short run has a checkpoint from its first step on, and not one after every step") {
  const Folder folder;
  Background run(folder, program::train + endless + "--checkpoint-every 0.5 --out X");
  const fs::path checkpoint = folder.path() / "X/checkpoint.safetensors";
  std::set<fs::file_time_type> times;
  const auto begin = std::chrono::steady_clock::now();
  wait_until([&] {
    std::error_code error;
    if (const auto time = fs::last_write_time(checkpoint, error); !error) times.insert(time);
    return times.size() >= 4;
  });
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  CHECK(seconds >= 1.4);  // of a first one and three that are half a second apart
  run.end_by(SIGKILL);
  CHECK(folder.train("--resume X --quiet --stop-after 5").code == 130);

  Background patient(folder, program::train + endless + "--out Y");  // every 30 s
  wait_until([&] { return fs::exists(folder.path() / "Y/checkpoint.safetensors"); });
  patient.end_by(SIGKILL);
  CHECK(folder.train("--resume Y --quiet --stop-after 5").code == 130);
}
