// The models beside the Lagrangian network, against their definitions and finite differences.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <limits>
#include <memory>
#include <vector>

#include "autodiff/compile/program.h"
#include "nn/learning/divergence.h"
#include "nn/learning/loss.h"
#include "nn/learning/training_step.h"
#include "nn/models/deep_lagrangian_network.h"
#include "nn/models/hamiltonian_network.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/plain_network.h"
#include "nn/optimisers/adam.h"
#include "physics/systems/double_pendulum.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::Var;

namespace {

const physics::DoublePendulum pendulum{.m1 = 1.3, .m2 = 0.8, .l1 = 0.9, .l2 = 1.1};

const nn::NetworkOptions small{.hidden = {6, 5},
                               .activation = "tanh",
                               .angles = {true, true},
                               .velocity_scale = 0.4,
                               .kinetic_prior = 0.7};

nn::HamiltonianNetwork hamiltonian_network(const nn::NetworkOptions& options = small) {
  return {options, {.lagrangian = [](Var q, Var v) { return pendulum.lagrangian(q, v); }}};
}

template <class M>
M drawn(M model, std::uint64_t seed) {
  Random random(seed);
  for (Scalar& p : model.parameters().values()) p = static_cast<Scalar>(0.6 * random.normal());
  return model;
}

/// What `record` makes of two halves of the columns of x.
template <class Record>
Eigen::MatrixXd value(const nn::Model& model, const Record& record, const Eigen::MatrixXd& x) {
  const Index n = x.rows() / 2;
  Tape tape;
  const Var in = tape.input(x.rows(), x.cols(), "x");
  const autodiff::Program program({record(slice_rows(in, 0, n), slice_rows(in, n, n))});
  autodiff::Workspace workspace(program);
  const Matrix bound = x.cast<Scalar>();
  workspace.bind(in, bound);
  model.parameters().bind(workspace);
  program.run(workspace);
  return workspace.value(0).cast<double>();
}

Eigen::Matrix2d true_mass(const Eigen::Vector2d& q) {
  const double c = pendulum.m2 * pendulum.l1 * pendulum.l2 * std::cos(q[0] - q[1]);
  const double m11 = (pendulum.m1 + pendulum.m2) * pendulum.l1 * pendulum.l1;
  return Eigen::Matrix2d{{m11, c}, {c, pendulum.m2 * pendulum.l2 * pendulum.l2}};
}

Eigen::MatrixXd states(std::uint64_t seed, Index count) {
  return Random(seed).uniform_matrix(4, count, -2, 2).cast<double>();
}

}  // namespace

TEST_CASE("a deep Lagrangian network's L is quadratic in v, its mass matrix positive definite") {
  const auto model = drawn(nn::DeepLagrangianNetwork(small), 1);
  const auto lagrangian = [&](Var q, Var v) { return model.lagrangian(q, v); };
  const Eigen::MatrixXd x = states(2, 30);
  Eigen::MatrixXd at_rest = x, doubled = x;
  at_rest.bottomRows(2).setZero();
  doubled.bottomRows(2) *= 2;
  const Eigen::MatrixXd minus_v = value(model, lagrangian, at_rest);
  const Eigen::MatrixXd kinetic = value(model, lagrangian, x) - minus_v;
  CHECK((value(model, lagrangian, doubled) - minus_v - 4 * kinetic).norm() <
        5e3 * rounding * kinetic.norm());

  const auto mass = [&](Var q, Var v) { return *model.mass_matrix(q, v); };
  const Eigen::MatrixXd masses = value(model, mass, x);
  CHECK((masses - value(model, mass, at_rest)).norm() < 5e3 * rounding * masses.norm());
  for (Index s = 0; s < x.cols(); ++s) {
    const Eigen::Matrix2d m = masses.col(s).reshaped(2, 2);
    const Eigen::Vector2d v = x.col(s).tail(2);
    CHECK(kinetic(0, s) == doctest::Approx(0.5 * v.dot(m * v)).epsilon(1e4 * rounding));
    CHECK(Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d>(m).eigenvalues()[0] >=
          small.kinetic_prior[0] * 0.999);
  }
}

TEST_CASE("a deep Lagrangian network's mass matrix is C C' + prior, C's diagonal a softplus") {
  // With zero weights and biases alone, the outputs are the same everywhere: C column by column, V.
  nn::DeepLagrangianNetwork model(small);
  const double outputs[] = {-1.5, 0.8, 0, 0.6};
  for (int k = 0; k < 4; ++k)
    model.parameters().values().last(4)[k] = static_cast<Scalar>(outputs[k]);
  const Eigen::MatrixXd x = states(14, 3);
  Eigen::Matrix2d c;
  c << std::log1p(std::exp(-1.5)), 0,  //
      0.8, std::log(2.0);
  const Eigen::Matrix2d mass = c * c.transpose() + 0.7 * Eigen::Matrix2d::Identity();
  const Eigen::MatrixXd found = value(
      model, [&](Var q, Var v) { return *model.mass_matrix(q, v); }, x);
  const Eigen::MatrixXd lagrangian = value(
      model, [&](Var q, Var v) { return model.lagrangian(q, v); }, x);
  for (Index s = 0; s < x.cols(); ++s) {
    const Eigen::Vector2d v = x.col(s).tail(2);
    CHECK((found.col(s).reshaped(2, 2) - mass).norm() < 100 * rounding);
    CHECK(lagrangian(0, s) == doctest::Approx(0.5 * v.dot(mass * v) - 0.6).epsilon(100 * rounding));
  }
}

TEST_CASE("a Hamiltonian's prior is that of a mass: p^2 / 2a, and so dq/dt = p / a") {
  const auto model = hamiltonian_network();  // all parameters zero
  const Eigen::MatrixXd x = states(15, 5);
  const auto energy = [&](Var q, Var p) { return model.hamiltonian(q, p); };
  const auto velocity = [&](Var q, Var v) { return model.velocity(q, v); };
  const Eigen::MatrixXd energies = value(model, energy, x), velocities = value(model, velocity, x);
  for (Index s = 0; s < x.cols(); ++s) {
    const Eigen::Vector2d p = true_mass(x.col(s).head(2)) * x.col(s).tail(2);
    CHECK(energies(0, s) ==
          doctest::Approx(x.col(s).tail(2).squaredNorm() / 2 / 0.7).epsilon(100 * rounding));
    CHECK((velocities.col(s) - p / 0.7).norm() < 100 * rounding);
  }
}

TEST_CASE("a model that learns velocities is trained on them and on accelerations alike" *
          in_double_only) {
  auto model = drawn(hamiltonian_network(), 16);
  const Eigen::MatrixXd x = states(17, 6);
  const Eigen::MatrixXd target = states(18, 6).topRows(2);
  const auto loss_of = [](const Eigen::MatrixXd& error) { return error.cwiseAbs().mean(); };
  const auto expected = [&] {
    const auto velocity = [&](Var q, Var v) { return model.velocity(q, v); };
    const auto acceleration = [&](Var q, Var v) { return model.acceleration(q, v); };
    return loss_of(value(model, velocity, x) - x.bottomRows(2)) +
           loss_of(value(model, acceleration, x) - target);
  };
  const Matrix inputs = x.cast<Scalar>(), targets = target.cast<Scalar>();
  for (const Index width : {6, 4, 1}) {  // shards of unequal width too
    nn::TrainingStep step(model, nn::l1_loss, {6, width, 1});
    CHECK(step.run(inputs.data(), targets.data()) == doctest::Approx(expected()).epsilon(1e-12));
  }
  nn::TrainingStep step(model, nn::l1_loss, {6, 4, 1});
  step.run(inputs.data(), targets.data());
  const std::vector<Scalar> gradient(step.gradient().begin(), step.gradient().end());
  constexpr double h = 1e-6;
  for (std::size_t k = 0; k < gradient.size(); k += 7) {
    Scalar& parameter = model.parameters().values()[k];
    const Scalar before = parameter;
    parameter = before + h;
    const double above = expected();
    parameter = before - h;
    const double below = expected();
    parameter = before;
    CHECK(gradient[k] == doctest::Approx((above - below) / (2 * h)).epsilon(1e-4));
  }
}

TEST_CASE("a Hamiltonian network's rates are Hamilton's, carried over from (q, p) to (q, v)" *
          in_double_only) {
  const auto model = drawn(hamiltonian_network(), 3);
  const auto energy = [&](Eigen::Vector4d qp) {
    return value(
        model, [&](Var q, Var p) { return model.hamiltonian(q, p); }, qp)(0, 0);
  };
  constexpr double h = 1e-4;
  const Eigen::MatrixXd x = states(4, 5);
  const Eigen::MatrixXd rates = nn::learnt_motion(model)(x);
  for (Index s = 0; s < x.cols(); ++s) {
    const Eigen::Vector2d q = x.col(s).head(2), v = x.col(s).tail(2);
    Eigen::Vector4d qp, slope;
    qp << q, true_mass(q) * v;
    for (int i = 0; i < 4; ++i) {
      const Eigen::Vector4d step = h * Eigen::Vector4d::Unit(i);
      slope[i] = (energy(qp + step) - energy(qp - step)) / (2 * h);
    }
    const Eigen::Vector2d dq = slope.tail(2), dp = -slope.head(2);
    // v = M(q)⁻¹ p a little later, minus a little earlier.
    const auto velocity_at = [&](double t) -> Eigen::Vector2d {
      return true_mass(q + t * dq).inverse() * (qp.tail(2) + t * dp);
    };
    const Eigen::Vector2d dv = (velocity_at(h) - velocity_at(-h)) / (2 * h);
    CHECK((rates.col(s).head(2) - dq).norm() < 1e-6 * (1 + dq.norm()));
    CHECK((rates.col(s).tail(2) - dv).norm() < 1e-5 * (1 + dv.norm()));
  }
}

TEST_CASE("a plain network's outputs are accelerations in its unit") {
  nn::NetworkOptions options = small;
  const auto one = drawn(nn::PlainNetwork(options), 5);
  options.acceleration_scale = 30;
  const auto thirty = drawn(nn::PlainNetwork(options), 5);
  const Eigen::MatrixXd x = states(6, 7);
  const auto acceleration = [&](const nn::Model& model) {
    return value(
        model, [&](Var q, Var v) { return model.acceleration(q, v); }, x);
  };
  CHECK(acceleration(one).rows() == 2);
  CHECK(acceleration(thirty).isApprox(30 * acceleration(one), 100 * rounding));
  CHECK_FALSE(one.mass_matrix(Var(), Var()));
}

TEST_CASE("each model learns a small fixed set") {
  const Eigen::MatrixXd x = states(7, 32) / 2;
  Eigen::MatrixXd exact(2, 32);
  pendulum.accelerations(x, exact);
  const Matrix inputs = x.cast<Scalar>(), targets = exact.cast<Scalar>();
  const nn::NetworkOptions options{.hidden = {16, 16}, .kinetic_prior = 1};
  std::vector<std::unique_ptr<nn::NetworkModel>> models;
  models.push_back(std::make_unique<nn::DeepLagrangianNetwork>(options));
  models.push_back(std::make_unique<nn::HamiltonianNetwork>(hamiltonian_network(options)));
  models.push_back(std::make_unique<nn::PlainNetwork>(options));
  for (const auto& model : models) {
    Random random(8);
    model->initialise(random, nn::Initialiser::lecun);
    nn::TrainingStep step(*model, nn::huber_loss, {32, 16, 1});
    nn::Adam adam(model->parameters().size());
    const double first = step.run(inputs.data(), targets.data());
    double last = first;
    for (int k = 0; k < 600; ++k) {
      adam.step(model->parameters().values(), step.gradient(), 1e-2);
      last = step.run(inputs.data(), targets.data());
    }
    CAPTURE(first);
    CHECK(last < first / 30);
  }
}

TEST_CASE("a divergence names the sample, the operation and a singular mass matrix") {
  nn::LagrangianNetwork model({.hidden = {4}});  // all parameters zero: L = 0, M = 0
  const Matrix x = states(9, 3).cast<Scalar>(), target = Matrix::Ones(2, 3);
  const auto found = find_divergence(model, nn::of_accelerations(nn::l1_loss), {x, target});
  REQUIRE(found);
  CHECK(found->sample == 0);
  CHECK(found->state == x.col(0));
  CHECK(found->operation.starts_with("sample_solve"));
  REQUIRE(found->condition);
  CHECK(std::isinf(*found->condition));
}

TEST_CASE("a divergence is looked for sample by sample, and not found where all is well") {
  const auto model = drawn(nn::DeepLagrangianNetwork(small), 10);
  Matrix x = states(11, 4).cast<Scalar>(), target = Matrix::Ones(2, 4);
  CHECK_FALSE(find_divergence(model, nn::of_accelerations(nn::l1_loss), {x, target}));
  target(1, 2) = std::numeric_limits<Scalar>::quiet_NaN();
  const auto found = find_divergence(model, nn::of_accelerations(nn::l1_loss), {x, target});
  REQUIRE(found);
  CHECK(found->sample == 2);
  CHECK(found->state == x.col(2));
  CHECK(found->operation.starts_with("input"));
  const Eigen::MatrixXd mass = mass_matrices(model, x.col(2).cast<double>());
  CHECK(found->condition == nn::condition_number(mass));
  CHECK(found->condition < 1e6);
}

TEST_CASE("of several bad samples the first is named, with its own state and mass matrix") {
  const auto model = drawn(nn::LagrangianNetwork({.hidden = {6, 5}, .activation = "tanh"}), 19);
  const Matrix x = states(20, 5).cast<Scalar>();
  Matrix target = Matrix::Ones(2, 5);
  target(0, 4) = target(1, 1) = target(0, 3) = std::numeric_limits<Scalar>::infinity();
  const auto found = find_divergence(model, nn::of_accelerations(nn::mse_loss), {x, target});
  REQUIRE(found);
  CHECK(found->sample == 1);
  CHECK(found->state == x.col(1));
  CHECK(found->condition == nn::condition_number(mass_matrices(model, x.col(1).cast<double>())));
}

TEST_CASE("a gradient that is not finite is a divergence though the loss is finite") {
  const nn::PlainNetwork model(small);  // all parameters zero: predicts zero
  const auto root = [](Var prediction, Var target) {
    return sqrt(nn::mse_loss(prediction, target));
  };
  const Matrix x = states(21, 3).cast<Scalar>();
  Matrix target = Matrix::Ones(2, 3);
  CHECK_FALSE(find_divergence(model, nn::of_accelerations(root), {x, target}));
  target.col(2).setZero();  // the root's slope at 0
  const auto found = find_divergence(model, nn::of_accelerations(root), {x, target});
  REQUIRE(found);
  CHECK(found->sample == 2);
  CHECK_FALSE(found->condition);  // it has no mass matrix
}

TEST_CASE("a divergence is looked for with all the inputs of the objective") {
  const nn::PlainNetwork model(small);
  const Matrix x = states(22, 3).cast<Scalar>();
  CHECK_THROWS_WITH_AS(find_divergence(model, nn::of_accelerations(nn::l1_loss), {x}),
                       "[find_divergence] 1 inputs, the objective has 2", std::invalid_argument);
}

TEST_CASE("a loss that is infinite is a divergence though its gradient is finite") {
  const auto model = drawn(nn::PlainNetwork(small), 24);
  const auto far = [](Var prediction, Var target) {
    return nn::l1_loss(prediction, target) + std::numeric_limits<double>::infinity();
  };
  const Matrix x = states(25, 2).cast<Scalar>(), target = Matrix::Ones(2, 2);
  const auto found = find_divergence(model, nn::of_accelerations(far), {x, target});
  REQUIRE(found);
  CHECK(found->sample == 0);
}

TEST_CASE("a slope without a finite value is a divergence in an input that is learnt as well") {
  // Of sqrt(x) at x = 0, an input beside the parameters; their own slopes are zero.
  const nn::PlainNetwork model(small);
  const nn::Objective objective = [](const nn::Model&, Tape& tape, Index samples) {
    const Var state = tape.input(4, samples, "state"), x = tape.input(1, samples, "x");
    return nn::RecordedLoss{{state, x}, mean(sqrt(x)), {x}};
  };
  const Matrix all = states(23, 3).cast<Scalar>();
  CHECK_FALSE(find_divergence(model, objective, {all, Matrix{{1, 4, 2}}}));
  const auto found = find_divergence(model, objective, {all, Matrix{{1, 0, 2}}});
  REQUIRE(found);
  CHECK(found->sample == 1);
}

TEST_CASE("a matrix that is singular or not finite has an infinite condition and no sign") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const auto condition = [](double a, double b, double c, double d) {
    return nn::condition_number(Eigen::Vector4d(a, b, c, d));
  };
  CHECK(condition(4, 0, 0, -0.5) == doctest::Approx(8));
  CHECK(condition(0, 2, 2, 0) == doctest::Approx(1));
  for (const double bad : {nan, inf, -inf}) {
    CHECK(std::isinf(condition(bad, 0, 0, 1)));
    CHECK(std::isinf(condition(1, 0, 0, bad)));
  }
  CHECK(std::isinf(condition(0, 0, 0, 0)));
  CHECK(std::isinf(condition(3, 0, 0, 0)));

  Eigen::MatrixXd masses(4, 5);  // positive, negative, positive, semidefinite, not finite
  masses << 1, -1, 2, 0, nan,    //
      0, 0, 0.5, 0, 0,           //
      0, 0, 0.5, 0, 0,           //
      3, -2, 1, 1, 1;
  CHECK(nn::indefinite_share(masses) == doctest::Approx(3. / 5));
  CHECK(nn::indefinite_share(masses.leftCols(3)) == doctest::Approx(1. / 3));
  CHECK(nn::indefinite_share(masses.middleCols(1, 1)) == 0);
}

TEST_CASE("mass matrices have the condition and the definiteness of their eigenvalues") {
  const auto model = drawn(nn::LagrangianNetwork({.hidden = {6, 5}, .activation = "tanh"}), 12);
  const Eigen::MatrixXd x = states(13, 200);
  const Eigen::MatrixXd masses = mass_matrices(model, x);
  CHECK(masses.isApprox(value(
      model, [&](Var q, Var v) { return *model.mass_matrix(q, v); }, x)));
  Index positive = 0, negative = 0, of_both = 0;
  for (Index s = 0; s < x.cols(); ++s) {
    const auto of =
        Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d>(masses.col(s).reshaped(2, 2)).eigenvalues();
    (of[0] > 0 ? positive : of[1] < 0 ? negative : of_both)++;
    const double small_one = of.cwiseAbs().minCoeff(), large_one = of.cwiseAbs().maxCoeff();
    CHECK(nn::condition_number(masses.col(s)) ==
          doctest::Approx(large_one / small_one).epsilon(1e-4));
  }
  CHECK(std::min(positive, negative) + of_both > 0);  // a wild network: there is something to find
  CHECK(nn::indefinite_share(masses) ==
        doctest::Approx(double(200 - std::max(positive, negative)) / 200));
  CHECK(nn::indefinite_share(-masses) == nn::indefinite_share(masses));
  CHECK(mass_matrices(hamiltonian_network(), x).size() == 0);
}
