// Lesson 12: Euler and Lagrange (30 minutes)
//
// All of mechanics in one function: the Lagrangian L(q, v) of coordinates q and velocities v = q'.
// For a mass on a spring L = ½ m v² - ½ k q², kinetic minus potential energy. The law of motion is
//
//     d/dt ∂L/∂v  =  ∂L/∂q
//
// The momentum p = ∂L/∂v is itself a function of q and v. As time goes on both change: q at the
// rate v, and v at the rate a, the acceleration. By the chain rule
//
//     dp/dt  =  ∂p/∂v a  +  ∂p/∂q v  =  M a + C v           M: the mass matrix
//
// so that   M a = ∂L/∂q - C v,   a small linear system for each sample. All that it needs are
// derivatives of L, and derivatives of derivatives:
//
//     grad(sum(y), x)          of y 1 x N: ∂y/∂x of every sample, n x N
//     jacobian(y, x)           of y m x N: the matrix ∂y_i/∂x_j of every sample, m·n x N
//     jvp(y, x, direction)     ∂y/∂x · direction, without forming the matrix
//     sample_solve(m, f)       M⁻¹ f of every sample
//
// Task: record the accelerations that follow from L.
#include "autodiff/compile/program.h"
#include "autodiff/directional.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "docs/lessons/lesson.h"
#include "physics/euler_lagrange.h"
#include "physics/systems/double_pendulum.h"
using namespace autodiff;

namespace {

/// (L: 1 x N, q and v: n x N) -> n x N.
Var accelerations(Var lagrangian, Var q, Var v) {
  // >>> your code
  return 0 * v;
  // <<<
}

TEST_CASE("a mass on a spring") {
  Tape tape;
  const Var q = tape.constant(0.5), v = tape.constant(1.);
  const Var lagrangian = 0.5 * 2 * v * v - 0.5 * 8 * q * q;  // m = 2, k = 8
  check_equal("The acceleration -k q / m with m = 2, k = 8, q = 0.5",
              evaluate(accelerations(lagrangian, q, v))(0), -2,
              "(If it is -4, the mass is forgotten.)");
}

TEST_CASE("a free body in polar coordinates") {
  Tape tape;
  const Var q = tape.constant(Matrix{{2}, {0}}), v = tape.constant(Matrix{{1}, {3}});
  const Var r = row(q, 0);  // q = (r, φ)
  const Var lagrangian = 0.5 * (pow(row(v, 0), 2) + pow(r * row(v, 1), 2));
  const Matrix a = evaluate(accelerations(lagrangian, q, v));
  check_equal("r'' = r φ'² at r = 2, φ' = 3", a(0), 18);
  check_equal("φ'' = -2 r' φ' / r at r = 2, r' = 1, φ' = 3", a(1), -3,
              "(If it is 0, C v is forgotten. If it is 3, its sign is wrong.)");
}

TEST_CASE("a hundred double pendulums") {
  const physics::DoublePendulum pendulum;
  const Eigen::MatrixXd states = Random(1).uniform_matrix(4, 100, -2, 2);
  Eigen::MatrixXd right(2, 100);
  pendulum.accelerations(states, right);
  Tape tape;
  const Var q = tape.constant(states.topRows(2)), v = tape.constant(states.bottomRows(2));
  const Matrix yours = evaluate(accelerations(pendulum.lagrangian(q, v), q, v));
  check_equal("The largest error beside the closed form [rad/s²]",
              (yours - right).cwiseAbs().maxCoeff(), 0, "", 1e-9);
}

// Predict, then run: a pendulum of length 2 m and mass 3 kg is held level, at q = π/2 from its
// lowest point, and let go: L = ½ m l² v² + m g l cos q with g = 9.8 m/s². What is its acceleration
// at that moment [rad/s²]?
// >>> your prediction
const double let_go = not_yet;
// <<<

TEST_CASE("predict: a pendulum is let go") {
  Tape tape;
  const double m = 3, l = 2, g = 9.8;
  const Var q = tape.constant(std::acos(0.)), v = tape.constant(0.);
  const Var lagrangian = 0.5 * m * l * l * v * v + m * g * l * cos(q);
  check_prediction(let_go, evaluate(physics::euler_lagrange(lagrangian, q, v))(0));
}

}  // namespace
