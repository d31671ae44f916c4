// tools/published: which experiments are run, with which seeds and models, what is not run twice,
// and what is said of a name, a model or a file that it does not know.
#include <signal.h>

#include "tests/program/program.h"
#include "tools/protocols/protocol.h"

using program::Background;
using program::contains;
using program::Folder;
using program::Outcome;
using program::split;

namespace {

const std::string published = "'" PUBLISHED_PROGRAM "' ";
const std::string header = "protocol,model,seed,seconds,values,floors\n";

/// Two seeds of chain-2, of all models.
std::string results() {
  std::string csv = header;
  for (const char* model : {"embedded", "pullback", "delan", "lnn"})
    for (const char* seed : {"4", "5"})
      csv += std::string("chain-2,") + model + ',' + seed + ",1.5,0.000" + seed + ",0.0001\n";
  return csv;
}

/// A run trains, as nothing else takes so long, until it is interrupted.
void trains(const Folder& folder, const std::string& flags) {
  CAPTURE(flags);
  folder.write("before.csv", results());
  folder.write("results.csv", results());
  Background run(folder, published + flags);
  std::this_thread::sleep_for(std::chrono::milliseconds(program::sanitized ? 3000 : 700));
  CHECK(run.end_by(SIGINT) == 130);
  CHECK(contains(folder.read("stderr"), "interrupted; the results so far are in "));
  CHECK(folder.read("results.csv") == folder.read("before.csv"));
}

}  // namespace

TEST_CASE("published: --list names every experiment, and those that need measurements") {
  const Folder folder;
  const Outcome list = folder.run(published + "--list");
  CHECK(list.code == 0);
  std::vector<std::string> lines = split(list.out, '\n');
  REQUIRE(lines.size() == protocols::all().size());
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const protocols::Protocol& p = protocols::all()[k];
    CHECK(lines[k].starts_with(p.name + ' '));
    CHECK(contains(lines[k], p.what));
    CHECK(lines[k].ends_with(" (needs --data)") == !p.data.empty());
  }
  CHECK_FALSE(std::filesystem::exists(folder.path() / "runs"));
}

TEST_CASE("published: what is in the file of results is shown, and not run again") {
  const Folder folder;
  folder.write("results.csv", results());
  const Outcome run =
      folder.run(published + "chain-2 --seed 4 --seeds 2 --threads 1 --results results.csv");
  CHECK(run.code == 0);
  CHECK(contains(run.out, "0.00045 (0.0004 to 0.0005)"));
  CHECK(folder.read("results.csv") == results());
  const Outcome table = folder.run(published + "--table --results results.csv");
  CHECK(table.code == 0);
  CHECK(split(table.out, '\n').size() == 3);  // two of the header, and what has results
  CHECK(contains(table.out, "| `chain-2` "));
  CHECK(folder.run(published + "--table --results nowhere.csv").code == 0);
}

TEST_CASE("published: what is not yet there is trained, and so is all with --again") {
  const Folder folder;
  const std::string one = "--threads 1 --results results.csv ";
  trains(folder, "chain-2 --seed 4 --seeds 3 " + one);
  trains(folder, "chain-2 --seed 3 --seeds 1 --model lnn " + one);
  trains(folder, "chain-2 --seed 4 --seeds 1 --again " + one);
  trains(folder, "all --seed 4 --seeds 1 --model embedded " + one);  // others than chain-2
}

TEST_CASE("published: an experiment whose measurements are missing is left out of all") {
  const Folder folder;
  std::string csv = header;
  for (const protocols::Protocol& p : protocols::all())
    for (const protocols::OurModel& model : p.models) {
      std::string values, floors;
      for (std::size_t k = 0; k < p.metrics.size(); ++k)
        values += (k > 0 ? " 1" : "1"), floors += (k > 0 ? " 1" : "1");
      if (p.data.empty()) csv += p.name + ',' + model.name + ",0,1," + values + ',' + floors + '\n';
    }
  folder.write("results.csv", csv);
  const Outcome run = folder.run(published + "all --seeds 1 --results results.csv");
  CHECK(run.code == 0);
  CHECK(contains(run.out, "real-pendulum"));
  CHECK(folder.read("results.csv") == csv);
  const Outcome one = folder.run(published + "all --seeds 1 --model fitted --results results.csv");
  CHECK(one.code == 0);  // only an experiment that is left out has it
}

TEST_CASE("published: what it does not know is refused, and what it does is named") {
  const Folder folder;
  const auto refused = [&](const std::string& flags, int code, const std::string& words) {
    CAPTURE(flags);
    const Outcome run = folder.run(published + flags);
    CHECK(run.code == code);
    CHECK(contains(run.err, words));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "nowhere.csv"));
  };
  refused("", 2, "which experiment? Give a name, or all; --list lists them");
  refused("chian-2 --results results.csv", 2,
          "there is no experiment 'chian-2'; did you mean chain-2? --list lists all");
  refused("magnets --results results.csv", 2, "did you mean magnet?");
  refused("chain-2 --model cnn --results results.csv", 2,
          "chain-2 has no model 'cnn'; its models are embedded, pullback, delan, lnn");
  refused("spring --model embedded --results results.csv", 2,
          "spring has no model 'embedded'; its models are delan, lnn");
  refused("real-pendulum --results results.csv", 2, "real-pendulum needs --data: a CSV file with");
  refused("real-pendulum --seeds 1 --data nowhere.csv --results results.csv", 4, "nowhere.csv");
  refused("chain-2 --seeds 0", 2, "--seeds");
  refused("chain-2 --seeds 1001", 2, "--seeds");
  refused("chain-2 --threads 0", 2, "--threads");
  refused("chain-2 --seed 4294967296", 2, "--seed");
  refused("chain-2 --seeds 1 --results file/results.csv", 4, "file/results.csv");
}
