// Rows and rings of masses: `oscillators` against normal modes, `wave` against d'Alembert.
#include <cmath>
#include <functional>
#include <numbers>

#include "autodiff/compile/program.h"
#include "physics/systems/table.h"
#include "tests/physics/systems/moving.h"

using physics::Index;
using physics::System;
using physics::Var;

namespace {

constexpr double pi = std::numbers::pi;

System made(const char* name, const std::map<std::string, double>& set) {
  return make_system(physics::find_system(name), set);
}

/// (q; v) of the displacements and velocities at the sites 0, ..., n - 1.
Eigen::VectorXd state_of(Index n, const std::function<double(Index i)>& q,
                         const std::function<double(Index i)>& v) {
  Eigen::VectorXd state(2 * n);
  for (Index i = 0; i < n; ++i) state[i] = q(i), state[n + i] = v(i);
  return state;
}

}  // namespace

TEST_CASE("oscillators: each normal mode swings by itself, with its frequency" * in_double_only) {
  const Index n = 5;
  const double m = 0.7, k = 12;
  const System system = made("oscillators", {{"n", n}, {"m", m}, {"k", k}});
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(40, 0, 6);
  for (int j = 1; j <= n; ++j) {
    CAPTURE(j);
    const double omega = 2 * std::sqrt(k / m) * std::sin(j * pi / (2 * n + 2));
    const Eigen::VectorXd mode = state_of(
        n, [&](Index i) { return std::sin(static_cast<double>(i + 1) * j * pi / (n + 1)); },
        [](Index) { return 0; });
    Eigen::MatrixXd expected(2 * n, times.size());
    for (Index t = 0; t < times.size(); ++t)
      expected.col(t) << mode.head(n) * std::cos(omega * times[t]),
          mode.head(n) * -omega * std::sin(omega * times[t]);
    CHECK(distance(states_at(system, mode, times), expected) < 1e-8);
  }
}

TEST_CASE("oscillators: masses of their own are moved by their neighbours' springs" *
          in_double_only) {
  const System system =
      made("oscillators", {{"n", 3}, {"k", 5}, {"m1", 0.5}, {"m2", 2}, {"m3", 3}});
  const Eigen::MatrixXd force{{-10, 5, 0}, {5, -10, 5}, {0, 5, -10}};
  autodiff::Random random(1);
  const Eigen::MatrixXd states = random_starts(system, random, 20);
  const Eigen::MatrixXd expected =
      Eigen::Vector3d(0.5, 2, 3).cwiseInverse().asDiagonal() * force * states.topRows(3);
  CHECK(distance(motion_of(system)(states).bottomRows(3), expected) < 1e-12);
}

TEST_CASE("wave: a harmonic runs around with the speed of its length" * in_double_only) {
  const Index n = 12;
  const double length = 3, mu = 0.4, tension = 7, c = std::sqrt(tension / mu), a = length / n;
  const System system =
      made("wave", {{"n", n}, {"length", length}, {"mu", mu}, {"tension", tension}});
  for (const int waves : {1, 3, 5}) {
    const double number = 2 * pi * waves / length;
    const double omega = 2 * c / a * std::sin(number * a / 2);
    const auto harmonic = [&](double t) {
      const auto phase = [=](Index i) { return number * a * static_cast<double>(i) - omega * t; };
      return state_of(
          n, [&](Index i) { return std::cos(phase(i)); },
          [&](Index i) { return omega * std::sin(phase(i)); });
    };
    for (const double t : {0.3, 2.}) {
      const Eigen::VectorXd end = state_after(system, harmonic(0), t);
      CHECK(distance(end / omega, harmonic(t) / omega) < 1e-8);
    }
  }
}

TEST_CASE("wave: a bump parts in two halves that run around unchanged (d'Alembert)" *
          in_double_only) {
  const double length = 2, tension = 9, mu = 4, c = 1.5;
  // u = ½ f(x - ct) + ½ f(x + ct), f a smooth periodic bump with its top at 1 m.
  const auto f = [=](double x) { return std::exp(2 * std::cos(2 * pi * (x - 1) / length) - 2); };
  const auto error = [&](Index n) {
    const double a = length / static_cast<double>(n);
    const auto x = [=](Index i) { return a * static_cast<double>(i); };
    const System system =
        made("wave",
             {{"n", static_cast<double>(n)}, {"length", length}, {"mu", mu}, {"tension", tension}});
    const Eigen::VectorXd start = state_of(
        n, [&](Index i) { return f(x(i)); }, [](Index) { return 0; });
    double largest = 0;
    for (const double t : {0.25 * length / c, length / c}) {
      const Eigen::VectorXd expected = state_of(
          n, [&](Index i) { return 0.5 * f(x(i) - c * t) + 0.5 * f(x(i) + c * t); },
          [](Index) { return 0; });
      largest =
          std::max(largest, distance(state_after(system, start, t).head(n), expected.head(n)));
    }
    return largest;
  };
  // The sites' own error is of second order in their distance.
  const double coarse = error(64), fine = error(128);
  CHECK(fine < 0.001);
  CHECK(coarse / fine == doctest::Approx(4).epsilon(0.05));
}

TEST_CASE("wave: its energy is that of moving masses and stretched springs" * in_double_only) {
  const Index n = 7;
  const double mu = 0.4, tension = 7, a = 3. / n;
  const System system = made("wave", {{"n", n}, {"length", 3}, {"mu", mu}, {"tension", tension}});
  autodiff::Random random(2);
  const Eigen::MatrixXd states = random_starts(system, random, 3);
  for (const Eigen::VectorXd& state : states.colwise()) {
    double expected = 0;
    for (Index i = 0; i < n; ++i) {
      const double slope = (state[(i + 1) % n] - state[i]) / a;
      expected += a * (0.5 * mu * state[n + i] * state[n + i] + 0.5 * tension * slope * slope);
    }
    CHECK(energy_of(system)(state)(0) == doctest::Approx(expected).epsilon(1e-12));
  }
}

TEST_CASE("oscillators, wave: twice the sites cost twice as much, not more") {
  for (const char* name : {"oscillators", "wave"}) {
    CAPTURE(name);
    struct Cost {
      int nodes, instructions;
      Index arena;
    };
    const auto cost = [&](Index n) {
      const System system = made(name, {{"n", static_cast<double>(n)}});
      autodiff::Tape tape;
      const Var q = tape.input(n, 4, "q"), v = tape.input(n, 4, "v");
      const autodiff::Program program({euler_lagrange(mechanics_of(system, {}, q, v, {}), q, v)});
      return Cost{tape.size(), program.instructions(), program.arena_size()};
    };
    const Cost few = cost(64), many = cost(128);
    CHECK(many.nodes == few.nodes);
    CHECK(many.instructions == few.instructions);
    CHECK(many.arena <= 2 * few.arena);
  }
}
