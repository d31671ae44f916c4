// The Lagrangian network, its training step and its law of motion, against other ways to the same.
#include "nn/models/lagrangian_network.h"

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/check/gradcheck.h"
#include "autodiff/grad.h"
#include "nn/learning/loss.h"
#include "nn/learning/training_step.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/plain_network.h"
#include "nn/optimisers/adam.h"
#include "physics/data_set.h"
#include "physics/euler_lagrange.h"
#include "physics/integrate/roll_out.h"
#include "physics/systems/double_pendulum.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::Var;
using nn::LagrangianNetwork;
using Options = LagrangianNetwork::Options;

namespace {

Options raw(std::size_t n = 2) { return {.hidden = {5, 4}, .angles = std::vector<bool>(n, false)}; }
Options featured(std::vector<bool> angles = {true, true}) {
  return {.hidden = {5, 4},
          .activation = "tanh",
          .angles = std::move(angles),
          .velocity_scale = 0.4,
          .kinetic_prior = 1.5};
}

/// A network with all parameters N(0, 0.8), biases too. Positive last weights on softplus make L
/// convex in v, so that the mass matrix is regular where there is no prior.
LagrangianNetwork network(const Options& options, std::uint64_t seed) {
  LagrangianNetwork net(options);
  Random random(seed);
  for (Scalar& p : net.parameters().values()) p = static_cast<Scalar>(0.8 * random.normal());
  if (options.kinetic_prior == 0)
    for (const nn::Parameter& p : net.parameters().list())
      if (!p.name.ends_with("0.weight"))
        net.parameters().matrix(p) = net.parameters().matrix(p).cwiseAbs().eval();
  return net;
}

/// What `record` makes of (q, v), the upper and lower half of the states.
template <class Record>
Matrix value(const LagrangianNetwork& net, const Record& record, const Matrix& states,
             autodiff::ProgramOptions options = {}) {
  const Index n = net.coordinates();
  Tape tape;
  const Var x = tape.input(2 * n, states.cols(), "state");
  const autodiff::Program program({record(slice_rows(x, 0, n), slice_rows(x, n, n))}, options);
  autodiff::Workspace workspace(program);
  workspace.bind(x, states);
  net.parameters().bind(workspace);
  program.run(workspace);
  return workspace.value(0);
}

Matrix accelerations(const LagrangianNetwork& net, const Matrix& states) {
  return value(
      net, [&](Var q, Var v) { return net.acceleration(q, v); }, states);
}

using Function = std::function<double(const Matrix&)>;

/// df/dx_i as a function, by the five-point rule.
Function difference(const Function& f, Index i) {
  return [=](const Matrix& x) {
    constexpr double h = 5e-3;
    const auto at = [&](double steps) {
      Matrix moved = x;
      moved(i, 0) += static_cast<Scalar>(steps * h);
      return f(moved);
    };
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
  };
}

/// M a = dL/dq - C v with every derivative a difference of L.
Matrix acceleration_by_differences(const LagrangianNetwork& net, const Matrix& state) {
  const Function lagrangian = [&](const Matrix& x) {
    return value(
        net, [&](Var q, Var v) { return net.lagrangian(q, v); }, x)(0, 0);
  };
  const Index n = net.coordinates();
  Matrix mass(n, n), right(n, 1);
  for (Index i = 0; i < n; ++i) {
    right(i, 0) = difference(lagrangian, i)(state);
    const Function momentum = difference(lagrangian, n + i);
    for (Index j = 0; j < n; ++j) {
      right(i, 0) -= difference(momentum, j)(state) * state(n + j, 0);
      mass(i, j) = difference(momentum, n + j)(state);
    }
  }
  return mass.fullPivLu().solve(right);
}

double largest(const Matrix& m) { return static_cast<double>(m.cwiseAbs().maxCoeff()); }

struct Batch {
  Matrix states, targets;
};
Batch batch_of(Index samples, Index n = 2, std::uint64_t seed = 21) {
  Random random(seed);
  Matrix states = random.normal_matrix(2 * n, samples);
  return {std::move(states), random.normal_matrix(n, samples, 5)};
}

struct LossAndGradient {
  double loss;
  std::vector<Scalar> gradient;
};
LossAndGradient train_once(const LagrangianNetwork& net, const nn::Loss& loss, const Batch& batch,
                           Index width, int threads) {
  nn::TrainingStep step(net, loss, {batch.states.cols(), width, threads});
  const double value = step.run(batch.states.data(), batch.targets.data());
  return {value, {step.gradient().begin(), step.gradient().end()}};
}

}  // namespace

TEST_CASE("the network's acceleration solves Euler-Lagrange with differences of its L" *
          in_double_only) {
  for (const Options& options : {raw(), featured(), featured({false, true}), raw(1),
                                 featured({true}), raw(3), featured({true, false, true})}) {
    const LagrangianNetwork net = network(options, 31);
    const Matrix states = Random(32).uniform_matrix(2 * net.coordinates(), 4, -1.5, 1.5);
    const Matrix exact = accelerations(net, states);
    REQUIRE(exact.rows() == net.coordinates());
    for (Index s = 0; s < states.cols(); ++s) {
      const Matrix expected = acceleration_by_differences(net, states.col(s));
      CAPTURE(net.coordinates());
      CAPTURE(options.kinetic_prior);
      CHECK(largest(exact.col(s) - expected) < 1e-5 * std::max(1.0, largest(expected)));
    }
  }
}

TEST_CASE("the loss's gradient agrees with differences in every parameter" * in_double_only) {
  for (const Options& options : {raw(), featured(), raw(1), featured({true, false, true})})
    for (const nn::Loss& loss : {nn::Loss(nn::mse_loss), nn::Loss(nn::l1_loss)}) {
      LagrangianNetwork net = network(options, 41);
      const Batch batch = batch_of(7, net.coordinates());
      nn::TrainingStep step(net, loss, {7, 3, 2});  // an uneven last shard
      step.run(batch.states.data(), batch.targets.data());
      const std::vector<Scalar> gradient(step.gradient().begin(), step.gradient().end());
      REQUIRE(std::ssize(gradient) == net.parameters().size());
      const double scale = std::max(
          1.0, largest(autodiff::ConstMatrixMap(gradient.data(), net.parameters().size(), 1)));
      for (std::size_t k = 0; k < gradient.size(); ++k) {
        Scalar& parameter = net.parameters().values()[k];
        const Function loss_at = [&](const Matrix& x) {
          parameter = x(0, 0);
          return step.run(batch.states.data(), batch.targets.data());
        };
        const Matrix here = Matrix::Constant(1, 1, parameter);
        const double expected = (8 * (loss_at(here.array() + 1e-4) - loss_at(here.array() - 1e-4)) -
                                 (loss_at(here.array() + 2e-4) - loss_at(here.array() - 2e-4))) /
                                12e-4;
        parameter = here(0, 0);
        CAPTURE(k);
        CHECK(std::abs(static_cast<double>(gradient[k]) - expected) < 1e-7 * scale);
      }
    }
}

TEST_CASE("the acceleration's derivatives by state and by weights pass gradcheck" *
          in_double_only) {
  // gradcheck wants inputs, a model has named parameters: so the same net once more by hand.
  const auto by_hand = [](Tape&, std::span<const Var> x) {
    const Var q = x[0], v = x[1], scaled = v * 0.4;
    const Index samples = q.cols();
    Var y = stack_rows(std::vector{cos(row(q, 0)), sin(row(q, 0)), row(q, 1), scaled});
    for (std::size_t k = 2; k < x.size(); k += 2) {
      y = matmul(x[k], y) + broadcast_cols(x[k + 1], samples);
      if (k + 2 < x.size()) y = tanh(y);
    }
    return physics::euler_lagrange(y + sum_rows(v * v) * 0.75, q, v);
  };
  LagrangianNetwork net = network(featured({true, false}), 51);
  const Matrix states = Random(52).normal_matrix(4, 3);
  std::vector<Matrix> inputs{states.topRows(2), states.bottomRows(2)};
  for (const nn::Parameter& p : net.parameters().list())
    inputs.push_back(net.parameters().matrix(p));
  const auto report = autodiff::gradcheck(by_hand, inputs, {.order = 2});
  CAPTURE(report);
  CHECK(report.ok());

  Tape tape;
  std::vector<Var> constants;
  for (const Matrix& input : inputs) constants.push_back(tape.constant(input));
  CHECK(largest(accelerations(net, states) - evaluate(by_hand(tape, constants))) < 5e3 * rounding);
}

TEST_CASE("optimised and unoptimised programs give the same acceleration") {
  for (const Options& options : {raw(), featured({true, false, true})}) {
    const LagrangianNetwork net = network(options, 61);
    const auto record = [&](Var q, Var v) { return net.acceleration(q, v); };
    const Matrix states = batch_of(9, net.coordinates()).states;
    const Matrix plain =
        value(net, record, states, {.simplify = false, .fuse = false, .reuse = false});
    CHECK(largest(value(net, record, states) - plain) <
          5e4 * rounding * std::max(1.0, largest(plain)));
    CHECK(value(net, record, states, {.poison = true}) == value(net, record, states));
  }
}

TEST_CASE("angles that enter as cosine and sine may turn full circles, others may not") {
  const LagrangianNetwork net = network(featured({true, false}), 71);
  const Matrix states = batch_of(5).states;
  Matrix turned = states, moved = states;
  turned.row(0).array() -= static_cast<Scalar>(6 * std::numbers::pi);
  moved.row(1).array() += static_cast<Scalar>(2 * std::numbers::pi);
  const Matrix here = accelerations(net, states);
  CHECK(largest(accelerations(net, turned) - here) < 5e4 * rounding);
  CHECK(largest(accelerations(net, moved) - here) > 1e-2);
}

TEST_CASE("a network has the inputs that its coordinates ask for, and needs one at least") {
  CHECK(LagrangianNetwork(raw()).parameters().list()[0].shape == autodiff::Shape{5, 4});
  CHECK(LagrangianNetwork(featured()).parameters().list()[0].shape == autodiff::Shape{5, 6});
  CHECK(LagrangianNetwork(featured({true, false, true})).parameters().list()[0].shape ==
        autodiff::Shape{5, 8});
  CHECK_THROWS_AS(LagrangianNetwork(raw(0)), std::invalid_argument);
  CHECK_THROWS_AS(LagrangianNetwork({.activation = "relu"}), std::invalid_argument);
  CHECK_NOTHROW(nn::PlainNetwork({.activation = "relu"}));
}

TEST_CASE("loss and gradient have the same bits for any number of threads") {
  const LagrangianNetwork net = network(featured(), 81);
  const Batch batch = batch_of(37);
  const LossAndGradient one = train_once(net, nn::mse_loss, batch, 4, 1);
  for (const int threads : {2, 3, 8}) {
    const LossAndGradient many = train_once(net, nn::mse_loss, batch, 4, threads);
    CHECK(many.loss == one.loss);
    CHECK(many.gradient == one.gradient);
  }
}

TEST_CASE("a batch in shards is the batch in one piece, to rounding, also where it is odd") {
  const LagrangianNetwork net = network(featured(), 91);
  const Batch batch = batch_of(37);
  const LossAndGradient whole = train_once(net, nn::l1_loss, batch, 1000, 1);
  const double scale =
      largest(autodiff::ConstMatrixMap(whole.gradient.data(), 1, net.parameters().size()));
  for (const Index width : {1, 5, 16, 36, 37}) {
    const LossAndGradient sharded = train_once(net, nn::l1_loss, batch, width, 2);
    CHECK(sharded.loss == doctest::Approx(whole.loss).epsilon(5e3 * rounding));
    for (std::size_t k = 0; k < whole.gradient.size(); ++k)
      CHECK(std::abs(sharded.gradient[k] - whole.gradient[k]) < 5e3 * rounding * scale);
  }
}

TEST_CASE("a learnt motion gives a state the same bits whatever stands beside it") {
  const LagrangianNetwork net = network(featured(), 101);
  const Eigen::MatrixXd states = batch_of(77).states.cast<double>();
  const Eigen::MatrixXd all = nn::learnt_motion(net)(states);
  Eigen::MatrixXd some;
  for (const Index width : {16, 3}) {
    const physics::Motion motion = nn::learnt_motion(net, width);
    for (const Index count : {77, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 64, 65})
      for (const Index begin : {Index(0), Index(1), Index(77 - count)}) {
        if (begin + count > 77) continue;
        some = motion(states.middleCols(begin, count));
        CAPTURE(width);
        CAPTURE(count);
        CAPTURE(begin);
        CHECK(some == all.middleCols(begin, count));
      }
  }
  Eigen::MatrixXd with_bad = states;
  with_bad.col(3).setConstant(std::nan(""));
  some = nn::learnt_motion(net)(with_bad);
  CHECK(some.rightCols(73) == all.rightCols(73));
  CHECK(some.col(3).hasNaN());
  some = nn::learnt_motion(net)(states.leftCols(0));
  CHECK(some.cols() == 0);
  CHECK_THROWS_AS(nn::learnt_motion(net, 0), std::invalid_argument);
}

TEST_CASE("a learnt motion rolls out to the same bits on any number of threads") {
  const LagrangianNetwork net = network(featured(), 103);
  const physics::Motion motion = nn::learnt_motion(net);
  const Eigen::MatrixXd starts = batch_of(41).states.cast<double>();
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(5, 0, 0.2);
  const auto alone = physics::roll_out(motion, starts, times, {});
  for (const int threads : {2, 3, 8, 64}) {
    const auto together = physics::roll_out(motion, starts, times, {}, threads);
    CAPTURE(threads);
    REQUIRE(together.size() == alone.size());
    for (std::size_t k = 0; k < alone.size(); ++k) {
      CHECK(together[k].y == alone[k].y);
      CHECK(together[k].evaluations == alone[k].evaluations);
    }
  }
}

TEST_CASE("a learnt motion is the model's acceleration with the parameters of the moment") {
  LagrangianNetwork net = network(featured(), 111);
  const physics::Motion motion = nn::learnt_motion(net);
  const Matrix states = batch_of(40).states;
  const Eigen::MatrixXd before = motion(states.cast<double>());
  CHECK(before.topRows(2) == states.bottomRows(2).cast<double>());
  CHECK(largest(before.bottomRows(2).cast<Scalar>() - accelerations(net, states)) < 1e4 * rounding);
  net.parameters().values()[0] += 1;
  const Eigen::MatrixXd after = motion(states.cast<double>());
  CHECK(after != before);
  CHECK(largest(after.bottomRows(2).cast<Scalar>() - accelerations(net, states)) < 1e4 * rounding);
}

TEST_CASE("a few hundred steps on a small fixed set bring the loss down a hundredfold") {
  LagrangianNetwork net({.hidden = {16, 16}, .velocity_scale = 0.5, .kinetic_prior = 1});
  Random random(121);
  net.initialise(random);
  const Matrix states = random.uniform_matrix(4, 32, -1, 1);
  Eigen::MatrixXd exact(2, 32);
  physics::DoublePendulum().accelerations(states.cast<double>(), exact);
  const Matrix targets = exact.cast<Scalar>();
  nn::TrainingStep step(net, nn::mse_loss, {32, 16, 1});
  nn::Adam adam(net.parameters().size());
  const double first = step.run(states.data(), targets.data());
  double last = first;
  for (int k = 0; k < 500; ++k) {
    adam.step(net.parameters().values(), step.gradient(), 1e-2,
              nn::clip_factor(step.gradient(), 10));
    last = step.run(states.data(), targets.data());
  }
  CAPTURE(first);
  CAPTURE(last);
  CHECK(last < first / 100);
}
