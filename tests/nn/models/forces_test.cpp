// What models share: friction, controls, constraints, the table of kinds; and the two models that
// know more of the system: masses at known positions, and a field's density.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "autodiff/compile/program.h"
#include "nn/files/model_file.h"
#include "nn/learning/loss.h"
#include "nn/learning/scales.h"
#include "nn/learning/training_step.h"
#include "nn/models/density_network.h"
#include "nn/models/embedded_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/models.h"
#include "nn/models/pullback_network.h"
#include "nn/optimisers/soap.h"
#include "physics/euler_lagrange.h"
#include "physics/observe/judge.h"
#include "physics/systems/double_pendulum.h"
#include "physics/systems/table.h"
#include "tests/program/program.h"

using autodiff::evaluate;
using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using autodiff::Tape;
using nn::Var;

namespace {

const auto in_double_only = doctest::skip(sizeof(Scalar) < sizeof(double));
const physics::DoublePendulum pendulum{.m1 = 1.3, .m2 = 0.8, .l1 = 0.9, .l2 = 1.1};
const nn::Known known{
    .lagrangian = [](Var q, Var v) { return pendulum.lagrangian(q, v); },
    .positions = [](Var q) { return stack_rows(pendulum.positions(row(q, 0), row(q, 1))); }};

/// Options of which none is the default; a field's coordinates are all alike.
nn::NetworkOptions odd(const std::string& kind, const std::string& friction) {
  return {.hidden = {5, 4},
          .activation = "tanh",
          .angles = {kind == "field", true},
          .coordinate_offset = {0.1, -0.2},
          .coordinate_scale = {1.5, 0.7},
          .velocity_scale = {0.4, 0.6},
          .kinetic_prior = {9, 5},
          .acceleration_scale = {1.1, 0.8},
          .mass_scale = {1.2, 0.6},
          .energy_scale = 1.4,
          .difference_scale = 1.3,
          .friction = friction,
          .controls = 3,
          .control_scale = {0.5, 2, 1},
          .names = {"x, \"first\"", "θ"}};
}

/// With every parameter drawn, masses and gains too.
std::unique_ptr<nn::NetworkModel> drawn(const std::string& kind, const nn::NetworkOptions& options,
                                        std::uint64_t seed = 3, const nn::Known& of = known) {
  auto model = nn::make_model(kind, options, of);
  Random random(seed);
  for (Scalar& p : model->parameters().values()) p = static_cast<Scalar>(0.5 * random.normal());
  return model;
}

/// The model's accelerations of states under controls.
Eigen::MatrixXd accelerations(const nn::Model& model, const Eigen::MatrixXd& states,
                              const Eigen::MatrixXd& controls) {
  Eigen::MatrixXd rates;
  nn::learnt_motion(model)(Eigen::RowVectorXd::Zero(states.cols()), states, controls, rates);
  return rates.bottomRows(model.coordinates());
}

Eigen::MatrixXd random(Index rows, Index cols, std::uint64_t seed, double size = 1) {
  return Random(seed).normal_matrix(rows, cols, size).cast<double>();
}

/// Masses on a ring, unit springs between neighbours, c² = 4: q_i'' = 4 (q_{i+1} - 2 q_i +
/// q_{i-1}).
Eigen::MatrixXd wave_accelerations(const Eigen::MatrixXd& q) {
  Eigen::MatrixXd a(q.rows(), q.cols());
  const Index n = q.rows();
  for (Index i = 0; i < n; ++i)
    a.row(i) = 4 * (q.row((i + 1) % n) - 2 * q.row(i) + q.row((i + n - 1) % n));
  return a;
}

/// Trains on the data with scales from them; the last loss over the first.
double fit(nn::NetworkModel& model, const physics::DataSet& data, int steps, double rate) {
  const nn::Loss loss = nn::in_units_of(model.options().acceleration_scale, nn::mse_loss);
  nn::TrainingStep step(model, loss, {data.size(), 32, 1});
  nn::Soap soap(model.parameters(), {.threads = 1});
  const auto run = [&] {
    return step.run(data.states.data(), data.accelerations.data(), data.controls.data());
  };
  const double first = run();
  double last = first;
  for (int k = 0; k < steps; ++k) {
    soap.step(model.parameters().values(), step.gradient(), rate * (1 - k / double(steps)),
              nn::clip_factor(step.gradient(), 1));
    last = run();
  }
  return last / first;
}

}  // namespace

TEST_CASE("the loss of every kind has the derivatives of differences, in every parameter" *
          in_double_only) {
  const Matrix states = random(4, 5, 21).cast<Scalar>(), controls = random(3, 5, 22).cast<Scalar>(),
               targets = random(2, 5, 23).cast<Scalar>();
  for (const nn::ModelKind& kind : nn::model_kinds())
    for (const std::string friction : {"none", "linear", "network"}) {
      CAPTURE(kind.name);
      CAPTURE(friction);
      const auto model = drawn(kind.name, odd(kind.name, friction));
      nn::TrainingStep step(*model, nn::mse_loss, {5, 3, 1});
      const auto loss = [&] { return step.run(states.data(), targets.data(), controls.data()); };
      loss();
      const std::vector<Scalar> gradient(step.gradient().begin(), step.gradient().end());
      double scale = 1e-3;
      for (const Scalar g : gradient) scale = std::max(scale, std::abs(static_cast<double>(g)));
      for (std::size_t k = 0; k < gradient.size(); ++k) {
        Scalar& parameter = model->parameters().values()[k];
        const Scalar here = parameter;
        const auto at = [&](double h) {
          parameter = here + static_cast<Scalar>(h);
          return loss();
        };
        const double difference = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4;
        parameter = here;
        CAPTURE(k);
        CHECK(std::abs(static_cast<double>(gradient[k]) - difference) < 1e-6 * scale);
      }
      if (friction == "linear" && kind.name != "mlp")
        CHECK(gradient.size() >
              drawn(kind.name, odd(kind.name, "none"))->parameters().values().size());
    }
}

TEST_CASE("a model of every kind, with friction and controls, is made again from its file") {
  const Eigen::MatrixXd states = random(4, 6, 31), controls = random(3, 6, 32);
  for (const nn::ModelKind& kind : nn::model_kinds())
    for (const std::string friction : {"none", "linear", "network"}) {
      CAPTURE(kind.name);
      CAPTURE(friction);
      const auto saved = drawn(kind.name, odd(kind.name, friction));
      const program::Folder folder;
      folder.write("w", to_model_file(*saved));
      const auto loaded = nn::load_model(folder.path() / "w", known);
      CHECK(loaded->form().kind == kind.name);
      CHECK(loaded->options().names == saved->options().names);
      CHECK(loaded->controls() == 3);
      CHECK(accelerations(*loaded, states, controls) == accelerations(*saved, states, controls));
      CHECK(to_model_file(*loaded) == to_model_file(*saved));
    }
}

TEST_CASE("kinds are found by name, and say what they need") {
  CHECK_THROWS_WITH_AS(nn::find_model_kind("gnn"),
                       "[model] the kind 'gnn' is unknown; known are lnn, delan, pullback, hnn, "
                       "embedded, field, mlp",
                       std::invalid_argument);
  for (const nn::ModelKind& kind : nn::model_kinds()) {
    CAPTURE(kind.name);
    nn::NetworkOptions options{.hidden = {4}};
    const bool needy = kind.needs_lagrangian || kind.needs_positions;
    if (needy)
      CHECK_THROWS_AS(nn::make_model(kind.name, options), std::invalid_argument);
    else
      CHECK(nn::make_model(kind.name, options)->form().kind == kind.name);
    CHECK(kind.form_of(options, known).kind == kind.name);
    options.friction = "viscous";
    if (kind.form_of(options, known).forces)
      CHECK_THROWS_WITH_AS(nn::make_model(kind.name, options, known),
                           doctest::Contains("'viscous' is unknown; use none, linear or network"),
                           std::invalid_argument);
  }
  CHECK_THROWS_WITH_AS(nn::make_model("embedded", {}), doctest::Contains("no positions are given"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      nn::make_model("embedded", {}, {.positions = known.positions, .dimension = 3}),
      doctest::Contains("4 rows are not of points in 3 dimensions"), std::invalid_argument);
  CHECK_THROWS_AS(nn::make_model("field", {.angles = {true, false}}), std::invalid_argument);
  CHECK_THROWS_AS(nn::make_model("field", {.angles = {true}}), std::invalid_argument);
  CHECK_THROWS_AS(nn::make_model("lnn", {.controls = -1}), std::invalid_argument);
  CHECK_THROWS_AS(nn::make_model("lnn", {.controls = 2, .control_scale = {1, 2, 3}}),
                  std::invalid_argument);
}

TEST_CASE("friction dissipates for any parameters") {
  // The mass matrix times what friction changes of the accelerations is the force: its power.
  const Eigen::MatrixXd states = random(4, 40, 41, 2), none = Eigen::MatrixXd::Zero(3, 40);
  for (const std::string kind : {"lnn", "delan", "pullback", "embedded"})
    for (const std::string friction : {"linear", "network"})
      for (const std::uint64_t seed : {1, 2, 3}) {
        CAPTURE(kind);
        CAPTURE(friction);
        const auto with = drawn(kind, odd(kind, friction), seed),
                   without = drawn(kind, odd(kind, "none"), seed);
        for (const nn::Parameter& p : without->parameters().list())  // the same but for friction
          for (const nn::Parameter& same : with->parameters().list())
            if (same.name == p.name)
              without->parameters().matrix(p) = with->parameters().matrix(same);
        const Eigen::MatrixXd change =
            accelerations(*with, states, none) - accelerations(*without, states, none);
        Tape tape;
        const Matrix bound = states.cast<Scalar>();
        const Var x = tape.input(4, 40, "x");
        auto bindings = with->parameters().bindings(tape);
        bindings.emplace_back(x, bound);
        const Matrix masses =
            evaluate(*with->mass_matrix(slice_rows(x, 0, 2), slice_rows(x, 2, 2)), bindings);
        double least = 0, most = -1e9;
        for (Index s = 0; s < 40; ++s) {
          const Eigen::MatrixXd mass = masses.col(s).cast<double>().reshaped(2, 2);
          const double power = states.col(s).tail(2).dot(mass * change.col(s));
          least = std::min(least, power);
          most = std::max(most, power);
        }
        CHECK(most <= (sizeof(Scalar) == 8 ? 1e-10 : 1e-3));
        CHECK(least < -0.01);
      }
}

TEST_CASE("what friction takes and controls give is what the learnt energy loses" *
          in_double_only) {
  for (const char* kind : {"lnn", "delan", "pullback", "hnn", "embedded", "field"})
    for (const char* friction : {"linear", "network"}) {
      CAPTURE(kind);
      CAPTURE(friction);
      const auto model = drawn(kind, odd(kind, friction));
      const Eigen::MatrixXd states = random(4, 6, 7), u = random(3, 6, 8);
      Eigen::MatrixXd rates, without;
      const physics::Motion law = nn::learnt_motion(*model);
      law(Eigen::RowVectorXd::Zero(6), states, u, rates);
      law(Eigen::RowVectorXd::Zero(6), states, 0 * u, without);
      const physics::StateFunction energy = *nn::learnt_energy(*model);
      const auto change = [&](const Eigen::MatrixXd& along) {
        constexpr double h = 1e-6;
        return Eigen::MatrixXd((energy(states + h * along) - energy(states - h * along)) / (2 * h));
      };
      const Eigen::MatrixXd all = change(rates), by_friction = change(without);
      for (Index s = 0; s < 6; ++s) {
        const physics::DataSet one{states.col(s).cast<Scalar>(), Matrix::Zero(2, 1),
                                   u.col(s).cast<Scalar>()};
        const auto flow = nn::energy_flow(*model, one);
        REQUIRE(flow);
        Eigen::VectorXd at_rest = states.col(s);
        at_rest.tail(2).setZero();
        const double kinetic = energy(states.col(s))(0) - energy(at_rest)(0);
        CHECK(-flow->friction * kinetic == doctest::Approx(by_friction(s)).epsilon(1e-6));
        CHECK(flow->controls * kinetic ==
              doctest::Approx(all(s) - by_friction(s)).epsilon(1e-6).scale(std::abs(all(s))));
      }
    }
  const physics::DataSet states{Matrix::Ones(4, 3), Matrix::Ones(2, 3), {}};
  nn::NetworkOptions alone = odd("lnn", "none");
  alone.controls = 0;
  alone.control_scale = 1;
  CHECK_FALSE(nn::energy_flow(*drawn("lnn", alone), states));
  nn::NetworkOptions rubbed = alone;
  rubbed.friction = "linear";
  const auto flow = nn::energy_flow(*drawn("delan", rubbed), states);
  REQUIRE(flow);
  CHECK(flow->friction > 0);
  CHECK(flow->controls == 0);
  CHECK_FALSE(nn::energy_flow(*drawn("mlp", alone), states));
}

TEST_CASE("controls act through the learnt gain, and must be given where a model is trained") {
  for (const std::string kind : {"lnn", "mlp"}) {
    const auto model = drawn(kind, odd(kind, "none"));
    const Eigen::MatrixXd states = random(4, 6, 51), zero = Eigen::MatrixXd::Zero(3, 6);
    const Eigen::MatrixXd u = random(3, 6, 52);
    const Eigen::MatrixXd by_one = accelerations(*model, states, u) -
                                   accelerations(*model, states, zero),
                          by_two = accelerations(*model, states, 2 * u) -
                                   accelerations(*model, states, zero);
    CHECK(by_one.norm() > 1e-3);
    if (kind == "lnn") CHECK(by_two.isApprox(2 * by_one, sizeof(Scalar) == 8 ? 1e-9 : 1e-3));
    CHECK(nn::learnt_motion(*model)(states).bottomRows(2).isApprox(
        accelerations(*model, states, zero), 1e-12));
    nn::TrainingStep step(*model, nn::mse_loss, {6, 6, 1});
    const Matrix x = states.cast<Scalar>();
    CHECK_THROWS_AS(step.run(x.data(), x.data()), std::invalid_argument);
  }
}

TEST_CASE("models keep to constraints that are known: J a + J' v = 0 on them") {
  // A point on the unit circle, in Cartesian coordinates.
  const nn::Known circle{
      .lagrangian = [](Var q, Var v) { return sum_rows(v * v) * 0.5 - row(q, 1); },
      .positions = [](Var q) { return q * 1.0; },
      .constraints = [](Var q) { return (sum_rows(q * q) - 1) * 0.5; }};
  Eigen::MatrixXd states(4, 3);
  states.colwise() = Eigen::Vector4d(0.6, 0.8, -0.8 * 1.7, 0.6 * 1.7);
  states.col(1).tail(2) *= -2;
  states.col(2) << 0, -1, 0.3, 0;
  for (const std::string kind : {"lnn", "delan", "pullback", "hnn", "embedded"}) {
    CAPTURE(kind);
    const auto model =
        drawn(kind, {.hidden = {5}, .angles = {false, false}, .kinetic_prior = 9}, 3, circle);
    const Eigen::MatrixXd a = nn::learnt_motion(*model)(states).bottomRows(2);
    for (Index s = 0; s < 3; ++s)
      CHECK(states.col(s).head(2).dot(a.col(s)) ==
            doctest::Approx(-states.col(s).tail(2).squaredNorm())
                .epsilon(sizeof(Scalar) == 8 ? 1e-9 : 1e-3));
  }
}

TEST_CASE("a deep Lagrangian network knows a diagonal mass matrix") {
  nn::NetworkOptions options = odd("delan", "linear");
  const auto model = drawn("delan", options, 3, {.diagonal_mass = true});
  CHECK(model->parameters().list()[4].shape.rows == 3);  // two masses, and V
  // The general equations, of the same L.
  const Matrix x = random(4, 7, 61).cast<Scalar>();
  Tape tape;
  const Var q = tape.constant(x.topRows(2)), v = tape.constant(x.bottomRows(2));
  const auto* lagrangian = dynamic_cast<const nn::LagrangianModel*>(model.get());
  REQUIRE(lagrangian);
  const Var mass = physics::mass_matrix(lagrangian->lagrangian(q, v), v);
  CHECK(evaluate(slice_rows(mass, 1, 2), model->parameters().bindings(tape)).isZero(0));
}

TEST_CASE("an embedded network finds the ratio of a double pendulum's masses" * in_double_only) {
  Random random_states(71);
  const Eigen::MatrixXd states = random_states.uniform_matrix(4, 128, -2, 2).cast<double>();
  Eigen::MatrixXd exact(2, 128);
  pendulum.accelerations(states, exact);
  const physics::DataSet data{states.cast<Scalar>(), exact.cast<Scalar>()};
  nn::NetworkOptions options{.hidden = {16, 16}, .angles = {true, true}};
  scale_to(options, data);
  nn::EmbeddedNetwork model(options, known);
  Random random(72);
  model.initialise(random, nn::Initialiser::lecun);
  CHECK(fit(model, data, 400, 1e-2) < 1e-3);
  Tape tape;
  const Matrix masses = evaluate(model.masses(tape), model.parameters().bindings(tape));
  CHECK(masses(0) / masses(1) == doctest::Approx(pendulum.m1 / pendulum.m2).epsilon(0.02));
}

TEST_CASE("a pullback network learns a double pendulum from a dozen states" * in_double_only) {
  // Its masses hang on rods: where they are is linear in cosines and sines.
  Random random_states(71);
  const auto some = [&](Index count) {
    const Eigen::MatrixXd states = random_states.uniform_matrix(4, count, -2, 2).cast<double>();
    Eigen::MatrixXd exact(2, count);
    pendulum.accelerations(states, exact);
    return physics::DataSet{states.cast<Scalar>(), exact.cast<Scalar>()};
  };
  const physics::DataSet learnt = some(12), fresh = some(100);
  nn::NetworkOptions options{.hidden = {}, .angles = {true, true}};
  scale_to(options, learnt);
  nn::PullbackNetwork model(options);
  Random random(72);
  model.initialise(random, nn::Initialiser::lecun);
  CHECK(fit(model, learnt, 3000, 1e-2) < 1e-8);
  const auto errors = physics::judge_accelerations(nn::learnt_motion(model), fresh);
  CHECK(errors.l1.maxCoeff() < 1e-2);
}

TEST_CASE("a pullback network learns forces across the velocity, which a deep one cannot" *
          in_double_only) {
  // Foucault's pendulum, in a room that turns.
  const physics::System system = make_system(physics::find_system("foucault"), {{"day", 10}});
  Random random(81);
  const physics::DataSet data = label(motion_of(system), random_starts(system, random, 200));
  const auto error = [&](const char* kind) {
    nn::NetworkOptions options{.hidden = {16}, .angles = {false, false}};
    scale_to(options, data);
    const auto model = nn::make_model(kind, options);
    Random draw(82);
    model->initialise(draw, nn::Initialiser::lecun);
    return fit(*model, data, 600, 1e-2);
  };
  CHECK(error("pullback") < 0.05 * error("delan"));
}

TEST_CASE("a density learns the wave equation, on a ring of any length" * in_double_only) {
  const auto ring = [](Index n, Index count, std::uint64_t seed) {
    Random r(seed);
    Matrix states(2 * n, count);
    for (Index s = 0; s < count; ++s) {
      const double a = r.normal(), b = r.normal(), c = r.normal(), d = r.normal();
      for (Index i = 0; i < n; ++i) {
        const double x = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n);
        states(i, s) = static_cast<Scalar>(a * std::cos(x) + b * std::sin(2 * x));
        states(n + i, s) = static_cast<Scalar>(c * std::cos(2 * x) + d * std::sin(x));
      }
    }
    const Eigen::MatrixXd q = states.topRows(n).cast<double>();
    return physics::DataSet{states, wave_accelerations(q).cast<Scalar>()};
  };
  const physics::DataSet data = ring(16, 16, 81), other = ring(24, 16, 82);
  nn::NetworkOptions options{.hidden = {12, 12}, .angles = std::vector<bool>(16, false)};
  scale_to(options, data);
  options.kinetic_prior = map(options.kinetic_prior,
                              [](double a) { return a * nn::find_model_kind("field").prior_part; });
  nn::DensityNetwork model(options);
  Random random(83);
  model.initialise(random);
  CHECK(fit(model, data, 500, 1e-2) < 1e-3);

  // The same weights on a longer ring, whose motions it has not seen.
  nn::NetworkOptions longer = model.options();
  longer.angles.assign(24, false);
  nn::DensityNetwork on_other(longer);
  std::ranges::copy(model.parameters().values(), on_other.parameters().values().begin());
  const Eigen::MatrixXd learnt =
                            nn::learnt_motion(on_other)(other.states.cast<double>()).bottomRows(24),
                        exact = other.accelerations.cast<double>();
  CHECK((learnt - exact).norm() < 0.1 * exact.norm());
}

TEST_CASE("a field's cost is in proportion to its sites") {
  const auto cost = [](Index n) {
    const nn::DensityNetwork model({.hidden = {8, 8},
                                    .angles = std::vector<bool>(static_cast<std::size_t>(n), false),
                                    .kinetic_prior = 1,
                                    .friction = "linear"});
    const nn::TrainingStep step(model, nn::mse_loss, {16, 16, 1});
    return std::pair(step.program().instructions(), step.program().arena_size());
  };
  const auto [few, small] = cost(32);
  const auto [more, twice] = cost(64);
  const auto [most, four_times] = cost(128);
  CHECK(more == few);
  CHECK(most == few);
  CHECK(twice < 2.1 * static_cast<double>(small));
  CHECK(four_times < 2.1 * static_cast<double>(twice));
}
