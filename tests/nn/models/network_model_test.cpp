// What the parts of the models are worth, at parameters that are set: against formulas.
#include "nn/models/network_model.h"

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/compile/program.h"
#include "nn/models/deep_lagrangian_network.h"
#include "nn/models/density_network.h"
#include "nn/models/embedded_network.h"
#include "nn/models/hamiltonian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/mass_matrix.h"
#include "nn/models/models.h"
#include "nn/models/pullback_network.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using autodiff::Tape;
using Eigen::MatrixXd;
using Eigen::Vector3d;
using Eigen::VectorXd;
using nn::Var;

namespace {

const double near = 1e3 * rounding;

/// The parameter of that name.
autodiff::MatrixMap parameter(nn::Model& model, const std::string& name) {
  for (const nn::NamedMatrix& one : model.parameters().named())
    if (one.name == name) return one.values;
  FAIL("no parameter " << name);
  return model.parameters().named().front().values;
}

MatrixXd random(Index rows, Index cols, std::uint64_t seed) {
  return Random(seed).normal_matrix(rows, cols).cast<double>();
}

/// Draws new values, and returns them.
MatrixXd draw(nn::Model& model, const std::string& name, std::uint64_t seed) {
  auto values = parameter(model, name);
  values = Random(seed).normal_matrix(values.rows(), values.cols(), 0.5);
  return values.cast<double>();
}

void draw_all(nn::Model& model, std::uint64_t seed = 1) {
  Random random(seed);
  for (Scalar& p : model.parameters().values()) p = static_cast<Scalar>(0.5 * random.normal());
}

/// (dq/dt; dv/dt) of states under controls.
MatrixXd rates(const nn::Model& model, const MatrixXd& states, const MatrixXd& u) {
  MatrixXd found;
  nn::learnt_motion(model)(Eigen::RowVectorXd::Zero(states.cols()), states, u, found);
  return found;
}

/// What `record` makes of q and v.
template <class Record>
MatrixXd value(const nn::Model& model, const Record& record, const MatrixXd& states) {
  const Index n = states.rows() / 2;
  Tape tape;
  const Matrix x = states.cast<Scalar>();
  const Var found = record(tape.constant(x.topRows(n)), tape.constant(x.bottomRows(n)));
  return evaluate(found, model.parameters().bindings(tape)).template cast<double>();
}

MatrixXd lagrangian(const nn::LagrangianModel& model, const MatrixXd& states) {
  return value(
      model, [&](Var q, Var v) { return model.lagrangian(q, v); }, states);
}

bool close(const MatrixXd& a, const MatrixXd& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  return (a - b).norm() < near * (1 + b.norm());
}

double softplus(double x) { return std::log1p(std::exp(x)); }

/// Three free masses.
const Vector3d masses(1.5, 0.5, 2);
const nn::Known free_masses{.lagrangian =
                                [](Var, Var v) {
                                  return nn::sum_squares(v, {0.75, 0.25, 1});
                                },
                            .positions = [](Var q) { return stack_rows(q, q * q); }};

}  // namespace

TEST_CASE("friction and controls are the forces -R v + B u, in units of the options") {
  for (const std::string kind : {"lnn", "hnn"}) {
    CAPTURE(kind);
    const bool momenta = kind == "hnn";
    const Vector3d a(2, 3, 5), mass(2, 1, 0.5), acceleration(3, 0.7, 1.1), velocity(0.4, 0.6, 2);
    const auto model = nn::make_model(kind,
                                      {.hidden = {},
                                       .angles = {false, true, false},
                                       .velocity_scale = {0.4, 0.6, 2},
                                       .kinetic_prior = {2, 3, 5},
                                       .acceleration_scale = {3, 0.7, 1.1},
                                       .mass_scale = {2, 1, 0.5},
                                       .friction = "linear",
                                       .controls = 2,
                                       .control_scale = {0.5, 4}},
                                      free_masses);  // all other parameters are zero
    const MatrixXd factor = draw(*model, "friction.factor", 2),
                   gain = draw(*model, "controls.gain", 3);
    REQUIRE(factor.size() == 6);
    Eigen::Matrix3d c = 0.1 * Eigen::Matrix3d::Identity();  // below factor, column by column
    c(0, 0) += factor(0), c(1, 0) += factor(1), c(2, 0) += factor(2);
    c(1, 1) += factor(3), c(2, 1) += factor(4);
    c(2, 2) += factor(5);
    Eigen::Array3d unit = mass.array() * acceleration.array() * velocity.array();
    if (momenta) unit *= mass.array();
    const Eigen::Matrix3d d = unit.sqrt().matrix().asDiagonal();
    const Eigen::Matrix3d r = d * c * c.transpose() * d;

    const MatrixXd states = random(6, 4, 4), u = random(2, 4, 5);
    // L = 1/2 a v², H = p²/2a of the true momenta.
    const Vector3d learnt_over_true =
        momenta ? Vector3d(masses.array() / a.array()) : Vector3d(1, 1, 1);
    const MatrixXd v = learnt_over_true.asDiagonal() * states.bottomRows(3);
    const MatrixXd scaled = Eigen::Vector2d(0.5, 4).asDiagonal() * u;
    const MatrixXd driven = (mass.array() * acceleration.array()).matrix().asDiagonal() * gain;
    const MatrixXd force = -r * v + driven * scaled;
    const MatrixXd found = rates(*model, states, u);
    CHECK(close(found.topRows(3), v));
    CHECK(close(found.bottomRows(3), (momenta ? masses : a).cwiseInverse().asDiagonal() * force));
  }
}

TEST_CASE("where the energy of no states goes, nobody can tell") {
  const auto model =
      nn::make_model("lnn", {.hidden = {}, .kinetic_prior = 1, .friction = "linear"});
  CHECK_FALSE(nn::energy_flow(*model, {Matrix(4, 0), Matrix(2, 0), {}}));
}

TEST_CASE("a network of friction gives its factor from the coordinates") {
  const auto model = nn::make_model("lnn", {.hidden = {},
                                            .angles = {true, false},
                                            .coordinate_offset = {0, 0.3},
                                            .coordinate_scale = {1, 2},
                                            .kinetic_prior = {2, 5},
                                            .friction = "network"});
  const MatrixXd weight = draw(*model, "friction.0.weight", 2),
                 bias = draw(*model, "friction.0.bias", 3);
  const MatrixXd states = random(4, 5, 4);
  const MatrixXd found = rates(*model, states, MatrixXd(0, 5));
  for (Index s = 0; s < 5; ++s) {
    const double q = states(0, s);
    const VectorXd f = weight * Vector3d(std::cos(q), std::sin(q), 2 * (states(1, s) - 0.3)) + bias;
    const Eigen::Matrix2d c{{0.1 + f[0], 0}, {f[1], 0.1 + f[2]}};
    const Eigen::Vector2d force = -c * c.transpose() * states.col(s).tail(2);
    CHECK(close(found.col(s).tail(2), Eigen::Vector2d(force[0] / 2, force[1] / 5)));
  }
}

TEST_CASE("first weights are drawn for friction's network too, by its own rule") {
  nn::NetworkOptions options{.hidden = {400}, .friction = "network"};
  const auto model = nn::make_model("lnn", options);
  Random random(6);
  model->initialise(random, nn::Initialiser::rule);
  const auto deviation = [&](const std::string& name) {
    return std::sqrt(static_cast<double>(parameter(*model, name).cwiseAbs2().mean()));
  };
  CHECK(deviation("lagrangian.1.weight") == doctest::Approx(20).epsilon(0.2));
  CHECK(deviation("friction.0.weight") == doctest::Approx(1 / 2.).epsilon(0.2));
  CHECK(deviation("friction.1.weight") == doctest::Approx(1 / 20.).epsilon(0.2));

  options.friction = "linear";
  options.controls = 1;
  const auto linear = nn::make_model("lnn", options);
  linear->initialise(random);
  CHECK(parameter(*linear, "friction.factor").isZero(0));
  CHECK(parameter(*linear, "controls.gain").isZero(0));
}

TEST_CASE("a plain network sees angles as cosine and sine, and all else in its scale") {
  const auto model = nn::make_model("mlp", {.hidden = {},
                                            .angles = {true, false},
                                            .coordinate_offset = {7, 0.3},  // of an angle: none
                                            .coordinate_scale = {7, 2},
                                            .velocity_scale = {0.4, 3},
                                            .acceleration_scale = {10, 0.1},
                                            .controls = 2,
                                            .control_scale = {0.5, 4}});
  const MatrixXd weight = draw(*model, "acceleration.0.weight", 2),
                 bias = draw(*model, "acceleration.0.bias", 3);
  const MatrixXd states = random(4, 5, 4), u = random(2, 5, 5);
  MatrixXd seen(7, 5);
  seen << states.row(0).array().cos(), states.row(0).array().sin(),
      2 * (states.row(1).array() - 0.3), 0.4 * states.row(2), 3 * states.row(3), 0.5 * u.row(0),
      4 * u.row(1);
  const auto expected = [&] {
    return MatrixXd(Eigen::Vector2d(10, 0.1).asDiagonal() *
                    ((weight * seen).colwise() + VectorXd(bias)));
  };
  CHECK(close(rates(*model, states, u).bottomRows(2), expected()));
  seen.bottomRows(2).setZero();  // without controls, they are zero
  CHECK(close(nn::learnt_motion(*model)(states).bottomRows(2), expected()));

  Tape tape;
  const Var q = tape.input(2, 5, "q"), v = tape.input(2, 5, "v");
  for (const nn::Shape shape : {nn::Shape{2, 4}, {1, 5}})
    CHECK_THROWS_WITH_AS(model->acceleration(q, v, tape.input(shape.rows, shape.cols, "u")),
                         doctest::Contains("the model has (2x5)"), std::invalid_argument);
}

TEST_CASE("a density is summed over the sites, of each one's field, step to the next and rate") {
  for (const bool angles : {false, true}) {
    CAPTURE(angles);
    nn::DensityNetwork model({.hidden = {1},
                              .activation = "tanh",
                              .angles = std::vector<bool>(3, angles),
                              .coordinate_offset = 0.3,
                              .coordinate_scale = 2,
                              .velocity_scale = 0.4,
                              .kinetic_prior = 1.5,
                              .difference_scale = 5});
    const MatrixXd w = draw(model, "density.0.weight", 2), b = draw(model, "density.0.bias", 3),
                   w2 = draw(model, "density.1.weight", 4), b2 = draw(model, "density.1.bias", 5);
    REQUIRE(w.cols() == (angles ? 5 : 3));
    const MatrixXd states = random(6, 4, 6);
    MatrixXd expected(1, 4);
    for (Index s = 0; s < 4; ++s) {
      expected(s) = 0.75 * states.col(s).tail(3).squaredNorm();
      for (Index i = 0; i < 3; ++i) {
        const double u = states(i, s), step = states((i + 1) % 3, s) - u, v = states(3 + i, s);
        VectorXd seen(w.cols());
        if (angles)
          seen << std::cos(u), std::sin(u), std::cos(step), std::sin(step), 0.4 * v;
        else
          seen << 2 * (u - 0.3), 5 * step, 0.4 * v;
        expected(s) += w2(0) * std::tanh((w * seen)(0) + b(0)) + b2(0);
      }
    }
    CHECK(close(lagrangian(model, states), expected));
  }
}

TEST_CASE("a density has one scale for all sites: the mean, or one over the mean spread") {
  const nn::PerCoordinate three{1, 0.5, 0.25};  // spreads 1, 2, 4
  const nn::DensityNetwork model({.angles = {false, false, false},
                                  .coordinate_offset = {1, 2, 6},
                                  .coordinate_scale = three,
                                  .velocity_scale = three,
                                  .kinetic_prior = three,
                                  .acceleration_scale = {1, 2, 6},
                                  .mass_scale = three});
  const nn::NetworkOptions& options = model.options();
  for (const nn::PerCoordinate* scale : {&options.coordinate_scale, &options.velocity_scale,
                                         &options.kinetic_prior, &options.mass_scale}) {
    CHECK(scale->values().size() == 1);
    CHECK((*scale)[0] == doctest::Approx(3. / 7));
  }
  CHECK(options.coordinate_offset == 3);
  CHECK(options.acceleration_scale == 3);
}

TEST_CASE("each site of a field rubs for itself, by the same factor") {
  const auto model = nn::make_model("field", {.hidden = {},
                                              .angles = {false, false, false},
                                              .velocity_scale = 0.4,
                                              .kinetic_prior = 2,
                                              .acceleration_scale = 3,
                                              .mass_scale = 5,
                                              .friction = "linear",
                                              .controls = 1});
  const double factor = 0.1 + draw(*model, "friction.factor", 2)(0);
  const MatrixXd gain = draw(*model, "controls.gain", 3);
  const MatrixXd states = random(6, 4, 4), u = random(1, 4, 5);
  const MatrixXd force = -factor * factor * (5 * 3 * 0.4) * states.bottomRows(3) + 5 * 3 * gain * u;
  CHECK(close(rates(*model, states, u).bottomRows(3), force / 2));
}

TEST_CASE("a deep Lagrangian network's masses and potential are in units of the options") {
  for (const bool diagonal : {false, true}) {
    CAPTURE(diagonal);
    nn::DeepLagrangianNetwork model({.hidden = {},
                                     .angles = {false, true, false},
                                     .kinetic_prior = {2, 3, 5},
                                     .mass_scale = {4, 0.25, 9},
                                     .energy_scale = 30},
                                    {.diagonal_mass = diagonal});
    const MatrixXd out = draw(model, "mechanics.0.bias", 2);  // the weights are zero
    REQUIRE(out.size() == (diagonal ? 4 : 7));
    Eigen::Matrix3d c = Eigen::Matrix3d::Zero();
    if (diagonal)
      for (Index i = 0; i < 3; ++i) c(i, i) = softplus(out(i));
    else
      c << softplus(out(0)), 0, 0,           //
          out(1), softplus(out(3)), 0,       //
          out(2), out(4), softplus(out(5));  // column by column
    const Eigen::Matrix3d d = Vector3d(2, 0.5, 3).asDiagonal(),
                          prior = Vector3d(2, 3, 5).asDiagonal();
    const Eigen::Matrix3d mass = d * c * c.transpose() * d + prior;
    const MatrixXd states = random(6, 4, 3);
    MatrixXd expected(1, 4);
    for (Index s = 0; s < 4; ++s) {
      const Vector3d v = states.col(s).tail(3);
      expected(s) = 0.5 * v.dot(mass * v) - 30 * out(out.size() - 1);
    }
    CHECK(close(lagrangian(model, states), expected));
  }
}

TEST_CASE("a pullback network's masses are those of its points, which move with the features") {
  nn::PullbackNetwork model({.hidden = {},
                             .angles = {false, true},
                             .coordinate_offset = {1, 0.5},
                             .coordinate_scale = {2, 7},  // an angle enters unscaled
                             .kinetic_prior = {2, 3},
                             .mass_scale = {4, 9},
                             .energy_scale = 30});
  const MatrixXd weights =
      draw(model, "points.linear", 2) + draw(model, "points.0.weight", 3);  // without a layer alike
  const MatrixXd bias = draw(model, "points.0.bias", 4);
  REQUIRE(weights.rows() == 8);  // five dimensions, two of A, and V
  REQUIRE(weights.cols() == 3);
  const double unit = (4 / (2. * 2) + 9) / 2;
  const MatrixXd states = random(4, 5, 5);
  MatrixXd expected(1, 5), masses(4, 5);
  for (Index s = 0; s < 5; ++s) {
    const double q0 = states(0, s), q1 = states(1, s);
    const Vector3d features(2 * (q0 - 1), std::cos(q1), std::sin(q1));
    const MatrixXd slopes{{2, 0}, {0, -std::sin(q1)}, {0, std::cos(q1)}};
    const MatrixXd moved = weights.topRows(5) * slopes;
    const Eigen::Matrix2d mass = unit * moved.transpose() * moved + MatrixXd{{2, 0}, {0, 3}};
    const Eigen::Vector2d v = states.col(s).tail(2);
    masses.col(s) = mass.reshaped();
    const MatrixXd outputs = weights * features + bias;
    const Eigen::Vector2d across(outputs(5) * std::sqrt(4. * 30), outputs(6) * std::sqrt(9. * 30));
    expected(s) = 0.5 * v.dot(mass * v) + across.dot(v) - 30 * outputs(7);
  }
  CHECK(close(lagrangian(model, states), expected));
  CHECK(close(nn::mass_matrices(model, states), masses));
}

TEST_CASE("a pullback network's points have as many dimensions as a metric takes, or six each") {
  for (const auto& [n, dimensions] :
       {std::pair{1, 2}, {2, 5}, {3, 9}, {9, 54}, {10, 60}, {40, 240}})
    CHECK(
        nn::PullbackNetwork::form_of({.angles = std::vector<bool>(static_cast<std::size_t>(n))}, {})
            .outputs == dimensions + n + 1);
}

TEST_CASE("a pullback network's points also move as its hidden layers say") {
  nn::PullbackNetwork model({.hidden = {3}, .activation = "tanh", .angles = {false}});
  const MatrixXd linear = draw(model, "points.linear", 2), w0 = draw(model, "points.0.weight", 3),
                 b0 = draw(model, "points.0.bias", 4), w1 = draw(model, "points.1.weight", 5),
                 b1 = draw(model, "points.1.bias", 6);
  REQUIRE(linear.rows() == 4);  // two dimensions, A and V
  const MatrixXd states = random(2, 5, 7);
  MatrixXd expected(1, 5);
  for (Index s = 0; s < 5; ++s) {
    const MatrixXd hidden = (w0 * states(0, s) + b0).array().tanh();
    const MatrixXd outputs = linear * states(0, s) + w1 * hidden + b1;
    const MatrixXd slopes = linear + w1 * ((1 - hidden.array().square()) * w0.array()).matrix();
    const double v = states(1, s);
    expected(s) = 0.5 * slopes.topRows(2).squaredNorm() * v * v + outputs(2) * v - outputs(3);
  }
  CHECK(close(lagrangian(model, states), expected));
}

TEST_CASE("a Hamiltonian is in its unit of energy, and has a prior of the coordinates with one") {
  nn::HamiltonianNetwork model({.hidden = {3},
                                .angles = {false, false, false},
                                .kinetic_prior = {0.7, 0, 4},
                                .energy_scale = 30},
                               free_masses);
  const double learnt = draw(model, "hamiltonian.1.bias", 2)(0);
  const MatrixXd qp = random(6, 4, 3);
  const MatrixXd found = value(
      model, [&](Var q, Var p) { return model.hamiltonian(q, p); }, qp);
  CHECK(close(
      found,
      (30 * learnt + qp.row(3).array().square() / 1.4 + qp.row(5).array().square() / 8).matrix()));
}

TEST_CASE("an embedded network's L is that of its masses at the positions, in the system's units") {
  // Four functions of the coordinates: four points on a line, two in a plane, one in space-time.
  const auto positions = [](Var q) {
    return stack_rows(std::vector{row(q, 0) * 3, pow(row(q, 1), 2), row(q, 0),
                                  row(q, 1) * 2 + pow(row(q, 2), 2)});
  };
  for (const Index dimension : {1, 2, 4}) {
    CAPTURE(dimension);
    nn::EmbeddedNetwork model({.hidden = {},
                               .angles = {false, false, false},
                               .coordinate_offset = {0.4, 0.5, 0},
                               .mass_scale = {4, 3, 100},
                               .energy_scale = 30},
                              {.positions = positions, .dimension = dimension});
    const MatrixXd raw = draw(model, "masses", 2), w = draw(model, "potential.0.weight", 3),
                   b = draw(model, "potential.0.bias", 4);
    REQUIRE(raw.cols() == 4 / dimension);
    // |dx/dq|² at the offset is 10, 5 and 0: the third coordinate moves nothing there.
    const double unit = (4. / 10 + 3. / 5) / 2;
    const auto found = value(
        model, [&](Var q, Var) { return model.masses(q.tape()); }, MatrixXd(6, 1));
    const MatrixXd states = random(6, 4, 5);
    MatrixXd expected(1, 4);
    for (Index s = 0; s < 4; ++s) {
      const VectorXd q = states.col(s).head(3), v = states.col(s).tail(3);
      const Eigen::Vector4d rate(3 * v[0], 2 * q[1] * v[1], v[0], 2 * v[1] + 2 * q[2] * v[2]);
      expected(s) = -30 * ((w * (q - Vector3d(0.4, 0.5, 0)))(0) + b(0));
      for (Index k = 0; k < 4 / dimension; ++k) {
        const double mass = softplus(raw(k)) * unit;
        CHECK(found(k) == doctest::Approx(mass).epsilon(near));
        expected(s) += mass / 2 * rate.segment(k * dimension, dimension).squaredNorm();
      }
    }
    CHECK(close(lagrangian(model, states), expected));
  }
  const nn::EmbeddedNetwork fixed({.hidden = {}}, {.positions = [](Var q) { return q * 0; }});
  CHECK(value(
            fixed, [&](Var q, Var) { return fixed.masses(q.tape()); }, MatrixXd(4, 1))(0) ==
        doctest::Approx(std::log(2)).epsilon(near));
  for (const Index dimension : {0, -1, 3})
    CHECK_THROWS_WITH_AS(
        nn::EmbeddedNetwork({}, {.positions = [](Var q) { return q * 1; }, .dimension = dimension}),
        doctest::Contains("[model] positions of 2 rows"), std::invalid_argument);
}

TEST_CASE("what the table of kinds tells of a model is so") {
  const nn::NetworkOptions plain{
      .hidden = {5}, .activation = "tanh", .angles = {false, false, false}, .kinetic_prior = 6};
  const MatrixXd states = random(6, 4, 2);
  for (const nn::ModelKind& kind : nn::model_kinds()) {
    CAPTURE(kind.name);
    const auto learnt = [&](const nn::NetworkOptions& options, const MatrixXd& of) {
      const auto model = kind.make(options, free_masses);
      draw_all(*model);
      return MatrixXd(nn::learnt_motion(*model)(of));
    };
    const auto matters = [&](auto nn::NetworkOptions::*member, const auto& value) {
      nn::NetworkOptions changed = plain;
      changed.*member = value;
      return learnt(changed, states) != learnt(plain, states);
    };
    CHECK(matters(&nn::NetworkOptions::velocity_scale, nn::PerCoordinate(3)) ==
          kind.sees_velocities);
    CHECK(matters(&nn::NetworkOptions::kinetic_prior, nn::PerCoordinate(9)) ==
          kind.has_kinetic_prior);
    CHECK(matters(&nn::NetworkOptions::friction, std::string("linear")) == kind.has_friction);

    nn::NetworkOptions relu = plain;
    relu.activation = "relu";
    if (kind.differentiated)
      CHECK_THROWS_AS(kind.make(relu, free_masses), std::invalid_argument);
    else
      CHECK_NOTHROW(kind.make(relu, free_masses));
    if (kind.needs_lagrangian)
      CHECK_THROWS_AS(kind.make(plain, {.positions = free_masses.positions}),
                      std::invalid_argument);
    else
      CHECK_NOTHROW(kind.make(plain, {.positions = free_masses.positions}));
    if (kind.needs_positions)
      CHECK_THROWS_AS(kind.make(plain, {.lagrangian = free_masses.lagrangian}),
                      std::invalid_argument);
    else
      CHECK_NOTHROW(kind.make(plain, {.lagrangian = free_masses.lagrangian}));

    // On a ring no site is the first.
    const auto turned = [](const MatrixXd& x) {
      MatrixXd next(x.rows(), x.cols());
      for (Index i = 0; i < x.rows(); ++i) next.row(i) = x.row(i / 3 * 3 + (i + 1) % 3);
      return next;
    };
    CHECK(close(learnt(plain, turned(states)), turned(learnt(plain, states))) == kind.of_rings);
    CHECK(kind.prior_part > 0);
    CHECK((kind.prior_part < 1) == kind.of_rings);  // there, forces of neighbours nearly cancel
    CHECK(kind.prior_part <= 1);
  }
}
