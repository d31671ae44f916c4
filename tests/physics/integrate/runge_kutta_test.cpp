// One Runge-Kutta step, on numbers and on the tape, and the polynomial between its ends.
#include "physics/integrate/runge_kutta.h"

#include <doctest/doctest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::Var;
using Eigen::ArrayXXd;
using physics::between;
using physics::End;
using physics::rk4_step;

namespace {

/// q'' = -sin q: rates of (q; v), a motion a column.
ArrayXXd pendulum(double, const ArrayXXd& y) {
  ArrayXXd rates(y.rows(), y.cols());
  rates.row(0) = y.row(1);
  rates.row(1) = -y.row(0).sin();
  return rates;
}
Var pendulum_on_tape(double, Var y) { return stack_rows(row(y, 1), -sin(row(y, 0))); }

/// By many small steps.
ArrayXXd pendulum_exact(const ArrayXXd& y, double h) {
  ArrayXXd at = y;
  for (int i = 0; i < 256; ++i) at = rk4_step(pendulum, at, h / 256);
  return at;
}

const ArrayXXd starts{{0.7, -1.2, 2.5}, {0.4, 1.1, -0.3}};

Matrix on_tape(const ArrayXXd& y) { return y.matrix().cast<Scalar>(); }
ArrayXXd in_numbers(const Matrix& y) { return y.cast<double>().array(); }

/// Σ c_i x^i and its derivatives.
struct Polynomial {
  std::vector<double> c;

  double at(double x, int order) const {
    double sum = 0;
    for (int i = order; i < static_cast<int>(c.size()); ++i) {
      double term = c[static_cast<std::size_t>(i)] * std::pow(x, i - order);
      for (int d = 0; d < order; ++d) term *= i - d;
      sum += term;
    }
    return sum;
  }
  End<double> end(double t) const { return {at(t, 0), at(t, 1), at(t, 2)}; }
};

/// sin(t + 0.3 i) of coordinate i.
End<ArrayXXd> sines(double t) {
  const ArrayXXd phase = ArrayXXd{{0., 0.3}, {0.6, 0.9}} + t;
  return {phase.sin(), phase.cos(), -phase.sin()};
}

}  // namespace

// ---------------------------------------------------------------- a step

TEST_CASE("a step is Kutta's") {
  // y' = y: the four terms of the exponential series.
  const auto growth = [](double, double y) { return y; };
  CHECK(rk4_step(growth, 1., 1.) == doctest::Approx(1 + 1 + 1 / 2. + 1 / 6. + 1 / 24.));
  CHECK(rk4_step(growth, 2., -0.5) ==
        doctest::Approx(2 * (1 - 0.5 + 0.25 / 2 - 0.125 / 6 + 0.0625 / 24)));
  // y' = y² from 1, h = ½: k1 = 1, k2 = 1.25² = 25/16, k3 = (1 + 25/64)², k4 = (1 + k3/2)².
  const double k2 = 25. / 16, k3 = std::pow(1 + k2 / 4, 2), k4 = std::pow(1 + k3 / 2, 2);
  CHECK(rk4_step([](double, double y) { return y * y; }, 1., 0.5) ==
        doctest::Approx(1 + 0.5 / 6 * (1 + 2 * k2 + 2 * k3 + k4)));
}

TEST_CASE("half a step has a 32nd of its error") {
  const auto on_arrays = [](double h) {
    const ArrayXXd error = rk4_step(pendulum, starts, h) - pendulum_exact(starts, h);
    return error.matrix().norm();
  };
  CHECK(std::log2(on_arrays(0.1) / on_arrays(0.05)) == doctest::Approx(5).epsilon(0.05));

  const auto on_doubles = [](double h) {  // y' = cos(t) y: y = e^sin t
    const auto f = [h](double part, double y) { return std::cos(1 + part * h) * y; };
    return rk4_step(f, std::exp(std::sin(1.)), h) - std::exp(std::sin(1 + h));
  };
  CHECK(std::log2(on_doubles(0.1) / on_doubles(0.05)) == doctest::Approx(5).epsilon(0.05));
}

TEST_CASE("the rates are asked for at the beginning, twice in the middle and at the end") {
  std::vector<double> parts;
  rk4_step(
      [&](double part, double y) {
        parts.push_back(part);
        return y;
      },
      1., 0.1);
  CHECK(parts == std::vector<double>{0, 0.5, 0.5, 1});
}

TEST_CASE("rates that time alone tells are integrated by Simpson's rule, exact up to cubes") {
  const double t0 = -0.7, h = 1.9;
  for (int power = 0; power <= 4; ++power) {
    CAPTURE(power);
    const auto f = [&](double part, double) { return std::pow(t0 + part * h, power); };
    const double exact = (std::pow(t0 + h, power + 1) - std::pow(t0, power + 1)) / (power + 1);
    const double error = std::abs(rk4_step(f, 3., h) - 3 - exact);
    if (power <= 3)
      CHECK(error < 1e-14);
    else
      CHECK(error == doctest::Approx(std::pow(h, 5) / 120));  // h⁵ f'''' / 2880
  }
}

TEST_CASE("each motion of an array may have a step of its own") {
  const ArrayXXd h = Eigen::RowVector3d(0.1, 0.3, -0.2).replicate(2, 1).array();
  const ArrayXXd together = rk4_step(pendulum, starts, h);
  for (Index s = 0; s < 3; ++s) {
    const ArrayXXd alone = rk4_step(pendulum, ArrayXXd(starts.col(s)), h(0, s));
    CHECK((together.col(s) - alone).abs().maxCoeff() < 1e-15);
  }
}

TEST_CASE("on the tape a step is what it is in numbers") {
  Tape tape;
  const Var y = tape.input(2, 3, "y"), h = tape.input(1, 3, "h");
  const Var recorded = rk4_step(pendulum_on_tape, y, broadcast_rows(h, 2));
  const Var by_number = rk4_step(pendulum_on_tape, y, 0.3);
  const Matrix steps = Matrix::Constant(1, 3, Scalar(0.3));
  const ArrayXXd exact = rk4_step(pendulum, starts, 0.3);
  for (const Var& one : {recorded, by_number}) {
    const Matrix found = autodiff::evaluate(one, {{y, on_tape(starts)}, {h, steps}});
    CHECK((in_numbers(found) - exact).abs().maxCoeff() < 50 * rounding);
  }
}

TEST_CASE("its derivatives are those of differences, to second order" * in_double_only) {
  Tape tape;
  const Var y = tape.input(2, 3, "y"), h = tape.input(2, 3, "h");
  const Matrix weights = Random(1).normal_matrix(2, 3), again = Random(2).normal_matrix(2, 3);
  const Var value = sum(tape.constant(weights) * rk4_step(pendulum_on_tape, y, h));
  const std::vector<Var> first = grad(value, {y, h});
  const Var of_first = sum(tape.constant(again) * first[0]);
  const std::vector<Var> second = grad(of_first, {y, h});

  const Matrix at_y = on_tape(starts), at_h = Random(3).uniform_matrix(2, 3, 0.2, 0.6);
  const auto check = [&](Var exact, Var of, bool by_step) {
    const Matrix g = autodiff::evaluate(exact, {{y, at_y}, {h, at_h}});
    REQUIRE(g.size() == 6);
    for (Index i = 0; i < 6; ++i) {
      const auto at = [&](double d) {
        Matrix moved_y = at_y, moved_h = at_h;
        (by_step ? moved_h : moved_y).data()[i] += static_cast<Scalar>(d);
        return static_cast<double>(autodiff::evaluate(of, {{y, moved_y}, {h, moved_h}})(0, 0));
      };
      const double difference = (8 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
      CHECK(static_cast<double>(g.data()[i]) == doctest::Approx(difference).epsilon(1e-8));
    }
  };
  check(first[0], value, false);
  check(first[1], value, true);
  check(second[0], of_first, false);
  check(second[1], of_first, true);
}

// ---------------------------------------------------------------- between its ends

TEST_CASE("every polynomial of degree 5 goes through between its ends") {
  Random random(4);
  for (int i = 0; i < 10; ++i) {
    Polynomial p;
    for (int power = 0; power <= 5; ++power) p.c.push_back(random.normal());
    const double t0 = random.uniform(-1, 1), h = random.uniform(-1.5, 1.5);
    CAPTURE(h);
    for (const double x : {0., 0.09, 0.4, 0.5, 0.83, 1.}) {
      CAPTURE(x);
      const auto there = between(p.end(t0), p.end(t0 + h), h, x);
      CHECK(std::abs(there.q - p.at(t0 + x * h, 0)) < 1e-11);
      CHECK(std::abs(there.v - p.at(t0 + x * h, 1)) < 1e-11);
    }
  }
}

TEST_CASE("of degree 6 it is no longer exact") {
  const Polynomial p{{0, 0, 0, 0, 0, 0, 1}};
  // What is left is x³ (x - 1)³, which has zeros of third order at both ends.
  CHECK(between(p.end(0), p.end(1), 1., 0.5).q - std::pow(0.5, 6) == doctest::Approx(1. / 64));
}

TEST_CASE("at both ends it is what they are, whatever that is") {
  Random random(5);
  const auto draw = [&] { return End<double>{random.normal(), random.normal(), random.normal()}; };
  for (int i = 0; i < 10; ++i) {
    const End<double> from = draw(), to = draw();
    const double h = random.uniform(0.1, 2);
    const auto first = between(from, to, h, 0.), last = between(from, to, h, 1.);
    CHECK(first.q == from.q);
    CHECK(first.v == doctest::Approx(from.v).epsilon(1e-14));
    CHECK(std::abs(last.q - to.q) < 1e-13);
    CHECK(std::abs(last.v - to.v) < 1e-12);
    // And the velocity has the right rate there.
    const double d = 1e-4, near = between(from, to, h, d).v, far = between(from, to, h, 2 * d).v;
    CHECK(std::abs((4 * near - 3 * first.v - far) / (2 * d * h) - from.a) < 1e-4);
  }
}

TEST_CASE("its error is of order h⁶ in q, and h⁵ in v") {
  const auto errors = [](double h, double x) {
    const auto there = between(sines(0.2), sines(0.2 + h), h, x);
    const End<ArrayXXd> exact = sines(0.2 + x * h);
    return Eigen::Vector2d((there.q - exact.q).matrix().norm(),
                           (there.v - exact.v).matrix().norm());
  };
  const auto orders = [&](double x) {
    const Eigen::Vector2d coarse = errors(0.2, x), fine = errors(0.1, x);
    return Eigen::Vector2d(std::log2(coarse[0] / fine[0]), std::log2(coarse[1] / fine[1]));
  };
  for (const double x : {0.25, 0.7}) {
    CAPTURE(x);
    CHECK(orders(x)[0] == doctest::Approx(6).epsilon(0.05));
    CHECK(orders(x)[1] == doctest::Approx(5).epsilon(0.05));
  }
}

TEST_CASE("on the tape it is what it is in numbers, at a place of each sample's own") {
  const double h = 0.7;
  Tape tape;
  const char* names[]{"q0", "v0", "a0", "q1", "v1", "a1"};
  std::vector<Var> ends;
  for (const char* name : names) ends.push_back(tape.input(2, 2, name));
  const Var step = tape.input(2, 2, "h"), x = tape.input(2, 2, "x");
  const auto there =
      between(End<Var>{ends[0], ends[1], ends[2]}, End<Var>{ends[3], ends[4], ends[5]}, step, x);
  const End<ArrayXXd> from = sines(0), to = sines(1.3);  // nobody says that they belong together
  const ArrayXXd place{{0.2, 0.9}, {0.2, 0.9}};
  const std::vector<std::pair<Var, Matrix>> bindings{{ends[0], on_tape(from.q)},
                                                     {ends[1], on_tape(from.v)},
                                                     {ends[2], on_tape(from.a)},
                                                     {ends[3], on_tape(to.q)},
                                                     {ends[4], on_tape(to.v)},
                                                     {ends[5], on_tape(to.a)},
                                                     {step, Matrix::Constant(2, 2, Scalar(h))},
                                                     {x, on_tape(place)}};
  const ArrayXXd q = in_numbers(autodiff::evaluate(there.q, bindings)),
                 v = in_numbers(autodiff::evaluate(there.v, bindings));
  for (Index i = 0; i < 2; ++i)
    for (Index s = 0; s < 2; ++s) {
      const auto exact = between(End<double>{from.q(i, s), from.v(i, s), from.a(i, s)},
                                 End<double>{to.q(i, s), to.v(i, s), to.a(i, s)}, h, place(i, s));
      CHECK(std::abs(q(i, s) - exact.q) < 200 * rounding);
      CHECK(std::abs(v(i, s) - exact.v) < 500 * rounding);
    }
}
