// Loops of elementwise operations: the same numbers as one operation after the other, for every
// shape, and nothing but the loop's own entries touched.
#include "autodiff/kernels/fused_loop.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "autodiff/compile/program.h"
#include "autodiff/kernels/vector.h"
#include "autodiff/ops.h"
#include "autodiff/random.h"
#include "tests/precision.h"

using namespace autodiff;

namespace {

constexpr Index all_rows[] = {1, 2, 3, 7, 8, 15, 16, 17, 24, 40, 48, 56, 64, 72, 88, 128};
constexpr Index all_cols[] = {1, 2, 3, 4, 5, 8, 9, 32};

/// Some random expressions of matrices, of a row, a column and a number for each.
struct Expressions {
  Tape tape;
  std::vector<Var> leaves;
  std::vector<Matrix> values;
  std::vector<Var> outputs;

  Expressions(std::uint64_t seed, Shape shape, int count) : random_(seed), shape_(shape) {
    const auto leaf = [&](Index rows, Index cols) {
      leaves.push_back(tape.input(rows, cols, "x"));
      values.push_back(random_.uniform_matrix(rows, cols, 0.5, 1.5));
      return leaves.back();
    };
    for (int i = 0; i < 3; ++i) pool_.push_back(leaf(shape.rows, shape.cols));
    pool_.push_back(broadcast_rows(leaf(1, shape.cols), shape.rows));
    pool_.push_back(broadcast_cols(leaf(shape.rows, 1), shape.cols));
    for (int i = 0; i < count; ++i) {
      Var y = pick();
      for (Index steps = 1 + random_.below(8); steps > 0; --steps) y = grown(y);
      if (random_.below(3) == 0) pool_.push_back(y);  // and so has several readers
      outputs.push_back(random_.below(3) == 0 ? sum_rows(y) : y);
    }
  }

  /// Runs twice. The leaves' values begin `shift` numbers after an aligned place.
  std::vector<Scalar> run(ProgramOptions options, std::size_t shift = 0) const {
    const Program program(outputs, options);
    Workspace workspace(program);
    std::vector<std::vector<Scalar>> shifted;
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      std::vector<Scalar>& to = shifted.emplace_back(shift + values[k].size());
      std::copy_n(values[k].data(), values[k].size(), to.data() + shift);
      workspace.bind(leaves[k], to.data() + shift);
    }
    for (int i = 0; i < 2; ++i) program.run(workspace);
    return {workspace.values().begin(), workspace.values().end()};
  }

 private:
  Var pick() { return pool_[random_.below(static_cast<Index>(pool_.size()))]; }

  /// One more operation on y, which keeps its values between 0.3 and 3 or so.
  Var grown(Var y) {
    const Var x = pick(), z = pick();
    const bool turned = random_.below(2);
    switch (random_.below(12)) {
      case 0:
        return 0.5 * (turned ? x + y : y + x);
      case 1:
        return 2 + 0.1 * (turned ? x - y : y - x);
      case 2:
        return 0.4 + 0.5 * (turned ? x * y : y * x);
      case 3:
        return 0.4 + 0.3 * (turned ? x / y : y / x);
      case 4:
        return turned ? 4 - y : shift(-y, 4);
      case 5:
        return 0.4 + scale(pow(y, turned ? 2 : -1), 0.4);
      case 6:
        return scale(turned ? y + x * z : x * z + y, 0.3);
      case 7:
        return shift(scale(turned ? y - x * z : x * z - y, 0.1), 2);
      case 8:
        return 0.2 * (x * z + y * y) + 0.3;
      case 9:
        return 2 + 0.1 * (turned ? y * x - z * z : z * x - y * z);
      case 10:
        return 0.4 + (turned ? y / 3 : 0.3 / y);
      default:
        return shift(scale(y, 0.7), 0.2);
    }
  }

  Random random_;
  Shape shape_;
  std::vector<Var> pool_;
};

double distance(const std::vector<Scalar>& a, const std::vector<Scalar>& b) {
  if (a.size() != b.size()) return INFINITY;
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double error = std::abs(a[i] - b[i]) / (1 + std::abs(b[i]));
    if (!(error <= worst)) worst = error;  // NaN too
  }
  return worst;
}

}  // namespace

TEST_CASE("loops give what their operations give one by one, wherever things lie") {
  std::uint64_t seed = 0;
  int shortened = 0;
  for (const Index rows : all_rows)
    for (const Index cols : all_cols) {
      INFO("shape ", rows, " x ", cols, ", seed ", seed);
      const Expressions e(seed++, {rows, cols}, 8);
      const std::vector<Scalar> plain = e.run({.simplify = false, .fuse = false, .reuse = false});
      for (const bool optimize : {false, true}) {
        const std::vector<Scalar> fused = e.run({.simplify = optimize, .reuse = false});
        CHECK(distance(fused, plain) < 500 * rounding);
        CHECK(e.run({.simplify = optimize}) == fused);
        CHECK(e.run({.simplify = optimize, .poison = true}) == fused);
        CHECK(e.run({.simplify = optimize, .poison = true}, 1 + seed % 7) == fused);
      }
      const Program apart(e.outputs, {.fuse = false}), fused(e.outputs);
      shortened += fused.instructions() < apart.instructions();
    }
  CHECK(shortened == seed);
}

TEST_CASE("a column has the same bits whatever stands beside it, and keeps its NaN to itself") {
  std::uint64_t seed = 0;
  for (const Index rows : {3, 8, 16, 24, 40, 48, 56, 72, 88, 128})
    for (const Index cols : {2, 5, 9, 19}) {
      INFO("shape ", rows, " x ", cols);
      Expressions e(seed++, {rows, cols}, 6);
      const std::vector<Scalar> before = e.run({});
      const Index column = Random(seed).below(cols), row = Random(seed + 1).below(rows);
      for (Matrix& value : e.values)
        for (Index s = 0; s < value.cols(); ++s)
          if (value.cols() == cols && s != column) value.col(s).setConstant(1.25);
      const std::vector<Scalar> beside = e.run({});
      for (int k = 0; k < 3; ++k) e.values[k](row, column) = NAN;
      const std::vector<Scalar> with_nan = e.run({});
      std::size_t i = 0;
      for (const Var& y : e.outputs)
        for (Index s = 0; s < cols; ++s)
          for (Index r = 0; r < y.rows(); ++r, ++i) {
            if (s == column) CHECK(beside[i] == before[i]);
            const bool touched = s == column && (r == row || y.rows() < rows);
            if (touched)
              CHECK((std::isnan(with_nan[i]) || with_nan[i] == beside[i]));  // of row and column
            else
              CHECK(with_nan[i] == beside[i]);
          }
      CHECK(std::any_of(with_nan.begin(), with_nan.end(), [](Scalar v) { return std::isnan(v); }));
    }
}

TEST_CASE("a loop writes its own entries and reads no more than its operands'") {
  for (const Index rows : {1, 3, 7, 8, 17})
    for (const Index cols : {1, 2, 5, 9}) {
      const Index size = rows * cols;
      constexpr Scalar guard = 12345;
      // Exactly as long as they need be: a sanitizer tells of reading beyond.
      const std::vector<Scalar> x(size, 2), z(size, 3);
      std::vector<Scalar> y(size + 2 * lanes, guard);
      const LoopStep steps[] = {{.op = LoopStep::load, .x = x.data()},
                                {.op = LoopStep::add_product, .x = x.data(), .z = z.data()},
                                {.op = LoopStep::shift, .c = 1}};
      run_loop({.y = y.data() + lanes,
                .a_shape = {rows, cols},
                .y_shape = {rows, cols},
                .steps = steps,
                .step_count = 3});
      for (Index i = 0; i < size + 2 * lanes; ++i)
        CHECK(y[i] == (i < lanes || i >= lanes + size ? guard : 9));
    }
}

TEST_CASE("what becomes one instruction, and what does not") {
  Tape tape;
  const Index rows = 2 * lanes;
  const Var x = tape.input(rows, 3, "x"), y = tape.input(rows, 3, "y"),
            z = tape.input(rows, 3, "z");
  const Var line = broadcast_rows(tape.input(1, 3, "line"), rows),
            column = broadcast_cols(tape.input(rows, 1, "column"), 3);
  const auto instructions = [](std::initializer_list<Var> outputs) {
    return Program(outputs).instructions();
  };
  CHECK(instructions({x * y + z}) == 1);
  CHECK(instructions({x * y + z * x - pow(y, 2) / (1 + z)}) == 3);
  CHECK(instructions({(x + line) * column}) == 1);
  CHECK(instructions({x + column}) == 1);
  CHECK(instructions({sum_rows(x * y)}) == 1);
  CHECK(instructions({sum_rows(-(x * line) + column)}) == 1);
  CHECK(instructions({tanh(x * y + z)}) == 2);
  CHECK(instructions({sum_rows(tanh(x))}) == 2);
  const Var shared = x * y;  // two readers: computed once, and kept
  CHECK(instructions({(shared + z) / (shared - z)}) == 3);
  CHECK(instructions({shared, shared + z}) == 2);
  CHECK(instructions({shared * z, shared * z - y}) == 2);
  CHECK(instructions({sum_rows(shared), shared + z}) == 3);
  CHECK(instructions({sum_rows(shared), shared}) == 2);
  // Columns that are no whole vectors: their sum and what is spread over them stay apart.
  const Var odd = tape.input(lanes + 1, 3, "odd"), wide = broadcast_rows(sum_rows(odd), lanes + 1);
  CHECK(instructions({2 + odd * wide}) == 3);
  CHECK(instructions({sum_rows(odd * odd)}) == 2);
}
