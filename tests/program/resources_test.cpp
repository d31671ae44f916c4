// Memory and threads that the machine does not have.
#include <fcntl.h>
#include <sys/resource.h>

#include "tests/program/program.h"
#include "tools/app/memory.h"
#include "tools/app/text.h"

namespace fs = std::filesystem;
using program::contains;
using program::Folder;
using program::Outcome;

namespace {

/// The address sanitizer needs terabytes of address space for itself.
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
constexpr bool can_be_limited = false;
#else
constexpr bool can_be_limited = true;
#endif

}  // namespace

TEST_CASE("who asks for more memory than there is hears which option does") {
  const Folder folder;
  REQUIRE(
      folder.train("--hidden 4 --batch 4 --steps 1 --epochs 1 --rollouts 0 --quiet --out X").code ==
      0);
  struct Case {
    std::string command, option;
  };
  const std::string few = "ulimit -v 1500000; ";  // kB
  for (const Case& c : std::vector<Case>{
           {program::train + "--batch 100000000", "--batch"},
           {program::train + "--trajectories 2000000000", "--trajectories"},
           {program::train + "--hidden 200000", "--hidden"},
           {program::train + "--threads 100000", "--threads"},
           {program::train + "--batch 10000000", "--batch"},
           {program::train + "--batch 5000000 --shard-width 1000000", "--shard-width"},
           {program::train + "--hidden 100000,100000", "--hidden"},
           {program::train + "--source fixed --trajectories 10000000 --points 1000000", "--points"},
           {program::train + "--source trajectories --trajectories 10000000 --points 1000",
            "--trajectories"},
           {few + program::train + "--rollouts 1000000", "--rollouts"},
           {few + program::train + "--hidden 4000,4000", "--hidden"},
           {few + program::train + "--batch 300000", "--batch"},
           {few + program::train + "--threads 1000", "--threads"},
           {few + program::train + "--source fixed --trajectories 1000000 --points 100",
            "--trajectories"},
           {few + program::evaluate + "X --trajectories 1000000", "--trajectories"},
           {few + program::simulate + "--out s --trajectories 1 --duration 50000 --step 0.001",
            "--trajectories, --duration and --step"},
           {few + program::simulate + "--out s --states 50000000", "--states"},
           {few + program::simulate + "--out s --trajectories 1000000 --step 0.001", "--step"}}) {
    if (c.command.starts_with(few) && !can_be_limited) continue;
    CAPTURE(c.command);
    const Outcome refused = folder.run(c.command);
    CAPTURE(refused.err);
    CHECK(refused.code == 2);
    CHECK(contains(refused.err, c.option));
  }
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
  CHECK_FALSE(fs::exists(folder.path() / "s"));
}

TEST_CASE("a data file larger than the memory is refused by its name") {
  const Folder folder;
  folder.write("big.csv", "theta,theta',theta''\n");
  fs::resize_file(folder.path() / "big.csv", std::uintmax_t{1} << 40);  // a hole: no disk is used
  const Outcome refused = folder.train("--data big.csv");
  CHECK(refused.code == 2);
  CHECK(contains(refused.err, "--data"));
}

TEST_CASE("memory that no estimate has foreseen is told all the same" *
          doctest::skip(!can_be_limited)) {
  const Folder folder;
  std::string csv = "theta,theta',theta''\n";
  for (int k = 0; k < 3'000'000; ++k) csv += "0.1,0.2,0.3\n";
  folder.write("some.csv", csv);
  const Outcome refused = folder.run("ulimit -v 90000; " + program::train + "--data some.csv");
  CAPTURE(refused.err);
  CHECK(refused.code == 2);
  CHECK(contains(refused.err, "too little memory"));
  CHECK(contains(refused.err, "--data"));
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
}

TEST_CASE("what is enough is not refused") {
  CHECK(tools::available_memory() > 1e7);
  CHECK_NOTHROW(tools::require_memory(1e6, "--batch"));
  CHECK_NOTHROW(tools::require_threads(tools::all_threads()));
  CHECK_NOTHROW(tools::require_threads(tools::all_threads() + 20));
}

TEST_CASE("a process that is bound to one core takes one thread, by default") {
  const Folder folder;
  const auto threads = [&](const std::string& flags) {
    const Outcome dry =
        folder.run("taskset -c \"$(taskset -cp $$ | sed 's/.*: *\\([0-9]*\\).*/\\1/')\" " +
                   program::train + "--hidden 4 --dry-run " + flags);
    REQUIRE(dry.code == 0);
    const std::size_t at = dry.out.find("\nthreads=") + 9;
    return dry.out.substr(at, dry.out.find('\n', at) - at);
  };
  CHECK(threads("") == "1");
  CHECK(threads("--threads 2") == "2");
}
