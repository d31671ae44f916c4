// How rk45 chooses its steps: Hairer's first one where something is tiny, the shortest that still
// moves the time, and the error that a step is allowed.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "physics/integrate/rk45.h"

using Eigen::VectorXd;
using physics::rk45;
using physics::Rk45Options;

namespace {

struct FirstStep {
  double probe;   ///< length of the Euler step that looks at y''
  double length;  ///< of the first Runge-Kutta step
};

/// y' = slope at the start y, with a second derivative; with atol = 1 and rtol = 0 the norms that
/// Hairer's rule compares are those of y, y' and y'' themselves.
FirstStep first_step(double y, double slope, double second = 0, double end = 1) {
  std::vector<double> times;
  rk45(
      [&](double t, const VectorXd&) {
        times.push_back(t);
        return VectorXd::Constant(1, slope + second * t);
      },
      VectorXd::Constant(1, y), 0, end, {.rtol = 0, .atol = 1});
  return {times[1], 5 * times[2]};  // the second stage lies a fifth of the way
}

constexpr double ulp_of_one = std::numeric_limits<double>::epsilon();

}  // namespace

TEST_CASE("the probe is a hundredth of |y| / |y'|, unless one of the two is tiny") {
  CHECK(first_step(2e-5, 4e-5).probe == doctest::Approx(0.005));
  CHECK(first_step(3, 20).probe == doctest::Approx(0.0015));
  CHECK(first_step(0.9e-5, 1).probe == 1e-6);
  CHECK(first_step(0, 1).probe == 1e-6);
  CHECK(first_step(1, 0.9e-5).probe == 1e-6);
  CHECK(first_step(1, 0).probe == 1e-6);
  CHECK(first_step(1, -4e-5, 0, -400).probe == doctest::Approx(-250));  // backwards alike
}

TEST_CASE("the first step follows the larger of y' and y'', up to a hundred probes") {
  const auto by_size = [](double largest) { return std::pow(0.01 / largest, 0.2); };
  CHECK(first_step(30, 1).length == doctest::Approx(by_size(1)));
  CHECK(first_step(30, 1, 50).length == doctest::Approx(by_size(50)));
  CHECK(first_step(30, 1, -50).length == doctest::Approx(by_size(50)));
  CHECK(first_step(0.1, 1).length == doctest::Approx(0.1));  // 100 times 0.01 0.1 / 1
  CHECK(first_step(0, 1).length == doctest::Approx(1e-4));
  CHECK(first_step(30, 1, 0, -1).length == doctest::Approx(-by_size(1)));
}

TEST_CASE("a motion that nearly stands still begins with a step of 1e-6") {
  CHECK(first_step(1, 0).length == doctest::Approx(1e-6));
  CHECK(first_step(1, 0.9e-15).length == doctest::Approx(1e-6));
  CHECK(first_step(1, 1.1e-15).length == doctest::Approx(1e-4));  // a hundred probes again
}

TEST_CASE("the shortest step is ten units in the last place of the time") {
  const auto one = [](double, const VectorXd& y) { return VectorXd::Ones(y.size()); };
  for (const double direction : {1.0, -1.0})
    for (const double start : {1.0, 3.0, -5.0, 1e6}) {
      CAPTURE(start);
      const auto solution = rk45(one, VectorXd::Ones(1), start, start + direction,
                                 {.first_step = 1e-300, .max_steps = 1});
      const double ulp = std::abs(std::nextafter(start, direction * HUGE_VAL) - start);
      CHECK(solution.t_end == start + 10 * direction * ulp);
    }
  // A limit shorter than that gives way to it.
  const auto limited = rk45(one, VectorXd::Ones(1), 1, 2, {.max_step = 1e-300, .max_steps = 5});
  CHECK(limited.t_end == 1 + 50 * ulp_of_one);
  CHECK(limited.status == physics::Rk45Status::too_many_steps);
}

TEST_CASE("a step that would have to be shorter than that ends the integration") {
  // A jump at t = 1, which no step can take: its height is beyond any error.
  long tried = 0;
  const auto jump = [&](double t, const VectorXd&) {
    ++tried;
    return VectorXd::Constant(1, t > 1 ? 1e12 : 0);
  };
  const auto solution = rk45(jump, VectorXd::Ones(1), 0, 2, {.first_step = 0.7});
  CHECK(solution.status == physics::Rk45Status::step_too_small);
  CHECK(solution.t_end <= 1);
  CHECK(1 - solution.t_end < 20 * ulp_of_one);
  CHECK(tried < 1000);
}

TEST_CASE("no step is longer than the limit, none is shorter for it") {
  const auto still = [](double, const VectorXd& y) { return VectorXd::Zero(y.size()); };
  const auto solution = rk45(still, VectorXd::Ones(1), 0, 10, {.first_step = 1, .max_step = 0.5});
  CHECK(solution.accepted == 20);
  for (Eigen::Index k = 0; k <= 20; ++k)
    CHECK(solution.t[k] == doctest::Approx(0.5 * static_cast<double>(k)));
}

TEST_CASE("a step's error is measured by the larger state at its ends, RMS over the components") {
  // y' = 6 t^5 rises from 0 to 1, or falls from 1 to 0, in one step of length 1; that its error is
  // allowed follows from the 1 alone. How large it is shows a step that is measured by atol.
  const auto tries = [](const VectorXd& start, const VectorXd& slopes, double rtol, double atol) {
    const auto f = [&](double t, const VectorXd&) { return VectorXd(6 * std::pow(t, 5) * slopes); };
    return rk45(f, start, 0, 1, {.rtol = rtol, .atol = atol, .first_step = 1}).rejected;
  };
  const auto scalar = [](double x) { return VectorXd(VectorXd::Constant(1, x)); };
  double error = 1;  // by bisection: the least atol at which the step is accepted
  for (double low = 0; error - low > 1e-9 * error;) {
    const double middle = (low + error) / 2;
    (tries(scalar(0), scalar(1), 0, middle) == 0 ? error : low) = middle;
  }
  REQUIRE(error > 1e-4);
  REQUIRE(error < 0.5);
  for (const double factor : {0.99, 1.01}) {
    const bool accepted = factor > 1;
    const double y_end = 1;  // nearly: of fifth order, off by less than the error
    CHECK((tries(scalar(0), scalar(1), factor * error / y_end, 1e-12) == 0) == accepted);
    CHECK((tries(scalar(-1), scalar(1), factor * error, 1e-12) == 0) == accepted);
    // The error of one of four components counts half.
    CHECK((tries(VectorXd::Zero(4), VectorXd::Unit(4, 2), 0, factor * error / 2) == 0) == accepted);
  }
}
