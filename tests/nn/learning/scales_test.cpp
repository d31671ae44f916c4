// Scales for each coordinate: what they do in a model, where they come from, and that with them
// training does not notice units.
#include "nn/learning/scales.h"

#include <doctest/doctest.h>

#include <cmath>

#include "nn/learning/loss.h"
#include "nn/learning/training_step.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/models.h"
#include "nn/optimisers/adam.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using autodiff::evaluate;
using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;

using nn::PerCoordinate;
using nn::plus;
using nn::sum_squares;
using nn::times;
using nn::Var;
using physics::DataSet;

namespace {

const physics::System& kepler() {
  static const physics::System system = make_system(physics::find_system("kepler"));
  return system;
}

const std::vector<bool> r_and_theta{false, true};

DataSet kepler_data(Index count) {
  Random random(1);
  return label(motion_of(kepler()), random_starts(kepler(), random, count));
}

/// A motion in other units: coordinates are c_i times as large, and time is.
DataSet in_units(DataSet data, const Eigen::ArrayXd& c, double time) {
  const auto multiply = [](auto&& rows, const Eigen::ArrayXd& by) {
    rows = (by.cast<Scalar>().matrix().asDiagonal() * rows).eval();
  };
  multiply(data.states.topRows(c.size()), c);
  multiply(data.states.bottomRows(c.size()), c / time);
  multiply(data.accelerations, c / (time * time));
  return data;
}

/// Accelerations that a model of that kind has learnt from the data, at the data's own states.
Eigen::MatrixXd learnt(const std::string& kind, const std::vector<bool>& angles,
                       const DataSet& data) {
  nn::NetworkOptions options{.hidden = {16, 16}, .angles = angles};
  scale_to(options, data);
  const auto model = nn::make_model(kind, options);
  Random random(2);
  model->initialise(random, kind == "lnn" ? nn::Initialiser::rule : nn::Initialiser::lecun);
  const nn::Loss loss = nn::in_units_of(options.acceleration_scale, nn::mse_loss);
  nn::TrainingStep step(*model, loss, {data.size(), 16, 1});
  nn::Adam adam(model->parameters().size());
  const double first = step.run(data.states.data(), data.accelerations.data());
  double last = first;
  for (int k = 0; k < 300; ++k) {
    adam.step(model->parameters().values(), step.gradient(), 3e-3);
    last = step.run(data.states.data(), data.accelerations.data());
  }
  CHECK(last < first / 5);  // it is no model that has learnt nothing
  return nn::learnt_motion(*model)(data.states.cast<double>()).bottomRows(std::ssize(angles));
}

}  // namespace

TEST_CASE("one value is that of every coordinate, and equal values are one") {
  CHECK(PerCoordinate(0.3)[5] == 0.3);
  CHECK(PerCoordinate{0.3, 0.5}[1] == 0.5);
  CHECK(PerCoordinate{0.3, 0.3} == 0.3);
  CHECK_FALSE(PerCoordinate{0.3, 0.5} == 0.3);
  CHECK(PerCoordinate{1, 2, 6}.mean() == 3);
  CHECK_THROWS_AS(PerCoordinate(std::vector<double>{}), std::invalid_argument);

  autodiff::Tape tape;
  const Matrix values = Random(3).normal_matrix(2, 3);
  const Var x = tape.constant(values);
  CHECK(times(x, 1) == x);
  CHECK(plus(x, 0) == x);
  const auto scaled = evaluate(times(x, {2, 3})), moved = evaluate(plus(x, {2, 3}));
  CHECK(scaled.row(0) == 2 * values.row(0));
  CHECK(scaled.row(1) == 3 * values.row(1));
  CHECK(moved.row(1) == (values.row(1).array() + 3).matrix());
  CHECK(evaluate(times(x, 2)) == 2 * values);
  CHECK(evaluate(plus(x, 3)) == (values.array() + 3).matrix());
  CHECK(evaluate(sum_squares(x, 3)).isApprox(3 * values.colwise().squaredNorm()));
  CHECK(evaluate(sum_squares(x, {2, 3}))
            .isApprox(2 * values.row(0).cwiseAbs2() + 3 * values.row(1).cwiseAbs2()));
  CHECK_THROWS_AS(times(x, {1, 2, 3}), std::invalid_argument);
}

TEST_CASE("a model with a scale for each coordinate is the one of scaled coordinates") {
  // (q - offset) c with velocities and prior to match, in a model that scales nothing.
  const Eigen::Array2d c(4, 0.5), offset(0.3, -0.7);
  const nn::NetworkOptions plain{.hidden = {6, 5}, .angles = {false, false}, .kinetic_prior = 1.5};
  nn::NetworkOptions scaled = plain;
  scaled.coordinate_offset = {0.3, -0.7};
  scaled.coordinate_scale = scaled.velocity_scale = {4, 0.5};
  scaled.kinetic_prior = {1.5 * 16, 1.5 / 4};
  scaled.acceleration_scale = {0.25, 2};
  const Matrix states = Random(4).normal_matrix(4, 7);
  Eigen::MatrixXd moved = states.cast<double>();
  moved.topRows(2) = (moved.topRows(2).array().colwise() - offset).colwise() * c;
  moved.bottomRows(2) = moved.bottomRows(2).array().colwise() * c;
  for (const std::string kind : {"lnn", "mlp"}) {
    CAPTURE(kind);
    const auto a = nn::make_model(kind, plain), b = nn::make_model(kind, scaled);
    for (const auto* model : {&a, &b}) {
      Random random(5);
      (*model)->initialise(random);
    }
    Eigen::MatrixXd of_moved = nn::learnt_motion(*a)(moved).bottomRows(2);
    of_moved = of_moved.array().colwise() / c;
    CHECK(of_moved.isApprox(nn::learnt_motion(*b)(states.cast<double>()).bottomRows(2),
                            sizeof(Scalar) == 8 ? 1e-11 : 1e-3));
  }
}

TEST_CASE("scales of another number of coordinates are refused by name") {
  for (const auto member :
       {&nn::NetworkOptions::coordinate_offset, &nn::NetworkOptions::coordinate_scale,
        &nn::NetworkOptions::velocity_scale, &nn::NetworkOptions::kinetic_prior,
        &nn::NetworkOptions::acceleration_scale, &nn::NetworkOptions::mass_scale}) {
    nn::NetworkOptions options{.hidden = {4}};
    options.*member = {1, 2, 3};
    CHECK_THROWS_WITH_AS(nn::make_model("lnn", options),
                         doctest::Contains("has 3 values for 2 coordinates"),
                         std::invalid_argument);
  }
}

TEST_CASE("names are given to all coordinates or to none") {
  for (const std::vector<std::string>& names : {std::vector<std::string>{"x"}, {"x", "y", "z"}})
    CHECK_THROWS_WITH_AS(nn::make_model("lnn", {.hidden = {4}, .names = names}),
                         doctest::Contains("for 2 coordinates: one for each, or none"),
                         std::invalid_argument);
  CHECK_NOTHROW(nn::make_model("lnn", {.hidden = {4}, .names = {"x", "y"}}));
}

TEST_CASE("scales come from the data's spread, an angle's feature keeps its own") {
  DataSet data;
  data.states.resize(6, 4);
  data.states << 1, 3, 1, 3,  // mean 2, deviation 1
      1, 3, 1, 3,             // an angle
      5, 5, 5, 5,             // stands still
      -2, -2, 2, 2,           // deviation 2
      0, 0, 0, 8,             // mean 2, deviation √12
      0, 0, 0, 0;
  data.accelerations.resize(3, 4);
  data.accelerations << 1, -3, 5, 3, 10, 10, -10, 10, 0, 0, 0, 0;
  nn::NetworkOptions options{.angles = {false, true, false}};
  scale_to(options, data);
  const auto close = [](const PerCoordinate& c, std::vector<double> expected) {
    for (Index i = 0; i < std::ssize(expected); ++i)
      CHECK(c[i] == doctest::Approx(expected[i]).epsilon(1e-6));
  };
  close(options.coordinate_offset, {2, 0, 5});
  close(options.coordinate_scale, {1, 1, 1});
  close(options.velocity_scale, {0.58 / 2, 0.58 / std::sqrt(12), 0.58});
  close(options.kinetic_prior, {10. / 3, 1, 10});
  close(options.acceleration_scale, {3, 10, 1});

  close(options.mass_scale, {10, 3, 30});  // 30 s/A
  CHECK(options.energy_scale == 30);       // mass scale · A/s, of every coordinate

  options.angles = {false};
  CHECK_THROWS_WITH_AS(scale_to(options, data), doctest::Contains("1 coordinates need 2xN"),
                       std::invalid_argument);
  data.states.resize(2, 1), data.accelerations.resize(1, 1);
  CHECK_THROWS_AS(scale_to(options, data), std::invalid_argument);
}

TEST_CASE("controls have the scale of their spread, a ring's differences theirs") {
  DataSet data;
  data.states.resize(6, 2);
  data.states << 1, 3,  // differences to the next: 1, 4; 2, -1; -3, -3
      2, 7,             //
      4, 6,             //
      0, 1, 0, 1, 0, 1;
  data.accelerations = Matrix::Ones(3, 2);
  data.controls.resize(2, 2);
  data.controls << 4, 10, 8, 8;  // deviation 3; stands still
  nn::NetworkOptions options{.angles = {false, false, false}, .controls = 2};
  scale_to(options, data);
  CHECK(options.control_scale[0] == doctest::Approx(1. / 3).epsilon(1e-6));
  CHECK(options.control_scale[1] == 1);
  const double square = (1 + 16 + 4 + 1 + 9 + 9) / 6.;  // their mean is 0
  CHECK(options.difference_scale == doctest::Approx(1 / std::sqrt(square)).epsilon(1e-6));

  options.controls = 1;
  CHECK_THROWS_WITH_AS(scale_to(options, data),
                       "[scale_to] data with 2 controls for a model with 1", std::invalid_argument);
  options.controls = 2;
  options.angles = {false, false};
  data.accelerations = Matrix::Ones(2, 2);
  CHECK_THROWS_WITH_AS(scale_to(options, data), doctest::Contains("[scale_to] states 6x2"),
                       std::invalid_argument);
  data.states.conservativeResize(4, 2);
  data.accelerations = Matrix::Ones(3, 2);
  CHECK_THROWS_WITH_AS(scale_to(options, data), doctest::Contains("accelerations 3xN"),
                       std::invalid_argument);
}

TEST_CASE("what varies by roundings alone stands still, a little more is a motion") {
  for (const double part : {3., 3000.}) {
    DataSet data;
    data.states = Matrix::Zero(2, 4);
    data.states.row(0).setConstant(1);
    data.states.row(0).tail(2).array() += static_cast<Scalar>(part * rounding);
    data.accelerations = Matrix::Ones(1, 4);
    nn::NetworkOptions options{.angles = {false}};
    scale_to(options, data);
    if (part < 100)
      CHECK(options.coordinate_scale == 1);
    else
      CHECK(options.coordinate_scale[0] == doctest::Approx(2 / (part * rounding)).epsilon(0.01));
  }
}

TEST_CASE("accelerations that are roundings have their own unit, and small ones a small one") {
  // x swings fast; y rests at 100, moves uniformly, or swings by little.
  for (const auto& [size, own] :
       {std::pair(static_cast<Scalar>(100 * rounding), true), {Scalar(0.1), false}}) {
    for (const Scalar uniform : {Scalar(0), Scalar(3)}) {
      DataSet data;
      data.states.resize(4, 4);
      data.states << 1, -1, 1, -1, 100, 100 + uniform, 100 + 2 * uniform, 100 + 3 * uniform,  //
          2, 2, -2, -2, uniform, uniform + size, uniform, uniform - size;
      data.accelerations.resize(2, 4);
      data.accelerations << 8, -8, 8, -8, size, -size, size, size;
      nn::NetworkOptions options{.angles = {false, false}};
      scale_to(options, data);
      CHECK(options.acceleration_scale[0] == 8);
      CHECK(options.acceleration_scale[1] == doctest::Approx(own ? 1 : size));
    }
  }
}

TEST_CASE("a Hamiltonian's scales are those of its momenta, its masses theirs over velocities") {
  DataSet data;
  data.states.resize(4, 2);
  data.states << 0, 4,  // deviation 2
      1, 1,             // an angle
      0, 1,             // deviation 1/2
      5, 9;             // deviation 2
  data.accelerations.resize(2, 2);
  data.accelerations << 3, -5, 8, 8;
  Matrix momenta(2, 2);
  momenta << 1, 7, -10, 10;  // deviations 3 and 10
  nn::NetworkOptions options{.angles = {false, true}};
  scale_to(options, data, momenta);
  const double of_mass[]{3 / 0.5, 10. / 2};
  CHECK(options.velocity_scale[0] == doctest::Approx(0.58 / 3).epsilon(1e-6));
  CHECK(options.velocity_scale[1] == doctest::Approx(0.58 / 10).epsilon(1e-6));
  for (Index i = 0; i < 2; ++i) {
    CHECK(options.mass_scale[i] == doctest::Approx(of_mass[i]).epsilon(1e-6));
    CHECK(options.kinetic_prior[i] == options.mass_scale[i]);
  }
  // The mean of mass scale · A/s, s = 1/2 and of an angle 1.
  CHECK(options.energy_scale ==
        doctest::Approx((of_mass[0] * 4 * 2 + of_mass[1] * 8) / 2).epsilon(1e-6));
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 2}, {2, 3}})
    CHECK_THROWS_WITH_AS(scale_to(options, data, Matrix::Zero(rows, cols)),
                         doctest::Contains("of 2 states"), std::invalid_argument);
}

TEST_CASE("what is learnt does not depend on units: millimetres as metres, ms as s" *
          in_double_only) {
  const DataSet data = kepler_data(64);
  for (const std::string kind : {"lnn", "mlp"}) {
    const Eigen::MatrixXd here = learnt(kind, r_and_theta, data);
    struct Units {
      double length, time;
      bool exact;  // of time a power of two changes no rounding; of r alone it may change pivots
    };
    for (const Units& units : {Units{1024, 1, false}, Units{1, 0.125, true}, Units{1000, 1, false},
                               Units{1, 1000, false}}) {
      const double length = units.length, time = units.time;
      const bool exact = units.exact;
      const Eigen::Array2d c(length, 1);
      Eigen::MatrixXd there = learnt(kind, r_and_theta, in_units(data, c, time));
      there = there.array().colwise() / (c / (time * time));
      CAPTURE(kind);
      CAPTURE(length);
      CAPTURE(time);
      if (exact)
        CHECK(there == here);
      else
        CHECK((there - here).norm() < 1e-9 * here.norm());
    }
  }
}
