// Lesson 16: a system of your own, learnt (30 minutes)
//
// A bead slides without friction on a hoop of radius r. The hoop turns about its vertical diameter
// at the rate Ω. The bead's only coordinate is θ, the angle from the lowest point. Along the hoop
// it has the speed r θ'. At right angles to that it has the speed r Ω sin θ, with the hoop. Its
// height is -r cos θ, measured from the centre. So, for each kilogram,
//
//     T = ½ r² (θ'² + Ω² sin² θ)          V = -g r cos θ          L = T - V
//
// Write L, and nothing else is left to do: the equations of motion follow from it (lesson 12), data
// from these, and a Lagrangian network learns the motion back from the data, without ever seeing
// your formula. Read `learnt_error` below: that is a complete training program.
//
// Task: write L of the bead. As it stands the bead is free. Once it is solved, copy the file and
// write a system of your own: does the network learn that, too? docs/data.md tells how to learn
// from measurements.
#include <cmath>

#include "docs/lessons/lesson.h"
#include "nn/learning/scales.h"
#include "nn/learning/trainer.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/soap.h"
#include "physics/observe/judge.h"
#include "physics/system.h"
using autodiff::Var;

namespace {

/// `turning` is Ω [rad/s]; q is θ and v is θ', 1 x N each.
physics::System bead_on_hoop(double r, double turning, double g) {
  physics::System s;
  s.coordinates = {{"theta", "rad", /*angle=*/true}};
  s.lagrangian = [=](Var q, Var v) {
    // >>> your code
    return 0.5 * v * v;
    // <<<
  };
  s.region = {Eigen::Vector2d(-3, -3), Eigen::Vector2d(3, 3)};  // typical (θ, θ')
  return s;
}

double acceleration(const physics::System& system, double theta, double rate) {
  return motion_of(system)(Eigen::MatrixXd(Eigen::Vector2d(theta, rate)))(1);
}

/// Learns the motion from 500 states. Its error at fresh states, in units of the best constant's.
double learnt_error(const physics::System& system) {
  const physics::Motion motion = motion_of(system);
  autodiff::Random random(1);
  const physics::DataSet data = label(motion, random_starts(system, random, 500));
  nn::NetworkOptions options{.hidden = {16, 16}, .angles = {true}};
  nn::scale_to(options, data);
  nn::LagrangianNetwork model(options);
  model.initialise(random);
  nn::Soap soap(model.parameters());
  nn::Trainer trainer(model, soap, {.batch = 50});
  const nn::WarmupCosine schedule{.peak = 1e-2, .warmup = 20, .total = 400};
  trainer.fit(data, random, 400, [&](long step) { return schedule.rate(step); });

  const physics::DataSet fresh = label(motion, random_starts(system, random, 200));
  const auto errors = judge_accelerations(nn::learnt_motion(model), fresh);
  return errors.l1[0] / errors.l1_of_median[0];
}

TEST_CASE("the law of motion: θ'' = (Ω² cos θ - g/r) sin θ") {
  const double still = acceleration(bead_on_hoop(2, 0, 9.8), 1, 0);
  check_equal("θ'' at θ = 1 on a hoop of 2 m that stands still", still, -4.9 * std::sin(1.),
              "(If it is 0, gravity is missing.)");
  const double turning = acceleration(bead_on_hoop(2, 3, 9.8), 1, 0.7);
  check_equal("θ'' at θ = 1 on a hoop of 2 m that turns at 3 rad/s", turning,
              (9 * std::cos(1.) - 4.9) * std::sin(1.), "(If it is -4.12, the turning is missing.)");
}

TEST_CASE("a network learns it") {
  const physics::System system = bead_on_hoop(1, 4, 9.8);
  const bool moves = acceleration(system, 1, 0) != 0;
  CHECK_MESSAGE(moves, "Nothing accelerates in your system, so there is nothing to learn");
  if (!moves) return;
  const double error = learnt_error(system);
  CHECK_MESSAGE(error < 0.1,
                "The learnt accelerations should be wrong by less than a tenth of what "
                "the best constant is; yours are wrong by "
                    << error << " times that");
}

// Predict, then run: while the hoop turns slowly, the bead comes back to the lowest point. Above
// which Ω does it climb [rad/s]? r = 0.2 m, g = 9.8 m/s². (At small θ, θ'' = (Ω² - g/r) θ.)
// >>> your prediction
const double climbs_above = not_yet;
// <<<

TEST_CASE("predict: the bead begins to climb") {
  double low = 0, high = 100;
  while (high - low > 1e-6) {
    const double turning = (low + high) / 2;
    (acceleration(bead_on_hoop(0.2, turning, 9.8), 1e-4, 0) > 0 ? high : low) = turning;
  }
  check_prediction(climbs_above, low, 1e-3);
}

}  // namespace
