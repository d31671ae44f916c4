// Gradients of gradients: the shapes of tape that break reverse sweeps; derivatives a sample.
#include "autodiff/grad.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/random.h"
#include "tests/precision.h"

using namespace autodiff;

namespace {

Matrix scalar(double value) { return Matrix::Constant(1, 1, value); }

using Bindings = std::initializer_list<std::pair<Var, Matrix>>;

double number(Var y, Bindings bindings) { return evaluate(y, bindings)(0, 0); }

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
  CHECK(workspace.value(0)(0, 0) == doctest::Approx(value).epsilon(1e5 * rounding));
  CHECK(workspace.value(1)(0, 0) == doctest::Approx(slope).epsilon(1e5 * rounding));
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

TEST_CASE("what is read piece by piece gets an adjoint of those pieces, in proportion") {
  constexpr Index n = 100;
  Tape tape;
  const Var x = tape.input(n, 2, "x"), wide = tape.input(2, n, "wide");
  const auto cut_rows = [&](Index begin, Index count) {
    return sum(sin(slice_rows(x, begin, count)));
  };
  const auto cut_cols = [&](Index begin, Index count) {
    return sum(sin(slice_cols(wide, begin, count)));
  };
  const Var nothing = tape.filled({1, 1}, 0);
  Var in_order = nothing, shuffled = nothing, gaps = nothing, windows = nothing, twice = sum(x);
  Var columns = nothing;
  for (Index i = 0; i < n; ++i) {
    in_order = in_order + cut_rows(i, 1);
    shuffled = shuffled + cut_rows(i * 37 % n, 1);
    if (i % 3 == 1) gaps = gaps + cut_rows(i, 1);
    if (i + 4 <= n) windows = windows + cut_rows(i, 4);
    twice = twice + cut_rows(i, 1) + cut_rows(i, 1);
    columns = columns + cut_cols(i * 37 % n, 1);
  }
  const Matrix at = Matrix::Random(n, 2), cosine = at.array().cos();
  const auto agrees = [&](Var y, const auto& times) {
    CAPTURE(times(Index(4)));
    const Program program({grad(y, x)});
    CHECK(program.arena_size() < 16 * n * 2);  // whole matrices: n of them
    const Matrix dx = evaluate(grad(y, x), {{x, at}});
    for (Index i = 0; i < n; ++i)
      for (Index s = 0; s < 2; ++s) {
        CAPTURE(i);
        CHECK(dx(i, s) == doctest::Approx(times(i) * cosine(i, s)).epsilon(16 * rounding));
      }
  };
  agrees(in_order, [](Index) { return 1; });
  agrees(shuffled, [](Index) { return 1; });
  agrees(gaps, [](Index i) { return i % 3 == 1; });
  agrees(windows, [](Index i) { return std::min({i + 1, Index(4), n - i}); });
  agrees(twice - sum(x), [](Index) { return 2; });

  const Program program({grad(columns, wide)});
  CHECK(program.arena_size() < 16 * n * 2);
  const Matrix wide_at = at.transpose();
  CHECK(evaluate(grad(columns, wide), {{wide, wide_at}})
            .isApprox(Matrix(wide_at.array().cos()), 16 * rounding));
}

TEST_CASE("rows and columns looked up one by one get an adjoint in proportion") {
  constexpr Index n = 100;
  Tape tape;
  const Var table = tape.input(n, 2, "table"), wide = tape.input(2, n, "wide");
  const Var which = tape.input(1, 2, "which");  // a row for each sample, known only when it runs
  Var y = sum(gather_rows(table, which)), of_wide = tape.filled({1, 1}, 0);
  for (Index i = 0; i < n; ++i) {
    y = y + sum(sin(gather_rows(table, {i * 37 % n}))) + sum(gather_rows(table, {7, i}));
    of_wide = of_wide + sum(sin(gather_cols(wide, {i * 37 % n}))) + sum(gather_cols(wide, {7, i}));
  }
  for (const Var dx : {grad(y, table), grad(of_wide, wide)})
    CHECK(Program({dx}).arena_size() < 32 * n * 2);  // whole matrices: 2 n of them

  const Matrix at = Matrix::Random(n, 2), wide_at = at.transpose();
  const Matrix dx = evaluate(grad(y, table), {{table, at}, {which, Matrix{{3, 5}}}});
  const Matrix of_columns = evaluate(grad(of_wide, wide), {{wide, wide_at}});
  for (Index i = 0; i < n; ++i)
    for (Index s = 0; s < 2; ++s) {
      CAPTURE(i);
      const double wanted = std::cos(at(i, s)) + 1 + (i == 7 ? n : 0);
      CHECK(of_columns(s, i) == doctest::Approx(wanted).epsilon(16 * rounding));
      const bool looked_up = i == (s == 0 ? 3 : 5);
      CHECK(dx(i, s) == doctest::Approx(wanted + looked_up).epsilon(16 * rounding));
    }
}

TEST_CASE("pieces that overlap, lie within each other, or stand beside the whole add up") {
  Tape tape;
  const Var x = tape.input(6, 3, "x");
  const Var y = sum(exp(x)) + sum(sin(slice_rows(x, 1, 4))) + sum(cos(slice_rows(x, 2, 2))) +
                sum(tanh(slice_cols(x, 0, 2))) + sum(sin(2 * slice_rows(x, 1, 4))) +
                sum(sin(slice_rows(slice_rows(x, 1, 4), 0, 3))) + sum(cos(slice_cols(x, 1, 2)));
  const Matrix at = Matrix::Random(6, 3);
  const Matrix dx = evaluate(grad(y, x), {{x, at}});
  for (Index i = 0; i < 6; ++i)
    for (Index s = 0; s < 3; ++s) {
      CAPTURE(i);
      CAPTURE(s);
      const double value = at(i, s), slope = std::tanh(value);
      double expected = std::exp(value);
      if (i >= 1 && i < 5) expected += std::cos(value) + 2 * std::cos(2 * value);
      if (i >= 2 && i < 4) expected -= std::sin(value);
      if (s < 2) expected += 1 - slope * slope;
      if (i >= 1 && i < 4) expected += std::cos(value);
      if (s >= 1) expected -= std::sin(value);
      CHECK(dx(i, s) == doctest::Approx(expected).epsilon(32 * rounding));
    }
}

TEST_CASE("a Jacobian of stacked rows takes each row by itself") {
  constexpr Index n = 500;
  Tape tape;
  const Var x = tape.input(2, 1, "x");
  std::vector<Var> rows;
  for (Index i = 0; i < n; ++i)
    rows.push_back(sin(row(x, i % 2) * (0.01 * static_cast<double>(i))));
  const Var y = stack_rows(rows);
  const int before = tape.size();
  const Var j = jacobian(y, x);
  CHECK(tape.size() - before < 20 * n);  // through all rows each time: n²
  const Matrix at{{0.3}, {-0.7}};
  const Matrix value = evaluate(j, {{x, at}});
  REQUIRE(value.rows() == 2 * n);
  for (Index i = 0; i < n; ++i) {
    const double rate = 0.01 * static_cast<double>(i);
    CAPTURE(i);
    CHECK(value(n * (i % 2) + i, 0) ==
          doctest::Approx(rate * std::cos(rate * at(i % 2, 0))).epsilon(16 * rounding));
    CHECK(value(n * (1 - i % 2) + i, 0) == 0);
  }
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
  CHECK((evaluate(third, {{x, at}}) - evaluate(same, {{x, at}})).cwiseAbs().maxCoeff() <
        50 * rounding);
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
  CHECK_THROWS_AS(vjp(x, Var(), std::array{x}), Error);
  CHECK_THROWS_AS(grad(sum(x), {x, foreign}), Error);
  CHECK_THROWS_AS(jacobian(Var(), x), Error);
  CHECK_THROWS_AS(hessian(Var(), x), Error);
  CHECK_THROWS_AS(hessian_vector_product(sum_rows(x * x), x, row(x, 0)), Error);
  CHECK_THROWS_AS(hessian(x, x), Error);
  CHECK_THROWS_AS(jacobian(sum(x), x), Error);
}

TEST_CASE("an adjoint of another tape is refused, whatever the rules do with it") {
  Tape tape, other;
  const Var x = tape.input(2, 3, "x"), foreign = other.input(2, 3, "foreign");
  const int size_before = other.size();
  for (const Var y : {x, -x, scale(x, 2), x + x, x * x})
    CHECK_THROWS_AS(vjp(y, foreign, std::array{x}), std::invalid_argument);
  CHECK(other.size() == size_before);  // and nothing was recorded there
}

TEST_CASE("a rule whose adjoint does not fit its operand is named") {
  const OpDef total{
      .name = "total",
      .arity = 1,
      .shape =
          [](const OpDef&, std::span<const Shape>, const Attributes&) {
            return Shape{1, 1};
          },
      .forward = nullptr,
      .vjp = [](const Vjp& d, int) { return d.g; },
  };
  Tape tape;
  const Var x = tape.input(2, 3, "x");
  CHECK_THROWS_WITH_AS(grad(tape.record(total, {x}), x),
                       "[grad] the rule of total gives operand 1, which is (2x3), an adjoint (1x1)",
                       std::invalid_argument);
}

TEST_CASE("a Hessian is asked of one row only, also in a product") {
  Tape tape;
  const Var x = tape.input(2, 3, "x");
  CHECK_THROWS_AS(hessian(x * x, x), std::invalid_argument);
  CHECK_THROWS_AS(hessian_vector_product(x * x, x, x), std::invalid_argument);
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
  const Scalar h = std::cbrt(Scalar(rounding));
  for (Index k = 0; k < 2; ++k) {
    Matrix up = at, down = at;
    up.row(k).array() += h;
    down.row(k).array() -= h;
    const Matrix difference = (evaluate(y, {{x, up}}) - evaluate(y, {{x, down}})) / (2 * h);
    CHECK((exact.middleRows(3 * k, 3) - difference).cwiseAbs().maxCoeff() < 30 * h * h);
  }
}

TEST_CASE("the Hessian of Rosenbrock's valley is the one on paper, and its products are with v") {
  Tape tape;
  const Var x = tape.input(2, 6, "x"), v = tape.input(2, 6, "v");
  const Var a = row(x, 0), b = row(x, 1);
  const Var y = pow(1 - a, 2) + 100 * pow(b - a * a, 2);
  Random random(4);
  const Matrix at = random.uniform_matrix(2, 6, -2, 2), along = random.uniform_matrix(2, 6, -1, 1);
  const Eigen::MatrixXd h = evaluate(hessian(y, x), {{x, at}}).cast<double>();
  const Eigen::MatrixXd hv =
      evaluate(hessian_vector_product(y, x, v), {{x, at}, {v, along}}).cast<double>();
  const Eigen::MatrixXd h_grad =
      evaluate(hessian_vector_product(y, x, grad(sum(y), x)), {{x, at}}).cast<double>();
  for (Index s = 0; s < 6; ++s) {
    const double p = at(0, s), q = at(1, s);
    const Eigen::Matrix2d expected{{2 - 400 * q + 1200 * p * p, -400 * p}, {-400 * p, 200}};
    const Eigen::Vector2d gradient(-2 * (1 - p) - 400 * p * (q - p * p), 200 * (q - p * p));
    const double close = 20 * rounding * expected.norm();
    CHECK((h.col(s).reshaped(2, 2) - expected).norm() < close);
    CHECK((hv.col(s) - expected * along.col(s).cast<double>()).norm() < close);
    // A v that depends on x counts as fixed.
    CHECK((h_grad.col(s) - expected * gradient).norm() < close * gradient.norm());
  }
}

TEST_CASE("Hessians are symmetric, and their products with any v are theirs") {
  Tape tape;
  const Var x = tape.input(4, 5, "x"), w = tape.parameter(7, 4, "w"), v = tape.input(4, 5, "v");
  const Var y = sum_rows(softplus(matmul(w, sin(x)))) * exp(row(x, 0));
  const Var h = hessian(y, x);
  Random random(5);
  const Bindings at{{x, random.normal_matrix(4, 5)},
                    {w, random.normal_matrix(7, 4)},
                    {v, random.normal_matrix(4, 5)}};
  const Matrix values = evaluate(h, at);
  CHECK(values.cwiseAbs().minCoeff() > 1e-4);  // no entry is zero for lack of a path
  CHECK((values - evaluate(sample_transpose(h, 4), at)).cwiseAbs().maxCoeff() < 5e3 * rounding);
  for (const Var along : {v, x, sin(x) * v, grad(sum(y), x), tape.filled({4, 5}, 1)}) {
    const Matrix expected = evaluate(sample_matmul(h, along, 4), at);
    const Matrix product = evaluate(hessian_vector_product(y, x, along), at);
    CHECK((product - expected).norm() < 5e3 * rounding * expected.norm());
  }
}

TEST_CASE("vjp weighs the rows of the Jacobian with the adjoint, whatever that depends on") {
  Tape tape;
  const Var x = tape.input(2, 3, "x"), weight = tape.input(4, 3, "weight");
  const Var x0 = row(x, 0), x1 = row(x, 1);
  const Var y = stack_rows(std::array{x0 * x1, sin(x0), x1 / (2 + x0), x0 + x1});
  Random random(6);
  const Bindings at{{x, random.uniform_matrix(2, 3, -1, 1)},
                    {weight, random.uniform_matrix(4, 3, -1, 1)}};
  for (const Var adjoint : {weight, y, stack_rows(x, x) * weight}) {
    const Var weighed = vjp(y, adjoint, std::array{x}).front();
    const Var rows = sample_matmul(sample_transpose(jacobian(y, x), 4), adjoint, 4);
    CHECK((evaluate(weighed, at) - evaluate(rows, at)).cwiseAbs().maxCoeff() < 50 * rounding);
  }
  // The same x twice gets the same twice; y itself gets the adjoint.
  const std::vector<Var> g = vjp(y, weight, std::array{x, y, x});
  CHECK(g[0] == g[2]);
  CHECK(evaluate(g[1], at) == evaluate(weight, at));
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
