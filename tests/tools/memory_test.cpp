// How much memory a run asks for before it begins, and which of its options are said to.
#include "tools/app/memory.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "autodiff/matrix.h"
#include "tests/precision.h"

using tools::TrainOptions;

namespace {

/// More than any machine has, for options that no command line takes.
constexpr int huge = 2'000'000'000;
constexpr double number = sizeof(autodiff::Scalar);

/// What a run is refused for, and how much that is [GB].
struct Refusal {
  std::string options;
  double needs = 0, available = 0;
};

Refusal refusal(const TrainOptions& o) {
  try {
    tools::require_resources(o);
  } catch (const tools::EndProgram& end) {
    CHECK(end.code == tools::exit_usage);
    const std::string text = end.what(), about = "needs about ", had = "of memory, and ";
    REQUIRE(text.find(had) != text.npos);
    return {text.substr(0, text.find(':')), std::stod(text.substr(text.find(about) + about.size())),
            std::stod(text.substr(text.find(had) + had.size()))};
  }
  return {};
}

TrainOptions some() {
  TrainOptions o;
  o.threads = 1;
  o.rollouts = 0;
  o.hidden = {4};
  return o;
}

}  // namespace

TEST_CASE("an ordinary run is not refused") {
  TrainOptions o;
  o.threads = 1;
  CHECK(refusal(o).options.empty());
  o.source = "trajectories";
  CHECK(refusal(o).options.empty());
}

TEST_CASE("states need as many numbers as they are kept with, in a batch and in a set") {
  // State and rates in double, and both as a sample, of three times as many numbers at most.
  const double of_state = 8 * 8 + 6 * number;
  TrainOptions o = some();
  o.batch = huge;
  Refusal said = refusal(o);
  // A batch of two milliards may find place in a large machine.
  if (!said.options.empty()) {
    CHECK(said.options == "--batch");
    CHECK(said.needs == doctest::Approx(1e-9 * of_state * huge).epsilon(0.01));
  }

  o = some();
  o.source = "fixed";
  o.trajectories = huge;
  o.points = 1'000'000;
  said = refusal(o);
  CHECK(said.options == "--trajectories and --points");
  CHECK(said.needs == doctest::Approx(1e-9 * of_state * huge * 1e6).epsilon(0.01));
  CHECK(1e9 * said.available == doctest::Approx(tools::available_memory()).epsilon(0.2));
  o.source = "fresh";  // has no set
  CHECK(refusal(o).options.empty());
  o.source = "fixed";
  o.data = "no/such/file";  // nor has a file that many
  CHECK(refusal(o).options.empty());
  o.data.clear();
  o.system = "wave";  // of more coordinates than two
  o.set = {{"n", 64}};
  CHECK(refusal(o).needs == doctest::Approx(32 * said.needs).epsilon(0.01));
}

TEST_CASE("roll-outs that judge need memory, where a system is simulated") {
  TrainOptions o = some();
  o.rollouts = huge;
  const Refusal said = refusal(o);
  CHECK(said.options == "--rollouts");
  CHECK(said.needs > 1e3);  // kilobytes each
  CHECK(said.needs < 1e6);
  o.data = "no/such/file";
  CHECK(refusal(o).options.empty());
}

TEST_CASE("a file is taken to need its size") {
  const std::string name =
      (std::filesystem::temp_directory_path() / "lagrange_memory_test.csv").string();
  std::ofstream(name) << "x,x',x''\n";
  TrainOptions o = some();
  o.data = name;
  CHECK(refusal(o).options.empty());
  std::filesystem::resize_file(name, std::uintmax_t{3} << 42);  // a hole: no disk is used
  const Refusal said = refusal(o);
  std::filesystem::remove(name);
  CHECK(said.options == "--data");
  CHECK(said.needs == doctest::Approx(3 * 4398.).epsilon(0.01));
}

TEST_CASE("weights need place for their gradient and for what the optimiser remembers") {
  TrainOptions o = some();
  o.hidden = {10'000'000, 1'000'000};
  // Adam: the weights, their gradient and two means.
  o.optimiser = "adam";
  Refusal said = refusal(o);
  CHECK(said.options == "--hidden");
  const double weights = 1e7 * 1e6;
  CHECK(said.needs == doctest::Approx(1e-9 * number * 4 * weights).epsilon(0.01));
  // Soap: beside them two more of their size, and four square matrices of each side of a layer;
  // the sides are 1e7 and 5, 1e6 and 1e7, 1 and 1e6.
  o.optimiser = "soap";
  said = refusal(o);
  const double squares = 1e14 + 1e12 + 1e14 + 1e12;
  CHECK(said.needs == doctest::Approx(1e-9 * number * (6 * weights + 4 * squares)).epsilon(0.01));

  // A layer alone: 5 inputs with the bias, one output.
  o.optimiser = "adam";
  o.hidden = {huge};
  said = refusal(o);
  if (!said.options.empty())
    CHECK(said.needs == doctest::Approx(1e-9 * number * 4 * (5. + 1) * huge).epsilon(0.01));
}

TEST_CASE("of several demands the largest is told where memory runs out all the same") {
  tools::require_memory(1e3, "--small");  // others may have asked for more before
  const std::string before = tools::options_that_need_most_memory();
  CHECK_THROWS_AS(tools::require_memory(1e28, "--large"), tools::EndProgram);
  CHECK(tools::options_that_need_most_memory() == "--large");
  CHECK_THROWS_AS(tools::require_memory(1e27, "--smaller"), tools::EndProgram);
  CHECK(tools::options_that_need_most_memory() == "--large");
  CHECK(before != "--large");
}

TEST_CASE("what can be had is no more than the machine has") {
  const double all = tools::available_memory();
  CHECK(all > 1e7);
  double total = 0;  // of the machine, with its swap [kB]
  std::ifstream lines("/proc/meminfo");
  for (std::string line; std::getline(lines, line);)
    for (const std::string name : {"MemTotal:", "SwapTotal:"})
      if (line.starts_with(name)) total += std::stod(line.substr(name.size()));
  if (total > 0) CHECK(all <= 1024 * total);
}

// The address sanitizer needs terabytes of address space for itself.
TEST_CASE("what can be had is no more than `ulimit -v` leaves" * doctest::skip(SANITIZED)) {
  rlimit limit;
  REQUIRE(getrlimit(RLIMIT_AS, &limit) == 0);
  rlim_t used = 0;  // [bytes]
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmSize:")) used = 1024 * std::stoul(line.substr(7));
  if (used == 0) return;
  for (const rlim_t more : {rlim_t{50'000'000}, rlim_t{100'000'000}}) {
    rlimit low = limit;
    low.rlim_cur = used + more;
    if (setrlimit(RLIMIT_AS, &low) != 0) return;
    const double left = tools::available_memory();
    setrlimit(RLIMIT_AS, &limit);
    CHECK(left == doctest::Approx(static_cast<double>(more)).epsilon(0.2));
  }
}
