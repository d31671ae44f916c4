// Gradients of gradients: the shapes of tape that break reverse sweeps, derivatives a sample, and
// random graphs.
#include "autodiff/grad.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "autodiff/gradcheck.h"
#include "autodiff/program.h"
#include "autodiff/random.h"

using namespace autodiff;

namespace {

Matrix scalar(double value) { return Matrix::Constant(1, 1, value); }

using Bindings = std::initializer_list<std::pair<Var, Matrix>>;

double number(Var y, Bindings bindings) { return evaluate(y, bindings)(0, 0); }

/// A random graph of smooth operations over the inputs, its values of order one.
Var random_graph(std::uint64_t seed, std::span<const Var> inputs) {
  Random random(seed);
  std::vector<Var> pool(inputs.begin(), inputs.end());
  const auto any = [&] { return pool[random.below(static_cast<Index>(pool.size()))]; };
  const auto fitting = [&](const auto& fits) {
    std::vector<Var> choice;
    std::copy_if(pool.begin(), pool.end(), std::back_inserter(choice), fits);
    return choice[random.below(static_cast<Index>(choice.size()))];
  };
  for (int step = 0; step < 14; ++step) {
    const Var x = any();
    const Index rows = x.rows(), cols = x.cols();
    const Var same = fitting([&](Var y) { return y.shape() == x.shape(); });
    const auto record = [&]() -> Var {
      switch (random.below(23)) {
        case 0:
          return x + same;
        case 1:
          return x - same;
        case 2:
          return tanh(x * same);
        case 3:
          return x / (1 + softplus(same));
        case 4:
          return tanh(scale(x, random.uniform(-2, 2)));
        case 5:
          return sin(shift(x, 0.5));
        case 6:
          return cos(x);
        case 7:
          return exp(-(x * x));
        case 8:
          return log(1.5 + tanh(x));
        case 9:
          return sqrt(1.5 + sin(x));
        case 10:
          return sigmoid(x);
        case 11:
          return softplus(-x);
        case 12:
          return pow(1.5 + tanh(x), random.uniform(-2, 2));
        case 13:
          return transpose(x);
        case 14:
          return tanh(matmul(transpose(x), same));
        case 15:
          return tanh(matmul(x, transpose(same)));
        case 16:
          return rows > 1 ? tanh(sum_rows(x)) : broadcast_rows(x, 3);
        case 17:
          return cols > 1 ? tanh(sum_cols(x)) : broadcast_cols(x, 3);
        case 18:
          return rows > 1 ? slice_rows(x, 1, rows - 1) : pad_rows(x, 1, 3);
        case 19:
          return rows < 4 ? stack_rows(x, same) : row(x, 2);
        case 20:
          return tanh(sample_matmul(x, same, rows));
        case 21:
          return x + x.tape().constant(random.uniform_matrix(rows, cols, -1, 1));
        default: {  // (d o; -o d), whose determinant d² + o² stays away from zero
          const Var d = 1.5 + tanh(row(x, 0)), o = tanh(row(same, 0));
          return sample_solve(stack_rows(std::array{d, -o, o, d}), stack_rows(o, d));
        }
      }
    };
    pool.push_back(record());
  }
  Var total = sum(pool.back());
  for (const Var& x : std::span(pool).last(4)) total = total + mean(sin(x));
  return total;
}

std::vector<Matrix> random_inputs(std::uint64_t seed) {
  Random random(1000 + seed);
  std::vector<Matrix> inputs;
  for (int k = 0; k < 3; ++k) {
    const Index rows = 1 + random.below(4), cols = 1 + random.below(4);
    inputs.push_back(random.uniform_matrix(rows, cols, -1, 1));
  }
  return inputs;
}

/// Value, gradients and gradients of their sum of one random graph, all in a row.
std::vector<Scalar> run_random_graph(std::uint64_t seed, ProgramOptions options) {
  const std::vector<Matrix> inputs = random_inputs(seed);
  Tape tape;
  std::vector<Var> x;
  for (const Matrix& input : inputs) x.push_back(tape.input(input.rows(), input.cols(), "x"));
  std::vector<Var> outputs{random_graph(seed, x)};
  for (int order = 1; order <= 2; ++order) {
    Var total = outputs.front();
    for (const Var& output : std::span(outputs).subspan(1)) total = total + sum(output);
    for (const Var& gradient : grad(total, x)) outputs.push_back(gradient);
  }
  const Program program(outputs, options);
  Workspace workspace(program);
  for (std::size_t k = 0; k < x.size(); ++k) workspace.bind(x[k], inputs[k]);
  program.run(workspace);
  program.run(workspace);  // a second run must not see what the first left behind
  return {workspace.values().begin(), workspace.values().end()};
}

}  // namespace

TEST_CASE("doubling thirty times stays linear in nodes and gives 2^30") {
  Tape tape;
  const Var x = tape.input(1, 1, "x");
  Var y = x;
  for (int i = 0; i < 30; ++i) y = y + y;
  CHECK(tape.size() == 31);
  const Var dx = grad(y, x);
  CHECK(tape.size() <= 2 * 31);
  CHECK(number(y, {{x, scalar(1)}}) == 1073741824);
  CHECK(number(dx, {{x, scalar(1)}}) == 1073741824);
}

TEST_CASE("a chain of 100,000 nodes is differentiated and run") {
  Tape tape;
  const Var x = tape.input(1, 1, "x");
  Var y = x;
  double value = 0.7, slope = 1;
  for (int i = 0; i < 100000; ++i) {
    y = sin(y);
    slope *= std::cos(value);
    value = std::sin(value);
  }
  const Program program({y, grad(y, x)});
  Workspace workspace(program);
  const Matrix at = scalar(0.7);
  workspace.bind(x, at);
  program.run(workspace);
  CHECK(workspace.value(0)(0, 0) == doctest::Approx(value).epsilon(1e-10));
  CHECK(workspace.value(1)(0, 0) == doctest::Approx(slope).epsilon(1e-10));
}

TEST_CASE("a node may be read twice, and may be an x though it depends on another x") {
  Tape tape;
  const Var x = tape.input(1, 1, "x"), unused = tape.input(2, 3, "unused");
  CHECK(number(grad(x * x, x), {{x, scalar(3)}}) == 6);
  CHECK(number(grad(x / x, x), {{x, scalar(3)}}) == 0);
  CHECK(number(grad(x, x), {{x, scalar(3)}}) == 1);

  const Var u = sin(x);
  const Var y = u * u * x;  // dy/dx is total, dy/du holds x
  const std::vector<Var> g = grad(y, {x, u, unused, y});
  const double s = std::sin(0.4), c = std::cos(0.4);
  const Bindings at{{x, scalar(0.4)}};
  CHECK(number(g[0], at) == doctest::Approx(s * s + 2 * s * c * 0.4));
  CHECK(number(g[1], at) == doctest::Approx(2 * s * 0.4));
  CHECK(evaluate(g[2]) == Matrix::Zero(2, 3));
  CHECK(number(g[3], at) == 1);
  // What was recorded after y cannot matter to it.
  const Var later = cos(y);
  CHECK(number(grad(y, later), at) == 0);
}

TEST_CASE("asking twice on one tape gives the same, and the old gradient stays right") {
  Tape tape;
  const Var x = tape.input(2, 3, "x");
  const Var y = sum(tanh(x) * x);
  const Var first = grad(y, x), second = grad(y, x), third = grad(sum(first * second), x);
  const Matrix at = Random(2).uniform_matrix(2, 3, -1, 1);
  const Matrix before = evaluate(first, {{x, at}});
  CHECK(evaluate(second, {{x, at}}) == before);
  const Var same = grad(sum(first * first), x);
  CHECK((evaluate(third, {{x, at}}) - evaluate(same, {{x, at}})).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("misuse is told in words") {
  Tape tape, other;
  const Var x = tape.input(2, 3, "x"), foreign = other.input(2, 3, "x");
  using Error = std::invalid_argument;
  CHECK_THROWS_WITH_AS(grad(x, x),
                       "[grad] y is (2x3), not (1x1): differentiate its sum, or use vjp", Error);
  CHECK_THROWS_WITH_AS(grad(Var(), x), "[grad] y is an empty Var", Error);
  CHECK_THROWS_WITH_AS(grad(sum(x), Var()), "[grad] an x is an empty Var", Error);
  CHECK_THROWS_WITH_AS(grad(sum(x), foreign), "[grad] x belongs to another tape", Error);
  CHECK_THROWS_WITH_AS(x + Var(), "[add] operand 2 is an empty Var", Error);
  CHECK_THROWS_WITH_AS(x + foreign, "[add] operand 2 belongs to another tape", Error);
  CHECK_THROWS_WITH_AS(vjp(x, sum(x), std::array{x}), "[vjp] the adjoint must have y's shape (2x3)",
                       Error);
  CHECK_THROWS_AS(hessian(x, x), Error);
  CHECK_THROWS_AS(jacobian(sum(x), x), Error);
}

TEST_CASE("the Jacobian of every sample agrees with differences") {
  Tape tape;
  const Var x = tape.input(2, 5, "x");
  const Var x0 = row(x, 0), x1 = row(x, 1);
  const Var y = stack_rows(std::array{sin(x0 * x1), exp(x0), x0 * x1 * x1});
  const Var j = jacobian(y, x);
  const Matrix at = Random(3).uniform_matrix(2, 5, -1, 1);
  const Matrix exact = evaluate(j, {{x, at}});
  REQUIRE(exact.rows() == 6);
  for (Index k = 0; k < 2; ++k) {
    Matrix up = at, down = at;
    up.row(k).array() += 1e-5;
    down.row(k).array() -= 1e-5;
    const Matrix difference = (evaluate(y, {{x, up}}) - evaluate(y, {{x, down}})) / 2e-5;
    CHECK((exact.middleRows(3 * k, 3) - difference).cwiseAbs().maxCoeff() < 1e-9);
  }
}

TEST_CASE("the Hessian of Rosenbrock's valley is the one on paper, and its products are with v") {
  Tape tape;
  const Var x = tape.input(2, 6, "x"), v = tape.input(2, 6, "v");
  const Var a = row(x, 0), b = row(x, 1);
  const Var y = pow(1 - a, 2) + 100 * pow(b - a * a, 2);
  Random random(4);
  const Matrix at = random.uniform_matrix(2, 6, -2, 2), along = random.uniform_matrix(2, 6, -1, 1);
  const Matrix h = evaluate(hessian(y, x), {{x, at}});
  const Matrix hv = evaluate(hessian_vector_product(y, x, v), {{x, at}, {v, along}});
  const Matrix h_grad = evaluate(hessian_vector_product(y, x, grad(sum(y), x)), {{x, at}});
  for (Index s = 0; s < 6; ++s) {
    const double p = at(0, s), q = at(1, s);
    Matrix expected(2, 2);
    expected << 2 - 400 * q + 1200 * p * p, -400 * p, -400 * p, 200;
    const Matrix gradient{{-2 * (1 - p) - 400 * p * (q - p * p)}, {200 * (q - p * p)}};
    CHECK((h.col(s).reshaped(2, 2) - expected).cwiseAbs().maxCoeff() < 1e-10);
    CHECK((hv.col(s) - expected * along.col(s)).cwiseAbs().maxCoeff() < 1e-10);
    // A v that depends on x counts as fixed.
    CHECK((h_grad.col(s) - expected * gradient).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("random graphs have right derivatives, also of derivatives") {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    INFO("seed ", seed);
    const auto f = [seed](Tape&, std::span<const Var> x) { return random_graph(seed, x); };
    const GradcheckReport report =
        gradcheck(f, random_inputs(seed), {.order = seed % 4 == 0 ? 3 : 2});
    CHECK_MESSAGE(report.ok(), report);
  }
}

TEST_CASE("random graphs give the same with and without each step of making them ready") {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    INFO("seed ", seed);
    const std::vector<Scalar> plain = run_random_graph(seed, {.optimize = false, .reuse = false});
    CHECK(run_random_graph(seed, {.optimize = false, .reuse = true, .poison = true}) == plain);
    const std::vector<Scalar> optimized = run_random_graph(seed, {});
    CHECK(run_random_graph(seed, {.reuse = false}) == optimized);
    CHECK(run_random_graph(seed, {.poison = true}) == optimized);
    double largest = 1, worst = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      largest = std::max(largest, std::abs(plain[i]));
      worst = std::max(worst, std::abs(plain[i] - optimized[i]));
    }
    CHECK(worst < 1e-12 * largest);
  }
}

TEST_CASE("the walkthrough of micrograd's README prints its numbers") {
  Tape tape;
  const Var a = tape.input(1, 1, "a"), b = tape.input(1, 1, "b");
  const auto relu = [](Var x) { return 0.5 * (x + abs(x)); };
  Var c = a + b, d = a * b + pow(b, 3);
  c = c + (c + 1);
  c = c + (1 + c + (-a));
  d = d + (d * 2 + relu(b + a));
  d = d + (3 * d + relu(b - a));
  const Var e = c - d, f = pow(e, 2);
  const Var g = f / 2 + 10 / f;
  const std::vector<Var> dg = grad(g, {a, b});
  const Bindings at{{a, scalar(-4)}, {b, scalar(2)}};
  CHECK(number(g, at) == doctest::Approx(24.7041).epsilon(1e-6));
  CHECK(number(dg[0], at) == doctest::Approx(138.8338).epsilon(1e-6));
  CHECK(number(dg[1], at) == doctest::Approx(645.5773).epsilon(1e-6));
}
