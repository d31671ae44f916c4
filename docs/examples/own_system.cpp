// A system of one's own: a bead on a hoop that turns about its upright diameter. From its
// Lagrangian follow its motion, its energy and its data; a Lagrangian network learns from these,
// and is judged.
#include <cmath>
#include <cstdio>

#include "nn/learning/scales.h"
#include "nn/learning/trainer.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/soap.h"
#include "physics/integrate/roll_out.h"
#include "physics/observe/judge.h"
#include "physics/system.h"
using autodiff::Var;

/// L / m = ½ r² (θ'² + Ω² sin² θ) + g r cos θ, with θ from the lowest point.
physics::System bead_on_hoop(double r, double turning, double g) {
  physics::System s;
  s.coordinates = {{"theta", "rad", /*angle=*/true}};
  s.lagrangian = [=](Var q, Var v) {
    return 0.5 * r * r * (v * v + turning * turning * pow(sin(q), 2)) + g * r * cos(q);
  };
  s.region = {Eigen::Vector2d(-3, -3), Eigen::Vector2d(3, 3)};  // typical (θ, θ')
  return s;
}

int main() {
  const physics::System system = bead_on_hoop(1, 4, 9.8);
  const physics::Motion motion = motion_of(system);

  // Simulated: from 0.1 it climbs, since the hoop turns fast enough. What is conserved is h.
  const Eigen::Vector2d start(0.1, 0);
  const auto times = Eigen::VectorXd::LinSpaced(5, 0, 2);
  const physics::Solution bead = roll_out(motion, start, times, {.rtol = 1e-9})[0];
  const Eigen::MatrixXd h = energy_of(system)(bead.y);
  for (int i = 0; i < 5; ++i)
    std::printf("t = %.1f  theta = %5.2f  h = %.3f\n", bead.t[i], bead.y(0, i), h(i));

  // Learnt.
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

  // Judged, on states that it has not seen.
  const physics::DataSet fresh = label(motion, random_starts(system, random, 500));
  const auto errors = judge_accelerations(nn::learnt_motion(model), fresh);
  std::printf("mean error below 1 in 100 of a constant's: %s\n",
              errors.l1[0] < 0.01 * errors.l1_of_median[0] ? "yes" : "no");
}
