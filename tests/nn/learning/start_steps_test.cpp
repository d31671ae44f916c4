// Newton's steps of the windows' starts, one at a time: how far, how sure, and where none is taken.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "nn/learning/loss.h"
#include "nn/learning/trajectory_loss.h"
#include "nn/models/learnt_motion.h"
#include "physics/integrate/runge_kutta.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using Eigen::MatrixXd;
using nn::cut_windows;
using nn::StartSteps;
using nn::TrajectoryLoss;
using nn::Var;
using nn::Windows;
using nn::WindowShape;

namespace {

/// Two springs: q'' = -K q.
class Springs : public nn::Model {
 public:
  Index coordinates() const override { return 2; }
  Var acceleration(Var q, Var, Var = {}) const override {
    return matmul(q.tape().constant(Matrix{{-5, 2}, {1, -3}}), q);
  }
};

/// q'' = e^q, which soon has no value.
class RunsAway : public nn::Model {
 public:
  Index coordinates() const override { return 1; }
  Var acceleration(Var q, Var, Var = {}) const override { return exp(q); }
};

/// A pendulum whose angle is told in another unit.
class InUnits : public nn::Model {
 public:
  explicit InUnits(double unit) : unit_(unit) {}
  Index coordinates() const override { return 1; }
  Var acceleration(Var q, Var, Var = {}) const override {
    return sin(q * (1 / unit_)) * (-9.8 * unit_);
  }

 private:
  double unit_;
};

/// The first coordinate moves freely, and changes or not the spring of the second.
class Stiffening : public nn::Model {
 public:
  Stiffening(double constant, double slope) : constant_(constant), slope_(slope) {}
  Index coordinates() const override { return 2; }
  Var acceleration(Var q, Var, Var = {}) const override {
    return stack_rows(row(q, 0) * 0, -(row(q, 0) * slope_ + constant_) * row(q, 1));
  }

 private:
  double constant_, slope_;
};

/// Paths of a law by the loss's own steps, so that nothing but the starts can be off.
struct Paths {
  std::vector<physics::Recording> recordings;
  std::vector<physics::Estimate> truth;
};
Paths paths(const nn::Model& model, const std::vector<Index>& rows, std::uint64_t seed) {
  const physics::Motion law = nn::learnt_motion(model);
  const Index n = model.coordinates();
  Random random(seed);
  Paths found;
  for (const Index count : rows) {
    Eigen::VectorXd t(count);
    MatrixXd states(2 * n, count);
    states.col(0) = random.normal_matrix(2 * n, 1, 0.5).cast<double>();
    t[0] = 0;
    for (Index k = 1; k < count; ++k) {
      const double h = random.uniform(0.1, 0.3);
      t[k] = t[k - 1] + h;
      states.col(k) = physics::rk4_step([&](double, const MatrixXd& y) { return law(y); },
                                        MatrixXd(states.col(k - 1)), h);
    }
    found.recordings.push_back({t, states.topRows(n), states.bottomRows(n)});
    found.truth.push_back({states, MatrixXd::Zero(n, count)});
  }
  return found;
}

TrajectoryLoss loss_of(const WindowShape& shape) {
  return {.shape = shape,
          .loss = nn::huber_loss,
          .position_unit = {0.5, 2},
          .velocity_unit = {1.5, 0.8},
          .agreement = 0.7};
}

std::vector<Index> all_of(const Windows& windows) {
  std::vector<Index> which(static_cast<std::size_t>(windows.size()));
  std::iota(which.begin(), which.end(), Index(0));
  return which;
}

/// What is remembered under that name.
Matrix remembered(StartSteps& steps, const std::string& name) {
  for (const nn::NamedMatrix& entry : steps.memory())
    if (entry.name == name) return entry.values;
  return {};
}

/// Windows of springs: three in a row, and one alone.
struct Example {
  Springs model = {};
  TrajectoryLoss loss = loss_of({.points = 4});
  Paths data = paths(model, {13, 5}, 1);
  Windows windows = cut_windows(data.recordings, data.truth, loss.shape);
};

/// Where the starts are after steps of a new StartSteps with these gradients.
Matrix after_step(Example e, const std::vector<Index>& which, const Matrix& gradient,
                  const Matrix& next_gradient) {
  StartSteps steps(e.windows, e.loss, e.model);
  steps.step(e.windows, which, gradient, next_gradient);
  return e.windows.starts;
}

}  // namespace

TEST_CASE("steps of windows that there are not, or by gradients of others, are refused") {
  const Example e;
  const Index size = e.windows.starts.rows();
  const Matrix right = Matrix::Ones(size, 1), wide = Matrix::Ones(size, 2),
               low = Matrix::Ones(size - 1, 1);
  CHECK_NOTHROW(after_step(e, {0}, right, right));
  CHECK_THROWS_AS(after_step(e, {e.windows.size()}, right, right), std::invalid_argument);
  CHECK_THROWS_AS(after_step(e, {-1}, right, right), std::invalid_argument);
  CHECK_THROWS_WITH_AS(after_step(e, {0}, wide, right), doctest::Contains("x2 of 1 windows"),
                       std::invalid_argument);
  CHECK_THROWS_AS(after_step(e, {0}, right, low), std::invalid_argument);
}

TEST_CASE("of a linear law, a start that alone is off goes straight to where the motion began" *
          in_double_only) {
  const Springs model;
  struct Row {
    std::vector<Index> rows;  // of recordings
    Index off;                // the window
  };
  // The first, the middle and the last of three windows; one of another recording; one alone.
  const Row rows[]{{{13}, 0}, {{13}, 1}, {{13}, 2}, {{5, 9, 5}, 3}, {{5}, 0}};
  for (const Row& row : rows)
    for (const bool velocities : {false, true}) {
      CAPTURE(row.rows.size());
      CAPTURE(row.off);
      CAPTURE(velocities);
      const Paths data = paths(model, row.rows, 2);
      const TrajectoryLoss loss = loss_of({.points = 4, .velocities = velocities});
      Windows windows = cut_windows(data.recordings, data.truth, loss.shape);
      const Matrix truth = windows.starts, off = Random(3).normal_matrix(4, 1, 0.02);
      windows.starts.col(row.off) += off;
      StartSteps steps(windows, loss, model);
      nn::TrainingStep step(model, of_trajectories(loss), {windows.size(), windows.size(), 1});
      const std::vector<Matrix> inputs = inputs_of(windows, all_of(windows));
      std::vector<const Scalar*> columns;
      for (const Matrix& input : inputs) columns.push_back(input.data());
      step.run(columns);
      steps.step(windows, all_of(windows), step.learnt_gradient(0), step.learnt_gradient(1));
      const Matrix left = windows.starts.col(row.off) - truth.col(row.off);
      CHECK((left - off * (1 - 0.36)).cwiseAbs().maxCoeff() < 1e-8);
    }
}

TEST_CASE("a window's gradients as itself and as the next one are added") {
  const Example e;
  REQUIRE(e.windows.next == std::vector<Index>{1, 2, -1, -1});
  const Matrix g = Random(4).normal_matrix(4, 2, 0.01), zero = g * 0;
  Matrix second = zero, both = zero;
  second.col(0) = g.col(1);
  both.col(1) = g.col(0) + g.col(1);
  Matrix only_own = zero;
  only_own.col(1) = g.col(0);
  const Matrix apart = after_step(e, {0, 1}, only_own, second),
               together = after_step(e, {0, 1}, both, zero);
  CHECK(apart.isApprox(together, Scalar(100 * rounding)));
  CHECK(apart.col(1) != e.windows.starts.col(1));
  CHECK(apart.col(0) == e.windows.starts.col(0));
  // They are of a mean: among twice as many windows, of half the size.
  const Matrix alone = after_step(e, {1}, g.col(0), zero.col(0)),
               of_two = after_step(e, {3, 1}, only_own / 2, zero);
  CHECK(alone.isApprox(of_two, Scalar(100 * rounding)));
}

TEST_CASE("no step of a start is longer than its unit, either way") {
  const Example e;
  const Matrix steep = Random(5).normal_matrix(4, 4, 1e6), zero = steep * 0;
  const Matrix there = after_step(e, all_of(e.windows), steep, zero),
               back = after_step(e, all_of(e.windows), -steep, zero);
  const double units[]{0.5, 2, 1.5, 0.8};
  for (Index i = 0; i < 4; ++i)
    for (Index s = 0; s < 4; ++s) {
      const auto moved = static_cast<double>(there(i, s) - e.windows.starts(i, s));
      CHECK(std::abs(moved) == doctest::Approx(units[i]).epsilon(100 * rounding));
      CHECK(static_cast<double>(back(i, s) - e.windows.starts(i, s)) ==
            doctest::Approx(-moved).epsilon(100 * rounding));
    }
}

TEST_CASE("steps grow to whole ones as long as gradients do not, fall fast where they do" *
          in_double_only) {
  Example e;
  StartSteps steps(e.windows, e.loss, e.model), fresh(e.windows, e.loss, e.model);
  const Matrix g = Random(6).normal_matrix(4, 4, 1e-3), zero = g * 0;
  const std::vector<Index> which = all_of(e.windows);
  const auto part_after = [&](double size) {
    steps.step(e.windows, which, g * static_cast<Scalar>(size), zero);
    const Matrix part = remembered(steps, "part");
    CHECK(part.minCoeff() == part.maxCoeff());
    return static_cast<double>(part(0));
  };
  double part = static_cast<double>(remembered(steps, "part")(0));
  for (int k = 0; k < 10; ++k) {
    const double next = part_after(k < 5 ? 1 : 0.5);  // equal ones do not grow
    CHECK(next > (part < 1 ? part : 0));
    CHECK(next <= 1);
    part = next;
  }
  CHECK(part == 1);
  const double smaller = part_after(2);
  CHECK(smaller < 0.5);
  for (int k = 2; k < 10; ++k) part = part_after(std::pow(2, k));
  CHECK(part < smaller);
  CHECK(part > 0.05);  // they do not stop

  steps.forget();
  for (const char* name : {"part", "gradient", "newton"})
    CHECK(remembered(steps, name) == remembered(fresh, name));
}

TEST_CASE("where a gradient or the motion has no value, the start stays, and only that one") {
  Example e;
  const Matrix before = e.windows.starts;
  Matrix g = Random(7).normal_matrix(4, 4, 1e-3);
  g(2, 1) = std::numeric_limits<Scalar>::quiet_NaN();
  g(2, 3) = std::sqrt(std::numeric_limits<Scalar>::max()) * Scalar(1e10);  // its square has none
  const Matrix after = after_step(e, all_of(e.windows), g, Matrix::Zero(4, 4));
  for (Index s = 0; s < 4; ++s) {
    CAPTURE(s);
    CHECK((after.col(s) == before.col(s)) == (s == 1 || s == 3));
  }
}

TEST_CASE("a start whose motion runs away stays") {
  const RunsAway model;
  TrajectoryLoss loss = loss_of({.points = 2});
  loss.position_unit = loss.velocity_unit = 1;
  const Paths data = paths(model, {3, 3, 3}, 8);
  Windows windows = cut_windows(data.recordings, data.truth, loss.shape);
  windows.starts(0, 1) = 1000;  // e^1000
  const Matrix before = windows.starts;
  StartSteps steps(windows, loss, model);
  CHECK(remembered(steps, "newton").col(1).isZero(0));
  const Matrix g = Matrix::Constant(2, 3, Scalar(0.01));
  steps.step(windows, all_of(windows), g, g * 0);
  for (Index s = 0; s < 3; ++s) CHECK((windows.starts.col(s) == before.col(s)) == (s == 1));
  CHECK(windows.starts.allFinite());
}

TEST_CASE("steps do not notice the unit of a coordinate" * in_double_only) {
  const auto newton = [](double unit) {
    const InUnits model(unit);
    TrajectoryLoss loss = loss_of({.points = 4});
    loss.position_unit = loss.velocity_unit = unit;
    Paths data = paths(InUnits(1), {9, 5}, 10);
    for (std::size_t k = 0; k < data.recordings.size(); ++k)
      for (MatrixXd* values : {&data.recordings[k].q, &data.recordings[k].v, &data.truth[k].states})
        *values *= unit;
    const Windows windows = cut_windows(data.recordings, data.truth, loss.shape);
    StartSteps steps(windows, loss, model);
    return Matrix(remembered(steps, "newton") / (unit * unit));
  };
  CHECK(newton(1e-6).isApprox(newton(1), 1e-5));
}

TEST_CASE("a law that changes along a window counts as it is in the middle" * in_double_only) {
  // At a speed of 1 through a time of 0.8.
  const auto newton = [](const Stiffening& model) {
    const Eigen::VectorXd t{{0, 0.2, 0.5, 0.8}};
    MatrixXd states = MatrixXd::Zero(4, 4);
    states.row(0) = t.transpose();
    states.row(2).setOnes();
    const std::vector<physics::Recording> recordings{{t, states.topRows(2), states.bottomRows(2)}};
    const std::vector<physics::Estimate> truth{{states, MatrixXd::Zero(2, 4)}};
    const TrajectoryLoss loss = loss_of({.points = 3});
    const Windows windows = cut_windows(recordings, truth, loss.shape);
    StartSteps steps(windows, loss, model);
    return remembered(steps, "newton");
  };
  const Matrix stiffening = newton({1, 10});
  CHECK(stiffening.isApprox(newton({1 + 10 * 0.4, 0}), 1e-6));
  CHECK_FALSE(stiffening.isApprox(newton({1 + 10 * 0.5, 0}), 1e-3));
}

TEST_CASE("steps know their units from the loss, and those of a renewed one from that") {
  Example e;
  const std::vector<Index> which = all_of(e.windows);
  const Matrix steep = Random(5).normal_matrix(4, 4, 1e6), zero = steep * 0;
  StartSteps steps(e.windows, e.loss, e.model), resumed(e.windows, e.loss);
  auto from = steps.memory(), to = resumed.memory();
  for (std::size_t k = 0; k < from.size(); ++k) to[k].values = from[k].values;
  Windows windows = e.windows, same = e.windows;
  steps.step(windows, which, steep, zero);
  resumed.step(same, which, steep, zero);
  CHECK(windows.starts == same.starts);

  e.loss.position_unit = e.loss.velocity_unit = 0.001;
  windows = e.windows;
  steps.renew(windows, e.loss, e.model);
  steps.step(windows, which, steep, zero);
  const Matrix moved = (windows.starts - e.windows.starts).cwiseAbs();
  CHECK(static_cast<double>(moved.maxCoeff()) == doctest::Approx(0.001).epsilon(1e-3));
}

TEST_CASE("before it knows the law, no start takes a step") {
  Example e;
  const Matrix before = e.windows.starts, g = Matrix::Ones(4, 4);
  StartSteps steps(e.windows, e.loss);
  steps.step(e.windows, all_of(e.windows), g, g);
  CHECK(e.windows.starts == before);
  steps.renew(e.windows, e.loss, e.model);
  steps.step(e.windows, all_of(e.windows), g, g);
  CHECK(e.windows.starts != before);
}

TEST_CASE("recordings that do not go together make no windows") {
  const auto recording = [](Index n, Index k, Index rows) {
    physics::Recording r{Eigen::VectorXd::LinSpaced(rows, 0, 1), MatrixXd::Zero(n, rows)};
    r.controls.setZero(k, k > 0 ? rows : 0);
    return r;
  };
  const auto estimate = [](Index states, Index rows) {
    return physics::Estimate{MatrixXd::Zero(states, rows), MatrixXd::Zero(2, rows)};
  };
  const auto cut = [&](const physics::Recording& second, const physics::Estimate& of_second) {
    cut_windows(std::vector{recording(2, 1, 9), second}, std::vector{estimate(4, 9), of_second},
                {.points = 4});
  };
  CHECK_NOTHROW(cut(recording(2, 1, 9), estimate(4, 9)));
  CHECK_THROWS_WITH_AS(cut(recording(3, 1, 9), estimate(4, 9)),
                       doctest::Contains("a recording of 3 coordinates and 1 controls"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(cut(recording(2, 2, 9), estimate(4, 9)),
                       doctest::Contains("the first has 2 and 1"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(cut(recording(2, 1, 9), estimate(4, 8)),
                       doctest::Contains("with estimates 4x8"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(cut(recording(2, 1, 9), estimate(2, 9)),
                       doctest::Contains("this one 9 times"), std::invalid_argument);
}
