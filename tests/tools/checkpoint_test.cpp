// Checkpoints: what they put back, where a run may stand, and which build wrote them.
#include "tools/app/checkpoint.h"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include "nn/optimisers/adam.h"
#include "tests/program/program.h"
#include "tools/app/models.h"

using autodiff::Scalar;
using program::contains;

namespace {

struct State {
  std::unique_ptr<nn::NetworkModel> model = [] {
    tools::TrainOptions options;
    options.hidden = {3};
    return make_model(options, tools::Subject(options), {});
  }();
  nn::Adam adam{model->parameters().size()};
  autodiff::Random random{1};
  tools::Standing standing;
  std::vector<Scalar> of_data = std::vector<Scalar>(6);

  tools::Training training() {
    return {.model = *model,
            .optimiser = adam,
            .random = random,
            .standing = standing,
            .course = {.per_epoch = 3, .total = 20},
            .data = {"print", "../a \"b\"\n.csv"},
            .of_data = {{"starts", {of_data.data(), 2, 3}}}};
  }
  std::string bytes() {
    adam.set_steps(standing.train_steps);
    return to_checkpoint(training(), "lr=1\n");
  }
};

/// What is said of a run that stands there; empty: it goes on.
std::string complaint(const tools::Standing& standing) {
  State before, after;
  before.standing = standing;
  const std::string bytes = before.bytes();
  try {
    tools::Checkpoint(bytes, "X").restore(after.training());
  } catch (const tools::IoError& error) {
    return error.what();
  }
  return {};
}

std::string everything(const tools::Standing& s) {
  std::string text;
  for (const double value :
       {static_cast<double>(s.batches), static_cast<double>(s.train_steps),
        static_cast<double>(s.skipped), static_cast<double>(s.skipped_in_a_row), s.epoch_loss,
        static_cast<double>(s.epoch_steps), s.last_loss, s.rate, s.seconds,
        static_cast<double>(s.restarts), s.validation, s.best_validation,
        static_cast<double>(s.best_batches)})
    text += std::to_string(value) + ' ';
  for (const std::string& build : s.builds) text += build + '|';
  return text;
}

}  // namespace

TEST_CASE("a checkpoint puts back all that a run consists of") {
  State before;
  Scalar next = 0;
  for (Scalar& value : before.model->parameters().values()) value = next += Scalar(0.5);
  for (nn::NamedMatrix& matrix : before.adam.memory())
    for (Eigen::Index k = 0; k < matrix.values.size(); ++k)
      matrix.values.data()[k] = next += Scalar(0.5);
  for (Scalar& value : before.of_data) value = next += Scalar(0.5);
  for (int k = 0; k < 7; ++k) before.random.normal();
  before.standing = {.batches = 8,
                     .train_steps = 6,
                     .skipped = 2,
                     .skipped_in_a_row = 1,
                     .epoch_loss = 0.1,
                     .epoch_steps = 1,
                     .last_loss = 0.7,
                     .rate = 1. / 3,
                     .seconds = 12.5,
                     .restarts = 3,
                     .validation = 0.25,
                     .best_validation = 0.125,
                     .best_batches = 5,
                     .builds = {"another build", tools::this_build()}};
  const std::string bytes = before.bytes();

  State after;
  const tools::Checkpoint checkpoint(bytes, "X");
  CHECK(checkpoint.config() == "lr=1\n");
  CHECK(checkpoint.data().fingerprint == "print");
  CHECK(checkpoint.data().beside == "../a \"b\"\n.csv");
  CHECK(checkpoint.restore(after.training()).empty());
  CHECK(
      std::ranges::equal(after.model->parameters().values(), before.model->parameters().values()));
  CHECK(after.of_data == before.of_data);
  CHECK(after.adam.steps() == 6);
  CHECK(after.random.normal() == before.random.normal());
  CHECK(everything(after.standing) == everything(before.standing));
  CHECK(after.bytes().size() == bytes.size());
  const auto memory = after.adam.memory(), expected = before.adam.memory();
  REQUIRE(memory.size() == expected.size());
  for (std::size_t k = 0; k < memory.size(); ++k) CHECK(memory[k].values == expected[k].values);
}

TEST_CASE("wherever a run can stand, it goes on") {
  using S = tools::Standing;
  for (const S& possible : std::vector<S>{
           {},
           {.batches = 20, .train_steps = 20, .last_loss = 1, .rate = 1},  // finished
           {.batches = 20, .train_steps = 20, .last_loss = 0, .rate = 0},
           {.batches = 20, .skipped = 20, .skipped_in_a_row = 20},  // all of them left out
           {.batches = 2, .train_steps = 2, .epoch_loss = 1, .epoch_steps = 2, .rate = 1},
           {.batches = 2, .train_steps = 2, .epoch_steps = 2},
           {.batches = 3, .train_steps = 3, .last_loss = 1, .rate = 1},
           {.batches = 5,
           .train_steps = 5,
           .epoch_steps = 2,
           .best_validation = 0,
           .best_batches = 5},
           {.batches = 5,
           .train_steps = 5,
           .epoch_steps = 2,
           .best_validation = 1,
           .best_batches = 1}}) {
    CAPTURE(everything(possible));
    CHECK(complaint(possible) == "");
  }
}

TEST_CASE("where a run cannot stand is told in numbers") {
  using S = tools::Standing;
  struct Case {
    S standing;
    std::string told;
  };
  for (const Case& c : std::vector<Case>{
           {{.batches = 21, .train_steps = 21}, "batch 21 of 20"},
           {{.batches = 5, .train_steps = 5, .skipped_in_a_row = 1},
            "0 batches skipped, of them 1"},
           {{.batches = 4, .train_steps = 4, .epoch_steps = 2},
            "2 steps of an epoch in its 1 batch"},
           {{.batches = 5, .train_steps = 1, .skipped = 4, .epoch_steps = 2},
            "2 steps of an epoch"},
           {{.batches = 20, .train_steps = 20, .epoch_steps = 1}, "1 steps of an epoch in its 0"},
           {{.batches = 3, .train_steps = 3, .epoch_loss = 2}, "a loss of 2 in 0 steps"},
           {{.batches = 2, .train_steps = 2, .last_loss = 2}, "a loss of 2 in the epoch before"},
           {{.batches = 2, .skipped = 2, .rate = 0.5}, "a rate of 0.5"},
           {{.seconds = -2}, "-2 seconds"},
           {{.restarts = -1}, "-1 restarts"},
           {{.batches = 2, .train_steps = 2, .best_validation = 0, .best_batches = 3},
            "the best of 2 batches after 3"},
           {{.batches = 2, .train_steps = 2, .best_validation = 0, .best_batches = -1},
            "the best of 2 batches after -1"},
           {{.batches = 2, .train_steps = 2, .best_batches = 1},
            "the best of 2 batches after 1"}}) {
    CAPTURE(c.told);
    CHECK(contains(complaint(c.standing), c.told));
  }
  State before, after;
  before.standing = {.batches = 2, .train_steps = 2};
  before.adam.set_steps(3);
  const tools::Checkpoint other(to_checkpoint(before.training(), ""), "the name");
  CHECK_THROWS_WITH_AS(other.restore(after.training()),
                       doctest::Contains("optimiser has taken 3 steps, the run 2"), tools::IoError);
  CHECK_THROWS_WITH_AS(other.restore(after.training()), doctest::Contains("'the name'"),
                       tools::IoError);
}

TEST_CASE("a run resumes from the checkpoint in its folder") {
  const program::Folder folder;
  State before, after;
  before.standing = {.batches = 2, .train_steps = 2};
  tools::RunFolder run(folder.path() / "X");
  run.begin("");
  CHECK_THROWS_AS(resume(after.training(), run), tools::IoError);
  run.write(tools::checkpoint_file, before.bytes());
  resume(after.training(), run);
  CHECK(after.standing.batches == 2);
}

TEST_CASE("a course has full epochs, and the last one when all is done") {
  const tools::Course course{.per_epoch = 3, .total = 7};
  CHECK(course.epochs() == 3);
  CHECK(course.epochs_of(2) == 0);
  CHECK(course.epochs_of(3) == 1);
  CHECK(course.epochs_of(6) == 2);
  CHECK(course.epochs_of(7) == 3);
  CHECK(tools::Course{.per_epoch = 3, .total = 6}.epochs() == 2);
}

TEST_CASE("a build is known by its number type, compiler, processor and Eigen") {
  const std::string build = tools::this_build();
  CHECK(tools::precision_of(build) == (sizeof(Scalar) == 8 ? "double" : "float"));
  CHECK(contains(build, std::string(", Eigen ") + std::to_string(EIGEN_WORLD_VERSION) + '.' +
                            std::to_string(EIGEN_MAJOR_VERSION) + '.' +
                            std::to_string(EIGEN_MINOR_VERSION)));
  CHECK(std::ranges::count(build, ',') >= 3);
}
