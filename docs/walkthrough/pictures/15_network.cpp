// The energy of a pendulum along the true motion and along two learnt ones, and where each is in
// the end.
#include <cstdio>
#include <vector>

#include "nn/learning/scales.h"
#include "nn/learning/trainer.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/models.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/soap.h"
#include "physics/integrate/roll_out.h"
#include "physics/systems/table.h"

namespace {

physics::Solution follow(const physics::Motion& motion) {
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(2001, 0, 100);
  return roll_out(motion, Eigen::Vector2d(2.5, 0), times, {.rtol = 1e-9})[0];
}

}  // namespace

int main() {
  const physics::System system = make_system(physics::find_system("pendulum"));
  const physics::StateFunction energy = energy_of(system);
  autodiff::Random random(0);
  const physics::DataSet data = label(motion_of(system), random_starts(system, random, 300));
  nn::NetworkOptions options{.hidden = {16, 16}, .angles = {true}};
  nn::scale_to(options, data);
  std::vector<physics::Solution> motions{follow(motion_of(system))};
  for (const char* kind : {"lnn", "mlp"}) {
    const auto model = nn::make_model(kind, options);
    model->initialise(random, nn::find_model_kind(kind).initialiser);
    nn::Soap soap(model->parameters());
    nn::Trainer trainer(*model, soap, {.batch = 32});
    const nn::WarmupCosine schedule{.peak = 1e-2, .warmup = 50, .total = 1000};
    trainer.fit(data, random, 1000, [&](long step) { return schedule.rate(step); });
    motions.push_back(follow(nn::learnt_motion(*model)));
  }

  const char* const names[] = {"dashes true", "line Lagrangian network", "line plain network"};
  std::printf("panel Energy\nx time [s]\ny energy [J]\n");
  for (const int k : {2, 1, 0}) {
    const Eigen::MatrixXd h = energy(motions[k].y);
    std::printf("%s\n", names[k]);
    for (int i = 0; i < h.cols(); i += 4) std::printf("%.6g %.6g\n", motions[k].t[i], h(i));
  }
  std::printf("panel The last seconds\nx time [s]\ny angle [rad]\n");
  for (const int k : {2, 1, 0}) {
    std::printf("%s-\n", k == 0 ? "dashes " : "line ");
    for (int i = 1900; i < 2001; ++i)
      std::printf("%.6g %.6g\n", motions[k].t[i], motions[k].y(0, i));
  }
}
