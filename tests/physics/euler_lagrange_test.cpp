// Euler-Lagrange against laws of motion that are known on paper.
#include "physics/euler_lagrange.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <sstream>

#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/directional.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "physics/systems/double_pendulum.h"
#include "tests/precision.h"

using namespace autodiff;
using physics::DoublePendulum;
using physics::euler_lagrange;
using physics::Mechanics;

namespace {

using Lagrangian = std::function<Var(Var q, Var v)>;

Matrix accelerations_of(const std::function<Mechanics(Var q, Var v)>& mechanics, const Matrix& q,
                        const Matrix& v) {
  Tape tape;
  const Var q_var = tape.input(q.rows(), q.cols(), "q"),
            v_var = tape.input(v.rows(), v.cols(), "v");
  const Program program({euler_lagrange(mechanics(q_var, v_var), q_var, v_var)});
  Workspace workspace(program);
  workspace.bind(q_var, q);
  workspace.bind(v_var, v);
  program.run(workspace);
  return workspace.value(0);
}

Matrix accelerations(const Lagrangian& lagrangian, const Matrix& q, const Matrix& v) {
  return accelerations_of([&](Var x, Var rate) { return Mechanics{lagrangian(x, rate)}; }, q, v);
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

TEST_CASE("a force adds to the law of motion: m a = -k x - c v + F") {
  const Scalar m = 1.5, k = 4, c = 0.3, drive = 7;
  Random random(9);
  const Matrix x = random.normal_matrix(1, 12), v = random.normal_matrix(1, 12);
  const Matrix a = accelerations_of(
      [&](Var q, Var rate) {
        return Mechanics{.lagrangian = 0.5 * m * rate * rate - 0.5 * k * q * q,
                         .force = -c * rate + drive};
      },
      x, v);
  const Matrix expected = ((-k * x - c * v).array() + drive) / m;
  CHECK(relative_difference(a, expected) < 50 * rounding);
}

TEST_CASE("a diagonal mass matrix gives what the full solve gives") {
  // Masses that depend on all coordinates, a term linear in v, and forces.
  const auto mechanics = [](bool diagonal) {
    return [=](Var q, Var v) {
      const Var around = stack_rows(slice_rows(q, 1, 3), row(q, 0));
      const Var masses = 1.5 + sin(q) * cos(around);
      return Mechanics{
          .lagrangian = sum_rows(masses * v * v + sin(around) * v - pow(q - around, 4)),
          .force = cos(q) - 0.2 * v,
          .diagonal_mass = diagonal};
    };
  };
  Random random(10);
  const Matrix q = random.normal_matrix(4, 25), v = random.normal_matrix(4, 25);
  CHECK(relative_difference(accelerations_of(mechanics(true), q, v),
                            accelerations_of(mechanics(false), q, v)) < 5e3 * rounding);
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

TEST_CASE("constraints: a pendulum in x and y accelerates as in its angle" * in_double_only) {
  const Scalar mass = 1.3, length = 0.7, g = 9.8;
  Random random(9);
  const Matrix angle = random.uniform_matrix(1, 30, -3, 3),
               rate = random.uniform_matrix(1, 30, -4, 4);
  const auto sine = angle.array().sin().eval(), cosine = angle.array().cos().eval();
  Matrix q(2, 30), v(2, 30), expected(2, 30);
  q << length * sine, -length * cosine;
  v << length * cosine * rate.array(), length * sine * rate.array();
  const auto turn = (-g / length * sine).eval(),
             squared = rate.array().square().eval();  // θ'', θ'²
  expected << length * (cosine * turn - sine * squared), length * (sine * turn + cosine * squared);
  const Matrix a = accelerations_of(
      [&](Var x, Var w) {
        return Mechanics{.lagrangian = 0.5 * mass * sum_rows(w * w) - mass * g * row(x, 1),
                         .constraints = sum_rows(x * x) - length * length};
      },
      q, v);
  CHECK(relative_difference(a, expected) < 1e-12);
}

TEST_CASE("constraints: two at once, with a force beside, are the two rods of a double pendulum" *
          in_double_only) {
  const DoublePendulum p{.m1 = 1.3, .m2 = 0.6, .l1 = 0.8, .l2 = 1.1, .g = 9.8};
  Random random(10);
  const Matrix states = random_states(random, 20), angles = states.topRows(2);
  const Matrix rates = states.bottomRows(2), torque = random.uniform_matrix(2, 20, -3, 3);
  // In angles, with torques; positions, velocities and accelerations of the masses from these.
  Tape tape;
  const Var theta = tape.input(2, 20, "theta"), omega = tape.input(2, 20, "omega"),
            tau = tape.input(2, 20, "tau");
  const Var positions = stack_rows(p.positions(row(theta, 0), row(theta, 1)));
  const Var alpha = euler_lagrange(
      Mechanics{.lagrangian = p.lagrangian(theta, omega), .force = tau}, theta, omega);
  const Var velocities = jvp(positions, theta, omega);
  const Var expected = jvp(positions, theta, alpha) + jvp(velocities, theta, omega);
  const auto at = [&](Var y) {
    return evaluate(y, {{theta, angles}, {omega, rates}, {tau, torque}});
  };
  // A torque τ1 on the inner rod is a force across it on the first mass, τ/l; τ2 acts on the outer
  // rod, as a pair of forces on its two ends.
  const Matrix q = at(positions),
               a = accelerations_of(
                   [&](Var x, Var w) {
                     const Scalar m1 = 1.3, m2 = 0.6, g = 9.8;
                     const Matrix squares{{m1 / 2, m1 / 2, m2 / 2, m2 / 2}};
                     const Matrix weights{{0, m1 * g, 0, m2 * g}};
                     const Var rod1 = slice_rows(x, 0, 2), rod2 = slice_rows(x, 2, 2) - rod1;
                     const auto across = [&](Var rod, Index i, double l) {
                       return stack_rows(-row(rod, 1), row(rod, 0)) *
                              broadcast_rows(
                                  x.tape().constant(Matrix(torque.row(i) / Scalar(l * l))), 2);
                     };
                     const Var outer = across(rod2, 1, p.l2);
                     return Mechanics{
                         .lagrangian = matmul(x.tape().constant(squares), w * w) -
                                       matmul(x.tape().constant(weights), x),
                         .force = stack_rows(across(rod1, 0, p.l1) - outer, outer),
                         .constraints = stack_rows(sum_rows(rod1 * rod1) - p.l1 * p.l1,
                                                   sum_rows(rod2 * rod2) - p.l2 * p.l2)};
                   },
                   q, at(velocities));
  CHECK(relative_difference(a, at(expected)) < 1e-10);
}

TEST_CASE("constraints: off them, Φ comes back as a critically damped oscillation does" *
          in_double_only) {
  // Φ'' = -2 ω Φ' - ω² Φ, of a point on the circle |q|² = 1 and a little off.
  const Matrix q{{1.01, 0.6}, {0.0, 0.81}}, v{{0.2, -0.1}, {0.7, 0.05}};
  for (const double pull : {0., 5.}) {
    const Matrix a = accelerations_of(
        [&](Var x, Var w) {
          return Mechanics{.lagrangian = 0.5 * sum_rows(w * w),
                           .constraints = sum_rows(x * x) - 1.,
                           .pull = pull};
        },
        q, v);
    for (Index s = 0; s < 2; ++s) {
      const double phi = q.col(s).squaredNorm() - 1, rate = 2 * q.col(s).dot(v.col(s));
      const double second = 2 * q.col(s).dot(a.col(s)) + 2 * v.col(s).squaredNorm();
      CHECK(second == doctest::Approx(-2 * pull * rate - pull * pull * phi));
      // The force is along the gradient of Φ, and there is no other.
      CHECK(std::abs(a(0, s) * q(1, s) - a(1, s) * q(0, s)) < 1e-13);
    }
  }
}

TEST_CASE("constraints: their accelerations are differentiated like anything else" *
          in_double_only) {
  const auto f = [](Tape&, std::span<const Var> x) {
    return euler_lagrange(Mechanics{.lagrangian = 0.5 * sum_rows(x[1] * x[1]) - row(x[0], 1),
                                    .constraints = sum_rows(x[0] * x[0]) - 1.},
                          x[0], x[1]);
  };
  const GradcheckReport report = gradcheck(
      f, {Matrix{{0.6, -1.0}, {0.8, 0.1}}, Matrix{{0.8, 0.1}, {-0.6, 1.0}}}, {.order = 2});
  CHECK_MESSAGE(report.ok(), report);
}

TEST_CASE("a diagonal mass matrix is solved as the full one is" * in_double_only) {
  Random random(11);
  const Matrix q = random.uniform_matrix(3, 12, -1, 1), v = random.uniform_matrix(3, 12, -1, 1);
  const auto with = [&](bool diagonal) {
    return accelerations_of(
        [=](Var x, Var w) {  // masses that depend on q, and a term linear in v
          return Mechanics{.lagrangian = sum_rows((2. + sin(x)) * w * w) + row(x, 0) * row(w, 1) -
                                         sum_rows(pow(x, 4)),
                           .force = -w,
                           .diagonal_mass = diagonal};
        },
        q, v);
  };
  CHECK(relative_difference(with(true), with(false)) < 1e-13);
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
  for (const bool diagonal : {false, true}) {
    const auto refuse = [&](Mechanics mechanics, const char* message) {
      mechanics.diagonal_mass = diagonal;
      CHECK_THROWS_WITH_AS(euler_lagrange(mechanics, q, v), message, Error);
    };
    refuse({.lagrangian = sum(lagrangian)},
           "[euler_lagrange] L (1x1), q (2x5), v (2x5): expected (1xN), (nxN), (nxN)");
    refuse({.lagrangian = v},
           "[euler_lagrange] L (2x5), q (2x5), v (2x5): expected (1xN), (nxN), (nxN)");
    refuse({.lagrangian = lagrangian, .force = lagrangian},
           "[euler_lagrange] forces (1x5) of coordinates (2x5)");
    refuse({.lagrangian = lagrangian, .constraints = row(fewer, 0)},
           "[euler_lagrange] constraints (1x4) of coordinates (2x5)");
  }
}
