// The judges' states: never those that were learnt from, and learning sees a wider box than
// judging.
#include "tools/app/judgement.h"

#include <doctest/doctest.h>

#include <set>
#include <tuple>

#include "nn/models/learnt_motion.h"
#include "tools/app/evaluation.h"
#include "tools/app/models.h"

using autodiff::Index;
using autodiff::Random;

namespace {

/// A state tells by its angles whence it comes; a margin stretches the velocities alone.
std::set<std::pair<double, double>> angles_of(const Eigen::MatrixXd& states) {
  std::set<std::pair<double, double>> angles;
  for (const auto& state : states.colwise()) angles.emplace(state[0], state[1]);
  return angles;
}

}  // namespace

TEST_CASE("no state that judges is one that a run with the same seed begins its training with") {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{7}}) {
    tools::TrainOptions options;
    options.seed = seed;
    options.rollouts = 5;
    options.duration = 1;
    options.threads = 1;
    Random training(seed);
    const tools::Subject subject(options);
    const auto learnt_from = angles_of(tools::region_states(*subject.simulated, 20'000, training));
    REQUIRE(learnt_from.size() == 20'000);

    const physics::Motion& truth = subject.simulated->truth;
    Index judged_on = 0, seen_before = 0;
    const physics::Motion watched(2, [&](const Eigen::MatrixXd& states, Eigen::MatrixXd& rates) {
      for (const auto& state : angles_of(states)) seen_before += learnt_from.contains(state);
      judged_on += states.cols();
      rates = truth(states);
    });
    judge(options, subject, watched);
    CHECK(judged_on > 10'000);
    CHECK(seen_before == 0);
  }
}

TEST_CASE("an evaluation judges on other states than those that training begins with") {
  tools::TrainOptions options;
  options.hidden = {4};
  options.model = "mlp";
  options.velocity = 1;
  const tools::Subject subject(options);
  const tools::Simulated& simulated = *subject.simulated;
  const auto model = make_model(options, subject, {});
  Random random(3);
  initialise(*model, options, random);
  const tools::Evaluation found = evaluate(
      *model, options, subject,
      {.run = "", .trajectories = 1, .duration = 0.1, .repeats = 1, .seed = 0, .threads = 2});
  Random training(options.seed);
  const physics::AccelerationErrors on_training_states = physics::judge_accelerations(
      nn::learnt_motion(*model),
      physics::label(simulated.truth, tools::region_states(simulated, 10'000, training)));
  CHECK(found.regions.front().acceleration.l1 != on_training_states.l1);
}

TEST_CASE("a margin stretches the velocities of the box, and nothing else") {
  tools::TrainOptions options;
  options.angle = 2;
  options.velocity = 5;
  Random a(1), b(1);
  const tools::Simulated simulated(system_of(options));
  const Eigen::MatrixXd inside = region_states(simulated, 5000, a),
                        stretched = region_states(simulated, 5000, b, 1.5);
  CHECK(inside.topRows(2).cwiseAbs().maxCoeff() == doctest::Approx(2).epsilon(0.01));
  CHECK(inside.bottomRows(2).cwiseAbs().maxCoeff() == doctest::Approx(5).epsilon(0.01));
  CHECK(stretched.topRows(2).cwiseAbs().maxCoeff() == doctest::Approx(2).epsilon(0.01));
  CHECK(stretched.bottomRows(2).cwiseAbs().maxCoeff() == doctest::Approx(7.5).epsilon(0.01));
}
