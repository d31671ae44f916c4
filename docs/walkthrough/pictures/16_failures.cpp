// The wall between a mass of the wrong sign and the right one; and trainings of the double
// pendulum, one of which stands before it.
#include <cmath>
#include <cstdio>

#include "nn/learning/scales.h"
#include "nn/learning/trainer.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/soap.h"
#include "physics/observe/judge.h"
#include "physics/systems/table.h"

namespace {

void draw_training(bool prior, int seed) {
  const physics::System system = make_system(physics::find_system("double_pendulum"));
  autodiff::Random random(static_cast<std::uint64_t>(seed));
  const physics::DataSet data = label(motion_of(system), random_starts(system, random, 2000));
  nn::NetworkOptions options{.hidden = {32, 32}};
  nn::scale_to(options, data);
  if (!prior) options.kinetic_prior = 0;
  nn::LagrangianNetwork model(options);
  model.initialise(random);
  nn::Soap soap(model.parameters());
  nn::Trainer trainer(model, soap, {.batch = 64});
  const nn::WarmupCosine schedule{.peak = 1e-2, .warmup = 50, .total = 2000};
  constexpr int piece = 50;
  for (int step = 0; step < schedule.total; step += piece) {
    trainer.fit(data, random, piece, [&](long k) { return schedule.rate(step + k); });
    const auto errors = judge_accelerations(nn::learnt_motion(model), data);
    std::printf("%d %g\n", step + piece, errors.l1.sum() / errors.l1_of_median.sum());
  }
}

}  // namespace

int main() {
  std::printf("panel Force 2, true mass 1\nx mass m that is learnt\ny error of the acceleration\n");
  std::printf("limits -3 3 0 12\nline\n");
  for (double m = -3; m < -0.1; m += 0.01) std::printf("%g %g\n", m, std::abs(2 / m - 2));
  std::printf("line\n");
  for (double m = 0.1; m <= 3; m += 0.01) std::printf("%g %g\n", m, std::abs(2 / m - 2));
  std::printf("text -2.9 8.2 downhill leads\ntext -2.9 7.4 to the left\n");
  std::printf("text 0.75 0.9 right\n");

  std::printf("panel Double pendulum\nx step\ny log error, of the best constant's\n");
  std::printf("limits 0 2000 0.02 2\nline no prior, seed 0\n");
  draw_training(false, 0);
  std::printf("line no prior, seed 1\n");
  draw_training(false, 1);
  std::printf("line prior, seed 0\n");
  draw_training(true, 0);
}
