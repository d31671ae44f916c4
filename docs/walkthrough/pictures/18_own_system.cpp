// A bead on a turning hoop: where it comes to rest, by the speed of the hoop; and its motions at
// one speed, true and as a network has learnt them.
#include <cmath>
#include <cstdio>

#include "nn/learning/scales.h"
#include "nn/learning/trainer.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/soap.h"
#include "physics/forces.h"
#include "physics/integrate/roll_out.h"
#include "physics/system.h"
using autodiff::Var;

namespace {

physics::System bead_on_hoop(double turning) {
  physics::System s;
  s.coordinates = {{"theta", "rad", /*angle=*/true}};
  s.lagrangian = [=](Var q, Var v) {
    return 0.5 * (v * v + turning * turning * pow(sin(q), 2)) + 9.8 * cos(q);
  };
  s.region = {Eigen::Vector2d(-3, -3), Eigen::Vector2d(3, 3)};
  return s;
}

void draw_rest() {
  std::printf("panel Where the bead comes to rest\nx speed of the hoop [rad/s]\ny angle [rad]\n");
  std::printf("dots\n");
  const Eigen::Matrix2d starts{{-0.1, 0.1}, {0, 0}};
  for (double turning = 0; turning <= 8; turning += 0.2) {
    const physics::Motion damped = motion_of(with_friction(bead_on_hoop(turning), 1));
    for (const physics::Solution& bead : roll_out(damped, starts, Eigen::Vector2d(0, 100), {}))
      std::printf("%g %g\n", turning, bead.y_end(0));
  }
  std::printf("dashes -\n%g 0\n8 0\ntext 4.6 0.08 not stable\n", std::sqrt(9.8));
}

void draw_motions(const physics::Motion& motion) {
  const auto times = Eigen::VectorXd::LinSpaced(300, 0, 3.5);
  const Eigen::Matrix2Xd starts{{0.05, -0.05, 0.5, -0.5, 2.1}, {0, 0, 0, 0, 0}};
  for (const physics::Solution& bead : roll_out(motion, starts, times, {.rtol = 1e-9})) {
    for (const auto& state : bead.y.colwise()) std::printf("%g %g\n", state(0), state(1));
    std::printf("nan nan\n");  // the line ends, and another begins
  }
}

}  // namespace

int main() {
  draw_rest();
  const physics::System system = bead_on_hoop(4);
  const physics::Motion motion = motion_of(system);
  autodiff::Random random(0);
  const physics::DataSet data = label(motion, random_starts(system, random, 2000));
  nn::NetworkOptions options{.hidden = {32, 32}, .angles = {true}};
  nn::scale_to(options, data);
  nn::LagrangianNetwork model(options);
  model.initialise(random);
  nn::Soap soap(model.parameters());
  nn::Trainer trainer(model, soap, {.batch = 64});
  const nn::WarmupCosine schedule{.peak = 1e-2, .warmup = 50, .total = 1000};
  trainer.fit(data, random, 1000, [&](long step) { return schedule.rate(step); });
  std::printf("panel Motions at 4 rad/s\nx angle [rad]\ny velocity [rad/s]\n");
  std::printf("limits -2.4 2.4 -5 7\nline true\n");
  draw_motions(motion);
  std::printf("dashes learnt\n");
  draw_motions(nn::learnt_motion(model));
}
