// How a run counts, how it stops, and when it saves itself.
#include "tools/app/run.h"

#include <doctest/doctest.h>

#include <cmath>

#include "nn/optimisers/adam.h"
#include "tests/program/program.h"
#include "tools/app/models.h"

namespace {

/// A run in a folder of its own.
struct Trial {
  tools::TrainOptions options = [] {
    tools::TrainOptions o;
    o.hidden = {2};
    o.quiet = true;
    o.rounds = 1;
    o.checkpoint_every = 0;
    return o;
  }();
  program::Folder folder;
  std::unique_ptr<nn::NetworkModel> model = make_model(options, tools::Subject(options), {});
  nn::Adam adam{model->parameters().size()};
  autodiff::Random random{1};
  tools::Standing standing;
  tools::Course course{.per_epoch = 3, .total = 7};
  tools::RunFolder run_folder{folder.path() / "X"};
  int saved = 0;

  Trial() { run_folder.begin("config"); }

  tools::Run run() {
    return {options, {*model, adam, random, standing, course}, run_folder, [this] { ++saved; }};
  }
  /// The rows of metrics.csv, cell by cell.
  std::vector<std::vector<std::string>> rows() const {
    std::vector<std::vector<std::string>> all;
    for (const std::string& row : program::split(folder.read("X/metrics.csv"), '\n'))
      all.push_back(program::split(row, ','));
    all.erase(all.begin());
    return all;
  }
};

}  // namespace

TEST_CASE("a run goes through its epochs, the last of which may be shorter") {
  Trial trial;
  trial.standing.seconds = 100;
  tools::Run run = trial.run();
  std::vector<int> batches_of_epochs;
  while (run.begins_epoch()) {
    CHECK(trial.saved == 0);
    batches_of_epochs.push_back(0);
    while (run.begins_batch()) {
      if (batches_of_epochs.size() == 2) trial.standing.validation = 0.5;
      ++batches_of_epochs.back();
      run.learnt(static_cast<double>(trial.standing.batches + 1), 0.25);
    }
  }
  CHECK(batches_of_epochs == std::vector<int>{3, 3, 1});
  CHECK(run.status() == "finished");
  CHECK(trial.saved == 1);
  const auto rows = trial.rows();
  REQUIRE(rows.size() == 3);
  const std::vector<std::string> losses{"2", "5", "7"}, validations{"", "0.5", "0.5"};
  for (std::size_t k = 0; k < 3; ++k) {
    REQUIRE(rows[k].size() == 5);
    CHECK(rows[k][0] == std::to_string(k + 1));
    CHECK(rows[k][1] == losses[k]);
    CHECK(rows[k][2] == "0.25");
    CHECK(rows[k][3] == validations[k]);
    CHECK(std::stod(rows[k][4]) >= 100);
    CHECK(std::stod(rows[k][4]) < 200);
  }
  CHECK(trial.standing.train_steps == 7);
  CHECK(trial.standing.last_loss == 7);
  CHECK(trial.standing.loss() == 7);
  CHECK_FALSE(run.begins_batch());
}

TEST_CASE("a run that stops after some batches goes on within its epoch") {
  Trial trial;
  const auto go = [&](long batches) {
    trial.options.stop_after = batches;
    tools::Run run = trial.run();
    while (run.begins_epoch())
      while (run.begins_batch()) run.learnt(static_cast<double>(trial.standing.batches), 0.1);
    return run.status();
  };
  CHECK(go(4) == "interrupted");
  CHECK(trial.standing.batches == 4);
  CHECK(trial.standing.loss() == 3);  // of the present epoch
  CHECK(trial.saved == 1);
  CHECK(go(1) == "interrupted");
  CHECK(trial.standing.batches == 5);
  CHECK(trial.standing.loss() == 3.5);
  CHECK(go(0) == "finished");
  CHECK(trial.saved == 3);
  const auto rows = trial.rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0][1] == "1");
  CHECK(rows[1][1] == "4");
  CHECK(rows[2][1] == "6");
}

TEST_CASE("batches without a finite loss are left out, until there are too many in a row") {
  int asked = 0;
  const auto why = [&] {
    ++asked;
    return std::string("because");
  };
  Trial trial;
  trial.course = {.per_epoch = 150, .total = 400};
  tools::Run run = trial.run();
  REQUIRE(run.begins_epoch());
  for (int k = 0; k < 99; ++k) run.left_out(why);
  CHECK(run.begins_batch());
  run.learnt(8, 0.1);
  for (int k = 0; k < 50; ++k) run.left_out(why);
  CHECK(trial.rows().at(0).at(1) == "8");  // the mean of those that count
  REQUIRE(run.begins_epoch());
  for (int k = 0; k < 49; ++k) run.left_out(why);
  CHECK(run.begins_batch());
  CHECK(run.status() == "finished");
  run.left_out(why);
  CHECK(run.status() == "diverged");
  CHECK_FALSE(run.begins_batch());
  CHECK_FALSE(run.begins_epoch());
  CHECK(trial.saved == 0);  // what it was before is better
  CHECK(asked == 1);
  CHECK(trial.standing.skipped == 199);
  CHECK(trial.standing.skipped_in_a_row == 100);
  CHECK(trial.standing.train_steps == 1);
  CHECK(trial.standing.batches == 200);
  const auto rows = trial.rows();  // the epoch that it ended in has a row, too
  REQUIRE(rows.size() == 2);
  CHECK(rows[1][0] == "2");
  CHECK(rows[1][1] == "nan");

  Trial strict;
  strict.options.on_divergence = "stop";
  tools::Run one = strict.run();
  REQUIRE(one.begins_epoch());
  one.left_out(why);
  CHECK(one.status() == "diverged");
}

TEST_CASE("a run stops where the part of its steps that --patience says brought no gain") {
  Trial trial;
  trial.course = {.per_epoch = 4, .total = 20};
  trial.options.patience = 0.3;
  tools::Run run = trial.run();
  while (run.begins_epoch())
    while (run.begins_batch()) {
      if (trial.standing.batches == 3)
        trial.standing.best_validation = 0, trial.standing.best_batches = 3;
      run.learnt(1, 0.1);
    }
  CHECK(run.status() == "finished");
  CHECK(trial.standing.batches == 10);  // more than 6 behind the third
  CHECK(trial.saved == 1);
}

TEST_CASE("rounds begin evenly, as many as there are steps for") {
  const auto begins = [](int rounds, long total) {
    Trial trial;
    trial.options.rounds = rounds;
    trial.course = {.per_epoch = 100, .total = total};
    tools::Run run = trial.run();
    std::string all;
    while (run.begins_epoch())
      while (run.begins_batch()) {
        const std::optional<int> round = trial.course.round_at(trial.standing.batches, rounds);
        all += round ? std::to_string(*round) : "-";
        run.learnt(1, 0.1);
      }
    return all;
  };
  CHECK(begins(1, 4) == "0---");
  CHECK(begins(3, 10) == "0--1--2---");
  CHECK(begins(5, 2) == "01");
}

TEST_CASE("a run whose start has stuck begins again, but for its time") {
  Trial trial;
  trial.standing.seconds = 50;
  trial.standing.builds = {"one", "two"};
  tools::Run run = trial.run();
  REQUIRE(run.begins_epoch());
  while (run.begins_batch()) run.learnt(1, 0.1);
  REQUIRE(run.begins_epoch());
  run.learnt(1, 0.1);
  CHECK(trial.rows().size() == 1);
  run.begin_again();
  CHECK(trial.rows().empty());
  CHECK(trial.standing.batches == 0);
  CHECK(trial.standing.train_steps == 0);
  CHECK(trial.standing.loss() == 0);
  CHECK(trial.standing.restarts == 1);
  CHECK(trial.standing.seconds >= 50);
  CHECK(trial.standing.builds == std::vector<std::string>{"one", "two"});
  CHECK_FALSE(run.begins_batch());
  REQUIRE(run.begins_epoch());
  run.begin_again();
  CHECK(trial.standing.restarts == 2);
}

TEST_CASE("a run that begins again stops after as many batches in all as it was told") {
  Trial trial;
  trial.standing.batches = 2;
  trial.options.stop_after = 3;
  tools::Run run = trial.run();
  REQUIRE(run.begins_epoch());
  run.learnt(1, 0.1);
  run.begin_again();
  long more = 0;
  while (run.begins_epoch())
    while (run.begins_batch()) run.learnt(1, 0.1), ++more;
  CHECK(more == 2);
  CHECK(run.status() == "interrupted");
}

TEST_CASE("the last row of a run that diverged has its own time, and saves nothing") {
  Trial trial;
  trial.options.on_divergence = "stop";
  trial.options.checkpoint_every = 1e-9;
  tools::Run run = trial.run();
  REQUIRE(run.begins_epoch());
  const tools::Stopwatch watch;
  while (watch.seconds() < 1e-3) continue;
  run.left_out([] { return "because"; });
  run.save_if_due();
  CHECK(trial.saved == 0);
  CHECK(std::stod(trial.rows().at(0).at(4)) >= 1e-3);
}

TEST_CASE("a run saves itself at its first batch, then as often as it is told to, and at its end") {
  const auto saved = [](double every) {
    Trial trial;
    trial.options.checkpoint_every = every;
    trial.standing.seconds = 1000;
    tools::Run run = trial.run();
    while (run.begins_epoch())
      while (run.begins_batch()) {
        const int before = trial.saved;
        run.learnt(1, 0.1);
        CHECK(trial.saved == before);  // what else the batch changes belongs to the checkpoint
        run.save_if_due();
      }
    return trial.saved;
  };
  CHECK(saved(0) == 1);
  CHECK(saved(1000) == 2);
  CHECK(saved(1e-9) == 8);
}
