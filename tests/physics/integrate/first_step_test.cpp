// How rk45 chooses its steps: Hairer's first one where something is tiny, the shortest that still
// moves the time, and the error that a step is allowed.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
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

TEST_CASE("a step is exact where time alone tells the rate, up to t⁴, and dense output up to t³") {
  // A formula of fifth order integrates the powers up to the fourth, its companion of fourth order
  // up to the third: there is no error to be seen, whatever the tolerance.
  for (const int power : {0, 1, 2, 3, 4}) {
    CAPTURE(power);
    const auto f = [&](double t, const VectorXd&) {
      return VectorXd::Constant(1, (power + 1) * std::pow(t, power));
    };
    const auto exact = [&](double t) { return std::pow(t, power + 1) - std::pow(0.5, power + 1); };
    const auto step = [&](double atol) {
      return rk45(f, VectorXd::Zero(1), 0.5, 1.5,
                  {.rtol = 0, .atol = atol, .first_step = 1, .dense = true});
    };
    const auto one = step(1e9);
    CHECK(one.accepted == 1);
    CHECK(std::abs(one.y_end[0] - exact(1.5)) < 1e-13);
    CHECK((step(1e-13).rejected == 0) == (power < 4));
    for (const double t : {0.6, 0.9, 1.3})
      if (power < 4) CHECK(std::abs(one.at(t)[0] - exact(t)) < 1e-13);
  }
}

TEST_CASE("a step of y' = y is Dormand and Prince's: the exponential series, and h⁶/600") {
  for (const double h : {0.5, 1., -1.5}) {
    double expected = std::pow(h, 6) / 600, term = 1;
    for (int k = 0; k <= 5; term *= h / ++k) expected += term;
    const auto one = rk45([](double, const VectorXd& y) { return y; }, VectorXd::Ones(1), 0, h,
                          {.rtol = 0, .atol = 1e9, .first_step = std::abs(h)});
    REQUIRE(one.accepted == 1);
    CHECK(one.y_end[0] == doctest::Approx(expected).epsilon(1e-14));
  }
}

TEST_CASE(
    "tolerances that are infinite are refused, and so are times out of order, with both ends") {
  const auto refused = [](const Rk45Options& options, const VectorXd& times, double t1,
                          const char* message) {
    const auto still = [](double, const VectorXd& y) { return VectorXd::Zero(y.size()); };
    CHECK_THROWS_WITH_AS(rk45(still, VectorXd::Ones(1), 1, t1, options, times), message,
                         std::invalid_argument);
  };
  refused({.rtol = HUGE_VAL}, {}, 2, "[rk45] rtol is inf: it must be finite and not negative");
  refused({.atol = HUGE_VAL}, {}, 2,
          "[rk45] atol is inf: it must be positive and finite, for states near zero");
  refused({.first_step = std::nan("")}, {}, 2, "[rk45] first_step is nan: it must not be negative");
  refused({}, Eigen::Vector2d(1.5, 1.2), 2,
          "[rk45] times[1] is 1.2: times must run in order from t0 = 1 to t1 = 2");
  refused({}, Eigen::Vector2d(0.8, 0.9), 0,
          "[rk45] times[1] is 0.9: times must run in order from t0 = 1 to t1 = 0");
  const auto solution =
      rk45([](double, const VectorXd& y) { return y; }, VectorXd::Ones(1), 1, 2, {.dense = true});
  CHECK_THROWS_WITH_AS(solution.at(2.5), "[rk45] t = 2.5 lies outside the solution, 1 to 2",
                       std::out_of_range);
}
