// Any system, and any file, by the same programs.
#include <cmath>

#include "physics/systems/table.h"
#include "tests/program/program.h"

using program::contains;
using program::Folder;
using program::Outcome;

TEST_CASE("every system of the list is learnt, judged and evaluated") {
  const Folder folder;
  const Outcome list = folder.train("--list-systems");
  CHECK(list.code == 0);
  const auto& systems = physics::systems();
  for (std::size_t k = 0; k < systems.size(); k += program::sanitized ? 5 : 1) {
    const physics::Family& family = systems[k];
    CAPTURE(family.name);
    CHECK(contains(list.out, family.name + ": " + family.what));
    const Outcome run = folder.train("--system " + family.name +
                                     " --trajectories 20 --points 20 --batch 16 --hidden 8 --steps "
                                     "20 --rollouts 2 --quiet --out R");
    CAPTURE(run.err);
    REQUIRE(run.code == 0);
    const auto result = folder.json("R/result.json");
    CHECK(result["system"] == family.name);
    CHECK(result["acceleration_l1_each"].size() == result["coordinates"].size());
    const Outcome judged = folder.evaluate("R --trajectories 2 --repeats 1 --quiet");
    CAPTURE(judged.err);
    REQUIRE(judged.code == 0);
    CHECK(folder.json("R/evaluation.json")["regions"].contains("training"));
  }
}

TEST_CASE("every model of the list has a system that it learns") {
  const Folder folder;
  const std::string small =
      " --trajectories 20 --points 20 --batch 16 --hidden 8 --steps 20 "
      "--rollouts 2 --quiet --out R";
  for (const std::string run : {"--system kepler --model lnn", "--system kepler --model delan",
                                "--system kepler --model pullback", "--system kepler --model hnn",
                                "--system kepler --model embedded", "--system wave --model field",
                                "--system kepler --model mlp"}) {
    CAPTURE(run);
    REQUIRE(folder.train(run + small).code == 0);
    REQUIRE(folder.evaluate("R --trajectories 2 --repeats 1 --quiet").code == 0);
  }
  REQUIRE(folder.train("--system wave" + small).code == 0);
  CHECK(folder.json("R/result.json")["model"] == "field");
  const Outcome no_ring = folder.train("--system kepler --model field");
  CHECK(no_ring.code == 2);
  CHECK(contains(no_ring.err, "--model field"));
  const Outcome nowhere = folder.train("--system kepler --velocity 0.01");
  CHECK(nowhere.code == 2);
  CHECK(contains(nowhere.err, "--velocity"));
  const Outcome driven = folder.train("--system pendulum --set drive=1");
  CHECK(driven.code == 2);
  CHECK(contains(driven.err, "drive"));
}

TEST_CASE("a control in a file is learnt, and what was held out is judged under it") {
  const Folder folder;
  REQUIRE(folder
              .simulate("--system cart_pole --trajectories 30 --duration 3 --step 0.02 --columns "
                        "velocities --out cart.csv")
              .code == 0);
  CHECK(contains(folder.read("cart.csv"), "force:control"));
  REQUIRE(
      folder.train("--data cart.csv --friction none --hidden 32,32 --steps 3000 --quiet --out R")
          .code == 0);
  const auto learnt = folder.json("R/result.json");
  for (const double error : learnt["acceleration_l1_relative"]) CHECK(error < 0.1);
  // The same file, of which the control is not told.
  std::string blind;
  for (const std::string& line : program::split(folder.read("cart.csv"), '\n'))
    blind += line.substr(0, line.rfind(',')) + '\n';
  folder.write("blind.csv", blind);
  REQUIRE(
      folder.train("--data blind.csv --friction none --hidden 32,32 --steps 3000 --quiet --out B")
          .code == 0);
  CHECK(folder.json("B/result.json")["acceleration_l1_relative"][0].get<double>() >
        3 * learnt["acceleration_l1_relative"][0].get<double>());
  REQUIRE(folder.evaluate("R --quiet").code == 0);
  CHECK(folder.json("R/evaluation.json")["regions"]["held_out"].contains("valid_seconds"));
}

TEST_CASE("friction is learnt beside the model") {
  const Folder folder;
  const std::string run =
      "--system pendulum --set friction=0.3 --hidden 16,16 --steps 1500 "
      "--rollouts 2 --quiet --out ";
  REQUIRE(folder.train(run + "without").code == 0);
  REQUIRE(folder.train(run + "with --friction linear").code == 0);
  const auto error = [&](const std::string& name) -> double {
    return folder.json(name + "/result.json")["acceleration_l1_relative"][0];
  };
  CHECK(error("with") < 0.02);
  CHECK(error("without") > 2 * error("with"));
  CHECK(folder.evaluate("with --trajectories 2 --repeats 1 --quiet").code == 0);
}
