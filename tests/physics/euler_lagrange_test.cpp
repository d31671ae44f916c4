// Euler-Lagrange against laws of motion that are known on paper.
#include "physics/euler_lagrange.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <sstream>

#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "physics/systems/double_pendulum.h"
#include "tests/precision.h"

using namespace autodiff;
using physics::DoublePendulum;
using physics::euler_lagrange;

namespace {

using Lagrangian = std::function<Var(Var q, Var v)>;

Matrix accelerations(const Lagrangian& lagrangian, const Matrix& q, const Matrix& v) {
  Tape tape;
  const Var q_var = tape.input(q.rows(), q.cols(), "q"),
            v_var = tape.input(v.rows(), v.cols(), "v");
  const Program program({euler_lagrange(lagrangian(q_var, v_var), q_var, v_var)});
  Workspace workspace(program);
  workspace.bind(q_var, q);
  workspace.bind(v_var, v);
  program.run(workspace);
  return workspace.value(0);
}

/// The largest |a - b| / max(1, |b|).
double relative_difference(const Matrix& a, const Matrix& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  if (!a.allFinite()) return INFINITY;
  return ((a - b).array().abs() / b.array().abs().max(1)).maxCoeff();
}

Matrix random_states(Random& random, Index samples) {
  Matrix states(4, samples);
  states.topRows(2) = random.uniform_matrix(2, samples, 0, 2 * std::numbers::pi);
  states.bottomRows(2) = random.uniform_matrix(2, samples, -10, 10);
  return states;
}

DoublePendulum random_pendulum(Random& random) {
  return {.m1 = random.uniform(0.3, 3),
          .m2 = random.uniform(0.3, 3),
          .l1 = random.uniform(0.3, 3),
          .l2 = random.uniform(0.3, 3),
          .g = random.uniform(1, 20)};
}

double disagreement(const DoublePendulum& pendulum, const Matrix& states) {
  const auto lagrangian = [&](Var q, Var v) { return pendulum.lagrangian(q, v); };
  Eigen::MatrixXd closed_form(2, states.cols());
  pendulum.accelerations(states.cast<double>(), closed_form);
  return relative_difference(accelerations(lagrangian, states.topRows(2), states.bottomRows(2)),
                             closed_form.cast<Scalar>());
}

}  // namespace

TEST_CASE("the double pendulum's closed form is the solution of its Euler-Lagrange equations") {
  Random random(1);
  CHECK(disagreement(DoublePendulum(), random_states(random, 1000)) < 1e4 * rounding);
  for (int i = 0; i < 20; ++i) {
    const DoublePendulum pendulum = random_pendulum(random);
    CAPTURE(i);
    CHECK(disagreement(pendulum, random_states(random, 50)) < 1e4 * rounding);
  }
}

TEST_CASE("the double pendulum's energies are those of two masses at its positions") {
  Random random(2);
  for (int i = 0; i < 20; ++i) {
    const DoublePendulum p = random_pendulum(random);
    const Eigen::MatrixXd state = random_states(random, 1).cast<double>();
    const auto [x1, y1, x2, y2] = p.positions(state(0), state(1));
    CHECK(std::hypot(x1, y1) == doctest::Approx(p.l1));
    CHECK(std::hypot(x2 - x1, y2 - y1) == doctest::Approx(p.l2));
    CHECK(p.potential_energy(state(0), state(1)) == doctest::Approx(p.g * (p.m1 * y1 + p.m2 * y2)));
    // Velocities from positions a moment before and after.
    const double dt = 1e-6;
    const auto later = p.positions(state(0) + dt * state(2), state(1) + dt * state(3));
    const auto before = p.positions(state(0) - dt * state(2), state(1) - dt * state(3));
    double kinetic = 0;
    for (int k = 0; k < 4; ++k)
      kinetic += 0.5 * (k < 2 ? p.m1 : p.m2) * std::pow((later[k] - before[k]) / (2 * dt), 2);
    CHECK(p.kinetic_energy(state(0), state(1), state(2), state(3)) ==
          doctest::Approx(kinetic).epsilon(1e-7));
  }
  const double pi = std::numbers::pi;
  const double start[] = {3 * pi / 7, 3 * pi / 4, 0, 0};
  CHECK(DoublePendulum().energy(start) == doctest::Approx(2.5682361500844).epsilon(1e-13));
  // Hanging down it rests; level and at rest, the inner mass falls with g.
  CHECK(DoublePendulum().acceleration(std::array{0.0, 0.0, 0.0, 0.0}.data()) == std::array{0., 0.});
  const auto fall = DoublePendulum().acceleration(std::array{pi / 2, pi / 2, 0.0, 0.0}.data());
  CHECK(fall[0] == doctest::Approx(-9.8));
}

TEST_CASE("one coordinate: the pendulum") {
  const double mass = 1.7, length = 0.6, g = 9.8;
  Random random(3);
  const Matrix q = random.uniform_matrix(1, 17, -4, 4), v = random.uniform_matrix(1, 17, -5, 5);
  const Matrix a = accelerations(
      [&](Var angle, Var rate) {
        return 0.5 * mass * length * length * rate * rate + mass * g * length * cos(angle);
      },
      q, v);
  CHECK(relative_difference(a, -g / length * q.array().sin().matrix()) < 500 * rounding);
}

TEST_CASE("three coordinates: coupled oscillators with a full mass matrix") {
  const Matrix mass{{3.0, 0.5, -0.2}, {0.5, 2.0, 0.4}, {-0.2, 0.4, 1.5}};
  const Matrix stiffness{{2.0, -1.0, 0.0}, {-1.0, 2.0, -1.0}, {0.0, -1.0, 2.0}};
  Random random(4);
  const Matrix q = random.normal_matrix(3, 10), v = random.normal_matrix(3, 10);
  const auto quadratic = [](const Matrix& form, Var x) {
    return 0.5 * sum_rows(x * matmul(x.tape().constant(form), x));
  };
  const Matrix a = accelerations(
      [&](Var x, Var rate) { return quadratic(mass, rate) - quadratic(stiffness, x); }, q, v);
  CHECK(relative_difference(mass * a, -stiffness * q) < 500 * rounding);

  Tape tape;
  const Var rate = tape.input(3, 10, "v");
  const Matrix m = evaluate(physics::mass_matrix(quadratic(mass, rate), rate), {{rate, v}});
  for (Index s = 0; s < 10; ++s)
    CHECK((m.col(s).reshaped(3, 3) - mass).cwiseAbs().maxCoeff() < 50 * rounding);
}

TEST_CASE("polar coordinates: a particle that a centre attracts") {
  const double mass = 0.8, strength = 3;
  Random random(5);
  Matrix q = random.uniform_matrix(2, 30, -3, 3);
  q.row(0) = random.uniform_matrix(1, 30, 0.5, 2);
  const Matrix v = random.uniform_matrix(2, 30, -2, 2);
  const Matrix a = accelerations(
      [&](Var x, Var rate) {
        const Var r = row(x, 0), dr = row(rate, 0), dtheta = row(rate, 1);
        return 0.5 * mass * (dr * dr + r * r * dtheta * dtheta) + mass * strength / r;
      },
      q, v);
  Matrix expected(2, 30);
  expected.row(0) =
      q.row(0).array() * v.row(1).array().square() - strength / q.row(0).array().square();
  expected.row(1) = -2 * v.row(0).array() * v.row(1).array() / q.row(0).array();
  CHECK(relative_difference(a, expected) < 500 * rounding);
}

TEST_CASE("a magnetic field turns the velocity, though it is no potential") {
  // L = ½ m v² + ½ e B (x y' - y x'): here d²L/dv dq is not symmetric.
  const Scalar mass = 2, charge_times_field = 3;
  Random random(6);
  const Matrix q = random.normal_matrix(2, 9), v = random.normal_matrix(2, 9);
  const Matrix a = accelerations(
      [&](Var x, Var rate) {
        return 0.5 * mass * sum_rows(rate * rate) +
               0.5 * charge_times_field * (row(x, 0) * row(rate, 1) - row(x, 1) * row(rate, 0));
      },
      q, v);
  const Matrix turn{{0.0, charge_times_field / mass}, {-charge_times_field / mass, 0.0}};
  CHECK(relative_difference(a, turn * v) < 50 * rounding);
}

TEST_CASE("a factor and a total time derivative do not change the motion") {
  const DoublePendulum pendulum;
  Random random(7);
  const Matrix states = random_states(random, 40);
  const Matrix q = states.topRows(2), v = states.bottomRows(2);
  const Matrix plain =
      accelerations([&](Var x, Var rate) { return pendulum.lagrangian(x, rate); }, q, v);
  const auto changed = [&](Var x, Var rate) {
    const Var f = sin(row(x, 0)) * row(x, 1) * row(x, 1) + exp(cos(row(x, 1)));
    const Var df_dt = sum_rows(grad(sum(f), x) * rate);
    return -3.7 * pendulum.lagrangian(x, rate) + df_dt + 11;
  };
  CHECK(relative_difference(accelerations(changed, q, v), plain) < 1e4 * rounding);
}

TEST_CASE("accelerations are differentiated like anything else on the tape") {
  const auto f = [](Tape&, std::span<const Var> x) {
    return euler_lagrange(DoublePendulum().lagrangian(x[0], x[1]), x[0], x[1]);
  };
  Random random(8);
  const GradcheckReport report = gradcheck(
      f, {random.uniform_matrix(2, 3, -3, 3), random.uniform_matrix(2, 3, -1, 1)}, {.order = 2});
  CHECK_MESSAGE(report.ok(), report);
}

TEST_CASE("a singular mass matrix spoils its own sample only") {
  // The mass of the first coordinate is q1 itself: q1'' = -½ v1² / q1, q2'' = 1.
  const Matrix q{{1.0, 0.0, 4.0}, {0.0, 0.0, 0.0}}, v{{2.0, 2.0, 2.0}, {5.0, 5.0, 5.0}};
  const Matrix a = accelerations(
      [](Var x, Var rate) {
        return 0.5 * (row(x, 0) * row(rate, 0) * row(rate, 0) + row(rate, 1) * row(rate, 1)) +
               row(x, 1);
      },
      q, v);
  CHECK(a.col(0) == Matrix{{-2.0}, {1.0}});
  CHECK(!a.col(1).allFinite());
  CHECK(a.col(2) == Matrix{{-0.5}, {1.0}});
}

TEST_CASE("wrong shapes are refused in words") {
  Tape tape;
  const Var q = tape.input(2, 5, "q"), v = tape.input(2, 5, "v"), fewer = tape.input(2, 4, "few");
  const Var lagrangian = sum_rows(v * v);
  using Error = std::invalid_argument;
  CHECK_THROWS_WITH_AS(euler_lagrange(v, q, v),
                       "[euler_lagrange] L (2x5), q (2x5), v (2x5): expected (1xN), (nxN), (nxN)",
                       Error);
  CHECK_THROWS_AS(euler_lagrange(sum(lagrangian), q, v), Error);
  CHECK_THROWS_AS(euler_lagrange(lagrangian, fewer, v), Error);
  CHECK_THROWS_AS(euler_lagrange(lagrangian, row(q, 0), v), Error);
}
