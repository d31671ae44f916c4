// Derivatives along directions. Tangents: against differences and the adjoint. Second ones: against
// the Hessian and differences of the gradient. Both as something to be differentiated again.
#include "autodiff/directional.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "tests/precision.h"

using namespace autodiff;

namespace {

constexpr Index samples = 3;
constexpr std::uint64_t functions = 45;
constexpr std::array<Index, 3> rows_of_xs{3, 1, 2};
constexpr Index all_rows = 6;
const std::vector<std::pair<int, int>> all_pairs{{0, 0}, {0, 1}, {1, 0}, {1, 1},
                                                 {2, 2}, {2, 0}, {1, 2}};

/// A random function of the xs and of a 4 x 4 parameter, sample by sample: 1 x samples.
class RandomFunction {
 public:
  RandomFunction(std::uint64_t seed, std::span<const Var> xs, Var w) : random_(seed), w_(w) {
    for (const Var& x : xs) add(x, 1);
    for (Index steps = 4 + random_.below(8); steps > 0; --steps) grow();
  }

  Var y() {
    Var y = sum_rows(pool_.front().x * pool_.front().x);
    for (const Known& k : pool_) y = y + sum_rows(random_.below(2) ? sin(k.x) : k.x * k.x);
    return y;
  }

 private:
  struct Known {
    Var x;
    double bound;
  };

  void add(Var x, double bound) {
    pool_.push_back(bound > 3 ? Known{tanh(x), 1} : Known{x, bound});
  }
  Known pick() { return pool_[random_.below(static_cast<Index>(pool_.size()))]; }
  Known pick(Index rows) {
    const auto [x, bound] = pick();
    if (x.rows() >= rows) return {slice_rows(x, random_.below(x.rows() - rows + 1), rows), bound};
    return {pad_rows(x, random_.below(rows - x.rows() + 1), rows), bound};
  }
  Var weights(Index rows, Index cols) { return slice_cols(slice_rows(w_, 0, rows), 0, cols); }

  void grow() {
    const auto [x, p] = pick();
    const auto [y, q] = random_.below(3) == 0 ? Known{x, p} : pick(x.rows());
    switch (random_.below(16)) {
      case 0:
        return add(x * y, p * q);
      case 1:
        return add(random_.below(2) ? x + y : x - y, p + q);
      case 2:
        return add(x / (1.5 + sin(y)), 2 * p);
      case 3:
        return add(pow(1.5 + sin(x), random_.uniform(-2, 3)), 10);
      case 4:
        return add(pow(x, 3), p * p * p);
      case 5:
        return add(random_.below(2) ? sin(x) : cos(x), 1);
      case 6:
        return add(random_.below(2) ? tanh(x) : sigmoid(x), 1);
      case 7:
        return add(random_.below(2) ? softplus(x) : exp(-(x * x)), p + 1);
      case 8:
        return add(random_.below(2) ? log(1.5 + sin(x)) : sqrt(1.5 + sin(x)), 2);
      case 9: {
        const Var z = slice_rows(x, 0, std::min<Index>(x.rows(), 4));
        const Index rows = 1 + random_.below(4);
        return add(matmul(weights(rows, z.rows()), z) + broadcast_cols(weights(rows, 1), samples),
                   4 * p);
      }
      case 10:
        return add(stack_rows(x, slice_rows(y, 0, 1)), std::max(p, q));
      case 11:
        return add(broadcast_rows(sum_rows(x), 2), p * static_cast<double>(x.rows()));
      case 12:
        return add(sample_matmul(x, sample_transpose(y, y.rows()), 1), p * q);
      case 13:
        return add(-scale(x, 1.5), 1.5 * p);
      case 14:
        return add(shift(x, -0.5), p + 0.5);
      default: {  // (d o; -o d) for every sample: its determinant d² + o² stays away from zero
        const Var d = 1.5 + sin(slice_rows(x, 0, 1)), o = sin(slice_rows(y, 0, 1));
        return add(sample_solve(stack_rows(std::array{d, -o, o, d}), pick(2).x), 6);
      }
    }
  }

  Random random_;
  Var w_;
  std::vector<Known> pool_;
};

/// The random function, three directions as inputs, and what is said about it.
struct Recorded {
  Tape tape;
  Var w = tape.parameter(4, 4, "w"), together = tape.input(all_rows, samples, "together");
  std::vector<Var> directions;      // of all xs at once
  std::vector<Direction> parts{3};  // for each of the xs
  std::vector<Var> xs;
  Var y;
  SecondDerivatives derivatives;

  /// The second direction is empty for the first x, the third for the two others.
  explicit Recorded(std::uint64_t seed) {
    Index begin = 0;
    for (int d = 0; d < 3; ++d)
      directions.push_back(tape.input(all_rows, samples, "d" + std::to_string(d)));
    for (std::size_t k = 0; k < 3; ++k) {
      xs.push_back(slice_rows(together, begin, rows_of_xs[k]));
      for (std::size_t d = 0; d < 3; ++d) {
        const bool empty = d == 1 ? k == 0 : d == 2 && k > 0;
        parts[d].push_back(empty ? Var() : slice_rows(directions[d], begin, rows_of_xs[k]));
      }
      begin += rows_of_xs[k];
    }
    y = RandomFunction(seed, xs, w).y();
    derivatives = second_derivatives(y, xs, parts, all_pairs);
  }

  std::vector<Matrix> run(std::span<const Var> results, const Matrix& at,
                          const std::vector<Matrix>& along) const {
    const Program program(results);
    Workspace workspace(program);
    const Matrix w_value = Random(5).uniform_matrix(4, 4, -1, 1);
    workspace.bind(w, w_value);
    workspace.bind(together, at);
    for (std::size_t d = 0; d < 3; ++d) workspace.bind(directions[d], along[d]);
    program.run(workspace);
    std::vector<Matrix> values;
    for (std::size_t k = 0; k < results.size(); ++k)
      values.push_back(workspace.value(static_cast<int>(k)));
    return values;
  }
};

/// Values of the three directions, zero where they are empty.
std::vector<Matrix> direction_values(std::uint64_t seed) {
  Random random(seed);
  std::vector<Matrix> along;
  for (int d = 0; d < 3; ++d) along.push_back(random.uniform_matrix(all_rows, samples, -1, 1));
  along[1].topRows(rows_of_xs[0]).setZero();
  along[2].bottomRows(all_rows - rows_of_xs[0]).setZero();
  return along;
}

double distance(const Matrix& a, const Matrix& b) {
  return (a - b).cwiseAbs().maxCoeff() / std::max(1.0, double(b.cwiseAbs().maxCoeff()));
}

/// Of f(parameter 4 x 4, xs 3 x samples, direction 2 x samples), to second order.
void check_derivatives(const auto& f, std::uint64_t seed) {
  Random random(seed);
  const GradcheckReport report =
      gradcheck(f,
                {random.uniform_matrix(4, 4, -1, 1), random.uniform_matrix(3, samples, -1, 1),
                 random.uniform_matrix(2, samples, -1, 1)},
                {.order = 2});
  CHECK_MESSAGE(report.ok(), report);
}

}  // namespace

TEST_CASE("a tangent is a difference along its direction, and the adjoint of vjp" *
          in_double_only) {
  for (std::uint64_t seed = 0; seed < functions; ++seed) {
    INFO("seed ", seed);
    Recorded f(seed);
    const Matrix at = Random(seed).uniform_matrix(all_rows, samples, -1, 1);
    const std::vector<Matrix> along = direction_values(seed);
    const Var y = stack_rows(f.y, f.xs[0] * broadcast_rows(sin(f.y), 3));
    const Matrix adjoint = Random(seed + 1).uniform_matrix(4, samples, -1, 1);
    const Var back = stack_rows(vjp(y, f.tape.constant(adjoint), f.xs));
    const Var gradient = stack_rows(grad(sum(f.y), f.xs));
    for (int d = 0; d < 3; ++d) {
      CAPTURE(d);
      const auto values = f.run(
          std::array{jvp(y, f.xs, f.parts[d]), back, jvp(gradient, f.xs, f.parts[d])}, at, along);
      const Matrix &tangent = values[0], &pulled_back = values[1], &turned = values[2];
      const auto moved = [&](double step) {
        return f.run(std::array{y}, at + step * along[d], along).front();
      };
      constexpr double h = 1e-3;
      const Matrix change =
          (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
      CHECK(distance(tangent, change) < 1e-7);
      const double forwards = tangent.cwiseProduct(adjoint).sum();
      const double backwards = pulled_back.cwiseProduct(along[d]).sum();
      CHECK(std::abs(forwards - backwards) < 1e-11 * std::max(1., std::abs(forwards)));
      // The gradient's tangent is the second derivative, with no Hessian formed.
      for (std::size_t p = 0; p < all_pairs.size(); ++p) {
        if (all_pairs[p].first != d) continue;
        const Matrix second = f.run(std::array{f.derivatives.second[p]}, at, along).front();
        const Matrix& other = along[all_pairs[p].second];
        CHECK(distance(turned.cwiseProduct(other).colwise().sum(), second) < 1e-10);
      }
    }
  }
}

TEST_CASE("a tangent can be differentiated again, to third order" * in_double_only) {
  for (std::uint64_t seed = 1; seed < functions; seed += 4) {
    INFO("seed ", seed);
    // Of the parameter, the xs and the direction, which may depend on the xs.
    const auto f = [&](Tape&, std::span<const Var> in) {
      const std::array xs{slice_rows(in[1], 0, 2), slice_rows(in[1], 2, 1)};
      const Var y = RandomFunction(seed, xs, in[0]).y();
      return jvp(stack_rows(y, y * xs[1]), xs, {in[2], sin(xs[1])});
    };
    check_derivatives(f, seed);
  }
}

TEST_CASE("tangents that are zero, or known") {
  Tape tape;
  Random random(4);
  const Var x = tape.constant(random.normal_matrix(2, 3)),
            z = tape.constant(random.normal_matrix(1, 3));
  const Var d = tape.constant(random.normal_matrix(2, 3)),
            e = tape.constant(random.normal_matrix(1, 3));
  const auto expect = [&](Var tangent, Var expected) {
    CHECK(distance(evaluate(tangent), evaluate(expected)) < 500 * rounding);
  };
  const std::array both{x, z};
  const Var y = broadcast_rows(z, 2) * x, none;
  // y is one of the xs, with and without a part of the direction.
  CHECK(jvp(x, x, d) == d);
  CHECK(jvp(z, both, {d, e}) == e);
  expect(jvp(z, both, {d, none}), tape.filled({1, 3}, 0));
  // Zero directions, and what y does not depend on.
  expect(jvp(y, both, {none, none}), tape.filled({2, 3}, 0));
  expect(jvp(y, x, tape.filled({2, 3}, 0)), tape.filled({2, 3}, 0));
  expect(jvp(z * z, x, d), tape.filled({1, 3}, 0));
  expect(jvp(tape.filled({5, 1}, 3), x, d), tape.filled({5, 1}, 0));
  expect(jvp(sign(x), x, d), tape.filled({2, 3}, 0));
  const Var late = tape.input(2, 3, "recorded after y");
  expect(jvp(y, late, d), tape.filled({2, 3}, 0));
  // Several xs; an x that is above another is held apart from it.
  expect(jvp(y, both, {d, e}), broadcast_rows(z, 2) * d + broadcast_rows(e, 2) * x);
  const Var above = sin(x);
  expect(jvp(above * x, std::array{x, above}, {d, none}), above * d);
  expect(jvp(above * x, x, d), above * d + cos(x) * d * x);
  // Samples may mix, and shapes change.
  expect(jvp(matmul(x, transpose(x)), x, d), matmul(d, transpose(x)) + matmul(x, transpose(d)));
  expect(jvp(sum(x * x), x, d), sum(x * d) * 2);
}

TEST_CASE("the tangent of a pile of rows is a pile of tangents") {
  constexpr Index n = 200;
  Tape tape;
  const Var x = tape.input(2, 1, "x");
  Var pile = row(x, 0);
  for (Index i = 1; i < n; ++i) pile = stack_rows(pile, sin(row(x, i % 2)));
  const Var t = jvp(pile, x, tape.constant(Matrix{{2.0}, {3.0}}));
  CHECK(Program({t}).arena_size() < 16 * n);  // padded, and added up: n of them
  const Matrix at{{0.3}, {-0.7}};
  const Matrix value = evaluate(t, {{x, at}});
  REQUIRE(value.rows() == n);
  CHECK(value(0, 0) == 2);
  for (Index i = 1; i < n; ++i) {
    CAPTURE(i);
    CHECK(value(i, 0) ==
          doctest::Approx((i % 2 ? 3 : 2) * std::cos(at(i % 2, 0))).epsilon(16 * rounding));
  }
}

TEST_CASE("tangents of what does not fit are refused in words") {
  Tape tape, other;
  const Var x = tape.input(2, 3, "x"), y = sin(x), none;
  using Error = std::invalid_argument;
  CHECK_THROWS_WITH_AS(jvp(none, x, x), "[jvp] y is an empty Var", Error);
  CHECK_THROWS_WITH_AS(jvp(y, none, x), "[jvp] an x is an empty Var", Error);
  CHECK_THROWS_WITH_AS(jvp(y, other.input(2, 3, "x"), x), "[jvp] x belongs to another tape", Error);
  CHECK_THROWS_WITH_AS(jvp(y, x, row(x, 0)), "[jvp] a direction's part is (1x3), its x (2x3)",
                       Error);
  CHECK_THROWS_WITH_AS(jvp(y, std::array{x, y}, {x}), "[jvp] a direction has 1 parts for 2 xs",
                       Error);
  for (const Var of : {y, x, -x, sum_rows(x)})
    CHECK_THROWS_WITH_AS(jvp(of, x, other.input(2, 3, "d")),
                         "[jvp] a direction's part belongs to another tape", Error);
}

TEST_CASE("second derivatives are those of the Hessian, and differences of the gradient") {
  for (std::uint64_t seed = 0; seed < functions; ++seed) {
    INFO("seed ", seed);
    const Recorded f(seed);
    const Matrix at = Random(seed).uniform_matrix(all_rows, samples, -1, 1);
    const std::vector<Matrix> along = direction_values(seed);
    const std::vector<Matrix> exact = f.run(f.derivatives.second, at, along);
    const Matrix hessians = f.run(std::array{hessian(f.y, f.together)}, at, along).front();
    const Var gradient = stack_rows(grad(sum(f.y), f.xs));
    const auto slope = [&](double step, int i) {
      return f.run(std::array{gradient}, at + step * along[i], along).front();
    };
    const Scalar h = std::pow(Scalar(rounding), Scalar(0.2));
    for (std::size_t p = 0; p < all_pairs.size(); ++p) {
      const int i = all_pairs[p].first, j = all_pairs[p].second;
      INFO("directions ", i, " and ", j);
      Matrix expected(1, samples);
      for (Index s = 0; s < samples; ++s)
        expected(s) =
            along[i].col(s).dot(hessians.col(s).reshaped(all_rows, all_rows) * along[j].col(s));
      CHECK(distance(exact[p], expected) < 1e5 * rounding);
      if (seed % 3 != 0) continue;
      const Matrix change =
          (8 * (slope(h, i) - slope(-h, i)) - (slope(2 * h, i) - slope(-2 * h, i))) / (12 * h);
      CHECK(distance(exact[p], change.cwiseProduct(along[j]).colwise().sum()) <
            1e-7 + 1e5 * rounding);
    }
    CHECK(distance(exact[1], exact[2]) < 5e4 * rounding);  // (0, 1) and (1, 0)
    const std::vector<Matrix> first = f.run(f.derivatives.first, at, along);
    Matrix together(all_rows, samples);
    together << first[0], first[1], first[2];
    CHECK(distance(together, slope(0, 0)) < 500 * rounding);
  }
}

TEST_CASE("second derivatives along directions can be differentiated again") {
  for (std::uint64_t seed = 0; seed < functions; seed += 4) {
    INFO("seed ", seed);
    // Of the parameter, the xs and the directions: third and fourth derivatives of the function.
    const auto f = [&](Tape&, std::span<const Var> in) {
      const std::array xs{slice_rows(in[1], 0, 2), slice_rows(in[1], 2, 1)};
      const std::array<Direction, 2> along{Direction{in[2], Var()},
                                           Direction{in[2], slice_rows(in[1], 2, 1)}};
      const Var y = RandomFunction(seed, xs, in[0]).y();
      const std::array pairs{std::pair{0, 0}, std::pair{0, 1}, std::pair{1, 1}};
      return stack_rows(second_derivatives(y, xs, along, pairs).second);
    };
    check_derivatives(f, seed);
  }
}

TEST_CASE("a Lagrangian's second derivatives: mass and Coriolis terms") {
  Tape tape;
  const Var q = tape.input(2, 4, "q"), v = tape.input(2, 4, "v"), a = tape.input(2, 4, "a");
  const Var w = tape.parameter(8, 6, "w"), u = tape.parameter(1, 8, "u");
  const Var features = stack_rows(std::array{cos(q), sin(q), v});
  const Var lagrangian = matmul(u, softplus(matmul(w, features))) + 2.5 * sum_rows(v * v);
  std::vector<Direction> along;
  for (Index i = 0; i < 2; ++i) along.push_back({Var(), pad_rows(tape.filled({1, 4}, 1), i, 2)});
  along.push_back({v, a});
  const std::array pairs{std::pair{0, 0}, std::pair{0, 1}, std::pair{1, 1}, std::pair{2, 0},
                         std::pair{2, 1}};
  std::vector<Var> rows = second_derivatives(lagrangian, std::array{q, v}, along, pairs).second;
  const Var mass = hessian(lagrangian, v), mixed = jacobian(grad(sum(lagrangian), v), q);
  const Var force = sample_matmul(mass, a, 2) + sample_matmul(mixed, v, 2);
  Random random(3);
  const std::array<std::pair<Var, Matrix>, 5> at{std::pair{q, random.uniform_matrix(2, 4, -3, 3)},
                                                 {v, random.uniform_matrix(2, 4, -3, 3)},
                                                 {a, random.uniform_matrix(2, 4, -3, 3)},
                                                 {w, random.normal_matrix(8, 6)},
                                                 {u, random.normal_matrix(1, 8)}};
  const Var expected = stack_rows(
      std::array{row(mass, 0), row(mass, 1), row(mass, 3), row(force, 0), row(force, 1)});
  CHECK(distance(evaluate(stack_rows(rows), at), evaluate(expected, at)) < 5e3 * rounding);
}

TEST_CASE("second derivatives that are zero, or known") {
  Tape tape;
  const Var x = tape.input(2, 3, "x"), unused = tape.input(4, 3, "u"), z = tape.input(1, 3, "z");
  const Var one = tape.filled({2, 3}, 1), z_one = tape.filled({1, 3}, 1);
  const Matrix at = Random(1).uniform_matrix(2, 3, 1, 2), z_at = Matrix::Constant(1, 3, 7);
  const auto second = [&](Var y) {
    const std::array xs{x, unused, z};
    const std::array<Direction, 2> along{Direction{one, tape.filled({4, 3}, 1), Var()},
                                         Direction{Var(), Var(), z_one}};
    const std::array pairs{std::pair{0, 0}, std::pair{0, 1}, std::pair{1, 1}};
    const Matrix values =
        evaluate(stack_rows(second_derivatives(y, xs, along, pairs).second), {{x, at}, {z, z_at}});
    return values;
  };
  const Matrix zeros = Matrix::Zero(3, 3);
  CHECK(second(sum_rows(3 * x) - z) == zeros);
  CHECK(second(tape.filled({1, 3}, 2)) == zeros);
  CHECK(second(z) == zeros);  // y itself is one of the xs
  CHECK(second(z_one * z) == zeros);

  const auto expect = [&](Var y, Scalar first, Scalar mixed, Scalar last) {
    const Matrix expected = Matrix{{first}, {mixed}, {last}}.replicate(1, 3);
    CHECK(distance(second(y), expected) < 500 * rounding);
  };
  const Var r = row(x, 0);
  expect(r * r, 2, 0, 0);  // both inputs the same node
  expect(pow(sum_rows(x), 2), 8, 0, 0);
  expect(sum_rows(x) * z, 0, 2, 0);
  expect(z * z * sum_rows(x) / sum_rows(x), 0, 0, 2);
  expect((r + z) * (r - z), 2, 0, -2);
  expect(-((r + z) * (r + z)), -2, -2, -2);
  expect(pow(z, 3) + z * r, 0, 1, 42);
}

TEST_CASE("an x recorded after y is one that y does not depend on") {
  Tape tape;
  const Var x = tape.input(1, 2, "x"), y = x * x, late = tape.input(1, 2, "late");
  const Var one = tape.filled({1, 2}, 1);
  const std::array<Direction, 1> along{Direction{one, one}};
  const std::array pairs{std::pair{0, 0}};
  const SecondDerivatives found = second_derivatives(y, std::array{x, late}, along, pairs);
  CHECK(evaluate(found.second[0], {{x, Matrix::Ones(1, 2)}}) == Matrix::Constant(1, 2, 2));
  CHECK(evaluate(found.first[1]) == Matrix::Zero(1, 2));
}

TEST_CASE("second derivatives are of one scalar a sample") {
  Tape tape;
  const Var x = tape.input(2, 3, "x");
  const std::array<Direction, 1> along{Direction{x}};
  const std::array pairs{std::pair{0, 0}};
  CHECK_THROWS_WITH_AS(second_derivatives(x * x, std::array{x}, along, pairs),
                       "[second_derivatives] y must have one row, a scalar a sample",
                       std::invalid_argument);
  CHECK_THROWS_AS(second_derivatives(Var(), std::array{x}, along, pairs), std::invalid_argument);
  const Var y = sum_rows(x * x);
  CHECK_THROWS_WITH_AS(second_derivatives(y, std::array{x, x}, along, pairs),
                       "[second_derivatives] a direction has 1 parts for 2 xs",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(second_derivatives(y, std::array{x}, along, std::array{std::pair{0, 1}}),
                       "[second_derivatives] pair (0, 1) of 1 directions", std::invalid_argument);
}

TEST_CASE("second derivatives refuse samples that leave their columns, though they do not mix") {
  Tape tape;
  const Var x = tape.input(3, 3, "x");
  const std::array<Direction, 1> along{Direction{x}};
  const std::array pairs{std::pair{0, 0}};
  const Var turned = transpose(sum_cols(pow(transpose(x), 3)));
  CHECK_THROWS_WITH_AS(second_derivatives(turned, std::array{x}, along, pairs),
                       "[second_derivatives] %1 is a transpose: a sample has to stay in its column "
                       "between xs and y",
                       std::invalid_argument);
  const Var mixed = sum_rows(matmul(x, tape.parameter(3, 3, "w")));
  CHECK_THROWS_AS(second_derivatives(mixed * mixed, std::array{x}, along, pairs),
                  std::invalid_argument);
}

TEST_CASE("empty handles and parts that do not fit are told in words") {
  Tape tape, other;
  const Var x = tape.input(2, 3, "x"), y = sum_rows(x * x), none;
  const std::array pair{std::pair(0, 0)};
  const auto with = [&](Var of, Var by, std::vector<Direction> directions) {
    second_derivatives(of, std::array{by}, directions, pair);
  };
  CHECK_THROWS_AS(with(none, x, {{x}}), std::invalid_argument);
  CHECK_THROWS_WITH_AS(with(y, none, {{x}}), doctest::Contains("an x is an empty Var"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(with(y, other.input(2, 3, "x"), {{x}}), doctest::Contains("another tape"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(with(y, x, {{y}}), doctest::Contains("part is (1x3), its x (2x3)"),
                       std::invalid_argument);
  CHECK_THROWS_AS(with(y, x, {{other.input(2, 3, "t")}}), std::invalid_argument);
  with(y, x, {{none}});  // a direction that is zero
}

TEST_CASE("a direction along one coordinate leaves the nodes of the others alone") {
  // Springs between neighbours: 3 n - 2 second derivatives are not zero. The coordinates may have
  // gone through what does not mix rows.
  const auto recorded = [](Index n, int way) {
    Tape tape;
    const Var x = tape.input(n, 4, "x");
    const Var z = way == 0   ? x
                  : way == 1 ? x * 2
                  : way == 2 ? slice_rows(stack_rows(tape.input(2, 4, "above"), x), 2, n)
                             : slice_rows(-pad_rows(x, 3, n + 3), 3, n);
    Var y = pow(row(z, 0), 2);
    for (Index i = 1; i < n; ++i) y = y + pow(sin(row(z, i) - row(z, i - 1)), 2);
    std::vector<Direction> directions;
    std::vector<std::pair<int, int>> pairs;
    for (Index i = 0; i < n; ++i) {
      const Var unit = tape.constant(Matrix(Matrix::Identity(n, n).col(i)));
      directions.push_back({broadcast_cols(unit, 4)});
      for (Index j = 0; j <= i; ++j) pairs.emplace_back(i, j);
    }
    const int before = tape.size();
    const auto found = second_derivatives(y, std::array{x}, directions, pairs);
    CHECK(found.second.size() == pairs.size());
    return tape.size() - before - 3 * static_cast<int>(pairs.size());  // zeros are 3 nodes each
  };
  for (int way = 0; way < 4; ++way) {
    CAPTURE(way);
    CHECK(recorded(40, way) < 2.2 * recorded(20, way));
  }
}

TEST_CASE("an operation without a derivative rule is named, and only where one is asked for") {
  const OpDef mark{
      .name = "mark",
      .arity = 1,
      .shape = [](const OpDef&, std::span<const Shape> in, const Attributes&) { return in[0]; },
      .forward = nullptr,
  };
  Tape tape;
  const Var x = tape.input(1, 2, "x"), other = tape.input(1, 2, "other");
  const Var y = tape.record(mark, {x}) * other;
  CHECK_THROWS_WITH_AS(jvp(y, x, tape.filled({1, 2}, 1)),
                       "[directional] mark has no derivative rule", std::invalid_argument);
  CHECK_THROWS_WITH_AS(grad(sum(y), x), "[grad] mark has no derivative rule",
                       std::invalid_argument);
  CHECK_NOTHROW(grad(sum(y), other));
}

TEST_CASE("a constant direction is cut where rows are cut out, whatever lies between") {
  // Of linear functions, whose derivative along t is their value at t.
  using Function = Var (*)(Var);
  const Function linear[]{
      [](Var x) { return x * 1; },
      [](Var x) { return -x / 2 * 3; },
      [](Var x) { return pad_rows(x, 2, 7); },
      [](Var x) { return stack_rows(2 * x, x); },
      [](Var x) { return stack_rows(pad_rows(x, 1, 5), -x); },
      [](Var x) { return pad_rows(slice_rows(x, 1, 2), 1, 5); },
      [](Var x) { return slice_rows(stack_rows(x, 3 * x), 2, 4); },
      [](Var x) { return broadcast_cols(sum_cols(x), 2) + pad_rows(slice_rows(x, 0, 3), 1, 4); }};
  Tape tape;
  const Var x = tape.constant(Matrix{{1, 5}, {2, 6}, {3, 7}, {4, 8}});
  for (std::size_t k = 0; k < std::size(linear); ++k)
    for (Index i = 0; i < 4; ++i) {
      CAPTURE(k);
      CAPTURE(i);
      Matrix along = Matrix::Zero(4, 2);
      along(i, 1) = 1;
      const Var whole = tape.constant(along),
                stacked =
                    stack_rows(tape.constant(along.topRows(2)), tape.constant(along.bottomRows(2)));
      for (const Var t : {whole, stacked}) {
        const Var of_x = linear[k](x), of_t = linear[k](t);
        for (Index begin = 0; begin < of_x.rows(); ++begin)
          for (Index count = 1; begin + count <= of_x.rows(); ++count)
            CHECK(evaluate(jvp(slice_rows(of_x, begin, count), x, t)) ==
                  evaluate(slice_rows(of_t, begin, count)));
      }
    }
}
