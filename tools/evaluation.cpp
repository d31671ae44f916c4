#include "tools/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "nn/learnt_motion.h"
#include "nn/mass_matrix.h"
#include "physics/euler_lagrange.h"
#include "physics/lyapunov.h"
#include "physics/poincare.h"
#include "tools/models.h"
#include "tools/progress.h"
#include "tools/text.h"

namespace tools {
namespace {

using autodiff::Index;
using autodiff::Random;

constexpr double pi = std::numbers::pi;
/// Training draws from the seed itself, and ./train judges from elsewhere too.
constexpr std::uint64_t evaluate_seed = 3'000'003;

Spread spread(const Eigen::VectorXd& values) {
  return {nn::quantile(values, 0.25), nn::quantile(values, 0.5), nn::quantile(values, 0.75)};
}

Eigen::MatrixXd states_in(Random& random, double angle, double velocity, Index count) {
  const Eigen::Vector4d high(angle, angle, velocity, velocity);
  return physics::random_states(random, {-high, high}, count);
}

std::vector<Evaluation::Accelerations> judge_accelerations(const Motions& motions,
                                                           const TrainOptions& training,
                                                           Random& random) {
  std::vector<Evaluation::Accelerations> all;
  const auto judge = [&](const char* key, const char* where, double angle, double velocity) {
    all.push_back({key, where,
                   nn::judge_accelerations(
                       motions.learnt,
                       physics::label(motions.truth, states_in(random, angle, velocity, 10'000)))});
  };
  judge("training", "the states of training", training.angle, training.velocity);
  judge("near_rest", "near rest, |omega| < 0.1", pi, 0.1);
  judge("fast", "all angles, |omega| < 10", pi, 10);
  return all;
}

MassCondition mass_condition(const Eigen::MatrixXd& masses) {
  Eigen::VectorXd conditions(masses.cols());
  for (Index s = 0; s < masses.cols(); ++s) conditions[s] = nn::condition_number(masses.col(s));
  return {nn::quantile(conditions, 0.5), nn::quantile(conditions, 0.99), conditions.maxCoeff(),
          nn::indefinite_share(masses)};
}

/// M of the true system, from its Lagrangian as of the learnt one.
Eigen::MatrixXd true_masses(const physics::DoublePendulum& system, const Eigen::MatrixXd& states) {
  autodiff::Tape tape;
  const auto q = tape.constant(states.topRows(2).cast<autodiff::Scalar>());
  const auto v = tape.constant(states.bottomRows(2).cast<autodiff::Scalar>());
  return evaluate(physics::mass_matrix(system.lagrangian(q, v), v)).cast<double>();
}

using Trajectories = std::vector<physics::Solution>;

/// Median distance ‖q - q'‖ at the time with that index, of those that got so far.
double median_distance(const Trajectories& a, const Trajectories& b, Index time) {
  std::vector<double> distances;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (std::min(a[k].y.cols(), b[k].y.cols()) > time)
      distances.push_back((a[k].y.col(time) - b[k].y.col(time)).head(2).norm());
  return nn::quantile(Eigen::Map<Eigen::VectorXd>(distances.data(), Index(distances.size())), 0.5);
}

/// Quartiles of the distance ‖q - q'‖ at each time, where a trajectory that stopped early counts as
/// standing still: 3 x times.
Eigen::MatrixXd distances(const Trajectories& a, const Trajectories& b, Index times) {
  Eigen::MatrixXd all(a.size(), times);
  for (std::size_t k = 0; k < a.size(); ++k)
    for (Index t = 0; t < times; ++t)
      all(static_cast<Index>(k), t) =
          (a[k].y.col(std::min(t, a[k].y.cols() - 1)) - b[k].y.col(std::min(t, b[k].y.cols() - 1)))
              .head(2)
              .norm();
  Eigen::MatrixXd quartiles(3, times);
  for (Index t = 0; t < times; ++t) {
    const Spread s = spread(all.col(t));
    quartiles.col(t) << s.lower_quartile, s.median, s.upper_quartile;
  }
  return quartiles;
}

std::string divergence_csv(const Eigen::VectorXd& times, const Eigen::MatrixXd& model,
                           const Eigen::MatrixXd& moved) {
  std::string csv = "t,model_lower_quartile,model_median,model_upper_quartile,moved_median\n";
  for (Index k = 0; k < times.size(); ++k)
    csv += format("%.10g,%.6g,%.6g,%.6g,%.6g\n", times[k], model(0, k), model(1, k), model(2, k),
                  moved(1, k));
  return csv;
}

/// Starts with θ1 = 0 and ω1 > 0 whose energy is halfway between hanging and the lower bob
/// standing up: below it both rods only swing, above it the chaos begins to fill everything.
Eigen::MatrixXd starts_at_one_energy(const physics::DoublePendulum& system, Random& random,
                                     Index count) {
  const double energy = (system.potential_energy(0.0, 0.0) + system.potential_energy(0.0, pi)) / 2;
  Eigen::MatrixXd starts(4, count);
  for (Index k = 0; k < count;) {
    const double theta2 = random.uniform(-pi, pi), omega2 = random.uniform(-10, 10);
    // The kinetic energy is a ω1² + b ω1 + c.
    const double c = system.kinetic_energy(0.0, theta2, 0.0, omega2),
                 plus = system.kinetic_energy(0.0, theta2, 1.0, omega2) - c,
                 minus = system.kinetic_energy(0.0, theta2, -1.0, omega2) - c;
    const double a = (plus + minus) / 2, b = (plus - minus) / 2;
    const double root = b * b - 4 * a * (c + system.potential_energy(0.0, theta2) - energy);
    if (root < 0) continue;  // so much the velocity alone would need
    const double omega1 = (-b + std::sqrt(root)) / (2 * a);
    if (omega1 > 0) starts.col(k++) << 0, theta2, omega1, omega2;
  }
  return starts;
}

std::string poincare_csv(const Motions& motions, const Eigen::MatrixXd& starts) {
  constexpr double duration = 100, tolerance = 1e-7;
  const auto times = Eigen::VectorXd::LinSpaced(10'001, 0, duration);
  std::string csv = "motion,start,theta2,omega2\n";
  const auto add = [&](const char* name, const physics::Motion& motion,
                       const physics::Rk45Options& options) {
    const Trajectories trajectories = roll_out(motion, starts, times, options);
    for (std::size_t k = 0; k < trajectories.size(); ++k) {
      const Eigen::MatrixXd section = poincare_section(motion, trajectories[k], 0);
      for (const auto& point : section.colwise())
        csv += format("%s,%zu,%.6g,%.6g\n", name, k, std::remainder(point[1], 2 * pi), point[3]);
    }
  };
  add("true", motions.truth, {.rtol = tolerance, .atol = tolerance});
  add("learnt", motions.learnt, for_learnt(tolerance, duration));
  return csv;
}

/// The true motion is integrated far more finely than it is perturbed.
constexpr physics::Rk45Options finely{.rtol = 1e-11, .atol = 1e-11};

/// 4 entries: a norm of 1e-8.
Eigen::MatrixXd moved(const Eigen::MatrixXd& starts) { return starts.array() + perturbation / 2; }

/// How long a true trajectory is valid as a prediction of its perturbed twin.
Eigen::VectorXd perturbed_valid_times(const physics::Motion& truth, const Eigen::MatrixXd& starts) {
  const auto times = Eigen::VectorXd::LinSpaced(2001, 0, 100);
  return nn::valid_times(roll_out(truth, moved(starts), times, finely),
                         roll_out(truth, starts, times, finely), valid_up_to);
}

}  // namespace

Evaluation evaluate(const nn::NetworkModel& model, const TrainOptions& training,
                    const EvaluateOptions& options) {
  const Stopwatch watch;
  Random random(options.seed + evaluate_seed);
  const Motions motions{true_motion(training.system),
                        interruptible(nn::learnt_motion(model, options.threads))};
  Evaluation found;
  found.accelerations = judge_accelerations(motions, training, random);

  // Trajectories, all of a repeat together; a sample of their times every 0.02 s.
  constexpr double tolerance = 1e-7;
  const Index samples = std::max<Index>(2, std::lround(options.duration / 0.02) + 1);
  const auto times = Eigen::VectorXd::LinSpaced(samples, 0, options.duration);
  Eigen::VectorXd valid(options.repeats * options.trajectories);
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    const Eigen::MatrixXd starts =
        states_in(random, training.angle, training.velocity, options.trajectories);
    const Trajectories truth = roll_out(motions.truth, starts, times, finely);
    const Trajectories learnt =
        roll_out(motions.learnt, starts, times, for_learnt(tolerance, options.duration));
    found.rollouts.push_back(nn::judge_rollouts(learnt, truth));
    const Index begin = repeat * options.trajectories;
    valid.segment(begin, options.trajectories) = nn::valid_times(learnt, truth, valid_up_to);
    if (repeat == 0) {
      const Index early = std::lround(std::min(1.0, options.duration) / times[1]);
      const auto exact = roll_out(motions.learnt, starts, times.head(early + 1),
                                  for_learnt(tolerance / 100, options.duration));
      found.model_error = median_distance(learnt, truth, early);
      found.integrator_error = median_distance(learnt, exact, early);
      const Eigen::MatrixXd some = starts.leftCols(std::min<Index>(200, starts.cols()));
      found.lyapunov_exponent = physics::lyapunov_exponents(motions.truth, some).mean();
      found.floor = spread(perturbed_valid_times(motions.truth, some));
      found.divergence_csv =
          divergence_csv(times, distances(learnt, truth, samples),
                         distances(roll_out(motions.truth, moved(some), times, finely),
                                   {truth.begin(), truth.begin() + some.cols()}, samples));
    }
  }
  found.valid = spread(valid);
  found.unbroken = (valid.array() >= times[samples - 1]).cast<double>().mean();

  const Eigen::VectorXd energies = paper_energy_errors(training.system, motions.learnt, random);
  found.energy_mean = energies.mean();
  found.energy_largest = energies.maxCoeff();

  const Eigen::MatrixXd states = states_in(random, training.angle, training.velocity, 2000);
  const Eigen::MatrixXd masses = mass_matrices(model, states);
  if (masses.size() > 0) found.learnt_mass = mass_condition(masses);
  found.true_mass = mass_condition(true_masses(training.system, states));
  found.poincare_csv = poincare_csv(motions, starts_at_one_energy(training.system, random, 30));
  found.seconds = watch.seconds();
  return found;
}

}  // namespace tools
