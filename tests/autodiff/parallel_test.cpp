// Shards: the same bits for any number of threads, and the same numbers as the batch in one piece.
#include "autodiff/parallel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "tests/precision.h"

using namespace autodiff;

namespace {

constexpr Index samples = 75;

/// Loss and gradients of a small network, and for each sample its output and its Hessian.
ShardRecording record_network(Tape& tape, Index width) {
  const Var x = tape.input(3, width, "x"), target = tape.input(1, width, "target");
  const Var w = tape.parameter(10, 3, "w"), b = tape.parameter(10, 1, "b"),
            v = tape.parameter(1, 10, "v");
  const Var y = matmul(v, softplus(matmul(w, x) + broadcast_cols(b, width)));
  const Var h = hessian(y, x);
  const Var loss = sum(pow(y - target, 2)) + sum(h * h);
  ShardRecording recording{{x, target}, {loss}, {y, h}};
  for (const Var& gradient : grad(loss, {w, b, v})) recording.summed.push_back(gradient);
  return recording;
}

struct Data {
  Matrix x, target, w, b, v;
  Data() {
    Random random(21);
    x = random.normal_matrix(3, samples);
    target = random.normal_matrix(1, samples);
    w = random.normal_matrix(10, 3);
    b = random.normal_matrix(10, 1);
    v = random.normal_matrix(1, 10);
  }
};

struct Result {
  std::vector<Scalar> summed;
  Matrix y, h;
  bool operator==(const Result&) const = default;
};

Result run(Index shard_width, int threads, Program::Options options = {}) {
  static const Data data;
  ShardedProgram sharded({.samples = samples, .shard_width = shard_width, .threads = threads},
                         record_network, options);
  sharded.bind_input(0, data.x.data());
  sharded.bind_input(1, data.target.data());
  sharded.bind_parameter("w", data.w.data());
  sharded.bind_parameter("b", data.b.data());
  sharded.bind_parameter("v", data.v.data());
  sharded.run();
  const Result first{{sharded.summed().begin(), sharded.summed().end()},
                     sharded.per_sample(0),
                     sharded.per_sample(1)};
  sharded.run();
  CHECK(std::equal(first.summed.begin(), first.summed.end(), sharded.summed().begin()));
  return first;
}

}  // namespace

TEST_CASE("any number of threads gives the same bits") {
  for (const Index width : {1, 16, 25, 40, 75}) {
    INFO("shard width ", width);
    const Result alone = run(width, 1);
    CHECK(alone.summed.size() == 1 + 30 + 10 + 10);
    for (const int threads : {2, 3, 8}) CHECK(run(width, threads) == alone);
    CHECK(run(width, 2, {.poison = true}) == alone);
  }
}

TEST_CASE("a sharded program inside a parallel loop gives the same bits") {
  const Result alone = run(16, 3);
  std::vector<Result> results(4);
  parallel_for(4, 2, [&](Index i) { results[i] = run(16, 3); });
  for (const Result& result : results) CHECK(result == alone);
}

TEST_CASE("a recording that changes with the width, other than in its columns, is refused") {
  const auto refuse = [](const auto& outputs_of) {
    const auto record = [&](Tape& tape, Index width) {
      const Var in = tape.input(2, width, "in");
      ShardRecording recording = outputs_of(in, width == 2);
      recording.inputs = {in};
      return recording;
    };
    CHECK_THROWS_AS(ShardedProgram({.samples = 10, .shard_width = 4}, record),
                    std::invalid_argument);
  };
  refuse([](Var in, bool last) {  // another sum
    return ShardRecording{{}, {last ? sum(in) : sum_cols(in)}, {}};
  });
  refuse([](Var in, bool last) {  // the same number of sums, in other matrices
    const Var total = sum(in);
    return last ? ShardRecording{{}, {stack_rows(total, total)}, {in}}
                : ShardRecording{{}, {total, total}, {in}};
  });
  refuse([](Var in, bool last) {  // a per-sample output less
    return ShardRecording{{}, {}, last ? std::vector{in} : std::vector{in, sin(in)}};
  });
  refuse([](Var in, bool last) {  // a per-sample output of other rows
    return ShardRecording{{}, {}, {last ? row(in, 0) : in}};
  });
}

TEST_CASE("what a shard is asked to hold is told in words") {
  const ShardedProgram::Sharding layout{.samples = 8, .shard_width = 4};
  const auto refuse = [&](const char* message, const auto& change) {
    const auto record = [&](Tape& tape, Index width) {
      const Var in = tape.input(2, width, "in");
      ShardRecording recording{{in}, {sum(in)}, {in}};
      change(tape, recording);
      return recording;
    };
    CHECK_THROWS_WITH_AS(ShardedProgram(layout, record), message, std::invalid_argument);
  };
  const std::string columns = ": it must have a column for each of the shard's 4 samples";
  refuse(("[shards] per-sample output (1x1)" + columns).c_str(),
         [](Tape&, ShardRecording& r) { r.per_sample = {r.summed.front()}; });
  refuse(("[shards] input (2x8)" + columns).c_str(),
         [](Tape& tape, ShardRecording& r) { r.inputs = {tape.input(2, 8, "whole")}; });
  refuse("[program] no outputs", [](Tape&, ShardRecording& r) { r = {r.inputs, {}, {}}; });
  refuse("[program] an output is an empty Var",
         [](Tape&, ShardRecording& r) { r.summed.push_back(Var()); });
  CHECK_THROWS_WITH_AS(
      ShardedProgram({.samples = 8, .shard_width = 0, .threads = -1}, record_network),
      "[shards] samples (8), shard width (0) and threads (-1) must be at least 1",
      std::invalid_argument);
}

TEST_CASE("shards give what the batch gives in one piece, to rounding") {
  const Result whole = run(samples, 1);
  CHECK(run(1000, 4) == whole);  // a shard wider than the batch is the batch
  for (const Index width : {1, 7, 16, 25, 74}) {
    INFO("shard width ", width);
    const Result cut = run(width, 2);
    CHECK((cut.y - whole.y).cwiseAbs().maxCoeff() < 500 * rounding);
    CHECK((cut.h - whole.h).cwiseAbs().maxCoeff() < 500 * rounding);
    for (std::size_t i = 0; i < whole.summed.size(); ++i)
      CHECK(cut.summed[i] == doctest::Approx(whole.summed[i]).epsilon(1e4 * rounding));
  }
}

TEST_CASE("samples stay in order and sums are sums") {
  Matrix x(2, 10);
  for (Index s = 0; s < 10; ++s) x.col(s) << static_cast<Scalar>(s), static_cast<Scalar>(100 + s);
  const auto record = [](Tape& tape, Index width) {
    const Var in = tape.input(2, width, "in");
    return ShardRecording{{in}, {sum_cols(in)}, {row(in, 1) * 2, in}};
  };
  ShardedProgram sharded({.samples = 10, .shard_width = 4, .threads = 2}, record);
  sharded.bind_input(0, x.data());
  sharded.run();
  CHECK(sharded.per_sample(0) == 2 * x.row(1));
  CHECK(sharded.per_sample(1) == x);
  CHECK(sharded.summed().size() == 2);
  CHECK(sharded.summed()[0] == 45);
  CHECK(sharded.summed()[1] == 1045);

  const Matrix other = 2 * x;  // other data, same program
  sharded.bind_input(0, other.data());
  sharded.run();
  CHECK(sharded.summed()[0] == 90);
  CHECK(sharded.per_sample(1) == other);
}

TEST_CASE("sums are added in the order of the shards") {
  const auto record = [](Tape& tape, Index width) {
    const Var in = tape.input(1, width, "in");
    return ShardRecording{{in}, {sum(in)}, {}};
  };
  const Matrix x{{1e20, 1.0, -1e20, 3.0}};
  for (const int threads : {1, 2, 4}) {
    ShardedProgram sharded({.samples = 4, .shard_width = 1, .threads = threads}, record);
    sharded.bind_input(0, x.data());
    sharded.run();
    CHECK(sharded.summed()[0] == 3);  // any other order loses the 3 or keeps the 1
  }
}

TEST_CASE("a recording may be all sums or all samples") {
  const Matrix x = Matrix::Constant(1, 5, 2);
  for (const bool sums : {false, true}) {
    ShardedProgram sharded({.samples = 5, .shard_width = 2}, [&](Tape& tape, Index width) {
      const Var in = tape.input(1, width, "in");
      return sums ? ShardRecording{{in}, {sum(in)}, {}} : ShardRecording{{in}, {}, {in * in}};
    });
    sharded.bind_input(0, x.data());
    sharded.run();
    CHECK(sharded.summed().size() == (sums ? 1 : 0));
    if (sums)
      CHECK(sharded.summed()[0] == 10);
    else
      CHECK(sharded.per_sample(0) == Matrix::Constant(1, 5, 4));
  }
}

TEST_CASE("misuse of shards is told in words") {
  using Error = std::invalid_argument;
  CHECK_THROWS_AS(ShardedProgram({.samples = 0, .shard_width = 4}, record_network), Error);
  CHECK_THROWS_AS(ShardedProgram({.samples = 4, .shard_width = 0}, record_network), Error);
  CHECK_THROWS_AS(ShardedProgram({.samples = 4, .shard_width = 4, .threads = 0}, record_network),
                  Error);
  ShardedProgram sharded({.samples = 10, .shard_width = 4, .threads = 2}, record_network);
  const Matrix x = Matrix::Zero(3, 10);
  CHECK_THROWS_AS(sharded.run(), std::logic_error);
  sharded.bind_input(0, x.data());
  CHECK_THROWS_WITH_AS(sharded.run(), doctest::Contains("[run] 'target' has no value"),
                       std::logic_error);
  CHECK_THROWS_AS(sharded.bind_input(2, x.data()), std::out_of_range);
  CHECK_THROWS_WITH_AS(sharded.bind_parameter("u", x.data()), doctest::Contains("'u'"), Error);
  CHECK_THROWS_AS(sharded.per_sample(2), std::out_of_range);

  CHECK_THROWS_AS(sharded.bind_input(-1, x.data()), std::out_of_range);
  CHECK_THROWS_AS(sharded.per_sample(-1), std::out_of_range);
  const ShardedProgram taken = std::move(sharded);
  const auto of_moved = [&](const auto& use) {
    CHECK_THROWS_WITH_AS(use(), "[shards] the sharded program was moved from", std::logic_error);
  };
  of_moved([&] { sharded.run(); });
  of_moved([&] { sharded.bind_input(0, x.data()); });
  of_moved([&] { sharded.bind_parameter("w", x.data()); });
  of_moved([&] { sharded.summed(); });
  of_moved([&] { sharded.per_sample(0); });
  of_moved([&] { sharded.program(); });

  const auto one_for_all = [](Tape& tape, Index width) {
    const Var in = tape.input(2, width, "in");
    return ShardRecording{{in}, {}, {sum(in)}};  // 1 x 1 is not one column a sample
  };
  CHECK_THROWS_AS(ShardedProgram({.samples = 8, .shard_width = 4}, one_for_all), Error);
}

TEST_CASE("parallel_for calls every index once and rethrows the exception of the smallest") {
  for (const int threads : {1, 2, 8}) {
    std::vector<std::atomic<int>> calls(100);
    parallel_for(100, threads, [&](Index i) { ++calls[i]; });
    for (const auto& count : calls) CHECK(count == 1);

    const auto throws_at = [&](Index i) {
      ++calls[i];
      if (i % 30 == 17) throw std::runtime_error("index " + std::to_string(i));
    };
    CHECK_THROWS_WITH_AS(parallel_for(100, threads, throws_at), "index 17", std::runtime_error);
    for (const auto& count : calls) CHECK(count == 2);  // the others were still called
    parallel_for(0, threads, [](Index) { FAIL("called without an index"); });
  }
}

TEST_CASE("parallel_for rethrows the exception of the smallest index though it comes last") {
  for (const int threads : {1, 2, 3}) {
    const auto throws_late = [&](Index i) {
      if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      throw std::out_of_range("index " + std::to_string(i));
    };
    CHECK_THROWS_WITH_AS(parallel_for(50, threads, throws_late), "index 0", std::out_of_range);
  }
}
