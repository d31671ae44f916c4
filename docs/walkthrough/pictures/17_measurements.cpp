// A pendulum measured with noise: the error of its estimated acceleration over the window; and a
// network that learns 40 noisy estimates by heart.
#include <cmath>
#include <cstdio>
#include <string>

#include "nn/learning/scales.h"
#include "nn/learning/trainer.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/soap.h"
#include "physics/forces.h"
#include "physics/integrate/roll_out.h"
#include "physics/observe/judge.h"
#include "physics/observe/recording.h"
#include "physics/systems/table.h"

namespace {

constexpr int rows = 1001;
constexpr double step = 0.02;

void draw_windows(const physics::Recording& camera, const Eigen::RowVectorXd& truth) {
  const auto error = [&](int w, bool polynomial) {
    const Eigen::MatrixXd fitted = estimate(camera, {.neighbours = w}).accelerations;
    const double h = step * w;
    double squares = 0;
    for (int k = w; k < rows - w; ++k) {
      const double second = camera.q(k + w) - 2 * camera.q(k) + camera.q(k - w);
      squares += std::pow((polynomial ? fitted(k) : second / (h * h)) - truth(k), 2);
    }
    return std::sqrt(squares / (rows - 2 * w));
  };
  std::printf("panel Error of the acceleration\nx log rows on each side\ny log rad/s²\n");
  for (const bool polynomial : {false, true}) {
    std::printf(polynomial ? "line polynomial of degree 4\n" : "line second difference\n");
    for (int w = polynomial ? 3 : 1; w <= 80; ++w) std::printf("%d %g\n", w, error(w, polynomial));
  }
  const auto best = static_cast<int>(physics::best_fit({&camera, 1}).neighbours);
  std::printf("dots best_fit\n%d %g\n", best, error(best, true));
  std::printf("limits - - 0.1 500\ntext 1.2 1.2 noise\ntext 30 0.17 the curve\n");
}

/// 40 of the estimates, each 24 rows behind the one before.
physics::DataSet every_24th(const physics::Estimate& estimate, int first) {
  const auto which = Eigen::seqN(first, 40, 24);
  return {estimate.states(Eigen::all, which), estimate.accelerations(Eigen::all, which)};
}

void draw_overfitting(const physics::Estimate& estimate) {
  const physics::DataSet learnt_from = every_24th(estimate, 20);
  const physics::DataSet watching = every_24th(estimate, 32);
  nn::NetworkOptions options{.hidden = {32, 32}, .angles = {true}, .friction = "linear"};
  nn::scale_to(options, learnt_from);
  nn::LagrangianNetwork model(options);
  autodiff::Random random(0);
  model.initialise(random);
  nn::Soap soap(model.parameters());
  nn::Trainer trainer(model, soap, {.batch = 40});
  const physics::Motion learnt = nn::learnt_motion(model);
  std::string of_learnt = "line where it learns\n", of_watching = "line where it is watched\n";
  for (int done = 0; done <= 3000; done += 50) {
    const auto row = [&](const physics::DataSet& data) {
      const auto errors = judge_accelerations(learnt, data);
      return std::to_string(done) + ' ' + std::to_string(errors.l1(0)) + '\n';
    };
    of_learnt += row(learnt_from);
    of_watching += row(watching);
    trainer.fit(learnt_from, random, 50, [](long) { return 3e-3; });
  }
  std::printf("panel Overfitting\nx step\ny mean error [rad/s²]\nlimits 0 3000 0 6\n%s%s",
              of_learnt.c_str(), of_watching.c_str());
}

}  // namespace

int main() {
  const auto pendulum = with_friction(make_system(physics::find_system("pendulum")), 0.1);
  const physics::Motion law = motion_of(pendulum);
  const auto t = Eigen::VectorXd::LinSpaced(rows, 0, step * (rows - 1));
  const Eigen::MatrixXd states = roll_out(law, Eigen::Vector2d(2, 0), t, {.rtol = 1e-9})[0].y;
  autodiff::Random random(4);
  const physics::Recording camera{t, states.row(0) + random.normal_matrix(1, rows, 0.01)};
  draw_windows(camera, law(states).row(1));
  draw_overfitting(estimate(camera, {.neighbours = 8}));
}
