// The loss through the integrator: what it is, its derivatives, the windows that it is taken over,
// and Newton's steps of their starts.
#include "nn/learning/trajectory_loss.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/kernels/decompositions.h"
#include "nn/learning/loss.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/models.h"
#include "physics/euler_lagrange.h"
#include "physics/integrate/roll_out.h"
#include "physics/integrate/runge_kutta.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using nn::cut_windows;
using nn::TrajectoryLoss;
using nn::Var;
using nn::Windows;
using nn::WindowShape;

namespace {

constexpr double gravity = 9.8;

// ---------------------------------------------------------------- models, shapes and inputs

/// A model's kind, and what acts beside its network.
struct Kind {
  const char* name;
  const char* friction;
  Index controls;
};
const Kind lagrangian{"lnn", "none", 0}, with_forces{"lnn", "network", 2}, plain{"mlp", "none", 2};

/// Two coordinates, one an angle; every parameter drawn.
std::unique_ptr<nn::NetworkModel> drawn(const Kind& kind) {
  auto model = nn::make_model(kind.name, {.hidden = {4, 3},
                                          .activation = "tanh",
                                          .angles = {false, true},
                                          .kinetic_prior = {4, 3},
                                          .friction = kind.friction,
                                          .controls = kind.controls});
  Random random(3);
  for (Scalar& p : model->parameters().values()) p = static_cast<Scalar>(0.6 * random.normal());
  return model;
}

struct Case {
  const char* what;
  Kind kind;
  WindowShape shape;
  bool even = false;  ///< times
};
// A control in the middle of a step over some points is taken from the middle one of them: so
// there, times are even.
const Case cases[]{
    {"alone", lagrangian, {.points = 2}},
    {"velocities", lagrangian, {.points = 2, .velocities = true}},
    {"points between", lagrangian, {.points = 4, .span = 2, .velocities = true}},
    {"friction, controls", with_forces, {.points = 2}},
    {"friction, controls, points between",
     with_forces,
     {.points = 2, .span = 2, .velocities = true},
     true},
    {"friction, controls, substeps", with_forces, {.points = 1, .substeps = 3}},
    {"plain", plain, {.points = 3, .velocities = true}},
    {"plain, substeps", plain, {.points = 2, .substeps = 3}},
    {"plain, many points between", plain, {.points = 6, .span = 3, .velocities = true}, true},
};

TrajectoryLoss loss_of(const WindowShape& shape, nn::Loss loss = nn::mse_loss) {
  return {.shape = shape,
          .loss = std::move(loss),
          .position_unit = {0.5, 2},
          .velocity_unit = {1.5, 0.8},
          .agreement = 0.7};
}

constexpr Index windows_drawn = 3;

/// Inputs of the loss, all drawn: the window in the middle has no next one.
std::vector<Matrix> random_inputs(const nn::Model& model, const Case& c, std::uint64_t seed) {
  Random random(seed);
  const Index n = model.coordinates(), k = model.controls(), w = c.shape.points, N = windows_drawn;
  std::vector<Matrix> inputs;
  inputs.push_back(random.normal_matrix(2 * n, N, 0.7));
  Matrix times =
      c.even ? Matrix::Constant(w, N, Scalar(0.2)) : random.uniform_matrix(w, N, 0.1, 0.3);
  for (Index i = 1; i < w; ++i) times.row(i) += times.row(i - 1);
  inputs.push_back(times);
  inputs.push_back(random.normal_matrix((c.shape.velocities ? 2 : 1) * n * (w + 1), N, 0.7));
  Matrix follows = Matrix::Ones(1, N);
  follows(0, 1) = 0;
  inputs.push_back(follows);
  inputs.push_back(random.normal_matrix(2 * n, N, 0.7));
  if (k > 0) inputs.push_back(random.normal_matrix(k * (w + 1), N));
  return inputs;
}

double run(nn::TrainingStep& step, const std::vector<Matrix>& inputs) {
  std::vector<const Scalar*> columns;
  for (const Matrix& input : inputs) columns.push_back(input.data());
  return step.run(columns);
}

// ---------------------------------------------------------------- the same by hand

double square(double e) { return e * e; }
double huber(double e) { return std::abs(e) <= 1 ? e * e / 2 : std::abs(e) - 0.5; }

/// At the part x of a step: the polynomial of degree 5 that has q, v and a of both ends, from its
/// six equations.
std::pair<double, double> hermite(double q0, double v0, double a0, double q1, double v1, double a1,
                                  double h, double x) {
  MatrixXd equations = MatrixXd::Zero(6, 6);
  for (Index i = 0; i < 6; ++i) {
    const auto p = static_cast<double>(i);
    const double at_0[]{i == 0 ? 1. : 0., i == 1 ? 1. : 0., i == 2 ? 2. : 0.};
    const double at_1[]{1, p, p * (p - 1)};
    for (Index d = 0; d < 3; ++d) equations(d, i) = at_0[d], equations(3 + d, i) = at_1[d];
  }
  VectorXd ends(6);
  ends << q0, v0 * h, a0 * h * h, q1, v1 * h, a1 * h * h;
  const MatrixXd c = autodiff::least_squares(equations, ends);
  double q = 0, v = 0;
  for (Index i = 0; i < 6; ++i) {
    const auto p = static_cast<double>(i);
    q += c(i, 0) * std::pow(x, p);
    if (i > 0) v += p * c(i, 0) * std::pow(x, p - 1) / h;
  }
  return {q, v};
}

/// The loss of windows, each rolled out alone, in plain numbers.
double by_hand(const nn::Model& model, const TrajectoryLoss& o, double (*loss)(double),
               const std::vector<Matrix>& inputs) {
  const physics::Motion law = nn::learnt_motion(model);
  const Index n = model.coordinates(), k = model.controls(), w = o.shape.points;
  const Index N = inputs[0].cols();
  double of_positions = 0, of_velocities = 0, of_agreement = 0;
  for (Index s = 0; s < N; ++s) {
    const VectorXd times = inputs[1].col(s).cast<double>();
    const auto rates = [&](const VectorXd& y, double place) {
      VectorXd u(k);
      for (Index i = 0; i < k; ++i) {  // in a straight line between points
        const Index before = std::min(static_cast<Index>(place), w - 1);
        const auto a = static_cast<double>(inputs[5](before * k + i, s));
        const auto b = static_cast<double>(inputs[5]((before + 1) * k + i, s));
        u[i] = a + (b - a) * (place - static_cast<double>(before));
      }
      MatrixXd found;
      law(Eigen::RowVectorXd::Zero(1), y, u, found);
      return VectorXd(found.col(0));
    };
    MatrixXd path(2 * n, w + 1);
    VectorXd y = inputs[0].col(s).cast<double>();
    path.col(0) = y;
    const auto length = static_cast<double>(o.shape.span);
    const auto substeps = static_cast<double>(o.shape.substeps);
    for (Index point = 0; point < w; point += o.shape.span) {
      const auto first = static_cast<double>(point);
      const double begin = point == 0 ? 0 : times[point - 1];
      const double whole = times[point + o.shape.span - 1] - begin, h = whole / substeps;
      const VectorXd from = y;
      for (Index part = 0; part < o.shape.substeps; ++part) {
        const double here = first + length * static_cast<double>(part) / substeps;
        const double middle = here + length / substeps / 2, there = here + length / substeps;
        const VectorXd k1 = rates(y, here), k2 = rates(y + h / 2 * k1, middle),
                       k3 = rates(y + h / 2 * k2, middle), k4 = rates(y + h * k3, there);
        y += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
      }
      const VectorXd a0 = rates(from, first).tail(n), a1 = rates(y, first + length).tail(n);
      for (Index inside = 1; inside < o.shape.span; ++inside) {
        const double x = (times[point + inside - 1] - begin) / whole;
        for (Index i = 0; i < n; ++i) {
          const auto there = hermite(from[i], from[n + i], a0[i], y[i], y[n + i], a1[i], whole, x);
          path(i, point + inside) = there.first;
          path(n + i, point + inside) = there.second;
        }
      }
      path.col(point + o.shape.span) = y;
    }
    for (Index point = 0; point <= w; ++point)
      for (Index i = 0; i < n; ++i) {
        const auto measured = [&](Index row) { return static_cast<double>(inputs[2](row, s)); };
        of_positions += loss((path(i, point) - measured(point * n + i)) / o.position_unit[i]);
        if (o.shape.velocities)
          of_velocities += loss((path(n + i, point) - measured(n * (w + 1) + point * n + i)) /
                                o.velocity_unit[i]);
      }
    if (inputs[3](0, s) > 0)
      for (Index i = 0; i < n; ++i) {
        const auto next = [&](Index row) { return static_cast<double>(inputs[4](row, s)); };
        of_agreement += loss((y[i] - next(i)) / o.position_unit[i]) +
                        loss((y[n + i] - next(n + i)) / o.velocity_unit[i]);
      }
  }
  const auto entries = static_cast<double>(n * N);  // of one point
  return (of_positions + of_velocities) / (entries * static_cast<double>(w + 1)) +
         o.agreement * of_agreement / entries;
}

// ---------------------------------------------------------------- differences

/// Calls check(exact, difference) for each of some numbers that the loss depends on. Differences
/// are of fourth order.
void compare(Scalar* numbers, Index count, const Scalar* gradient,
             const std::function<double()>& loss) {
  double scale = 1e-3;
  for (Index i = 0; i < count; ++i)
    scale = std::max(scale, std::abs(static_cast<double>(gradient[i])));
  for (Index i = 0; i < count; ++i) {
    const Scalar here = numbers[i];
    const auto at = [&](double h) {
      numbers[i] = here + static_cast<Scalar>(h);
      return loss();
    };
    const double difference = (8 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
    numbers[i] = here;
    CAPTURE(i);
    CHECK(std::abs(static_cast<double>(gradient[i]) - difference) < 1e-7 * scale);
  }
}

// ---------------------------------------------------------------- a law that is known

/// A pendulum of length 1 as a model: nothing is to be learnt, and it is right.
class TruePendulum : public nn::Model {
 public:
  Index coordinates() const override { return 1; }
  Var acceleration(Var q, Var v, Var = {}) const override {
    return physics::euler_lagrange(0.5 * v * v + gravity * cos(q), q, v);
  }
};

/// Two springs: q'' = -K q.
class Springs : public nn::Model {
 public:
  Index coordinates() const override { return 2; }
  Var acceleration(Var q, Var, Var = {}) const override {
    return matmul(MatrixXd{{-5, 2}, {1, -3}}, q);
  }
};

/// A pendulum's motions from these starts as recordings without noise, uneven in time, and the
/// states there.
struct Pendulums {
  std::vector<physics::Recording> recordings;
  std::vector<physics::Estimate> truth;
};
Pendulums pendulums(Index rows, double interval) {
  // In plain numbers, which are doubles whatever the engine's are.
  const auto motion =
      physics::Motion::of_accelerations(1, [](const MatrixXd& states, Eigen::Ref<MatrixXd> a) {
        a = -gravity * states.topRows(1).array().sin();
      });
  const MatrixXd starts{{1.2, -0.5, 2.4}, {0.3, 3, 0}};
  Random random(11);
  VectorXd t(rows);
  for (Index k = 0; k < rows; ++k)
    t[k] = interval * (static_cast<double>(k) + random.uniform(0, 0.4));
  t.array() -= t[0];
  Pendulums found;
  for (const physics::Solution& s : roll_out(motion, starts, t, {.rtol = 1e-11, .atol = 1e-11})) {
    found.recordings.push_back({t, s.y.topRows(1), s.y.bottomRows(1)});
    found.truth.push_back({s.y, MatrixXd(motion(s.y).bottomRows(1))});
  }
  return found;
}

std::vector<Index> all_of(const Windows& windows) {
  std::vector<Index> which(static_cast<std::size_t>(windows.size()));
  std::iota(which.begin(), which.end(), Index(0));
  return which;
}

/// In units of about the motions' own sizes.
TrajectoryLoss pendulum_loss(const WindowShape& shape, double agreement) {
  return {.shape = shape,
          .loss = nn::huber_loss,
          .position_unit = 1,
          .velocity_unit = 3,
          .agreement = agreement};
}

/// Moves all starts by so many of Newton's steps.
void move_starts(Windows& windows, nn::StartSteps& steps, const TrajectoryLoss& loss,
                 const nn::Model& model, int count) {
  nn::TrainingStep step(model, of_trajectories(loss), {windows.size(), 8, 1});
  const std::vector<Index> which = all_of(windows);
  for (int i = 0; i < count; ++i) {
    run(step, inputs_of(windows, which));
    steps.step(windows, which, step.learnt_gradient(0), step.learnt_gradient(1));
  }
}

bool same_bits(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), sizeof(Scalar) * static_cast<std::size_t>(a.size())) == 0;
}

/// Whose entries tell what they are: rows of q are 100, 200, ... and the time's number, velocities
/// are negative, controls in thousands.
physics::Recording numbered(Index rows, bool velocities, Index controls) {
  physics::Recording r{VectorXd(rows), MatrixXd(2, rows)};
  if (velocities) r.v.resize(2, rows);
  r.controls.resize(controls, controls > 0 ? rows : 0);
  for (Index i = 0; i < rows; ++i) {
    const auto number = static_cast<double>(i);
    r.t[i] = 3 + 0.5 * number * number;
    r.q.col(i) << 100 + number, 200 + number;
    if (velocities) r.v.col(i) = -r.q.col(i);
    for (Index k = 0; k < controls; ++k)
      r.controls(k, i) = 1000 * static_cast<double>(k + 1) + number;
  }
  return r;
}

/// States that differ from what was measured: by a half.
physics::Estimate estimate_of(const physics::Recording& r) {
  physics::Estimate e{MatrixXd(4, r.size()), MatrixXd::Zero(2, r.size())};
  e.states.topRows(2) = r.q.array() + 0.5;
  e.states.bottomRows(2) = -r.q.array() + 0.5;
  return e;
}

std::vector<physics::Estimate> estimates_of(const std::vector<physics::Recording>& recordings) {
  std::vector<physics::Estimate> all;
  for (const physics::Recording& r : recordings) all.push_back(estimate_of(r));
  return all;
}

Matrix column(std::initializer_list<double> values) {
  Matrix m(static_cast<Index>(values.size()), 1);
  std::transform(values.begin(), values.end(), m.data(),
                 [](double v) { return static_cast<Scalar>(v); });
  return m;
}

}  // namespace

// ---------------------------------------------------------------- the loss

TEST_CASE("the loss of windows is what rolling them out in numbers gives") {
  const std::pair<nn::Loss, double (*)(double)> losses[]{{nn::mse_loss, square},
                                                         {nn::huber_loss, huber}};
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto model = drawn(c.kind);
    const std::vector<Matrix> inputs = random_inputs(*model, c, 5);
    for (const auto& loss : losses) {
      const TrajectoryLoss o = loss_of(c.shape, loss.first);
      nn::TrainingStep step(*model, of_trajectories(o), {windows_drawn, windows_drawn, 1});
      CHECK(run(step, inputs) ==
            doctest::Approx(by_hand(*model, o, loss.second, inputs)).epsilon(1e4 * rounding));
    }
  }
}

TEST_CASE("its derivatives by parameters, starts and next starts are those of differences" *
          in_double_only) {
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto model = drawn(c.kind);
    std::vector<Matrix> inputs = random_inputs(*model, c, 6);
    nn::TrainingStep step(*model, of_trajectories(loss_of(c.shape)), {windows_drawn, 2, 1});
    const auto loss = [&] { return run(step, inputs); };
    loss();
    const std::vector<Scalar> by_parameters(step.gradient().begin(), step.gradient().end());
    const Matrix by_starts = step.learnt_gradient(0), by_next = step.learnt_gradient(1);
    const auto values = model->parameters().values();
    REQUIRE(by_parameters.size() == values.size());
    REQUIRE(by_starts.size() == inputs[0].size());
    REQUIRE(by_next.size() == inputs[4].size());
    compare(values.data(), static_cast<Index>(values.size()), by_parameters.data(), loss);
    compare(inputs[0].data(), inputs[0].size(), by_starts.data(), loss);
    compare(inputs[4].data(), inputs[4].size(), by_next.data(), loss);
    CHECK(by_starts.cwiseAbs().minCoeff() > 0);
    CHECK((by_next.col(1).array() == 0).all());  // that window has no next one
    CHECK(by_next.col(2).cwiseAbs().minCoeff() > 0);
  }
}

TEST_CASE("without a weight, what comes next does not matter") {
  const auto model = drawn(plain);
  const Case c{"", plain, {.points = 2}};
  TrajectoryLoss o = loss_of(c.shape);
  std::vector<Matrix> inputs = random_inputs(*model, c, 7);
  const auto loss_and_shift = [&] {
    nn::TrainingStep step(*model, of_trajectories(o), {windows_drawn, windows_drawn, 1});
    const double loss = run(step, inputs);
    std::vector<Matrix> elsewhere = inputs;
    elsewhere[4].array() += 1;
    return std::pair(loss, run(step, elsewhere));
  };
  const auto weighed = loss_and_shift();
  CHECK(weighed.first != weighed.second);
  o.agreement = 0;
  const auto without = loss_and_shift();
  CHECK(without.first == without.second);
  CHECK(without.first < weighed.first);
}

TEST_CASE("the true law's loss from true starts is near 0, and its error is that of the steps") {
  const TruePendulum model;
  const Pendulums data = pendulums(33, 0.02);
  const auto loss_of_windows = [&](const WindowShape& shape) {
    const TrajectoryLoss o = pendulum_loss(shape, 1);
    const Windows windows = cut_windows(data.recordings, data.truth, shape);
    nn::TrainingStep step(model, of_trajectories(o), {windows.size(), windows.size(), 1});
    return run(step, inputs_of(windows, all_of(windows)));
  };
  // Half a square of what is off: roundings, or the errors of steps.
  const double roundings = 1e3 * square(rounding);
  CHECK(loss_of_windows({.points = 4, .velocities = true}) < 1e-10 + roundings);
  CHECK(loss_of_windows({.points = 4, .substeps = 3, .velocities = true}) < 1e-14 + roundings);
  CHECK(loss_of_windows({.points = 8, .span = 4, .velocities = true}) < 1e-7);
  const double long_steps = loss_of_windows({.points = 8, .span = 8, .velocities = true});
  CHECK(long_steps > 1e-10);  // they would not be seen if nothing was followed
  CHECK(long_steps < 1e-4);
}

TEST_CASE("the loss and its derivatives have the same bits on any number of threads") {
  const auto model = drawn(with_forces);
  const Case c{"", with_forces, {.points = 2, .span = 2, .velocities = true}, true};
  std::vector<Matrix> inputs;
  for (const std::uint64_t seed : {8u, 9u, 10u}) {
    const std::vector<Matrix> some = random_inputs(*model, c, seed);
    for (std::size_t k = 0; k < some.size(); ++k) {
      if (inputs.size() == k) inputs.emplace_back(some[k].rows(), 0);
      Matrix both(some[k].rows(), inputs[k].cols() + some[k].cols());
      both << inputs[k], some[k];
      inputs[k] = both;
    }
  }
  const auto all = [&](int threads) {
    nn::TrainingStep step(*model, of_trajectories(loss_of(c.shape)),
                          {inputs[0].cols(), 2, threads});
    std::vector<Scalar> found{static_cast<Scalar>(run(step, inputs))};
    found.insert(found.end(), step.gradient().begin(), step.gradient().end());
    for (const int k : {0, 1}) {
      const Matrix& g = step.learnt_gradient(k);
      found.insert(found.end(), g.data(), g.data() + g.size());
    }
    return found;
  };
  const std::vector<Scalar> one = all(1);
  CHECK(std::all_of(one.begin(), one.end(), [](Scalar x) { return std::isfinite(x); }));
  CHECK(one == all(2));
}

TEST_CASE("a training step of windows wants all their inputs") {
  const auto model = drawn(plain);
  nn::TrainingStep step(*model, of_trajectories(loss_of({.points = 2})), {3, 3, 1});
  std::vector<Matrix> inputs = random_inputs(*model, {"", plain, {.points = 2}}, 7);
  inputs.pop_back();
  CHECK_THROWS_WITH_AS(run(step, inputs), "[training_step] 5 inputs, the objective has 6",
                       std::invalid_argument);
}

// ---------------------------------------------------------------- windows

TEST_CASE("windows that make no sense are refused wherever they are given") {
  const std::vector<physics::Recording> recordings{numbered(20, true, 0)};
  const auto estimates = estimates_of(recordings);
  const std::pair<WindowShape, const char*> wrong[]{
      {{.points = 0}, "windows of 0 points, 1 of them in 1 steps"},
      {{.points = -4}, "windows of -4 points"},
      {{.points = 4, .span = 0}, "windows of 4 points, 0 of them in 1 steps"},
      {{.points = 4, .substeps = 0}, "windows of 4 points, 1 of them in 0 steps"},
      {{.points = 4, .span = 3}, "windows of 4 points, 3 of them in 1 steps"},
      {{.points = 4, .span = 8}, "windows of 4 points, 8 of them in 1 steps"},
      {{.points = 4, .span = 2, .substeps = 2}, "windows of 4 points, 2 of them in 2 steps"}};
  for (const auto& one : wrong) {
    const WindowShape& shape = one.first;
    const char* words = one.second;
    CHECK_THROWS_WITH_AS(of_trajectories(loss_of(shape)), doctest::Contains(words),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(cut_windows(recordings, estimates, shape), doctest::Contains(words),
                         std::invalid_argument);
  }
  CHECK_NOTHROW(of_trajectories(loss_of({.points = 4, .span = 4})));
  CHECK_NOTHROW(of_trajectories(loss_of({.points = 1, .substeps = 5})));
}

TEST_CASE("a window's steps are counted") {
  CHECK(WindowShape{.points = 6}.steps() == 6);
  CHECK(WindowShape{.points = 6, .span = 3}.steps() == 2);
  CHECK(WindowShape{.points = 6, .substeps = 3}.steps() == 18);
}

TEST_CASE(
    "windows lie end to end, each recording's rest is left over, and none follows another "
    "recording's") {
  // With 3 points: of 11 rows three windows and a rest of one, of 3 rows none, of 4 one, of 7 two.
  const std::vector<physics::Recording> recordings{numbered(11, false, 0), numbered(3, false, 0),
                                                   numbered(4, false, 0), numbered(7, false, 0)};
  const Windows windows = cut_windows(recordings, estimates_of(recordings), {.points = 3});
  REQUIRE(windows.size() == 6);
  CHECK(windows.next == std::vector<Index>{1, 2, -1, -1, 5, -1});
  CHECK(windows.follows_another == std::vector<bool>{false, true, true, false, false, true});
  const double begins[]{0, 3, 6, 0, 0, 3};
  for (Index s = 0; s < 6; ++s) {
    CAPTURE(s);
    const double b = begins[s];
    CHECK(windows.starts.col(s) == column({100.5 + b, 200.5 + b, -99.5 - b, -199.5 - b}));
    const auto passed = [&](double k) { return 0.5 * (b + k) * (b + k) - 0.5 * b * b; };
    CHECK(windows.times.col(s) == column({passed(1), passed(2), passed(3)}));
    CHECK(windows.measured.col(s) ==
          column({100 + b, 200 + b, 101 + b, 201 + b, 102 + b, 202 + b, 103 + b, 203 + b}));
  }
  CHECK(windows.controls.size() == 0);
  CHECK(inputs_of(windows, all_of(windows)).size() == 5);
}

TEST_CASE("windows carry velocities below all coordinates, and controls") {
  const std::vector<physics::Recording> recordings{numbered(5, true, 2)};
  const Windows windows =
      cut_windows(recordings, estimates_of(recordings), {.points = 2, .velocities = true});
  REQUIRE(windows.size() == 2);
  CHECK(windows.measured.col(1) ==
        column({102, 202, 103, 203, 104, 204, -102, -202, -103, -203, -104, -204}));
  CHECK(windows.controls.col(1) == column({1002, 2002, 1003, 2003, 1004, 2004}));
  // Velocities that nobody asks for are no part of them.
  CHECK(cut_windows(recordings, estimates_of(recordings), {.points = 2}).measured.rows() == 6);
}

TEST_CASE("there are no windows of what is shorter, nor of nothing") {
  const std::vector<physics::Recording> recordings{numbered(4, false, 0), numbered(1, false, 0)};
  CHECK(cut_windows(recordings, estimates_of(recordings), {.points = 4}).size() == 0);
  CHECK(cut_windows(recordings, estimates_of(recordings), {.points = 3}).size() == 1);
  CHECK(cut_windows({}, {}, {.points = 4}).size() == 0);
}

TEST_CASE("velocities that were not measured, and estimates of other recordings, are refused") {
  const std::vector<physics::Recording> recordings{numbered(9, true, 0), numbered(9, false, 0)};
  auto estimates = estimates_of(recordings);
  CHECK_THROWS_WITH_AS(cut_windows(recordings, estimates, {.points = 4, .velocities = true}),
                       "[cut_windows] a recording has no velocities", std::invalid_argument);
  CHECK_NOTHROW(cut_windows(recordings, estimates, {.points = 4}));
  estimates.pop_back();
  CHECK_THROWS_WITH_AS(cut_windows(recordings, estimates, {.points = 4}),
                       "[cut_windows] 2 recordings, estimates of 1", std::invalid_argument);
  physics::Recording short_of_rows = numbered(9, true, 0);
  short_of_rows.v.conservativeResize(short_of_rows.v.rows(), 3);
  const std::vector some{short_of_rows};
  CHECK_THROWS_WITH_AS(cut_windows(some, estimates_of({numbered(9, true, 0)}), {.points = 4}),
                       doctest::Contains("[recording] 9 times"), std::invalid_argument);
}

TEST_CASE("windows that there are not, and gradients of others, are refused") {
  const std::vector<physics::Recording> recordings{numbered(9, false, 0)};
  Windows windows = cut_windows(recordings, estimates_of(recordings), {.points = 4});
  for (const Index window : {Index(-1), windows.size()})
    CHECK_THROWS_WITH_AS(inputs_of(windows, std::vector{window}),
                         doctest::Contains("[windows] there is no window"), std::invalid_argument);
}

TEST_CASE("a window that the recording ends a row short of is followed by none") {
  const std::vector<physics::Recording> recordings{numbered(6, false, 0), numbered(7, false, 0)};
  const Windows windows = cut_windows(recordings, estimates_of(recordings), {.points = 3});
  CHECK(windows.next == std::vector<Index>{-1, 2, -1});
}

TEST_CASE("the loss's inputs are the columns of the windows asked for, and where the next start") {
  const std::vector<physics::Recording> recordings{numbered(7, false, 1), numbered(5, false, 1)};
  const Windows windows = cut_windows(recordings, estimates_of(recordings), {.points = 2});
  REQUIRE(windows.next == std::vector<Index>{1, 2, -1, 4, -1});
  const std::vector<Index> which{3, 2, 0, 3};
  const std::vector<Matrix> inputs = inputs_of(windows, which);
  REQUIRE(inputs.size() == 6);
  for (Index s = 0; s < 4; ++s) {
    const Index window = which[static_cast<std::size_t>(s)];
    CHECK(inputs[0].col(s) == windows.starts.col(window));
    CHECK(inputs[1].col(s) == windows.times.col(window));
    CHECK(inputs[2].col(s) == windows.measured.col(window));
    CHECK(inputs[5].col(s) == windows.controls.col(window));
  }
  CHECK(inputs[3] == Matrix{{1, 0, 1, 1}});
  CHECK(inputs[4].col(0) == windows.starts.col(4));
  CHECK((inputs[4].col(1).array() == 0).all());
  CHECK(inputs[4].col(2) == windows.starts.col(1));
  CHECK(inputs[4].col(3) == windows.starts.col(4));
}

// ---------------------------------------------------------------- Newton's steps of the starts

TEST_CASE("with the true law, starts that are off come to where the motion was") {
  const TruePendulum model;
  const Pendulums data = pendulums(37, 0.03);
  struct Row {
    const char* what;
    WindowShape shape;
    double agreement, falls;
    nn::Loss loss = nn::huber_loss;
  };
  // Each window steps as if its neighbours stood still. So where only they tell it of its
  // velocity, or count as much as what was measured, it takes many steps.
  const Row rows[]{{"alone", {.points = 12}, 0, 100},
                   {"alone, by the squares themselves", {.points = 12}, 0, 100, nn::mse_loss},
                   {"in some agreement", {.points = 12}, 0.01, 100},
                   {"in agreement", {.points = 12}, 1, 2},
                   {"velocities", {.points = 6, .velocities = true}, 0, 100},
                   {"velocities, in some agreement", {.points = 6, .velocities = true}, 0.1, 100},
                   {"velocities, in agreement", {.points = 6, .velocities = true}, 1, 3},
                   {"points between", {.points = 12, .span = 2}, 0, 100},
                   {"points between, in some agreement", {.points = 12, .span = 2}, 0.01, 100}};
  for (const Row& row : rows) {
    CAPTURE(row.what);
    TrajectoryLoss loss = pendulum_loss(row.shape, row.agreement);
    loss.loss = row.loss;
    Windows windows = cut_windows(data.recordings, data.truth, row.shape);
    const Matrix truth = windows.starts;
    Matrix off = Random(12).normal_matrix(2, windows.size(), 0.1);
    off.row(1) *= 3;
    windows.starts += off;
    nn::StartSteps steps(windows, loss, model);
    const double first = off.norm();
    move_starts(windows, steps, loss, model, 10);
    const double halfway = (windows.starts - truth).norm();
    steps.renew(windows, loss, model);  // the law's derivative where the starts are by now
    move_starts(windows, steps, loss, model, 15);
    const double last = (windows.starts - truth).norm();
    CHECK(halfway < first / 1.5);
    CHECK(last < first / row.falls);
  }
}

TEST_CASE("of a law that is linear, steps are parts of Newton's, each larger than the one before" *
          in_double_only) {
  const Springs model;
  const physics::Motion law = nn::learnt_motion(model);
  // Paths by the loss's own steps, so that nothing but the starts is off.
  constexpr Index rows = 5;
  std::vector<physics::Recording> recordings;
  std::vector<physics::Estimate> truth;
  Random random(15);
  for (int r = 0; r < 3; ++r) {
    VectorXd t(rows);
    MatrixXd states(4, rows);
    states.col(0) = random.normal_matrix(4, 1).cast<double>();
    t[0] = 0;
    for (Index k = 1; k < rows; ++k) {
      const double h = random.uniform(0.1, 0.3);
      t[k] = t[k - 1] + h;
      states.col(k) = physics::rk4_step([&](double, const MatrixXd& y) { return law(y); },
                                        MatrixXd(states.col(k - 1)), h);
    }
    recordings.push_back({t, states.topRows(2), states.bottomRows(2)});
    truth.push_back({states, MatrixXd::Zero(2, rows)});
  }
  for (const bool velocities : {false, true}) {
    CAPTURE(velocities);
    const TrajectoryLoss loss =
        loss_of({.points = rows - 1, .velocities = velocities}, nn::huber_loss);
    Windows windows = cut_windows(recordings, truth, loss.shape);
    const Matrix exact = windows.starts, off = random.normal_matrix(4, 3, 0.05);
    windows.starts += off;
    nn::StartSteps steps(windows, loss, model);
    double left = 1, part = 0.3;
    for (int i = 0; i < 5; ++i) {
      move_starts(windows, steps, loss, model, 1);
      part = std::min(1., part * 1.2);
      left *= 1 - part;
      CAPTURE(i);
      const Matrix is = windows.starts - exact;
      CHECK((is - off * static_cast<Scalar>(left)).cwiseAbs().maxCoeff() < 1e-7);
    }
  }
}

TEST_CASE("starts step only where they are asked to, and where those end") {
  const TruePendulum model;
  const Pendulums data = pendulums(37, 0.03);
  const WindowShape shape{.points = 6};
  const TrajectoryLoss loss = pendulum_loss(shape, 1);
  Windows windows = cut_windows(data.recordings, data.truth, shape);
  REQUIRE(windows.size() == 18);
  windows.starts += Random(13).normal_matrix(2, windows.size(), 0.1);
  const Matrix before = windows.starts;
  nn::StartSteps steps(windows, loss, model);
  nn::TrainingStep step(model, of_trajectories(loss), {3, 3, 1});
  const std::vector<Index> which{2, 5, 8};  // 5 is the last of its recording
  run(step, inputs_of(windows, which));
  steps.step(windows, which, step.learnt_gradient(0), step.learnt_gradient(1));
  for (Index s = 0; s < windows.size(); ++s) {
    CAPTURE(s);
    const bool moves = s == 2 || s == 3 || s == 5 || s == 8 || s == 9;
    CHECK((windows.starts.col(s) != before.col(s)) == moves);
  }
}

TEST_CASE("no step of a start is longer than its unit") {
  const TruePendulum model;
  const Pendulums data = pendulums(13, 0.03);
  const WindowShape shape{.points = 12};
  TrajectoryLoss loss = pendulum_loss(shape, 0);
  loss.position_unit = 0.01;
  loss.velocity_unit = 0.02;
  Windows windows = cut_windows(data.recordings, data.truth, shape);
  const Matrix before = windows.starts;
  nn::StartSteps steps(windows, loss, model);
  const std::vector<Index> which = all_of(windows);
  const Matrix steep = Matrix::Constant(2, windows.size(), Scalar(1e6)), none = steep * 0;
  steps.step(windows, which, steep, none);
  const Matrix moved = (windows.starts - before).cwiseAbs();
  CHECK(static_cast<double>(moved.row(0).maxCoeff()) == doctest::Approx(0.01).epsilon(1e-4));
  CHECK(static_cast<double>(moved.row(1).maxCoeff()) == doctest::Approx(0.02).epsilon(1e-4));
}

TEST_CASE("what the steps remember is named, and with it they go on as if nothing had been") {
  const TruePendulum model;
  const Pendulums data = pendulums(37, 0.03);
  const WindowShape shape{.points = 6};
  const TrajectoryLoss loss = pendulum_loss(shape, 1);
  Windows windows = cut_windows(data.recordings, data.truth, shape);
  windows.starts += Random(14).normal_matrix(2, windows.size(), 0.1);
  nn::StartSteps steps(windows, loss, model);
  move_starts(windows, steps, loss, model, 5);

  Windows later = windows;
  nn::StartSteps other(later, loss, model);  // begins anew, with another derivative
  auto from = steps.memory(), to = other.memory();
  REQUIRE(from.size() == 3);
  const char* names[]{"newton", "part", "gradient"};
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(from[k].name == names[k]);
    CHECK(from[k].values.rows() == (k == 0 ? 4 : 1));
    CHECK(from[k].values.cols() == windows.size());
    CHECK(from[k].values != to[k].values);
    to[k].values = from[k].values;
  }
  move_starts(windows, steps, loss, model, 3);
  move_starts(later, other, loss, model, 3);
  CHECK(same_bits(windows.starts, later.starts));
}
