// What watches over a run: which weights did best on what was set aside, and whether it sticks.
#include "tools/app/watch.h"

#include <cmath>
#include <limits>

#include "tests/program/program.h"
#include "tools/app/learner.h"

using program::Folder;
using tools::TrainOptions;

namespace {

TrainOptions parse(const std::vector<std::string>& words) {
  std::vector<const char*> arguments{"train"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return tools::parse_train_options(static_cast<int>(arguments.size()), arguments.data());
}

TrainOptions with_steps(TrainOptions options, long steps) {
  options.steps = steps;
  return options;
}

/// A run of so many batches of what the options name.
struct Run {
  Run(const TrainOptions& asked, long batches)
      : subject(asked),
        options(settled(with_steps(asked, batches), subject)),
        learner(options, subject, random) {}

  /// After that many batches.
  void look(long batches) {
    standing.batches = batches;
    watch.look();
  }
  autodiff::Scalar& last_weight() { return model.parameters().values().back(); }

  autodiff::Random random{0};
  tools::Subject subject;
  TrainOptions options;
  tools::Learner learner;
  nn::NetworkModel& model = *learner.model;
  tools::Standing& standing = learner.standing;
  tools::Watch& watch = learner.watch;
};

/// States of a mass that always accelerates alike, and a network of which the last weight is that
/// acceleration.
TrainOptions falling(const Folder& folder, const std::string& validation) {
  std::string csv = "x,x',x''\n";
  for (int k = 0; k < 40; ++k)
    csv += std::to_string(std::sin(k)) + ',' + std::to_string(std::cos(3. * k)) + ",2\n";
  folder.write("f.csv", csv);
  return parse({"--data", (folder.path() / "f.csv").string(), "--model", "mlp", "--hidden", "4",
                "--batch", "4", "--steps", "200", "--target-scale", "1", "--loss", "l1",
                "--validation", validation});
}

}  // namespace

TEST_CASE("the weights that did best on what was set aside are kept, where they are clearly best") {
  const Folder folder;
  Run run(falling(folder, "0.2"), 201);
  const auto better = [&] { return run.standing.best_batches; };
  run.last_weight() = 0;
  run.look(1);
  CHECK(run.standing.validation == -1);  // it looks a hundred times in all
  run.look(2);
  const double at_first = run.standing.validation;
  CHECK(at_first > 0);
  CHECK(run.standing.best_validation == at_first);
  CHECK(better() == 2);
  run.last_weight() = static_cast<autodiff::Scalar>(0.5);
  run.look(4);
  const double gained = at_first - run.standing.validation;
  CHECK(gained > 0);
  CHECK(better() == 4);
  run.look(6);  // as good, so no better
  CHECK(better() == 4);

  // The loss is linear in that weight: 4 % and 6 % above the best.
  const auto weight_for = [&](double part) {
    return static_cast<autodiff::Scalar>(0.5 - 0.5 * part * run.standing.best_validation / gained);
  };
  const auto nearly = run.last_weight() = weight_for(0.04);
  run.look(8);
  run.watch.keep_best();
  CHECK(run.last_weight() == nearly);
  run.last_weight() = weight_for(0.06);
  run.look(10);
  run.watch.keep_best();
  CHECK(run.last_weight() == autodiff::Scalar(0.5));
  CHECK(better() == 4);

  run.last_weight() = std::numeric_limits<autodiff::Scalar>::quiet_NaN();
  run.look(201);  // the end, though no look is due
  CHECK(run.standing.validation == std::numeric_limits<double>::max());
  run.watch.keep_best();
  CHECK(run.last_weight() == autodiff::Scalar(0.5));

  run.watch.begin_round(1);
  CHECK(run.standing.best_validation == -1);
  CHECK(better() == 0);
  run.last_weight() = -9;
  run.watch.keep_best();  // of this round nothing has been seen
  CHECK(run.last_weight() == -9);
  const auto memory = run.watch.memory();
  REQUIRE(memory.size() == 1);
  CHECK(memory[0].name == "best");
  CHECK(memory[0].values.size() == run.model.parameters().size());
  CHECK(memory[0].values(memory[0].values.size() - 1) == autodiff::Scalar(0.5));
}

TEST_CASE("a run of fewer than a hundred batches is looked at after each") {
  const Folder folder;
  Run run(falling(folder, "0.2"), 50);
  run.look(7);
  CHECK(run.standing.best_batches == 7);
}

TEST_CASE("where nothing is set aside nothing watches") {
  const Folder folder;
  Run run(falling(folder, "0"), 200);
  run.last_weight() = 3;
  run.look(2);
  CHECK(run.standing.validation == -1);
  run.standing.validation = run.standing.best_validation = 1;
  run.watch.begin_round(1);
  run.standing.validation = 2;
  run.watch.keep_best();
  CHECK(run.last_weight() == 3);
  CHECK(run.watch.memory().empty());
}

TEST_CASE("a start is judged once, at a tenth of a run, and only while it may be begun again") {
  const auto share_of = [](const std::string& prior, const std::vector<long>& looks) {
    const TrainOptions options = parse(
        {"--hidden", "8,8", "--kinetic-prior", prior, "--velocity-scale", "1", "--batch", "16"});
    Run run(options, 200);
    initialise(run.model, options, run.random);
    run.standing.restarts = options.restarts - 1;
    for (const long batches : looks) {
      run.look(batches);
      const bool sticks = run.watch.indefinite_share() > tools::most_indefinite;
      CHECK(run.watch.stuck() == (sticks && batches == 20));
    }
    run.standing.restarts = options.restarts;
    run.look(20);
    CHECK_FALSE(run.watch.stuck());
    return run.watch.indefinite_share();
  };
  const std::vector<long> looks{18, 20, 21, 22, 200};
  CHECK(share_of("0", looks) > tools::most_indefinite);
  CHECK(share_of("1000", looks) == 0);
}
