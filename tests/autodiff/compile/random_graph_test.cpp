// Random graphs: no rule of a derivative, of the optimiser or of the arena is trusted alone, all
// must hold in whatever company the others are found.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "autodiff/check/gradcheck.h"
#include "autodiff/check/print.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"

using namespace autodiff;

namespace {

constexpr std::uint64_t graphs = 150;

/// A matrix that the optimiser has rules about, or one that it should have none about.
Var random_constant(Tape& tape, Random& random, Shape shape, bool zeros) {
  const auto [rows, cols] = shape;
  switch (zeros ? random.below(7) : 5 + random.below(2)) {
    case 0:
      return tape.filled(shape, 0);
    case 1:
      return tape.filled(shape, 1);
    case 2:
      return tape.constant(Matrix::Zero(rows, cols));
    case 3:
      return tape.constant(Matrix::Constant(rows, cols, -0.5));
    case 4:
      return tape.constant(Matrix::Identity(rows, cols));  // zeros and ones, but not only
    case 5:
      return broadcast_cols(tape.constant(random.uniform_matrix(rows, 1, -1, 1)), cols);
    default:
      return tape.constant(random.uniform_matrix(rows, cols, -1, 1));
  }
}

/// Grows a graph over the inputs, node by node. `bound` keeps all values of order one without
/// putting a tanh around each, which would hide every operation from the next one's rules.
class Graph {
 public:
  Graph(std::uint64_t seed, Tape& tape, std::span<const Var> inputs, bool zeros = true)
      : random_(seed), tape_(tape), zeros_(zeros) {
    for (const Var& x : inputs) add(x, 1);
    const Index steps = 8 + random_.below(14);
    for (Index i = 0; i < steps; ++i) grow();
  }

  /// A number that depends on all that was grown.
  Var total() const {
    Var y = mean(pool_.front().x);
    for (std::size_t i = 1; i < pool_.size(); ++i)
      y = y + (i % 3 == 0 ? mean(sin(pool_[i].x)) : mean(pool_[i].x * pool_[i].x));
    return y;
  }

 private:
  struct Known {
    Var x;
    double bound;
  };

  void add(Var x, double bound) {
    if (x.shape().size() > 40) return;
    pool_.push_back(bound > 3 ? Known{tanh(x), 1} : Known{x, bound});
  }

  template <class Fits>
  Known pick(const Fits& fits) {
    std::vector<Known> choice;
    std::copy_if(pool_.begin(), pool_.end(), std::back_inserter(choice), fits);
    return choice[random_.below(static_cast<Index>(choice.size()))];
  }

  void grow() {
    const auto [x, p] = pick([](const Known&) { return true; });
    const Index rows = x.rows(), cols = x.cols();
    auto [y, q] = pick([&](const Known& k) { return k.x.shape() == Shape{rows, cols}; });
    const auto [z, r] = pick([&](const Known& k) { return k.x.cols() == cols; });
    if (random_.below(4) == 0) y = random_constant(tape_, random_, x.shape(), zeros_), q = 1;
    const double numbers[] = {-1, zeros_ ? 0. : 3., 0.5, 1, 2};
    const double c = numbers[random_.below(5)];
    const Index i = random_.below(rows), count = 1 + random_.below(rows - i);
    switch (random_.below(38)) {
      case 0:
        return add(x + y, p + q);
      case 1:
        return add(random_.below(2) ? x - y : y - x, p + q);
      case 2:
        return add(random_.below(2) ? x * y : y * x, p * q);
      case 3:
        return add(x / (1.5 + sin(y)), 2 * p);
      case 4:
        return add(random_.below(2) ? x / tape_.filled(x.shape(), 2) : y / (1 + x * x), p + q);
      case 5:
        return add(-x, p);
      case 6:
        return add(scale(x, c), 2 * p);
      case 7:
        return add(shift(x, c), p + 2);
      case 8:
        return add(pow(x, static_cast<double>(random_.below(4))), std::max(1.0, p * p * p));
      case 9:
        return add(pow(1.5 + sin(x), random_.uniform(-2, 2)), 7);
      case 10:
        return add(random_.below(2) ? sin(x) : cos(x), 1);
      case 11:
        return add(exp(-(x * x)), 1);
      case 12:
        return add(random_.below(2) ? log(1.5 + sin(x)) : sqrt(1.5 + sin(x)), 2);
      case 13:
        return add(random_.below(2) ? sigmoid(x) : softplus(x), p + 1);
      case 14:
        return add(random_.below(2) ? transpose(x) : reshape(x, {cols, rows}), p);
      case 15:
        return add(matmul(x, transpose(y)), p * q * static_cast<double>(cols));
      case 16:
        return add(matmul(transpose(x), y), p * q * static_cast<double>(rows));
      case 17:  // by a constant, which is 1 x 1 or repeated columns or neither
        return add(matmul(x, random_constant(tape_, random_, {cols, 1 + random_.below(3)}, zeros_)),
                   p * static_cast<double>(cols));
      case 18:
        return add(sum_rows(x), p * static_cast<double>(rows));
      case 19:
        return add(sum_cols(x), p * static_cast<double>(cols));
      case 20:
        return add(broadcast_rows(row(x, i), 1 + random_.below(4)), p);
      case 21:
        return add(broadcast_cols(scale(sum_cols(x), 1.0 / static_cast<double>(cols)), cols), p);
      case 22:
        return add(slice_rows(x, i, count), p);
      case 23:
        return add(random_.below(3) ? stack_rows(x, z) : pad_rows(x, i, rows + i + 1),
                   std::max(p, r));
      case 24:
        return add(sample_matmul(x, sample_transpose(y, rows), 1), p * q);
      case 25:
        return add(stack_cols(x, random_.below(2) ? y : -x), std::max(p, q));
      case 26: {
        const Index j = random_.below(cols), wide = 1 + random_.below(cols - j);
        return add(random_.below(3) ? slice_cols(x, j, wide) : pad_cols(x, j, cols + j + 1), p);
      }
      case 27:
        return add(random_.below(2) ? x / 3 : 0.7 / (1.5 + sin(x)), p + 2);
      case 28:
        return add(pow(1.5 + sin(x), random_.below(2) ? sin(y) : cos(x)), 3);
      case 29:
        return add(random_.below(2) ? expm1(-(x * x)) : log1p(x * x), p + 2);
      case 30:
        return add(random_.below(2) ? hypot(x, 1 + y * y) : atan2(x, 1 + y * y), p + 1 + q * q);
      case 31:
        return add(random_.below(2) ? erf(x) : atan(x), 2);
      case 32:
        return add(random_.below(2) ? asin(0.5 * sin(x)) : acos(0.5 * cos(x)), 2);
      case 33:
        return add(random_.below(2) ? sinh(sin(x)) : cosh(sin(x)), 2);
      case 34:
        return add(sigmoid_slope(x), 1);
      case 35: {
        const Var sums = random_.below(2) ? cumsum_rows(x) : reverse_cumsum_rows(x);
        return add(sums, p * static_cast<double>(rows));
      }
      case 36: {
        std::vector<Index> some(static_cast<std::size_t>(rows)), others;
        for (Index& number : some) number = random_.below(rows);
        for (Index s = 0; s < cols; ++s) others.push_back(random_.below(cols));
        switch (random_.below(4)) {
          case 0:
            return add(gather_rows(x, some), p);
          case 1:
            return add(scatter_rows(x, some, rows), p * static_cast<double>(rows));
          case 2:
            return add(gather_cols(x, others), p);
          default:
            return add(scatter_cols(x, others, cols), p * static_cast<double>(cols));
        }
      }
      default: {  // (d o; -o d) for every sample: its determinant d² + o² stays away from zero
        const Var d = 1.5 + sin(row(x, i)), o = sin(row(z, 0));
        const Var squares = stack_rows(std::array{2 + d, o, o, 2 + d});
        if (random_.below(3) == 0) return add(sample_cholesky(squares), 2);
        if (random_.below(3) == 0) return add(sample_logdet(squares), 3);
        return add(sample_solve(stack_rows(std::array{d, -o, o, d}), stack_rows(o, row(y, i))),
                   2 * (1 + q));
      }
    }
  }

  Random random_;
  Tape& tape_;
  bool zeros_;  // constants of exact zeros, too
  std::vector<Known> pool_;
};

std::vector<Matrix> random_inputs(std::uint64_t seed) {
  Random random(1000 + seed);
  std::vector<Matrix> inputs;
  for (int k = 0; k < 3; ++k) {
    const Index rows = 1 + random.below(4), cols = 1 + random.below(4);
    inputs.push_back(random.uniform_matrix(rows, cols, -1, 1));
  }
  return inputs;
}

/// A random graph, its gradients, and the gradients of something nonlinear in those.
struct Derivatives {
  Tape tape;
  std::vector<Matrix> values;
  std::vector<Var> x, outputs;

  explicit Derivatives(std::uint64_t seed) : Derivatives(seed, random_inputs(seed), true) {}
  Derivatives(std::uint64_t seed, std::vector<Matrix> at, bool zeros) : values(std::move(at)) {
    for (const Matrix& value : values) x.push_back(tape.input(value.rows(), value.cols(), "x"));
    outputs.push_back(Graph(seed, tape, x, zeros).total());
    const std::vector<Var> first = grad(outputs.front(), x);
    outputs.insert(outputs.end(), first.begin(), first.end());
    Var next = outputs.front();
    for (const Var& gradient : first) next = next + sum(gradient * gradient) + sum(gradient);
    for (const Var& gradient : grad(next, x)) outputs.push_back(gradient);
  }

  std::vector<Scalar> run(ProgramOptions options) const {
    const Program program(outputs, options);
    Workspace workspace(program);
    for (std::size_t k = 0; k < x.size(); ++k) workspace.bind(x[k], values[k]);
    program.run(workspace);
    program.run(workspace);  // must not see what the first run left behind
    return {workspace.values().begin(), workspace.values().end()};
  }
};

bool all_finite(const std::vector<Scalar>& values) {
  return std::all_of(values.begin(), values.end(), [](Scalar v) { return std::isfinite(v); });
}

}  // namespace

TEST_CASE("random graphs use every smooth operation") {
  std::set<std::string> missing;
  for (const OpDef* op : all_ops()) missing.insert(op->name);
  for (const char* kinked :
       {"abs", "sign", "compare", "max", "at_least", "select", "max_rows", "stop_gradient"})
    missing.erase(kinked);
  for (std::uint64_t seed = 0; seed < graphs; ++seed) {
    const Derivatives graph(seed);
    for (int id = 0; id < graph.tape.size(); ++id) missing.erase(graph.tape.node(id).op->name);
  }
  CHECK(missing == std::set<std::string>());
}

TEST_CASE("random graphs have right derivatives, also of derivatives") {
  for (std::uint64_t seed = 0; seed < graphs; ++seed) {
    INFO("seed ", seed);
    const auto f = [&](Tape& tape, std::span<const Var> x) { return Graph(seed, tape, x).total(); };
    const GradcheckReport report =
        gradcheck(f, random_inputs(seed), {.order = seed % 5 == 0 ? 3 : 2});
    CHECK_MESSAGE(report.ok(), report);
  }
}

TEST_CASE("random graphs give the bits of the plain tape") {
  int shortened = 0;
  for (std::uint64_t seed = 0; seed < graphs; ++seed) {
    INFO("seed ", seed);
    const Derivatives graph(seed);
    const std::vector<Scalar> plain = graph.run({.simplify = false, .fuse = false});
    REQUIRE(all_finite(plain));
    CHECK(graph.run({}) == plain);
    CHECK(graph.run({.simplify = false}) == plain);
    CHECK(graph.run({.merge = false}) == plain);
    CHECK(graph.run({.fuse = false}) == plain);
    const int before = Program(graph.outputs, {.simplify = false, .fuse = false}).instructions();
    const int after = Program(graph.outputs).instructions();
    CHECK(after <= before);
    shortened += after < before ? 1 : 0;
  }
  CHECK(shortened == graphs);
}

TEST_CASE("random graphs give the bits of the plain tape where numbers overflow and vanish, too") {
  const Scalar largest = std::numeric_limits<Scalar>::max(),
               smallest = std::numeric_limits<Scalar>::min(), root = std::sqrt(largest);
  const Scalar extremes[] = {0,        -0.0,     1,    -1,          largest,   -largest,
                             root,     -root,    0.5,  smallest,    -smallest, smallest / 8,
                             1 / root, 2 * root, -0.0, largest / 2, 3,         -largest / 3};
  int not_finite = 0;
  for (std::uint64_t seed = 0; seed < 4 * graphs; ++seed) {
    INFO("seed ", seed);
    std::vector<Matrix> inputs = random_inputs(seed % graphs);
    Random random(7 * seed);
    for (Matrix& input : inputs)
      for (Scalar& value : input.reshaped())
        value = extremes[random.below(static_cast<Index>(std::size(extremes)))];
    // Constants of exact zeros apart: what they are multiplied with is left out.
    const Derivatives graph(seed % graphs, inputs, /*zeros=*/false);
    const std::vector<Scalar> plain = graph.run({.simplify = false, .fuse = false}),
                              optimized = graph.run({});
    for (std::size_t i = 0; i < plain.size(); ++i) {
      CHECK(std::isnan(optimized[i]) == std::isnan(plain[i]));
      if (!std::isnan(plain[i])) CHECK(optimized[i] == plain[i]);
      if (plain[i] == 0) CHECK(std::signbit(optimized[i]) == std::signbit(plain[i]));
    }
    not_finite += all_finite(plain) ? 0 : 1;
  }
  CHECK(not_finite > static_cast<int>(graphs));
}

TEST_CASE("random graphs give the same bits wherever their results are put") {
  for (std::uint64_t seed = 0; seed < graphs; ++seed) {
    const Derivatives graph(seed);
    for (const bool optimize : {false, true}) {
      INFO("seed ", seed, ", optimize ", optimize);
      const std::vector<Scalar> apart = graph.run({.simplify = optimize, .reuse = false});
      REQUIRE(all_finite(apart));
      CHECK(graph.run({.simplify = optimize, .reuse = true}) == apart);
      CHECK(graph.run({.simplify = optimize, .reuse = true, .poison = true}) == apart);
    }
  }
}
