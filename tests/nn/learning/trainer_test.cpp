// Training as a library: what a program of ten lines can do.
#include "nn/learning/trainer.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "nn/learning/scales.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/schedule.h"
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
