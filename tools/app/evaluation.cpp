#include "tools/app/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include "nn/models/learnt_motion.h"
#include "nn/models/mass_matrix.h"
#include "physics/observe/lyapunov.h"
#include "physics/observe/poincare.h"
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

/// The region that training draws from, that of a published test of energies, and the system's own.
std::vector<Region> regions(const TrainOptions& training, const physics::System& system) {
  if (!training.data.empty()) return {{"truth", "beside the truth", system.region}};
  std::vector<Region> all{{"training", "as in training", system.region}};
  if (system.energy_test)
    all.push_back({"near_rest", "of the energy test", system.energy_test->starts});
  if (training.angle != 0 || training.velocity != 0) {
    TrainOptions wide = training;
    wide.angle = wide.velocity = 0;
    all.push_back({"whole", "the system's whole region", system_of(wide).region});
  }
  return all;
}

MassCondition mass_condition(const Eigen::MatrixXd& masses) {
  Eigen::VectorXd conditions(masses.cols());
  for (Index s = 0; s < masses.cols(); ++s) conditions[s] = nn::condition_number(masses.col(s));
  return {physics::quantile(conditions, 0.5), physics::quantile(conditions, 0.99),
          conditions.maxCoeff(), nn::indefinite_share(masses)};
}

using Trajectories = std::vector<physics::Solution>;

/// The mean of those that are finite, and how many are not.
std::pair<double, Index> finite_mean(const Eigen::VectorXd& values) {
  const auto finite = values.array().isFinite();
  const Index count = finite.count();
  return {finite.select(values.array(), 0).sum() / static_cast<double>(count),
          values.size() - count};
}

/// ‖(q - q') / spread‖ of two states.
double distance(const Eigen::VectorXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& spread) {
  return (a - b).head(spread.size()).cwiseQuotient(spread).norm();
}

/// Median distance at the time with that index, of those that got so far.
double median_distance(const Trajectories& a, const Trajectories& b, Index time,
                       const Eigen::VectorXd& spread) {
  std::vector<double> distances;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (std::min(a[k].y.cols(), b[k].y.cols()) > time)
      distances.push_back(distance(a[k].y.col(time), b[k].y.col(time), spread));
  return physics::quantile(Eigen::Map<Eigen::VectorXd>(distances.data(), Index(distances.size())),
                           0.5);
}

/// Quartiles of the distance at each time, of those whose truth got so far: 3 x times. A prediction
/// that stopped early counts as standing still.
Eigen::MatrixXd distances(const Trajectories& predicted, const Trajectories& truth, Index times,
                          const Eigen::VectorXd& spread_of) {
  Eigen::MatrixXd quartiles(3, times);
  std::vector<double> at_once;
  for (Index t = 0; t < times; ++t) {
    at_once.clear();
    for (std::size_t k = 0; k < truth.size(); ++k)
      if (t < truth[k].y.cols()) {
        const auto& y = predicted[k].y;
        at_once.push_back(distance(y.col(std::min(t, y.cols() - 1)), truth[k].y.col(t), spread_of));
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

/// Starts of a system of two coordinates with q1 = 0, v1 > 0 and one energy; fewer where there are
/// none. h rises with v1, from where it is least, so that v1 can be looked for by halving.
Eigen::MatrixXd starts_at_one_energy(const physics::System& system, Random& random, Index count) {
  const physics::StateFunction energy = energy_of(system);
  const double wanted =
      system.section_energy
          ? *system.section_energy
          : physics::quantile(energy(random_starts(system, random, 1001)).transpose(), 0.5);
  Eigen::MatrixXd starts(4, count);
  Index found = 0;
  for (int draw = 0; found < count && draw < 100 * count; ++draw) {
    Eigen::Vector4d state = random_starts(system, random, 1);
    state[0] = 0;
    const auto off = [&](double v) {
      state[2] = v;
      return energy(state)(0) - wanted;
    };
    double low = 0, high = system.region.high[2];
    if (!(off(low) < 0 && off(high) > 0)) continue;
    for (int k = 0; k < 60; ++k) (off((low + high) / 2) < 0 ? low : high) = (low + high) / 2;
    state[2] = (low + high) / 2;
    starts.col(found++) = state;
  }
  return starts.leftCols(found);
}

std::string poincare_csv(const Motions& motions, const physics::System& system,
                         const Eigen::MatrixXd& starts, int threads) {
  if (starts.cols() == 0) return {};  // q1 is never zero, as the radius of an orbit
  const auto times = Eigen::VectorXd::LinSpaced(10'001, 0, 20 * system.duration);
  const auto& second = system.coordinates[1];
  std::string csv = "motion,start," + second.name + ',' + second.name + "'\n";
  const Comparison both = roll_out_both(motions, starts, times, 1e-7, threads);
  const auto add = [&](const char* name, const physics::Motion& motion, const Trajectories& all) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      const Eigen::MatrixXd section =
          poincare_section(motion, all[k], 0, system.coordinates[0].angle);
      for (const auto& point : section.colwise())
        csv += format("%s,%zu,%.6g,%.6g\n", name, k,
                      second.angle ? std::remainder(point[1], 2 * pi) : point[1], point[3]);
    }
  };
  add("true", motions.truth, both.truth);
  add("learnt", motions.learnt, both.learnt);
  return csv;
}

/// 250 samples for each usual duration.
Eigen::VectorXd times_until(double duration, double usual) {
  const Index samples = std::max<Index>(2, std::lround(250 * duration / usual) + 1);
  return Eigen::VectorXd::LinSpaced(samples, 0, duration);
}

/// The true motion is integrated far more finely than it is moved.
constexpr physics::Rk45Options finely{.rtol = 1e-11, .atol = 1e-11};

/// By a norm of `perturbation`.
Eigen::MatrixXd moved(const Eigen::MatrixXd& starts) {
  return starts.array() + perturbation / std::sqrt(static_cast<double>(starts.rows()));
}

/// What is judged, and how.
struct Case {
  const Simulated& simulated;
  Motions motions;
  Eigen::VectorXd spread;
  double duration;  // of a trajectory [s]
  const EvaluateOptions& options;
};

void judge_valid(Region& region, const std::vector<double>& valid,
                 const std::vector<double>& whole) {
  region.valid = spread(Eigen::Map<const Eigen::VectorXd>(valid.data(), Index(valid.size())));
  Index unbroken = 0;
  for (std::size_t k = 0; k < valid.size(); ++k) unbroken += valid[k] >= whole[k];
  region.unbroken = static_cast<double>(unbroken) / static_cast<double>(valid.size());
}

void judge(Region& region, const Case& of, Random& random) {
  const auto& [simulated, motions, spread_of, duration, options] = of;
  const physics::System& system = simulated.system;
  const auto draw = [&](Index count) { return random_starts(system, region.box, random, count); };
  region.unit = spread_of;
  region.acceleration =
      physics::judge_accelerations(motions.learnt, label(simulated, draw(10'000), random));

  const Eigen::VectorXd times = times_until(duration, system.duration);
  std::vector<double> valid;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    const Comparison both = roll_out_both(motions, draw(options.trajectories), times,
                                          learnt_tolerance, options.threads);
    region.rollouts.push_back(physics::judge_rollouts(both.learnt, both.truth));
    const Eigen::VectorXd seconds =
        physics::valid_times(both.learnt, both.truth, valid_up_to, spread_of);
    valid.insert(valid.end(), seconds.begin(), seconds.end());
  }
  judge_valid(region, valid, std::vector<double>(valid.size(), duration));

  Floor& floor = region.floor.emplace();
  const Eigen::MatrixXd starts = draw(std::min(options.trajectories, 100));
  const double long_duration = floor_durations * system.duration;
  const Eigen::VectorXd long_times = Eigen::VectorXd::LinSpaced(2001, 0, long_duration);
  const Eigen::VectorXd seconds = physics::valid_times(
      roll_out(motions.truth, moved(starts), long_times, finely, options.threads),
      roll_out(motions.truth, starts, long_times, finely, options.threads), valid_up_to, spread_of);
  floor.valid = spread(seconds);
  floor.left_out = starts.cols() - seconds.size();
  const double unit = system.duration / 5;  // the options' own times are for motions of 5 s
  std::tie(floor.lyapunov_exponent, floor.exponent_left_out) =
      finite_mean(physics::lyapunov_exponents(motions.truth, starts,
                                              {.interval = 0.5 * unit,
                                               .settle = 5 * unit,
                                               .duration = 20 * unit,
                                               .threads = options.threads}));
}

/// How trajectories part over time, beside moved ones; and whose doing that is early on.
void judge_divergence(BesideTruth& found, const Case& of, Random& random) {
  const Simulated& simulated = of.simulated;
  const Motions& motions = of.motions;
  const Eigen::VectorXd& spread_of = of.spread;
  const EvaluateOptions& options = of.options;
  const double duration = of.duration;
  const physics::System& system = simulated.system;
  const Eigen::MatrixXd starts = random_starts(system, random, std::min(options.trajectories, 200));
  const Eigen::VectorXd times = times_until(duration, system.duration);
  const Index early = std::min(times.size() - 1, Index{50});  // a fifth of the usual duration
  const auto truth_from = [&](const Eigen::MatrixXd& from) {
    return roll_out(motions.truth, from, times, finely, options.threads);
  };
  const Trajectories truth = truth_from(starts), twins = truth_from(moved(starts));
  long most = 0;
  for (const physics::Solution& one : truth) most = std::max(most, one.accepted + one.rejected);
  const auto learnt_until = [&](Index last, double tolerance) {
    return roll_out(motions.learnt, starts, times.head(last + 1), for_learnt(tolerance, most),
                    options.threads);
  };
  const Trajectories learnt = learnt_until(times.size() - 1, learnt_tolerance),
                     exact = learnt_until(early, learnt_tolerance / 1000);
  found.early = times[early];
  found.model_error = median_distance(learnt, truth, early, spread_of);
  found.integrator_error = median_distance(learnt, exact, early, spread_of);
  found.divergence_stopped =
      std::count_if(truth.begin(), truth.end(), [](const auto& one) { return !one.ok(); });
  found.divergence_csv = divergence_csv(times, distances(learnt, truth, times.size(), spread_of),
                                        distances(twins, truth, times.size(), spread_of));
}

/// Mean |h(t) - h(0)| of the learnt energy along these motions, in units of its deviation.
std::optional<double> energy_change(const nn::Model& model, const Trajectories& motions) {
  const auto energy = nn::learnt_energy(model);
  if (!energy || motions.empty()) return std::nullopt;
  // Added one after the other: Eigen's sums depend on where in memory the numbers lie.
  const double origin = (*energy)(motions.front().y.leftCols(1))(0);
  double change = 0, sum = 0, squares = 0, count = 0;
  for (const physics::Solution& one : motions) {
    const Eigen::MatrixXd h = (*energy)(one.y);
    for (Index k = 0; k < h.size(); ++k) {
      const double from_first = h(k) - h(0), from_origin = h(k) - origin;
      change += std::abs(from_first);
      sum += from_origin;
      squares += from_origin * from_origin;
      ++count;
    }
  }
  const double variance = squares / count - (sum / count) * (sum / count);
  return change / count / std::sqrt(std::max(0., variance));
}

/// BesideTruth::momentum_changes, over the usual duration.
std::vector<std::pair<Index, double>> momentum_changes(const Case& of, Random& random) {
  const physics::System& system = of.simulated.system;
  const std::vector<Index> ignorable = ignorable_coordinates(system);
  if (ignorable.empty()) return {};
  const Comparison both =
      roll_out_both(of.motions, random_starts(system, random, 40),
                    Eigen::Vector2d(0, system.duration), learnt_tolerance, of.options.threads);
  const physics::StateFunction momenta = momenta_of(system);
  Eigen::VectorXd change = Eigen::VectorXd::Zero(system.n()), size = change;
  for (const physics::Solution& one : both.learnt) {
    const Eigen::VectorXd first = momenta(one.y.leftCols(1)), last = momenta(one.y_end);
    change += (last - first).cwiseAbs();
    size += first.cwiseAbs();
  }
  std::vector<std::pair<Index, double>> found;
  for (const Index i : ignorable) found.emplace_back(i, change[i] / size[i]);
  return found;
}

void evaluate_simulated(Evaluation& found, const nn::NetworkModel& model,
                        const TrainOptions& training, const Simulated& simulated,
                        const EvaluateOptions& options) {
  Random random(options.seed + evaluate_seed);
  const physics::System& system = simulated.system;
  const Eigen::MatrixXd states = random_starts(system, random, 2000);
  const double duration = options.duration > 0 ? options.duration : 2 * system.duration;
  const Case of{simulated,
                {simulated.truth, nn::learnt_motion(model)},
                spreads(system.coordinates, states),
                duration,
                options};
  for (Region& region : regions(training, system)) {
    judge(region, of, random);
    found.regions.push_back(std::move(region));
  }
  BesideTruth& truth = found.truth.emplace();
  truth.duration = system.duration;
  judge_divergence(truth, of, random);
  const Eigen::VectorXd energies =
      energy_errors(simulated, of.motions.learnt, random, options.threads);
  truth.energy_mean = energies.mean();
  truth.energy_largest = energies.maxCoeff();

  truth.momentum_changes = momentum_changes(of, random);

  const Eigen::MatrixXd masses = mass_matrices(model, states);
  if (masses.size() > 0) found.learnt_mass = mass_condition(masses);
  found.true_mass = mass_condition(mass_of(system)(states));
  found.learnt_energy_change =
      energy_change(model, roll_out(simulated.truth, random_starts(system, random, 20),
                                    times_until(system.duration, system.duration), for_truth()));
  if (system.n() == 2 && !system.constraints)
    truth.poincare_csv =
        poincare_csv(of.motions, system, starts_at_one_energy(system, random, 30), options.threads);
}

/// What was held out, a sample a row: measured, and what was learnt of it. Samples of a trajectory
/// have piece and time, and there the learnt motion from the piece's start, as far as it came.
std::string held_out_csv(const Subject& subject, const Comparison& both,
                         const physics::Motion& learnt, const nn::Model& model) {
  const Eigen::MatrixXd states = subject.held_out.states.cast<double>(),
                        accelerations = subject.held_out.accelerations.cast<double>();
  const Eigen::MatrixXd predicted =
      (subject.controls.empty()
           ? physics::label(learnt, states)
           : physics::label(learnt, states, subject.held_out.controls.cast<double>()))
          .accelerations.cast<double>();
  const auto energy = nn::learnt_energy(model);
  const bool timed = !both.truth.empty();
  std::string csv = timed ? "piece,t" : "";
  const auto name_all = [&](const std::string& before, const char* behind) {
    for (const physics::Coordinate& c : subject.coordinates)
      csv += (csv.empty() ? "" : ",") + before + c.name + behind;
  };
  for (const char* before : {"", "learnt "}) {
    if (*before != 0 && !timed) continue;
    name_all(before, "");
    name_all(before, "'");
    if (energy && timed) csv += ',' + std::string(before) + "energy";
  }
  name_all("", "''");
  name_all("learnt ", "''");
  csv += '\n';

  std::string row;
  const auto add = [&](const Eigen::VectorXd& values) {
    for (const double value : values)
      row += (row.empty() ? "" : ",") + (std::isnan(value) ? "" : format("%.10g", value));
  };
  const auto add_sample = [&](Index sample) {
    add(accelerations.col(sample));
    add(predicted.col(sample));
    csv += row + '\n';
    row.clear();
  };
  if (!timed)
    for (Index sample = 0; sample < states.cols(); ++sample) {
      add(states.col(sample));
      add_sample(sample);
    }
  Index sample = 0;  // the pieces are of these, in order; a trajectory of one sample is no piece
  for (std::size_t k = 0; k < both.truth.size(); ++k) {
    const auto moment = [&](Index held) -> const Moment& {
      return subject.measured->moments[static_cast<std::size_t>(subject.first_held_out + held)];
    };
    const Eigen::MatrixXd& measured = both.truth[k].y;
    while (moment(sample).trajectory != moment(sample + 1).trajectory) ++sample;
    Eigen::MatrixXd followed =
        Eigen::MatrixXd::Constant(measured.rows(), measured.cols(), std::nan(""));
    followed.leftCols(both.learnt[k].y.cols()) = both.learnt[k].y;
    for (Index column = 0; column < measured.cols(); ++column, ++sample) {
      row = format("%zu,%.10g", k, both.truth[k].t[column]);
      for (const Eigen::MatrixXd* motion : {&measured, &std::as_const(followed)}) {
        add(motion->col(column));
        if (energy) add((*energy)(motion->col(column)).reshaped());
      }
      add_sample(sample);
    }
  }
  return csv;
}

void evaluate_measured(Evaluation& found, const nn::NetworkModel& model, const Subject& subject) {
  const physics::Motion learnt = nn::learnt_motion(model);
  Region& region = found.regions.emplace_back(Region{"held_out", "held out of the file"});
  region.acceleration = physics::judge_accelerations(learnt, held_out_with(subject, learnt));
  const Comparison both = follow_held_out(subject, learnt);
  if (!both.truth.empty()) {
    region.unit = spreads(subject.coordinates, subject.samples.states.cast<double>());
    const Eigen::VectorXd valid =
        physics::valid_times(both.learnt, both.truth, valid_up_to, region.unit);
    std::vector<double> whole;
    for (const physics::Solution& one : both.truth) whole.push_back(one.t_end - one.t[0]);
    region.rollouts.push_back(physics::judge_rollouts(both.learnt, both.truth));
    judge_valid(region, {valid.begin(), valid.end()}, whole);
  }
  const Eigen::MatrixXd masses = mass_matrices(model, subject.held_out.states.cast<double>());
  if (masses.size() > 0) found.learnt_mass = mass_condition(masses);
  found.learnt_energy_change = energy_change(model, both.truth);
  found.held_out_csv = held_out_csv(subject, both, learnt, model);
}

}  // namespace

Simulated truth_of(const Subject& measured, const EvaluateOptions& options) {
  TrainOptions named;
  named.system = options.system;
  named.set = options.set;
  Simulated truth(system_of(named));
  const auto described = [](const std::vector<physics::Coordinate>& coordinates) {
    std::string text;
    for (const auto& c : coordinates)
      text += (text.empty() ? "" : ",") + c.name + (c.angle ? ":angle" : "");
    return text.empty() ? "none" : text;
  };
  const auto require = [&](const char* what, const auto& of_system, const auto& of_file) {
    if (described(of_system) != described(of_file))
      throw EndProgram(exit_usage, "--system " + options.system + ": its " + what + " are " +
                                       described(of_system) + "; those of the file are " +
                                       described(of_file));
  };
  require("coordinates", truth.system.coordinates, measured.coordinates);
  require("controls", truth.system.controls, measured.controls);
  return truth;
}

Evaluation evaluate(const nn::NetworkModel& model, const TrainOptions& training,
                    const Subject& subject, const EvaluateOptions& options) {
  const Stopwatch watch;
  Evaluation found;
  found.coordinates = subject.coordinates;
  if (subject.measured) evaluate_measured(found, model, subject);
  if (subject.simulated) evaluate_simulated(found, model, training, *subject.simulated, options);
  found.seconds = watch.seconds();
  return found;
}

}  // namespace tools
