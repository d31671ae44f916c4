// Lesson 13: one Runge-Kutta step (20 minutes)
//
// A law of motion says how fast a state changes: y' = f(y). To follow a motion one goes in steps of
// length h. Euler's step, y + h f(y), takes the rate at the beginning for the whole step. Its error
// is of order h². Kutta's step of 1901 looks four times,
//
//     k1 = f at the beginning,                     at y
//     k2 = f in the middle, going there along k1:  at y + ½h k1
//     k3 = f in the middle, going there along k2:  at y + ½h k2
//     k4 = f at the end, going there along k3:     at y + h k3
//
// and takes a mean of what it saw, as Simpson's rule does:  y + h (k1 + 2 k2 + 2 k3 + k4) / 6.  Its
// error is of order h⁵.
//
// The step is a template: a State may be a number, an array, or a Var. On a tape the step is
// recorded like anything else. So a network can be trained through the motion that it predicts.
//
// f takes the part of the step first, 0, 0.5 or 1, for laws that depend on time.
//
// Task: write Kutta's step. As it stands it is Euler's.
#include <cmath>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "docs/lessons/lesson.h"
#include "physics/integrate/runge_kutta.h"
using autodiff::Tape, autodiff::Var;

namespace {

template <class State, class Rate>
State step(const Rate& f, const State& y, double h) {
  const double half = h * 0.5, sixth = h / 6, third = h / 3;
  // >>> your code
  return y + f(0., y) * h;
  // <<<
}

TEST_CASE("growth: y' = y") {
  const auto growth = [](double, double y) { return y; };
  check_equal("One step of length 1 from y = 1, which is 1 + 1 + 1/2 + 1/6 + 1/24,",
              step(growth, 1., 1.), 65. / 24, "(If it is 2, this is Euler's step.)");
}

TEST_CASE("where the rate is asked for") {
  std::vector<double> parts;
  const auto f = [&parts](double part, double y) {
    parts.push_back(part);
    return std::cos(3 * part) * y * y;
  };
  const double yours = step(f, 1., 0.3);
  check_equal("How often f is asked", static_cast<double>(parts.size()), 4);
  check_equal("One step of y' = cos(3 part) y² from y = 1, h = 0.3,", yours,
              physics::rk4_step(f, 1., 0.3));
}

TEST_CASE("through a step on the tape") {
  Tape tape;
  const Var start = tape.constant(2.);
  const Var end = step([](double, Var y) { return -sin(y); }, start, 0.5);
  const auto in_numbers = [](double y) {
    return physics::rk4_step([](double, double a) { return -std::sin(a); }, y, 0.5);
  };
  check_equal("d(end)/d(start) of a step of y' = -sin y", evaluate(grad(end, start))(0),
              (in_numbers(2 + 1e-5) - in_numbers(2 - 1e-5)) / 2e-5, "", 1e-8);
}

// Predict, then run: a motion over one second is computed in 20 steps, and again in 40. By what
// factor is its error at the end smaller? (The error of one step is of order h⁵. How many are
// there?)
// >>> your prediction
const double factor = not_yet;
// <<<

TEST_CASE("predict: twice as many steps") {
  const auto growth = [](double, double y) { return y; };
  const auto error = [&](int steps) {
    double y = 1;
    for (int k = 0; k < steps; ++k) y = physics::rk4_step(growth, y, 1. / steps);
    return std::exp(1.) - y;
  };
  check_prediction(factor, error(20) / error(40), 0.1);
}

}  // namespace
