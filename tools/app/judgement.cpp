#include "tools/app/judgement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <sstream>

#include "tools/app/progress.h"

namespace tools {

using autodiff::Index;
using autodiff::Random;

namespace {

// Judges draw other states than training, which starts from the seed itself.
constexpr std::uint64_t judge_seed = 1'000'003, example_seed = 2'000'003;

double deviation(const Eigen::VectorXd& values) {
  return std::sqrt((values.array() - values.mean()).square().mean());
}

Eigen::MatrixXd fresh_states(const TrainOptions& options, const Simulated& simulated, Index count,
                             Random& random) {
  if (options.source != "trajectories") return region_states(simulated, count, random);
  return trajectory_states(options, simulated, count / options.points + 1, random);
}

/// The column at that time, between its neighbours in a straight line.
Eigen::VectorXd interpolated(const Eigen::VectorXd& times, const Eigen::MatrixXd& columns,
                             double t) {
  const Index above = std::clamp<Index>(
      std::upper_bound(times.begin(), times.end(), t) - times.begin(), 1, times.size() - 1);
  const double share = (t - times[above - 1]) / (times[above] - times[above - 1]);
  return columns.col(above - 1) + share * (columns.col(above) - columns.col(above - 1));
}

Judgement::RolledOut errors_of(const Comparison& both, const Eigen::VectorXd& spread) {
  return {physics::judge_rollouts(both.learnt, both.truth),
          physics::valid_times(both.learnt, both.truth, valid_up_to, spread), std::nullopt};
}

}  // namespace

Eigen::VectorXd spreads(const std::vector<physics::Coordinate>& coordinates,
                        const Eigen::MatrixXd& states) {
  Eigen::VectorXd all(coordinates.size());
  for (Index i = 0; i < all.size(); ++i) {
    const double own =
        coordinates[static_cast<std::size_t>(i)].angle ? 1 : deviation(states.row(i).transpose());
    all[i] = own > 0 ? own : 1;
  }
  return all;
}

Comparison roll_out_both(const Motions& motions, const Eigen::MatrixXd& starts,
                         const Eigen::VectorXd& times, double tolerance, int threads) {
  Comparison both;
  both.truth = physics::roll_out(motions.truth, starts, times, for_truth(), threads);
  long most = 0;
  for (const physics::Solution& one : both.truth)
    if (one.ok()) most = std::max(most, one.accepted + one.rejected);
  both.learnt =
      physics::roll_out(motions.learnt, starts, times, for_learnt(tolerance, most), threads);
  return both;
}

namespace {

/// Where the held-out motion was at some time, as its rows tell with the help of the learnt law:
/// rates that were estimated without it may be off by more than the law is.
class HeldOutStates {
 public:
  HeldOutStates(const Subject& subject, const physics::Motion& law)
      : subject_(subject), estimates_(subject.held_out_recorded.estimates) {
    if (!estimates_.empty())
      for (const double times : {1., 4., 4.})
        estimates_ = physics::refine(subject.held_out_recorded.recordings, estimates_, law,
                                     subject.stride(times), 1);
  }

  /// What is held out, with rates from these estimates. Of a trajectory that the cut goes through,
  /// the rows beside the cut are neighbours only.
  physics::DataSet samples() const {
    const Recorded& part = subject_.held_out_recorded;
    const std::vector<Index> rows = subject_.inner_rows(part);
    if (rows.empty()) return subject_.held_out;
    const Index count = std::ssize(rows), n = subject_.held_out.accelerations.rows(),
                k = subject_.held_out.controls.rows();
    physics::DataSet all{autodiff::Matrix(2 * n, count), autodiff::Matrix(n, count),
                         autodiff::Matrix(k, k > 0 ? count : 0)};
    Index first = 0, sample = 0;
    for (std::size_t r = 0; r < estimates_.size(); first += part.recordings[r].size(), ++r)
      for (; sample < count; ++sample) {
        const Index row = rows[static_cast<std::size_t>(sample)] - first;
        if (row >= part.recordings[r].size()) break;
        all.states.col(sample) = estimates_[r].states.col(row).cast<autodiff::Scalar>();
        all.accelerations.col(sample) =
            estimates_[r].accelerations.col(row).cast<autodiff::Scalar>();
        if (k > 0)
          all.controls.col(sample) = part.recordings[r].controls.col(row).cast<autodiff::Scalar>();
      }
    return all;
  }

  /// The state near that one, which was estimated at time t.
  Eigen::VectorXd at(double t, const Eigen::VectorXd& estimated) const {
    const std::vector<physics::Recording>& recordings = subject_.held_out_recorded.recordings;
    Eigen::VectorXd nearest = estimated;
    double distance = std::numeric_limits<double>::infinity();
    const Index n = estimated.size() / 2;
    for (std::size_t r = 0; r < recordings.size(); ++r) {
      const Eigen::VectorXd& times = recordings[r].t;
      const auto row = std::lower_bound(times.begin(), times.end(), t) - times.begin();
      if (row == times.size() || times[row] != t) continue;
      Eigen::VectorXd state = estimates_[r].states.col(row);
      for (Index i = 0; i < n; ++i)  // on the same turn
        if (subject_.coordinates[static_cast<std::size_t>(i)].angle)
          state[i] +=
              2 * std::numbers::pi * std::round((estimated[i] - state[i]) / (2 * std::numbers::pi));
      if (const double d = (state - estimated).norm(); d < distance) {
        distance = d;
        nearest = state;
      }
    }
    return nearest;
  }

 private:
  const Subject& subject_;
  std::vector<physics::Estimate> estimates_;
};

}  // namespace

physics::Motion driven_by(const physics::Motion& law, const Eigen::VectorXd& t,
                          const Eigen::MatrixXd& controls) {
  if (controls.rows() == 0) return law;
  return law.controlled_by(
      [=](const Eigen::RowVectorXd& times, const Eigen::MatrixXd&, Eigen::MatrixXd& u) {
        for (Index s = 0; s < times.size(); ++s) u.col(s) = interpolated(t, controls, times[s]);
      });
}

physics::DataSet held_out_with(const Subject& subject, const physics::Motion& learnt) {
  return HeldOutStates(subject, learnt).samples();
}

Comparison follow_held_out(const Subject& subject, const physics::Motion& learnt) {
  Comparison both;
  const HeldOutStates states(subject, learnt);
  for (Measured& measured : measured_trajectories(*subject.measured, subject.first_held_out)) {
    const physics::Solution& piece = measured.motion;
    // What needs more than 100 steps between two rows has run away.
    const long steps = 500 + 100 * static_cast<long>(piece.t.size());
    const physics::Motion driven = driven_by(learnt, piece.t, measured.controls);
    const physics::Rk45Options options{
        .rtol = learnt_tolerance, .atol = learnt_tolerance, .max_steps = steps};
    both.learnt.push_back(
        std::move(physics::roll_out(driven, states.at(piece.t[0], piece.y.col(0)), piece.t, options)
                      .front()));
    both.truth.push_back(std::move(measured.motion));
  }
  return both;
}

Eigen::VectorXd energy_errors(const Simulated& simulated, const physics::Motion& learnt,
                              Random& random, int threads) {
  const physics::System& system = simulated.system;
  const physics::StateFunction energy = energy_of(system);
  physics::EnergyTest test;
  if (system.energy_test) {
    test = *system.energy_test;
  } else {
    test = {system.region, system.duration,
            deviation(energy(random_starts(system, random, 1000)).transpose())};
    if (!(test.scale > 0)) test.scale = 1;
  }
  const Eigen::MatrixXd starts = random_starts(system, test.starts, random, 40);
  const Comparison both = roll_out_both({simulated.truth, learnt}, starts,
                                        Eigen::Vector2d(0, test.duration), 1e-7, threads);
  return physics::energy_errors(
      both.learnt, [&](const Eigen::MatrixXd& states) { return energy(states); }, test.scale);
}

Judgement judge(const TrainOptions& options, const Subject& subject,
                const physics::Motion& learnt) {
  const Stopwatch watch;
  Judgement judged;
  if (const auto& simulated = subject.simulated) {
    Random random(options.seed + judge_seed);
    const Eigen::MatrixXd states = fresh_states(options, *simulated, 10'000, random);
    judged.acceleration = physics::judge_accelerations(learnt, label(*simulated, states, random));
    if (options.rollouts > 0) {
      const Eigen::MatrixXd starts = region_states(*simulated, options.rollouts, random);
      const auto times = Eigen::VectorXd::LinSpaced(101, 0, options.duration);
      judged.rolled_out = errors_of(roll_out_both({simulated->truth, learnt}, starts, times,
                                                  learnt_tolerance, options.threads),
                                    spreads(subject.coordinates, states));
      judged.rolled_out->energy_error =
          energy_errors(*simulated, learnt, random, options.threads).mean();
    }
  } else {
    judged.acceleration = physics::judge_accelerations(learnt, held_out_with(subject, learnt));
    if (const Comparison both = follow_held_out(subject, learnt); !both.truth.empty())
      judged.rolled_out =
          errors_of(both, spreads(subject.coordinates, subject.samples.states.cast<double>()));
  }
  judged.seconds = watch.seconds();
  return judged;
}

std::string trajectory_csv(const TrainOptions& options, const Simulated& simulated,
                           const physics::Motion& learnt) {
  Random random(options.seed + example_seed);
  const physics::System& system = simulated.system;
  const auto times = Eigen::VectorXd::LinSpaced(501, 0, 2 * options.duration);
  const Comparison both = roll_out_both({simulated.truth, learnt}, random_starts(system, random, 1),
                                        times, learnt_tolerance, 1);
  const Eigen::MatrixXd &truth = both.truth.front().y, &other = both.learnt.front().y;
  const Index count = std::min(truth.cols(), other.cols());

  std::vector<std::string> columns{"t"};
  std::vector<Eigen::RowVectorXd> values{times.head(count).transpose()};
  const auto add = [&](const std::string& name, const auto& row) {
    columns.push_back(name);
    values.emplace_back(row.leftCols(count));
  };
  const auto add_all = [&](const std::string& before, const std::string& behind,
                           const Eigen::MatrixXd& rows) {
    for (Index i = 0; i < rows.rows(); ++i)
      add(before + system.coordinates[static_cast<std::size_t>(i)].name + behind, rows.row(i));
  };
  const physics::StateFunction energy = energy_of(system);
  for (const auto& [before, states] : {std::pair("", &truth), std::pair("learnt ", &other)}) {
    add_all(before, "", states->topRows(system.n()));
    add_all(before, "'", states->bottomRows(system.n()));
    add(std::string(before) + "energy", energy(*states));
    if (system.picture.points) {
      const Eigen::MatrixXd points = points_of(system)(*states);
      const Index d = system.picture.dimension;
      for (Index i = 0; i < points.rows(); ++i)
        add(std::string(before) + "point " + "xyz"[i % d] + std::to_string(i / d + 1),
            points.row(i));
    }
  }
  add_all("", "''", simulated.truth(truth).bottomRows(system.n()));
  add_all("learnt ", "''", learnt(truth).bottomRows(system.n()));

  std::ostringstream csv;
  csv.precision(10);
  for (std::size_t c = 0; c < columns.size(); ++c) csv << (c > 0 ? "," : "") << columns[c];
  csv << '\n';
  for (Index k = 0; k < count; ++k)
    for (std::size_t c = 0; c < columns.size(); ++c)
      csv << values[c][k] << (c + 1 < columns.size() ? ',' : '\n');
  return csv.str();
}

}  // namespace tools
