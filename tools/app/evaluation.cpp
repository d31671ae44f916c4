#include "tools/app/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include "nn/models/learnt_motion.h"
#include "nn/models/mass_matrix.h"
#include "physics/euler_lagrange.h"
#include "physics/observe/lyapunov.h"
#include "physics/observe/poincare.h"
#include "tools/app/models.h"
#include "tools/app/progress.h"
#include "tools/app/text.h"

namespace tools {
namespace {

using autodiff::Index;
using autodiff::Random;

constexpr double pi = std::numbers::pi;
/// Training draws from the seed itself, and ./train judges from elsewhere too.
constexpr std::uint64_t evaluate_seed = 3'000'003;

Spread spread(const Eigen::VectorXd& values) {
  return {physics::quantile(values, 0.25), physics::quantile(values, 0.5),
          physics::quantile(values, 0.75)};
}

/// The region that training draws from, near rest as the paper's energies, and the default's box.
std::vector<Region> regions(const TrainOptions& training) {
  std::vector<Region> all{{"training", format("as in training, |omega| < %g", training.velocity),
                           training.angle, training.velocity},
                          {"near_rest", "near rest, |omega| < 0.1", pi, 0.1}};
  if (training.angle != pi || training.velocity != 10)
    all.push_back({"fast", "all angles, |omega| < 10", pi, 10});
  return all;
}

Eigen::MatrixXd states_in(const Region& region, Index count, Random& random) {
  const Eigen::Vector4d high(region.angle, region.angle, region.velocity, region.velocity);
  return physics::random_states(random, {-high, high}, count);
}

MassCondition mass_condition(const Eigen::MatrixXd& masses) {
  Eigen::VectorXd conditions(masses.cols());
  for (Index s = 0; s < masses.cols(); ++s) conditions[s] = nn::condition_number(masses.col(s));
  return {physics::quantile(conditions, 0.5), physics::quantile(conditions, 0.99),
          conditions.maxCoeff(), nn::indefinite_share(masses)};
}

/// M of the true system, from its Lagrangian as of the learnt one.
Eigen::MatrixXd true_masses(const physics::DoublePendulum& system, const Eigen::MatrixXd& states) {
  autodiff::Tape tape;
  const auto q = tape.constant(states.topRows(2).cast<autodiff::Scalar>());
  const auto v = tape.constant(states.bottomRows(2).cast<autodiff::Scalar>());
  return evaluate(physics::mass_matrix(system.lagrangian(q, v), v)).cast<double>();
}

using Trajectories = std::vector<physics::Solution>;

/// The mean of those that are finite, and how many are not.
std::pair<double, Index> finite_mean(const Eigen::VectorXd& values) {
  const auto finite = values.array().isFinite();
  const Index count = finite.count();
  return {finite.select(values.array(), 0).sum() / static_cast<double>(count),
          values.size() - count};
}

/// Median distance ‖q - q'‖ at the time with that index, of those that got so far.
double median_distance(const Trajectories& a, const Trajectories& b, Index time) {
  std::vector<double> distances;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (std::min(a[k].y.cols(), b[k].y.cols()) > time)
      distances.push_back((a[k].y.col(time) - b[k].y.col(time)).head(2).norm());
  return physics::quantile(Eigen::Map<Eigen::VectorXd>(distances.data(), Index(distances.size())),
                           0.5);
}

/// Quartiles of the distance ‖q - q'‖ at each time, of those whose truth got so far: 3 x times. A
/// prediction that stopped early counts as standing still.
Eigen::MatrixXd distances(const Trajectories& predicted, const Trajectories& truth, Index times) {
  Eigen::MatrixXd quartiles(3, times);
  std::vector<double> at_once;
  for (Index t = 0; t < times; ++t) {
    at_once.clear();
    for (std::size_t k = 0; k < truth.size(); ++k)
      if (t < truth[k].y.cols()) {
        const auto& y = predicted[k].y;
        at_once.push_back((y.col(std::min(t, y.cols() - 1)) - truth[k].y.col(t)).head(2).norm());
      }
    const Spread s = spread(Eigen::Map<Eigen::VectorXd>(at_once.data(), Index(at_once.size())));
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

std::string poincare_csv(const Motions& motions, const Eigen::MatrixXd& starts, int threads) {
  constexpr double duration = 100, tolerance = 1e-7;
  const auto times = Eigen::VectorXd::LinSpaced(10'001, 0, duration);
  std::string csv = "motion,start,theta2,omega2\n";
  const auto add = [&](const char* name, const physics::Motion& motion,
                       const physics::Rk45Options& options) {
    const Trajectories trajectories = roll_out(motion, starts, times, options, threads);
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

/// A sample every 0.02 s.
Eigen::VectorXd times_until(double duration) {
  const Index samples = std::max<Index>(2, std::lround(duration / 0.02) + 1);
  return Eigen::VectorXd::LinSpaced(samples, 0, duration);
}

constexpr double learnt_tolerance = 1e-6;
/// The true motion is integrated far more finely than it is moved.
constexpr physics::Rk45Options finely{.rtol = 1e-11, .atol = 1e-11};

/// 4 entries: a norm of 1e-8.
Eigen::MatrixXd moved(const Eigen::MatrixXd& starts) { return starts.array() + perturbation / 2; }

void judge(Region& region, const Motions& motions, const EvaluateOptions& options, Random& random) {
  region.acceleration = physics::judge_accelerations(
      motions.learnt, physics::label(motions.truth, states_in(region, 10'000, random)));

  const Eigen::VectorXd times = times_until(options.duration);
  std::vector<double> valid;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    const Eigen::MatrixXd starts = states_in(region, options.trajectories, random);
    const Trajectories truth = roll_out(motions.truth, starts, times, for_truth, options.threads);
    const Trajectories learnt =
        roll_out(motions.learnt, starts, times, for_learnt(learnt_tolerance, options.duration),
                 options.threads);
    region.rollouts.push_back(physics::judge_rollouts(learnt, truth));
    const Eigen::VectorXd seconds = physics::valid_times(learnt, truth, valid_up_to);
    valid.insert(valid.end(), seconds.begin(), seconds.end());
  }
  region.valid = spread(Eigen::Map<Eigen::VectorXd>(valid.data(), Index(valid.size())));
  const auto unbroken = std::count_if(valid.begin(), valid.end(),
                                      [&](double seconds) { return seconds >= options.duration; });
  region.unbroken = static_cast<double>(unbroken) / static_cast<double>(valid.size());

  // How long a true trajectory is valid as a prediction of its moved twin.
  const Eigen::MatrixXd starts = states_in(region, std::min(options.trajectories, 100), random);
  const Eigen::VectorXd long_times = Eigen::VectorXd::LinSpaced(2001, 0, floor_duration);
  const Eigen::VectorXd seconds = physics::valid_times(
      roll_out(motions.truth, moved(starts), long_times, finely, options.threads),
      roll_out(motions.truth, starts, long_times, finely, options.threads), valid_up_to);
  region.floor = spread(seconds);
  region.floor_left_out = starts.cols() - seconds.size();
  std::tie(region.lyapunov_exponent, region.exponent_left_out) =
      finite_mean(physics::lyapunov_exponents(motions.truth, starts, {.threads = options.threads}));
}

/// How trajectories part over time, beside moved ones; and whose doing that is after 1 s.
void judge_divergence(Evaluation& found, const Motions& motions, const EvaluateOptions& options,
                      Random& random) {
  const Eigen::MatrixXd starts =
      states_in(found.regions.front(), std::min(options.trajectories, 200), random);
  const Eigen::VectorXd times = times_until(options.duration);
  const Index early = std::min(times.size() - 1, Index{50});  // 1 s
  const auto truth_from = [&](const Eigen::MatrixXd& from) {
    return roll_out(motions.truth, from, times, finely, options.threads);
  };
  const auto learnt_until = [&](Index last, double tolerance) {
    return roll_out(motions.learnt, starts, times.head(last + 1),
                    for_learnt(tolerance, options.duration), options.threads);
  };
  const Trajectories truth = truth_from(starts), twins = truth_from(moved(starts)),
                     learnt = learnt_until(times.size() - 1, learnt_tolerance),
                     exact = learnt_until(early, learnt_tolerance / 1000);
  found.model_error = median_distance(learnt, truth, early);
  found.integrator_error = median_distance(learnt, exact, early);
  found.divergence_stopped =
      std::count_if(truth.begin(), truth.end(), [](const auto& one) { return !one.ok(); });
  found.divergence_csv = divergence_csv(times, distances(learnt, truth, times.size()),
                                        distances(twins, truth, times.size()));
}

}  // namespace

Evaluation evaluate(const nn::NetworkModel& model, const TrainOptions& training,
                    const EvaluateOptions& options) {
  const Stopwatch watch;
  Random random(options.seed + evaluate_seed);
  const Motions motions{true_motion(training.system), nn::learnt_motion(model)};
  Evaluation found;
  found.regions = regions(training);
  for (Region& region : found.regions) judge(region, motions, options, random);
  judge_divergence(found, motions, options, random);

  const Eigen::VectorXd energies =
      paper_energy_errors(training.system, motions.learnt, random, options.threads);
  found.energy_mean = energies.mean();
  found.energy_largest = energies.maxCoeff();

  const Eigen::MatrixXd states = states_in(found.regions.front(), 2000, random);
  const Eigen::MatrixXd masses = mass_matrices(model, states);
  if (masses.size() > 0) found.learnt_mass = mass_condition(masses);
  found.true_mass = mass_condition(true_masses(training.system, states));
  found.poincare_csv =
      poincare_csv(motions, starts_at_one_energy(training.system, random, 30), options.threads);
  found.seconds = watch.seconds();
  return found;
}

}  // namespace tools
