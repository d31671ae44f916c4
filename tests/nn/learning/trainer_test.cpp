// Training as a library: what a program of ten lines can do.
#include "nn/learning/trainer.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nn/learning/scales.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/sgd.h"
#include "nn/optimisers/soap.h"
#include "physics/observe/judge.h"
#include "physics/systems/table.h"

using autodiff::Index;
using autodiff::Random;

namespace {

physics::DataSet orbits(Index count, std::uint64_t seed) {
  const physics::System system = make_system(physics::find_system("kepler"));
  Random random(seed);
  return label(motion_of(system), random_starts(system, random, count));
}

nn::NetworkOptions options_for(const physics::DataSet& data) {
  nn::NetworkOptions options{.hidden = {16, 16}, .angles = {false, true}};
  nn::scale_to(options, data);
  return options;
}

}  // namespace

TEST_CASE("a trainer learns a planet's motion") {
  const physics::DataSet data = orbits(4000, 1), fresh = orbits(500, 2);
  nn::LagrangianNetwork model(options_for(data));
  Random random(3);
  model.initialise(random);
  nn::Soap soap(model.parameters());
  nn::Trainer trainer(model, soap,
                      {.objective = nn::of_accelerations(
                           nn::in_units_of(model.options().acceleration_scale, nn::l1_loss)),
                       .batch = 64});
  trainer.fit(data, random, 2000, [](long step) {
    return nn::WarmupCosine{.peak = 1e-2, .warmup = 20, .total = 2000}.rate(step);
  });
  const auto errors = judge_accelerations(nn::learnt_motion(model), fresh);
  CHECK((errors.l1.array() < 0.1 * errors.l1_of_median.array()).all());
}

TEST_CASE("a trainer's steps are those taken by hand, on any number of threads") {
  const physics::DataSet data = orbits(64, 4);
  const nn::NetworkOptions options = options_for(data);
  const auto trained = [&](int threads) {
    nn::LagrangianNetwork model(options);
    Random random(5);
    model.initialise(random);
    nn::Soap soap(model.parameters());
    nn::Trainer trainer(model, soap, {.batch = 64, .shard_width = 16, .threads = threads});
    for (int k = 0; k < 5; ++k) {
      const std::array<const autodiff::Scalar*, 2> batch{data.states.data(),
                                                         data.accelerations.data()};
      CHECK(std::isfinite(trainer.loss_and_gradient(batch)));
      REQUIRE(trainer.finite());
      trainer.step(1e-3);
    }
    const auto values = model.parameters().values();
    return std::vector(values.begin(), values.end());
  };
  CHECK(trained(1) == trained(2));
}

TEST_CASE("a trainer fits a data set as it fits the objective's own inputs") {
  const physics::DataSet data = orbits(200, 8);
  const auto trained = [&](bool by_inputs) {
    nn::LagrangianNetwork model(options_for(data));
    Random random(9);
    model.initialise(random);
    nn::Soap soap(model.parameters());
    nn::Trainer trainer(model, soap, {.batch = 50});
    const auto rate = [](long) { return 1e-3; };
    if (by_inputs)
      trainer.fit(std::vector{data.states, data.accelerations}, random, 9, rate);
    else
      trainer.fit(data, random, 9, rate);
    const auto values = model.parameters().values();
    return std::vector(values.begin(), values.end());
  };
  CHECK(trained(true) == trained(false));

  nn::LagrangianNetwork model(options_for(data));
  nn::Soap soap(model.parameters());
  nn::Trainer trainer(model, soap, {.batch = 50});
  Random random(9);
  CHECK_THROWS_WITH_AS(
      trainer.fit(std::vector<autodiff::Matrix>{data.states, data.accelerations.leftCols(199)},
                  random, 1, [](long) { return 1e-3; }),
      "[trainer] inputs of 200 and of 199 samples", std::invalid_argument);
}

TEST_CASE("a trainer refuses data that do not fill a batch, and stops at a loss without a value") {
  physics::DataSet data = orbits(64, 6);
  nn::LagrangianNetwork model(options_for(data));
  Random random(7);
  model.initialise(random);
  nn::Soap soap(model.parameters());
  nn::Trainer trainer(model, soap, {.batch = 65});
  const auto rate = [](long) { return 1e-3; };
  CHECK_THROWS_WITH_AS(trainer.fit(data, random, 1, rate),
                       "[minibatches] 64 samples do not fill a batch of 65", std::invalid_argument);
  nn::Trainer smaller(model, soap, {.batch = 64});
  data.accelerations(0, 3) = std::nan("");
  CHECK_THROWS_WITH_AS(smaller.fit(data, random, 1, rate), doctest::Contains("[trainer] step 0"),
                       std::runtime_error);
}

TEST_CASE("a trainer clips the gradient, and asks for the rate of each step") {
  const physics::DataSet data = orbits(64, 10);
  nn::LagrangianNetwork model(options_for(data));
  Random random(11);
  model.initialise(random);
  const auto values = [&] {
    const auto all = model.parameters().values();
    return Eigen::VectorXd(autodiff::ConstMatrixMap(all.data(), std::ssize(all), 1).cast<double>());
  };
  nn::Sgd sgd(model.parameters().size());
  nn::Trainer trainer(model, sgd, {.batch = 16, .clip = 0.01});  // far below its gradients
  std::vector<double> moved;
  Eigen::VectorXd before = values();
  trainer.fit(data, random, 4, [&](long step) {
    if (step > 0) moved.push_back((values() - before).norm());
    before = values();
    return 0.5 * static_cast<double>(step + 1);
  });
  moved.push_back((values() - before).norm());
  REQUIRE(moved.size() == 4);
  for (int k = 0; k < 4; ++k) CHECK(moved[k] == doctest::Approx(0.005 * (k + 1)).epsilon(1e-3));
}

TEST_CASE("a trainer stops where the loss or its gradient has no finite value, at the step") {
  const physics::DataSet data = orbits(64, 12);
  const auto message = [&](const nn::Loss& loss, double rate_of_step_2) -> std::string {
    nn::LagrangianNetwork model(options_for(data));
    Random random(13);
    model.initialise(random);
    nn::Sgd sgd(model.parameters().size());
    nn::Trainer trainer(model, sgd, {.objective = nn::of_accelerations(loss), .batch = 16});
    try {
      trainer.fit(data, random, 5, [&](long step) { return step == 2 ? rate_of_step_2 : 1e-9; });
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  };
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(message(nn::l1_loss, 1e-9).empty());
  CHECK(message(nn::l1_loss, inf).starts_with("[trainer] step 3: the loss is "));
  // A loss without slope that is infinite, and a finite one with an infinite slope.
  CHECK(message(
            [](nn::Var prediction, nn::Var target) {
              return nn::l1_loss(prediction, target) + std::numeric_limits<double>::infinity();
            },
            1e-9)
            .starts_with("[trainer] step 0: the loss is inf"));
  CHECK(
      message([](nn::Var prediction, nn::Var) { return sum(sqrt(min(abs(prediction), 0))); }, 1e-9)
          .starts_with("[trainer] step 0: the loss is 0, or its gradient is not finite"));
}

TEST_CASE("a trainer learns from the controls of a data set") {
  // x'' = 3 u, and nothing else.
  Random random(14);
  physics::DataSet data{random.normal_matrix(2, 128), {}, random.normal_matrix(1, 128)};
  data.accelerations = 3 * data.controls;
  nn::NetworkOptions options{.hidden = {4}, .angles = {false}, .kinetic_prior = 1, .controls = 1};
  nn::LagrangianNetwork model(options);
  nn::Sgd sgd(model.parameters().size());
  nn::Trainer trainer(model, sgd,
                      {.objective = nn::of_accelerations(nn::mse_loss),
                       .batch = 32,
                       .clip = std::numeric_limits<double>::infinity()});
  trainer.fit(data, random, 100, [](long) { return 0.2; });
  const nn::NamedMatrix gain = model.parameters().named().back();
  REQUIRE(gain.name == "controls.gain");
  CHECK(gain.values(0) == doctest::Approx(3).epsilon(1e-3));
}
