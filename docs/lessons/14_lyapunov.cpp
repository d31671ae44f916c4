// Lesson 14: a Lyapunov exponent (25 minutes)
//
// Two double pendulums start almost alike, and some seconds later they have nothing in common. How
// chaotic is a motion? A small distance δ grows like δ e^{λt}. The rate λ is the largest Lyapunov
// exponent. Its inverse is the time in which an error becomes e times as large.
//
// It cannot be read off from two motions that are simply let go: once the distance is as large as
// the system itself it grows no more. Benettin's method (1980) keeps it small. Beside each state
// goes a twin, at a tiny offset. After each interval
//
//     1. note the logarithm of the factor by which the twin is further away than the offset,
//     2. bring the twin back to the offset, along the line that joins the two.
//
// The sum of the logarithms, divided by the time, is λ. At first the twin is off in some direction.
// It soon turns into the one that grows most; so the first intervals do not count.
//
// Task: write what happens after each interval. `apart.norm()` is the length of a vector, and an
// interval counts from number `settling` on.
#include <Eigen/Core>
#include <cmath>
#include <functional>

#include "docs/lessons/lesson.h"
#include "physics/integrate/runge_kutta.h"
using Eigen::VectorXd;

namespace {

/// A state, an interval later.
using Later = std::function<VectorXd(const VectorXd& state)>;

/// λ of the motion from this state, in units of 1/interval.
double lyapunov_exponent(const Later& later, VectorXd state, int settling, int measured) {
  const double offset = 1e-8;
  VectorXd twin = state.array() + offset / std::sqrt(static_cast<double>(state.size()));
  double growth = 0;
  for (int k = 0; k < settling + measured; ++k) {
    state = later(state);
    twin = later(twin);
    // >>> your code

    // <<<
  }
  return growth / measured;
}

TEST_CASE("a saddle: one direction doubles, the other halves") {
  const Later saddle = [](const VectorXd& y) { return Eigen::Vector2d(2 * y[0], y[1] / 2); };
  check_equal("λ of a saddle, which is log 2,",
              lyapunov_exponent(saddle, Eigen::Vector2d(0, 0), 30, 100), std::log(2.),
              "(If it is far larger, the twin is not brought back.)", 1e-6);
}

TEST_CASE("the logistic map, and a turn that is not chaotic") {
  const Later logistic = [](const VectorXd& y) {
    return VectorXd(4 * y.array() * (1 - y.array()));
  };
  check_equal("λ of x -> 4 x (1 - x), which is log 2,",
              lyapunov_exponent(logistic, VectorXd::Constant(1, 0.3), 100, 20000), std::log(2.), "",
              0.01);
  const Later turn = [](const VectorXd& y) {
    return Eigen::Vector2d(0.6 * y[0] - 0.8 * y[1], 0.8 * y[0] + 0.6 * y[1]);
  };
  check_equal("λ of a turn, which keeps all distances,",
              lyapunov_exponent(turn, Eigen::Vector2d(1, 0), 0, 100), 0, "", 1e-6);
}

// Predict, then run: a motion has λ = 1/s, and its start is known to 10⁻⁸ m. After how many seconds
// is the error 1 m? (log 10 is 2.3.)
// >>> your prediction
const double seconds = not_yet;
// <<<

TEST_CASE("predict: how long a forecast lasts") {
  const auto growth = [](double, double y) { return y; };  // the distance of two such motions
  double apart = 1e-8, time = 0;
  for (; apart < 1; time += 0.01) apart = physics::rk4_step(growth, apart, 0.01);
  check_prediction(seconds, time, 0.01);
}

}  // namespace
