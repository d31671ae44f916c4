// Everything that tools/evaluate finds out about a saved model.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/models/network_model.h"
#include "tools/app/judgement.h"

namespace tools {

struct EvaluateOptions {
  std::string run;          ///< folder of a finished ./train
  std::string system = {};  ///< whose motion the file was measured of, where that is known
  std::map<std::string, double> set = {};  ///< its parameters
  int trajectories = 1000;                 ///< of each repeat
  double duration = 0;     ///< of a trajectory [s]; 0: twice what is usual for the system
  int repeats = 3;         ///< of the trajectories, with fresh starts each time
  std::uint64_t seed = 0;  ///< of all states; never those of training
  int threads = 0;         ///< 0: one for each core
  bool quiet = false;
};

/// What the start of a true trajectory is moved by, to show what chaos leaves to be predicted.
inline constexpr double perturbation = 1e-8;
/// For how long that is looked at, in a system's usual durations.
inline constexpr double floor_durations = 20;

/// Values of many trajectories or states.
struct Spread {
  double lower_quartile = 0, median = 0, upper_quartile = 0;
};

struct MassCondition {
  double median = 0, percentile99 = 0, largest = 0;
  double indefinite = 0;  ///< share of states where M is not definite
};

/// What chaos leaves to be predicted, of a simulated system.
struct Floor {
  Spread valid = {};             ///< of the truth as a prediction of its moved twin [s]
  double lyapunov_exponent = 0;  ///< mean over true trajectories [1/s]
  /// True trajectories that stopped early, so that nothing is judged by them: of those beside
  /// moved starts, and of those of the exponent. Those beside the model are counted in
  /// `rollouts`.
  autodiff::Index left_out = 0, exponent_left_out = 0;
};

/// What was found in one part of phase space, or in what a file held out.
struct Region {
  std::string key, where;
  physics::StateBox box = {};  ///< of the starts; empty for a file

  Eigen::VectorXd unit = {};  ///< of distances: the spread of each coordinate

  physics::AccelerationErrors acceleration = {};
  std::vector<physics::RolloutErrors> rollouts = {};  ///< one of each repeat
  Spread valid = {};                                  ///< time of valid prediction [s]
  double unbroken = 0;  ///< share of judged trajectories valid to their end

  std::optional<Floor> floor = {};
};

/// What is found out about a model of a simulated system only.
struct BesideTruth {
  double duration = 0;  ///< of the system's usual motions [s]
  double energy_mean = 0, energy_largest = 0;
  /// Of each ignorable coordinate, whose true momentum stays: its index, and how much that
  /// momentum changes along learnt motions, the mean |p(end) - p(0)| in units of its mean size.
  std::vector<std::pair<autodiff::Index, double>> momentum_changes;
  /// The distance of learnt and true motions after early [s], median, and that of two tolerances.
  double early = 0, model_error = 0, integrator_error = 0;
  // For figures.
  std::string divergence_csv;  ///< distances to the truth over time, as trajectories part
  autodiff::Index divergence_stopped = 0;  ///< true ones that stopped early, and count up to there
  std::string poincare_csv;  ///< points of the section q1 = 0, v1 > 0 at one energy; "" if none
};

struct Evaluation {
  std::vector<physics::Coordinate> coordinates;
  std::vector<Region> regions;  ///< that of training first

  std::optional<MassCondition> learnt_mass;  ///< absent for a model without mass matrix
  std::optional<MassCondition> true_mass;    ///< absent for a file
  /// How much the learnt energy changes along true or measured motions: mean |h(t) - h(0)|, in
  /// units of its deviation over all their states. Absent for a model without energy, and without
  /// motions.
  std::optional<double> learnt_energy_change;
  double seconds = 0;  ///< that judging took

  std::string held_out_csv;  ///< of a file: measured and learnt motion; "" for a system

  std::optional<BesideTruth> truth;  ///< of a simulated system
};

/// The true system that the options name, beside what was measured of it. Throws EndProgram where
/// its coordinates are not those of the file.
Simulated truth_of(const Subject& measured, const EvaluateOptions& options);

/// `training` is what the model was trained with, and `subject` on what. A file is judged by what
/// it holds out, and beside the true system where the subject has that, too.
Evaluation evaluate(const nn::NetworkModel& model, const TrainOptions& training,
                    const Subject& subject, const EvaluateOptions& options);

std::string to_json(const Evaluation& evaluation);
std::string to_table(const Evaluation& evaluation, const TrainOptions& training,
                     const EvaluateOptions& options);

}  // namespace tools
