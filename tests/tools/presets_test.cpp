// The sets of options that --preset names.
#include "tools/app/presets.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace {

/// Its lines of --list-presets, behind its name: the options that are not the default's.
std::set<std::string> listed(const std::string& name) {
  std::istringstream list(tools::list_of_presets());
  std::set<std::string> found;
  bool inside = false;
  for (std::string line; std::getline(list, line);)
    if (line.starts_with("    ")) {
      std::istringstream words(line);
      for (std::string word; inside && words >> word;) CHECK(found.insert(word).second);
    } else {
      inside = line.starts_with(name + ": ");
    }
  return found;
}

using Set = std::set<std::string>;

}  // namespace

TEST_CASE("the seed preset is the slides' sweet spot") {
  CHECK(listed("seed") == Set{"--source=\"trajectories\"", "--angle=1", "--velocity=1",
                              "--trajectories=512", "--points=4", "--hidden=\"16,16,16\"",
                              "--initialiser=\"slides\"", "--angle-features=false",
                              "--velocity-scale=\"1\"", "--kinetic-prior=\"0\"", "--loss=\"mse\"",
                              "--batch=4", "--epochs=100", "--optimiser=\"adam\"", "--lr=0.001",
                              "--schedule=\"step\"", "--lr-step=10", "--lr-gamma=0.5", "--clip=0"});
  CHECK(tools::preset("seed").note.find("--lr 0.01") != std::string::npos);
}

TEST_CASE("the paper preset is as wide as the published network, with its loss and raw states") {
  CHECK(listed("paper") == Set{"--hidden=\"600,600,600\"", "--angle-features=false",
                               "--velocity-margin=1", "--velocity-scale=\"1\"",
                               "--kinetic-prior=\"0\"", "--batch=512", "--epochs=600",
                               "--optimiser=\"adam\"", "--lr=0.001", "--clip=0"});
  CHECK(tools::preset("paper").options.loss == "l1");
  CHECK(tools::preset("paper").options.source == "fresh");
}

TEST_CASE("the best preset is the default made wider, with more of everything") {
  CHECK(listed("default").empty());
  CHECK(listed("best") == Set{"--velocity-margin=1.25", "--hidden=\"128,128,128\"", "--batch=256",
                              "--epochs=50", "--steps-per-epoch=2000", "--shard-width=64"});
}

TEST_CASE("the preset of any system leaves scales, model and loss to the data") {
  CHECK(&tools::preset_of_any_system() == &tools::preset("any"));
  const Set any = listed("any");
  for (const char* part :
       {"--source=\"trajectories\"", "--trajectories=1000", "--points=50", "--model=\"auto\"",
        "--velocity-scale=\"auto\"", "--kinetic-prior=\"auto\"", "--target-scale=\"auto\"",
        "--friction=\"auto\"", "--learn=\"auto\"", "--lr=0.005"})
    CHECK_MESSAGE(any.contains(part), part);
  CHECK(std::ranges::count(tools::presets(), true, &tools::Preset::of_any_system) == 1);
}

TEST_CASE("a preset knows its name, and its name is listed with what it is for") {
  const std::string list = tools::list_of_presets();
  CHECK(tools::presets().front().name == "default");
  for (const tools::Preset& preset : tools::presets()) {
    CAPTURE(preset.name);
    CHECK(preset.options.preset == preset.name);
    CHECK(&tools::preset(preset.name) == &preset);
    CHECK(('\n' + list).find('\n' + preset.name + ": " + preset.what + '\n') != std::string::npos);
  }
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
}

TEST_CASE("of an unknown preset the known ones are told") {
  try {
    tools::preset("bets");
    FAIL("it is known");
  } catch (const tools::EndProgram& end) {
    CHECK(end.code == tools::exit_usage);
    CHECK(std::string(end.what()) ==
          "--preset: 'bets' is unknown; it must be one of default, best, seed, paper, any");
  }
}
