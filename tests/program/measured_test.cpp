// ./train on motion as people measure it: noisy, with friction, a few rows of it; and what it says
// of a run that overfits, sticks, or gains nothing any more.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>

#include "autodiff/matrix.h"
#include "tests/program/program.h"

using program::contains;
using program::Folder;
using program::metrics_without_time;
using program::Outcome;

namespace {

constexpr bool single = sizeof(autodiff::Scalar) == sizeof(float);

/// Swings of a pendulum as simulate writes them: coordinates, a row every 0.05 s.
void swings(const Folder& folder, const std::string& flags, int trajectories = 20) {
  REQUIRE(folder
              .simulate("--system pendulum --duration 3 --step 0.05 --columns coordinates "
                        "--trajectories " +
                        std::to_string(trajectories) + ' ' + flags + " --out swings.csv")
              .code == 0);
}

/// A pendulum's swings, five states each: too few rows to estimate accelerations from.
std::string short_swings(int count) {
  std::string csv = "trajectory,t,theta:angle,theta'\n";
  for (int k = 0; k < count; ++k) {
    double q = std::sin(1. + k) * 2, v = std::cos(2.3 * k) * 3;
    for (int row = 0; row < 5; ++row) {
      char line[120];
      std::snprintf(line, sizeof line, "%d,%.2f,%.17g,%.17g\n", k, 0.05 * row, q, v);
      csv += line;
      for (int step = 0; step < 1000; ++step) {  // by leapfrog, to some 1e-9
        v -= 0.5 * 5e-5 * 9.81 * std::sin(q);
        q += 5e-5 * v;
        v -= 0.5 * 5e-5 * 9.81 * std::sin(q);
      }
    }
  }
  return csv;
}

double error(const Folder& folder, const std::string& run) {
  return folder.json(run + "/result.json")["acceleration_l1_relative"][0].get<double>();
}

}  // namespace

TEST_CASE("friction is found where there is some, and only there") {
  const Folder folder;
  for (const bool damped : {false, true}) {
    CAPTURE(damped);
    swings(folder, damped ? "--set friction=0.3" : "");
    const Outcome run = folder.train("--data swings.csv --hidden 8 --steps 400 --out X");
    REQUIRE(run.code == 0);
    CHECK(
        contains(run.out, damped ? "friction  linear: in a trial" : "friction  none: in a trial"));
    CHECK(folder.json("X/result.json")["friction"] == (damped ? "linear" : "none"));
    CHECK(contains(folder.read("X/config.toml"),
                   damped ? "friction=\"linear\"" : "friction=\"none\""));
  }
}

TEST_CASE(
    "a file is learnt from for an eighth of the time, where a half does no better in trials") {
  const Folder folder;
  for (const bool noisy : {true, false}) {
    CAPTURE(noisy);
    swings(folder, noisy ? "--noise 0.03" : "", 6);
    const std::string flags =
        "--data swings.csv --hidden 32 --rounds 2 --patience 1 --friction none --threads 1 ";
    const Outcome run = folder.train(flags + "--seed 7 --out X");
    REQUIRE(run.code == 0);
    // The trials are runs of their own, with another seed.
    const auto watched = [&](const char* steps) {
      REQUIRE(folder.train(flags + "--seed 6000010 --out Y --steps " + steps).code == 0);
      return folder.json("Y/result.json")["validation_loss"].get<double>();
    };
    const double few = watched("500"), many = watched("2000");
    CHECK(contains(run.out, "length    trying 500 steps, and 2000\n"));
    char told[200];
    const long chosen = few <= many ? 500 : 4000;
    std::snprintf(told, sizeof told,
                  "length    %ld steps: after 2000 errors of what watches were %.3g times those "
                  "after 500\n",
                  chosen, many / few);
    CHECK(contains(run.out, told));
    CHECK(chosen == (noisy ? 500 : 4000));
    CHECK(folder.json("X/result.json")["train_steps"] == chosen);
    CHECK(contains(folder.read("X/config.toml"), "\nsteps=" + std::to_string(chosen) + "\n"));
  }
  // Where the length is asked for, or nothing watches, nothing is tried.
  for (const char* how : {"--steps 50", "--epochs 1", "--validation 0 --patience 1"}) {
    CAPTURE(how);
    const Outcome run =
        folder.train("--data swings.csv --hidden 4 --friction none --out Z " + std::string(how));
    REQUIRE(run.code == 0);
    CHECK_FALSE(contains(run.out, "length "));
  }
}

TEST_CASE("a run in rounds, on trajectories or accelerations, goes on bit for bit") {
  const Folder folder;
  swings(folder, "--noise 1e-3");
  for (const std::string how :
       {"--rounds 3", "--learn trajectories --guess-steps 20 --rounds 2", "--rounds 1"}) {
    CAPTURE(how);
    const std::string run =
        "--data swings.csv --hidden 6 --batch 8 --steps 90 --friction none " + how;
    REQUIRE(folder.train(run + " --threads 1 --out once").code == 0);
    REQUIRE(folder.train(run + " --threads 2 --stop-after 37 --out parts").code == 130);
    REQUIRE(folder.train("--resume parts --stop-after 8").code == 130);
    REQUIRE(folder.train("--resume parts").code == 0);
    CHECK(folder.read("once/model.safetensors") == folder.read("parts/model.safetensors"));
    CHECK(metrics_without_time(folder.read("once/metrics.csv")) ==
          metrics_without_time(folder.read("parts/metrics.csv")));
  }
}

TEST_CASE("rounds that estimate anew bring the law nearer to the truth than one") {
  if (single) return;  // rounding is larger than what is gained
  const Folder folder;
  // Rows so far apart that a polynomial of degree 4 misses much of the motion.
  REQUIRE(folder
              .simulate("--system pendulum --trajectories 40 --duration 6 --step 0.15 "
                        "--columns coordinates --out swings.csv")
              .code == 0);
  const auto rolled_out = [&](const char* rounds) {
    const std::string flags =
        "--data swings.csv --hidden 16 --steps 3000 --friction none --rounds ";
    REQUIRE(folder.train(flags + rounds + " --out X").code == 0);
    return folder.json("X/result.json")["trajectory_mse_median"][0].get<double>();
  };
  CHECK(rolled_out("6") < 0.4 * rolled_out("1"));
}

TEST_CASE("trajectories of a few rows are learnt through the integrator") {
  const Folder folder;
  folder.write("short.csv", short_swings(300));
  const Outcome run =
      folder.train("--data short.csv --hidden 16 --steps 600 --guess-steps 300 --out X");
  REQUIRE(run.code == 0);
  CHECK(contains(folder.read("X/config.toml"), "learn=\"trajectories\""));
  CHECK(contains(run.out, "learning  trajectories, integrated over windows of"));
  CHECK(error(folder, "X") < 0.02);
}

TEST_CASE(
    "the trajectory of middle length decides whether there are rows enough for accelerations") {
  const Folder folder;
  for (const int long_ones : {2, 8}) {
    CAPTURE(long_ones);
    std::string csv = "trajectory,t,x,x'\n";
    for (int k = 0; k < 10; ++k)
      for (int row = 0; row < (k < 10 - long_ones ? 5 : 60); ++row) {
        const double t = 0.05 * row;
        csv += std::to_string(k) + ',' + std::to_string(t) + ',' +
               std::to_string(std::sin(t + 0.7 * k)) + ',' + std::to_string(std::cos(t + 0.7 * k)) +
               '\n';
      }
    folder.write("mixed.csv", csv);
    const Outcome run = folder.train(
        "--data mixed.csv --hidden 4 --batch 8 --steps 5 --guess-steps 5 --friction none --out X");
    REQUIRE_MESSAGE(run.code == 0, run.err);
    CHECK(contains(folder.read("X/config.toml"),
                   long_ones > 5 ? "learn=\"accelerations\"" : "learn=\"trajectories\""));
  }
}

TEST_CASE("windows are as long whatever a coordinate's unit is") {
  const Folder folder;
  const auto settled = [&](double unit) {
    std::string csv = "trajectory,t,x\n";
    for (int k = 0; k < 20; ++k)
      for (int row = 0; row < 60; ++row) {
        const double t = 0.01 * row;
        csv += std::to_string(k) + ',' + std::to_string(t) + ',' +
               std::to_string(unit * std::sin(t + 0.7 * k)) + '\n';
      }
    folder.write("x.csv", csv);
    const Outcome run = folder.train(
        "--data x.csv --learn trajectories --hidden 4 --batch 8 --steps 5 --guess-steps 5 "
        "--friction none --out X");
    REQUIRE_MESSAGE(run.code == 0, run.err);
    std::vector<std::string> found;
    for (const char* option : {"window=", "span=", "substeps="}) {
      const std::string config = folder.read("X/config.toml");
      const std::size_t begin = config.find(std::string("\n") + option) + 1;
      found.push_back(config.substr(begin, config.find('\n', begin) - begin));
    }
    return found;
  };
  const std::vector<std::string> in_metres = settled(1);
  CHECK(in_metres[1] == "span=11");  // 0.1 of the time in which such a velocity changes by itself
  CHECK(settled(1000) == in_metres);
}

TEST_CASE("of a file that cannot be rolled out no trajectories are learnt, and words say so") {
  const Folder folder;
  folder.write("states.csv", "x,x',x''\n1,0,-1\n0,1,0\n0.5,0.5,-0.5\n0.2,0.1,-0.2\n");
  const Outcome run =
      folder.train("--data states.csv --batch 2 --hidden 4 --learn trajectories --out X");
  CHECK(run.code == 2);
  CHECK(contains(run.err, "--learn trajectories: there are none"));
}

TEST_CASE("windows that cannot be are refused with their numbers") {
  const Folder folder;
  swings(folder, "");
  for (const auto& [flags, words] :
       {std::pair<std::string, std::string>{"--window 4 --span 3", "--window 4, --span 3"},
        {"--span 2 --substeps 2", "--span 2, --substeps 2"},
        {"--window 500", "no trajectory has more than 500 rows"}}) {
    const Outcome run = folder.train("--data swings.csv --learn trajectories --out X " + flags);
    CHECK(run.code == 2);
    CHECK_MESSAGE(contains(run.err, words), run.err);
  }
}

TEST_CASE("steps that diverge end no trial: the run itself tells what is wrong") {
  const Folder folder;
  swings(folder, "");
  for (const std::string how : {"", "--learn trajectories --guess-steps 50 "}) {
    CAPTURE(how);
    const Outcome run = folder.train(
        "--data swings.csv --hidden 4 --lr 1e30 --clip 0 --batch 8 "
        "--steps 300 --on-divergence stop --out X " +
        how);
    CHECK_FALSE(contains(run.err, "[trainer]"));
    CHECK((run.code == 0 || run.code == 3));
    CHECK(contains(run.err, "has no finite loss and gradient") == (run.code == 3));
  }
}

TEST_CASE("where nothing can be learnt the best weights are early ones, and the run ends there") {
  const Folder folder;
  std::string csv = "x,x',x''\n";  // accelerations are chance
  for (int k = 0; k < 60; ++k)
    csv += std::to_string(std::sin(1. + 7 * k)) + ',' + std::to_string(std::cos(5. * k)) + ',' +
           std::to_string(std::sin(1000. * k * k)) + '\n';
  folder.write("chance.csv", csv);
  const Outcome run = folder.train(
      "--data chance.csv --batch 8 --hidden 32,32 --steps 4000 --patience 0.2 --seed 1 --out X");
  REQUIRE(run.code == 0);
  const auto result = folder.json("X/result.json");
  const long best = result["validation_best_step"].get<long>(),
             steps = result["train_steps"].get<long>();
  CHECK(steps < 4000);
  CHECK(steps - best <= 4000 / 5 + 40 + 1);  // one look later
  CHECK(result["overfits"] == true);
  CHECK(contains(run.out, "overfits"));
  CHECK(contains(run.out, "the best at step " + std::to_string(best)));
}

TEST_CASE("a start that sticks is begun again, so often as is allowed, and that is told") {
  const Folder folder;
  const std::string sticks =
      "--hidden 8,8 --kinetic-prior 0 --velocity-scale 1 --steps 200 --rollouts 0 --batch 16 ";
  const Outcome run = folder.train(sticks + "--restarts 2 --out X");
  REQUIRE(run.code == 0);
  const auto result = folder.json("X/result.json");
  CHECK(result["restarts"] == 2);
  CHECK(result["train_steps"] == 200);
  CHECK(contains(run.out, "the start has stuck; again from other first weights"));
  CHECK(contains(run.out, "restarts  2"));
  REQUIRE(result["stuck"].get<double>() > 0.01);
  CHECK(contains(run.out, "the learnt mass matrix has the wrong sign"));
  CHECK(folder.train(sticks + "--restarts 0 --out Y").code == 0);
  CHECK(folder.json("Y/result.json")["restarts"] == 0);
  CHECK(program::rows(folder, "Y") == program::rows(folder, "X"));  // none of an earlier start

  // Stopped after the first restart, it goes on to the same end.
  CHECK(folder.train(sticks + "--restarts 2 --stop-after 30 --out Z").code == 130);
  CHECK(folder.train("--resume Z").code == 0);
  CHECK(folder.read("Z/model.safetensors") == folder.read("X/model.safetensors"));
}
