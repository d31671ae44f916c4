#include "tools/app/judgement.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>
#include <sstream>

#include "tools/app/progress.h"

namespace tools {

using autodiff::Index;
using autodiff::Random;

namespace {

// Judges draw other states than training, which starts from the seed itself.
constexpr std::uint64_t judge_seed = 1'000'003, example_seed = 2'000'003;

Eigen::MatrixXd fresh_states(const TrainOptions& options, Index count, Random& random,
                             const physics::Motion& truth) {
  if (options.source != "trajectories") return box_states(options, count, random);
  return trajectory_states(options, count / options.points + 1, random, truth);
}

}  // namespace

physics::Motion true_motion(const physics::DoublePendulum& system) {
  return physics::Motion::of_accelerations(
      2, [system](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> result) {
        system.accelerations(states, result);
      });
}

physics::Rk45Options for_learnt(double tolerance, double duration) {
  // Started anywhere in the default's phase space, the true double pendulum takes at most 121 steps
  // a second at a tolerance of 1e-6; a formula of fifth order, (1e-6 / tolerance)^(1/5) times that.
  const double steps = 500 + 150 * duration * std::pow(1e-6 / tolerance, 0.2);
  return {.rtol = tolerance, .atol = tolerance, .max_steps = std::lround(steps)};
}

Eigen::VectorXd paper_energy_errors(const physics::DoublePendulum& system,
                                    const physics::Motion& learnt, Random& random, int threads) {
  constexpr double circle = 2 * std::numbers::pi;
  // The true pendulum takes at most 5841 steps from here.
  constexpr physics::Rk45Options near_rest_options{.rtol = 1e-7, .atol = 1e-7, .max_steps = 7500};
  const physics::StateBox near_rest{Eigen::Vector4d::Zero(),
                                    Eigen::Vector4d(circle, circle, 0.1, 0.1)};
  const auto ends = physics::roll_out(learnt, physics::random_states(random, near_rest, 40),
                                      Eigen::Vector2d(0, 100), near_rest_options, threads);
  const double highest = system.potential_energy(std::numbers::pi, std::numbers::pi);
  const double scale = highest > 0 ? highest : 1;  // without gravity: 1 J
  return physics::energy_errors(
      ends, [&](const double* state) { return system.energy(state); }, scale);
}

Eigen::MatrixXd box_states(const TrainOptions& options, Index count, Random& random,
                           double margin) {
  const double velocity = margin * options.velocity;
  const Eigen::Vector4d high(options.angle, options.angle, velocity, velocity);
  return physics::random_states(random, {-high, high}, count);
}

Eigen::MatrixXd trajectory_states(const TrainOptions& options, Index trajectories, Random& random,
                                  const physics::Motion& truth) {
  const auto times = Eigen::VectorXd::LinSpaced(options.points, 0, options.duration);
  const auto rolled_out = physics::roll_out(truth, box_states(options, trajectories, random), times,
                                            for_truth, options.threads);
  if (const std::string stopped = stopped_early(rolled_out); !stopped.empty())
    std::cerr << "of the data set, " << stopped << '\n';
  return points_of(rolled_out).y;
}

Judgement judge(const TrainOptions& options, const Motions& motions) {
  const Stopwatch watch;
  Random random(options.seed + judge_seed);
  Judgement judged;
  judged.acceleration = physics::judge_accelerations(
      motions.learnt,
      physics::label(motions.truth, fresh_states(options, 10'000, random, motions.truth)));

  if (options.rollouts > 0) {
    const auto starts = box_states(options, options.rollouts, random);
    const auto times = Eigen::VectorXd::LinSpaced(101, 0, options.duration);
    judged.rolled_out = {
        physics::judge_rollouts(
            physics::roll_out(motions.learnt, starts, times, for_learnt(1e-6, options.duration),
                              options.threads),
            physics::roll_out(motions.truth, starts, times, for_truth, options.threads)),
        paper_energy_errors(options.system, motions.learnt, random, options.threads).mean()};
  }
  judged.seconds = watch.seconds();
  return judged;
}

std::string trajectory_csv(const TrainOptions& options, const Motions& motions) {
  Random random(options.seed + example_seed);
  const auto start = box_states(options, 1, random);
  const auto times = Eigen::VectorXd::LinSpaced(501, 0, 2 * options.duration);
  const auto truth = physics::roll_out(motions.truth, start, times, for_truth).front();
  const auto learnt =
      physics::roll_out(motions.learnt, start, times, for_learnt(1e-6, 2 * options.duration))
          .front();

  // Both along the true trajectory.
  const Eigen::MatrixXd rates = motions.truth(truth.y), learnt_rates = motions.learnt(truth.y);

  std::ostringstream csv;
  csv.precision(10);
  csv << "t,theta1,theta2,omega1,omega2,energy,"
         "learnt_theta1,learnt_theta2,learnt_omega1,learnt_omega2,learnt_energy,"
         "alpha1,alpha2,learnt_alpha1,learnt_alpha2\n";
  for (Index k = 0; k < std::min(truth.y.cols(), learnt.y.cols()); ++k) {
    csv << truth.t[k];
    for (const auto* trajectory : {&truth, &learnt}) {
      for (const double value : trajectory->y.col(k)) csv << ',' << value;
      csv << ',' << options.system.energy(trajectory->y.col(k).data());
    }
    for (const auto* r : {&rates, &learnt_rates})
      for (const double alpha : r->col(k).tail(2)) csv << ',' << alpha;
    csv << '\n';
  }
  return csv.str();
}

}  // namespace tools
