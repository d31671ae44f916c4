// Dormand-Prince: as accurate and as cheap as scipy's RK45, and an answer to everything that can go
// wrong. Reference numbers: scipy 1.10.1, 40-digit arithmetic, or a formula.
#include "physics/integrate/rk45.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::Vector4d;
using Eigen::VectorXd;
using physics::BatchDerivative;
using physics::Derivative;
using physics::rk45;
using physics::rk45_batch;
using physics::Rk45Options;
using physics::Rk45Status;
using physics::Solution;

namespace {

constexpr double pi = 3.14159265358979323846, gravity = 9.8;
const double quiet_nan = std::nan(""), inf = std::numeric_limits<double>::infinity();

// ---------------------------------------------------------------- problems with known answers

VectorXd decay(double, const VectorXd& y) { return -y; }
VectorXd decay_exact(double t) { return VectorXd::Constant(1, std::exp(-t)); }

VectorXd oscillator(double, const VectorXd& y) { return Eigen::Vector2d(y[1], -y[0]); }
VectorXd oscillator_exact(double t) { return Eigen::Vector2d(std::cos(t), -std::sin(t)); }

const Vector4d kepler_start(0.5, 0, 0, std::sqrt(3.0));
VectorXd kepler(double, const VectorXd& y) {
  const double r3 = std::pow(y[0] * y[0] + y[1] * y[1], 1.5);
  return Vector4d(y[2], y[3], -y[0] / r3, -y[1] / r3);
}
/// Semi-major axis 1, eccentricity ½: Kepler's equation t = E - ½ sin E, by Newton's method.
VectorXd kepler_exact(double t) {
  double anomaly = t;
  for (int i = 0; i < 50; ++i)
    anomaly -= (anomaly - 0.5 * std::sin(anomaly) - t) / (1 - 0.5 * std::cos(anomaly));
  const double cosine = std::cos(anomaly), sine = std::sin(anomaly), width = std::sqrt(0.75);
  const double rate = 1 / (1 - 0.5 * cosine);
  return Vector4d(cosine - 0.5, width * sine, -sine * rate, width * cosine * rate);
}

/// Satellite between earth and moon, on an orbit that closes after arenstorf_period.
constexpr double arenstorf_period = 17.0652165601579625588917206249;
const Vector4d arenstorf_start(0.994, 0, 0, -2.00158510637908252240537862224);
VectorXd arenstorf(double, const VectorXd& y) {
  constexpr double moon = 0.012277471, earth = 1 - moon;
  const double d1 = std::pow((y[0] + moon) * (y[0] + moon) + y[1] * y[1], 1.5);
  const double d2 = std::pow((y[0] - earth) * (y[0] - earth) + y[1] * y[1], 1.5);
  return Vector4d(y[2], y[3],
                  y[0] + 2 * y[3] - earth * (y[0] + moon) / d1 - moon * (y[0] - earth) / d2,
                  y[1] - 2 * y[2] - earth * y[1] / d1 - moon * y[1] / d2);
}

/// Masses and lengths 1: state (θ1, θ2, ω1, ω2).
const Vector4d pendulum_start(3 * pi / 7, 3 * pi / 4, 0, 0);
VectorXd double_pendulum(double, const VectorXd& y) {
  const double t1 = y[0], t2 = y[1], w1 = y[2], w2 = y[3], b = 3 - std::cos(2 * t1 - 2 * t2);
  const double a = -3 * gravity * std::sin(t1) - gravity * std::sin(t1 - 2 * t2) -
                   2 * std::sin(t1 - t2) * (w2 * w2 + w1 * w1 * std::cos(t1 - t2));
  const double c = 2 * std::sin(t1 - t2) *
                   (2 * w1 * w1 + 2 * gravity * std::cos(t1) + w2 * w2 * std::cos(t1 - t2));
  return Vector4d(w1, w2, a / b, c / b);
}
double double_pendulum_energy(const VectorXd& y) {
  return y[2] * y[2] + 0.5 * y[3] * y[3] + y[2] * y[3] * std::cos(y[0] - y[1]) -
         gravity * (2 * std::cos(y[0]) + std::cos(y[1]));
}
VectorXd double_pendulum_tight(double t) {
  static const Solution solution =
      rk45(double_pendulum, pendulum_start, 0, 5, {.rtol = 1e-12, .atol = 1e-12, .dense = true});
  return solution.at(t);
}

// ---------------------------------------------------------------- helpers

using Exact = VectorXd (*)(double t);

double distance(const VectorXd& a, const VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

/// Over all of a dense solution, between the steps too.
double largest_error(const Solution& solution, Exact exact) {
  double largest = 0;
  for (int i = 0; i <= 1000; ++i) {
    const double t = solution.t[0] + i / 1000. * (solution.t_end - solution.t[0]);
    largest = std::max(largest, distance(solution.at(t), exact(t)));
  }
  return largest;
}

VectorXd vector(std::initializer_list<double> values) {
  return Eigen::Map<const VectorXd>(values.begin(), static_cast<Index>(values.size()));
}

bool same_bits(const MatrixXd& a, const MatrixXd& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), sizeof(double) * static_cast<size_t>(a.size())) == 0;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// f for every column of a batch.
BatchDerivative column_by_column(const Derivative& f) {
  return [f](const RowVectorXd& t, const MatrixXd& y, MatrixXd& dydt) {
    for (Index s = 0; s < y.cols(); ++s) dydt.col(s) = f(t[s], y.col(s));
  };
}

/// Steps of length h whatever the error.
Rk45Options fixed_steps(double h) {
  return {.rtol = 1e6, .atol = 1e6, .first_step = h, .max_step = h, .dense = true};
}

}  // namespace

// ---------------------------------------------------------------- accuracy and cost

TEST_CASE("evaluations and errors at the end are those of scipy") {
  struct Row {
    const char* name;
    Derivative f;
    VectorXd start;
    double end, rtol;
    Exact exact;
    double evaluations, error;
  };
  const VectorXd one = VectorXd::Ones(1);
  const Row rows[] = {
      {"decay", decay, one, 10, 1e-6, decay_exact, 248, 2.9e-10},
      {"decay", decay, one, 10, 1e-9, decay_exact, 926, 2.9e-13},
      {"Kepler", kepler, kepler_start, 20, 1e-6, kepler_exact, 926, 2.8e-5},
      {"Kepler", kepler, kepler_start, 20, 1e-9, kepler_exact, 2996, 9.3e-8},
      {"pendulum", double_pendulum, pendulum_start, 5, 1e-6, double_pendulum_tight, 1148, 1.1e-4},
      {"pendulum", double_pendulum, pendulum_start, 5, 1e-9, double_pendulum_tight, 3686, 5.2e-8}};
  for (const Row& row : rows) {
    const std::string name = row.name;
    CAPTURE(name);
    CAPTURE(row.rtol);
    const Solution solution =
        rk45(row.f, row.start, 0, row.end, {.rtol = row.rtol, .atol = row.rtol / 1000});
    REQUIRE(solution.ok());
    CHECK(static_cast<double>(solution.evaluations) ==
          doctest::Approx(row.evaluations).epsilon(0.02));
    CHECK(solution.evaluations == 2 + 6 * (solution.accepted + solution.rejected));
    CHECK(distance(solution.y.rightCols(1), row.exact(row.end)) < 1.5 * row.error);
  }
}

TEST_CASE("Arenstorf's orbit closes, at scipy's price") {
  const auto check = [](double tolerance, double evaluations, double gap) {
    const Solution solution = rk45(arenstorf, arenstorf_start, 0, arenstorf_period,
                                   {.rtol = tolerance, .atol = tolerance});
    CHECK(static_cast<double>(solution.evaluations) == doctest::Approx(evaluations).epsilon(0.02));
    CHECK((solution.y.topRightCorner(2, 1) - arenstorf_start.head(2)).norm() < 1.5 * gap);
  };
  check(1e-7, 1382, 4.1e-6);
  check(1e-10, 4772, 2.1e-8);
}

TEST_CASE("the double pendulum's states in 40-digit arithmetic") {
  const Solution solution =
      rk45(double_pendulum, pendulum_start, 0, 10, {.rtol = 1e-12, .atol = 1e-12}, vector({1, 10}));
  const Vector4d at_1(-0.42738875759637656, -1.18116567305366043, -4.66617236808532414,
                      -0.63316571187776158);
  const Vector4d at_10(-0.6928123595235, 21.0328277718599, 3.6608287036637, 0.4169985543357);
  REQUIRE(solution.y.cols() == 2);
  CHECK(distance(solution.y.col(0), at_1) < 1e-11);
  CHECK(distance(solution.y.col(1), at_10) < 1e-7);  // chaos; and θ2 is not wrapped
}

TEST_CASE("the double pendulum's energy over 100 s") {
  const auto check = [](double tolerance, double scipy_drift) {
    const Solution solution =
        rk45(double_pendulum, pendulum_start, 0, 100, {.rtol = tolerance, .atol = tolerance});
    double drift = 0;
    for (Index k = 0; k < solution.t.size(); ++k)
      drift =
          std::max(drift, std::abs(double_pendulum_energy(solution.y.col(k)) - 2.5682361500844));
    CHECK(solution.ok());
    CHECK(drift < 3 * scipy_drift);  // chaotic: roundings alone move it
  };
  check(1e-6, 5.6e-3);
  check(1e-8, 1.4e-6);
  check(1e-10, 4.9e-8);
}

TEST_CASE("a pendulum's period is the elliptic integral") {
  const Derivative pendulum = [](double, const VectorXd& y) {
    return VectorXd(Eigen::Vector2d(y[1], -gravity * std::sin(y[0])));
  };
  const auto check = [&](double angle, double period) {
    const Solution solution = rk45(pendulum, Eigen::Vector2d(angle, 0), 0, 2,
                                   {.rtol = 1e-12, .atol = 1e-12, .dense = true});
    double above = 0, below = 2;  // a quarter of a period from rest, the angle passes zero
    for (int i = 0; i < 60; ++i) {
      const double middle = (above + below) / 2;
      (solution.at(middle)[0] > 0 ? above : below) = middle;
    }
    CHECK(std::abs(4 * above - period) < 1e-11);
  };
  check(pi / 2, 2.369049722175);
  check(3, 5.160697749978);
}

TEST_CASE("the order is five, at the steps and between them, forwards and backwards") {
  for (const double end : {10., -10.}) {
    CAPTURE(end);
    const Solution coarse = rk45(oscillator, oscillator_exact(0), 0, end, fixed_steps(10. / 64));
    const Solution fine = rk45(oscillator, oscillator_exact(0), 0, end, fixed_steps(10. / 128));
    REQUIRE(coarse.accepted == 64);
    REQUIRE(fine.accepted == 128);
    const double at_end = distance(coarse.y.rightCols(1), oscillator_exact(end)) /
                          distance(fine.y.rightCols(1), oscillator_exact(end));
    const double between =
        largest_error(coarse, oscillator_exact) / largest_error(fine, oscillator_exact);
    CHECK(std::log2(at_end) == doctest::Approx(5).epsilon(0.04));
    CHECK(std::log2(between) == doctest::Approx(5).epsilon(0.04));
  }
}

TEST_CASE("the first step is Hairer's") {
  std::vector<double> times;
  const Derivative spy = [&](double t, const VectorXd& y) {
    times.push_back(t);
    return VectorXd(-100 * y);
  };
  rk45(spy, VectorXd::Ones(1), 0, 1, {.rtol = 1e-6, .atol = 1e-12});
  CHECK(times[1] == doctest::Approx(1e-4));                    // a hundredth of |y| / |y'|
  CHECK(5 * times[2] == doctest::Approx(std::pow(10, -2.4)));  // (0.01 tolerance / |y''|)^(1/5)
}

TEST_CASE("steps change by factors within [0.2, 10] and do not grow right after a rejection") {
  std::vector<double> times;
  const Derivative spy = [&](double t, const VectorXd& y) {
    times.push_back(t);
    return arenstorf(t, y);
  };
  const Solution solution = rk45(spy, arenstorf_start, 0, arenstorf_period,
                                 {.rtol = 1e-6, .atol = 1e-6, .first_step = 1});
  REQUIRE(solution.rejected > 5);
  std::vector<double> h;       // of every attempt: between its second stage, at h/5, and its last
  std::vector<bool> rejected;  // the next attempt's second stage comes before this one's end
  for (size_t i = 1; i + 6 < times.size(); i += 6) {
    h.push_back((times[i + 5] - times[i]) / 0.8);
    rejected.push_back(times[i + 6] < times[i + 5]);
  }
  CHECK(std::count(rejected.begin(), rejected.end(), true) == solution.rejected);
  for (size_t i = 1; i < h.size(); ++i) {
    const double factor = h[i] / h[i - 1];
    CHECK(factor > 0.2 - 1e-6);
    CHECK(factor < 10 + 1e-6);
    if (rejected[i - 1]) CHECK(factor < 1);
    if (i > 1 && rejected[i - 2]) CHECK(factor < 1 + 1e-6);
  }
}

// ---------------------------------------------------------------- what the solution holds

TEST_CASE("times asked for and dense output agree, forwards and backwards, and cost nothing") {
  for (const double end : {20., -20.}) {
    CAPTURE(end);
    const VectorXd times = VectorXd::LinSpaced(101, 0, end);
    const Rk45Options options{.rtol = 1e-10, .atol = 1e-10, .dense = true};
    const Solution sampled = rk45(kepler, kepler_start, 0, end, options, times);
    const Solution stepped = rk45(kepler, kepler_start, 0, end, options);
    CHECK(same_bits(sampled.t, times));
    CHECK(same_bits(sampled.y.col(0), kepler_start));
    CHECK(same_bits(sampled.y.rightCols(1), stepped.y.rightCols(1)));
    CHECK(sampled.evaluations == stepped.evaluations);
    CHECK(stepped.t.size() == stepped.accepted + 1);
    CHECK(stepped.t[stepped.accepted] == end);
    for (Index k = 0; k < times.size(); ++k) {
      CHECK(distance(sampled.y.col(k), kepler_exact(times[k])) < 3e-7);
      CHECK(distance(sampled.y.col(k), stepped.at(times[k])) < 1e-13);
    }
    for (Index k = 0; k < stepped.t.size(); ++k)
      CHECK(distance(stepped.at(stepped.t[k]), stepped.y.col(k)) < 1e-13);
    CHECK_THROWS_AS(stepped.at(1.001 * end), std::out_of_range);
    CHECK_THROWS_AS(stepped.at(-0.001 * end), std::out_of_range);
    CHECK_THROWS_AS(stepped.at(quiet_nan), std::out_of_range);
  }
  CHECK_THROWS_AS(rk45(kepler, kepler_start, 0, 1).at(0.5), std::logic_error);
}

TEST_CASE("an interval of no length gives the start") {
  const Solution solution = rk45(kepler, kepler_start, 3, 3, {}, vector({3, 3}));
  CHECK(solution.ok());
  CHECK(solution.t_end == 3);
  CHECK(same_bits(solution.y, kepler_start.replicate(1, 2)));
  CHECK(same_bits(rk45(kepler, kepler_start, 3, 3).y, kepler_start));
}

// ---------------------------------------------------------------- batches

TEST_CASE("a batch gives bit for bit what each trajectory gives alone") {
  // Every kind of end: some run into a wall at θ1 = 4, one starts with NaN, one turns so fast that
  // its steps do not suffice.
  const Derivative walled = [](double t, const VectorXd& y) {
    return y[0] > 4 ? VectorXd::Constant(4, quiet_nan) : double_pendulum(t, y);
  };
  MatrixXd starts(4, 11);
  for (Index s = 0; s < starts.cols(); ++s)
    starts.col(s) = Vector4d(0.3 * double(s), 2 - 0.5 * double(s), 0.4 * double(s), 1);
  starts(2, 3) = quiet_nan;
  starts(3, 6) = 300;
  const Rk45Options options{.rtol = 1e-7, .atol = 1e-7, .max_steps = 600, .dense = true};

  std::vector<Index> widths;
  const BatchDerivative f = [&](const RowVectorXd& t, const MatrixXd& y, MatrixXd& dydt) {
    widths.push_back(y.cols());
    column_by_column(walled)(t, y, dydt);
  };
  const auto outcome = [](const Solution& solution) {
    return std::tuple(solution.status, solution.message, solution.t_end, solution.evaluations,
                      solution.accepted, solution.rejected, solution.steps.size());
  };
  for (const VectorXd& times : {VectorXd(), VectorXd(VectorXd::LinSpaced(50, 0, 5))}) {
    widths.clear();
    const std::vector<Solution> together = rk45_batch(f, starts, 0, 5, options, times);
    CHECK(widths.front() == starts.cols());
    CHECK(widths.back() < starts.cols());  // f sees no column in vain
    CHECK(std::is_sorted(widths.rbegin(), widths.rend()));

    int ends[4]{};
    for (Index s = 0; s < starts.cols(); ++s) {
      CAPTURE(s);
      const Solution& mine = together[s];
      const Solution alone = rk45(walled, starts.col(s), 0, 5, options, times);
      ++ends[static_cast<int>(mine.status)];
      CHECK(same_bits(mine.t, alone.t));
      CHECK(same_bits(mine.y, alone.y));
      REQUIRE(outcome(mine) == outcome(alone));
      for (size_t k = 0; k < mine.steps.size(); ++k)
        CHECK(same_bits(mine.steps[k].coefficients, alone.steps[k].coefficients));
    }
    CHECK(ends[static_cast<int>(Rk45Status::finished)] >= 2);
    CHECK(ends[static_cast<int>(Rk45Status::not_finite)] >= 2);
    CHECK(ends[static_cast<int>(Rk45Status::too_many_steps)] >= 1);
  }
}

// ---------------------------------------------------------------- what can go wrong

TEST_CASE("a start without finite values ends at once, with the reason") {
  for (const double bad : {quiet_nan, inf, -inf}) {
    const Solution state = rk45(
        [](double, const VectorXd&) {
          return vector({0, 0});
        },
        vector({0, bad}), 2, 9);
    CHECK(state.status == Rk45Status::not_finite);
    CHECK(state.t_end == 2);
    CHECK(state.evaluations == 1);
    CHECK(contains(state.message, "t = 2: "));
    CHECK(contains(state.message, "y[1] = "));
    const Solution slope =
        rk45([&](double, const VectorXd&) { return vector({bad}); }, vector({1}), 2, 9);
    CHECK(slope.status == Rk45Status::not_finite);
    CHECK(contains(slope.message, "dy/dt[0] = "));
  }
}

TEST_CASE("values that are not finite within a step shorten it") {
  const Derivative root = [](double, const VectorXd& y) { return vector({-std::sqrt(y[0])}); };
  const Solution solution =  // y = (1 - t/2)²; a first step of this length runs into y < 0
      rk45(root, vector({1}), 0, 1.9, {.rtol = 1e-9, .atol = 1e-12, .first_step = 1.9});
  CHECK(solution.ok());
  CHECK(solution.rejected > 0);
  CHECK(solution.y(0, solution.accepted) == doctest::Approx(0.0025).epsilon(1e-6));
}

TEST_CASE("a derivative that is not finite at the new state only is noticed") {
  int calls = 0;
  const Derivative f = [&](double, const VectorXd&) {
    return vector({++calls % 6 == 1 && calls > 1 ? quiet_nan : 1});  // the last of each attempt
  };
  const Solution solution = rk45(f, vector({1}), 0, 1, {.first_step = 0.1});
  CHECK(solution.status == Rk45Status::not_finite);
  CHECK(solution.t_end == 0);
}

TEST_CASE("where a solution ceases to exist it stops, says why and keeps what it has") {
  const VectorXd times = vector({0, 0.25, 0.5, 1, 2, 3});
  const Derivative wall = [](double t, const VectorXd& y) {
    return t > 0.75 ? vector({quiet_nan}) : VectorXd(-y);
  };
  const Solution stopped = rk45(wall, vector({1}), 0, 3, {}, times);
  CHECK(stopped.status == Rk45Status::not_finite);
  CHECK(stopped.t_end == doctest::Approx(0.75).epsilon(1e-9));
  CHECK(same_bits(stopped.t, times.head(3)));
  CHECK(stopped.y.cols() == 3);
  CHECK(contains(stopped.message, "t = 0.75: "));
  CHECK(contains(stopped.message, "dy/dt[0] = nan"));

  const Derivative square = [](double, const VectorXd& y) { return vector({y[0] * y[0]}); };
  const Solution pole = rk45(square, vector({1}), 0, 3, {}, times);  // y = 1 / (1 - t)
  CHECK(pole.status == Rk45Status::step_too_small);
  CHECK(pole.t_end == doctest::Approx(1).epsilon(1e-6));
  CHECK(pole.y(0, 2) == doctest::Approx(2).epsilon(1e-4));
  CHECK(contains(pole.message, "t = 1: the step fell to "));

  const Solution capped = rk45(kepler, kepler_start, 0, 100, {.max_steps = 10});
  CHECK(capped.status == Rk45Status::too_many_steps);
  CHECK(capped.accepted + capped.rejected == 10);
  CHECK(capped.y.cols() == capped.accepted + 1);
  CHECK(capped.t_end == capped.t[capped.accepted]);
  CHECK(contains(capped.message, "10 steps taken"));

  bool last_was_rejected = false;
  for (long most = 1; most <= 60; ++most) {
    CAPTURE(most);
    const auto with = [&](long steps) {
      return rk45(kepler, kepler_start, 0, 100, {.first_step = 1, .max_steps = steps});
    };
    const Solution cut = with(most);
    CHECK(cut.accepted + cut.rejected == most);
    last_was_rejected = last_was_rejected || with(most + 1).rejected > cut.rejected;
  }
  CHECK(last_was_rejected);
}

TEST_CASE("derivatives and steps of extreme size lead somewhere") {
  const auto constant = [](double slope) {
    return [slope](double, const VectorXd&) { return vector({slope}); };
  };
  const Solution steep = rk45(constant(1e160), vector({1}), 0, 1, {.max_steps = 1000});
  CHECK(steep.ok());  // its size squared overflows in the guess of the first step
  CHECK(steep.y(0, steep.accepted) == doctest::Approx(1e160));
  const Solution over = rk45(constant(1e308), vector({1}), 0, 10, {.max_steps = 1000});
  CHECK(over.status == Rk45Status::not_finite);
  CHECK(over.y.allFinite());
  CHECK(contains(over.message, "y[0] = inf"));
  const Solution moved = rk45(decay, vector({1}), 1, 2, {.first_step = 1e-300, .max_steps = 100});
  CHECK(moved.ok());  // the first step is lengthened until it moves the time
  CHECK((moved.t.tail(moved.accepted).array() > moved.t.head(moved.accepted).array()).all());
}

TEST_CASE("f is never asked beyond the end") {
  for (const double end : {1e-3, -1e-3}) {
    double farthest = 0;
    const Derivative slow = [&](double t, const VectorXd& y) {
      farthest = std::max(farthest, t / end);
      return VectorXd(-1e-3 * y);  // Hairer's rule would probe at t = 10
    };
    CHECK(rk45(slow, vector({1}), 0, end).ok());
    CHECK(farthest == 1);
  }
}

TEST_CASE("what f throws comes through unchanged") {
  const Derivative thrower = [](double t, const VectorXd& y) {
    if (t > 0.5) throw std::domain_error("no such state");
    return VectorXd(-y);
  };
  CHECK_THROWS_WITH_AS(rk45(thrower, vector({1}), 0, 1), "no such state", std::domain_error);
  CHECK_THROWS_WITH_AS(rk45_batch(column_by_column(thrower), MatrixXd::Ones(1, 3), 0, 1),
                       "no such state", std::domain_error);
}

TEST_CASE("what makes no sense is refused with the value") {
  const auto message = [](const Rk45Options& options, double t0 = 0, double t1 = 1,
                          const VectorXd& times = {}, const VectorXd& start = vector({1})) {
    try {
      rk45(decay, start, t0, t1, options, times);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(message({}) == "accepted");
  CHECK(message({.rtol = 0}) == "accepted");
  CHECK(message({.rtol = -1}) == "[rk45] rtol is -1: it must be finite and not negative");
  CHECK(contains(message({.rtol = quiet_nan}), "rtol is nan"));
  CHECK(contains(message({.atol = 0}), "atol is 0"));
  CHECK(contains(message({.atol = quiet_nan}), "atol is nan"));
  CHECK(contains(message({.first_step = -1}), "first_step is -1"));
  CHECK(contains(message({.max_step = 0}), "max_step is 0"));
  CHECK(contains(message({.max_step = quiet_nan}), "max_step is nan"));
  CHECK(contains(message({.max_steps = 0}), "max_steps is 0"));
  CHECK(contains(message({}, quiet_nan, 1), "from nan to 1"));
  CHECK(contains(message({}, 0, inf), "from 0 to inf"));
  CHECK(contains(message({}, 0, 1, vector({0.5, quiet_nan})), "times[1] is nan"));
  CHECK(contains(message({}, 0, 1, vector({0.5, 1.5})), "times[1] is 1.5"));
  CHECK(contains(message({}, 0, 1, vector({-0.5})), "times[0] is -0.5"));
  CHECK(contains(message({}, 0, 1, vector({0.5, 0.4})), "times[1] is 0.4"));
  CHECK(contains(message({}, 0, -1, vector({-0.5, -0.4})), "times[1] is -0.4"));
  CHECK(contains(message({}, 0, 1, {}, VectorXd()), "y0 is empty"));

  const Derivative longer = [](double, const VectorXd&) { return vector({1, 2}); };
  CHECK_THROWS_WITH_AS(rk45(longer, vector({1}), 0, 1),
                       "[rk45] f returned 2 numbers for a state of 1", std::invalid_argument);
  const BatchDerivative wider = [](const RowVectorXd&, const MatrixXd&, MatrixXd& dydt) {
    dydt.setZero(1, 4);
  };
  CHECK_THROWS_WITH_AS(rk45_batch(wider, MatrixXd::Ones(1, 3), 0, 1),
                       "[rk45] f made dydt 1x4: it must be 1x3", std::invalid_argument);
}

TEST_CASE("a step that a rounding takes to the end is the last, and f is not asked beyond it") {
  using Eigen::VectorXd;
  const auto decay = [](double, const VectorXd& y) { return VectorXd(-y); };
  const auto solution = physics::rk45(decay, VectorXd::Ones(1), 1000, 1000.1,
                                      {.first_step = 0.1, .max_step = 0.1, .dense = true});
  CHECK(solution.at(1000.1).allFinite());
  double lowest = 0;
  const auto watched = [&](double time, const VectorXd& y) {
    lowest = std::min(lowest, time);
    return VectorXd(-y);
  };
  physics::rk45(watched, VectorXd::Ones(1), 2.8, -1.7, {.first_step = 4.5});
  CHECK(lowest == -1.7);
}
