// Everything that tools/evaluate finds out about a saved model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/models/network_model.h"
#include "tools/app/judgement.h"

namespace tools {

struct EvaluateOptions {
  std::string run;          ///< folder of a finished ./train
  int trajectories = 1000;  ///< of each repeat
  double duration = 10;     ///< of a trajectory [s]
  int repeats = 3;          ///< of the trajectories, with fresh starts each time
  std::uint64_t seed = 0;   ///< of all states; never those of training
  int threads = 0;          ///< 0: one for each core
  bool quiet = false;
};

/// When a predicted angle is too far off to be of use: ‖q learnt - q true‖ above this [rad].
inline constexpr double valid_up_to = 0.5;
/// What the start of a true trajectory is moved by, to show what chaos leaves to be predicted.
inline constexpr double perturbation = 1e-8;
/// For how long that is looked at [s].
inline constexpr double floor_duration = 100;

/// Values of many trajectories or states.
struct Spread {
  double lower_quartile = 0, median = 0, upper_quartile = 0;
};

struct MassCondition {
  double median = 0, percentile99 = 0, largest = 0;
  double indefinite = 0;  ///< share of states where M is not definite
};

/// What was found in one part of phase space, |θ| <= angle and |ω| <= velocity.
struct Region {
  std::string key, where;
  double angle = 0, velocity = 0;

  physics::AccelerationErrors acceleration = {};
  std::vector<physics::RolloutErrors> rollouts = {};  ///< one of each repeat
  Spread valid = {}, floor = {};  ///< time of valid prediction [s]: of the model, of a moved start
  double unbroken = 0;            ///< share of judged trajectories valid to their end
  double lyapunov_exponent = 0;   ///< mean over true trajectories [1/s]
  /// True trajectories that stopped early, so that nothing is judged by them: of those beside moved
  /// starts, and of those of the exponent. Those beside the model are counted in `rollouts`.
  autodiff::Index floor_left_out = 0, exponent_left_out = 0;
};

struct Evaluation {
  std::vector<Region> regions;  ///< that of training first
  double energy_mean = 0, energy_largest = 0;

  std::optional<MassCondition> learnt_mass;  ///< absent for a model without mass matrix
  MassCondition true_mass;

  /// ‖q - q'‖ after 1 s, median [rad]: learnt against true, and two tolerances against each other.
  double model_error = 0, integrator_error = 0;
  double seconds = 0;  ///< that judging took

  // For figures.
  std::string divergence_csv;  ///< distances to the true angles over time, as trajectories part
  autodiff::Index divergence_stopped = 0;  ///< true ones that stopped early, and count up to there
  std::string poincare_csv;                ///< points of the section θ1 = 0, ω1 > 0 at one energy
};

/// `training` is what the model was trained with: its system, and the box of its states.
Evaluation evaluate(const nn::NetworkModel& model, const TrainOptions& training,
                    const EvaluateOptions& options);

std::string to_json(const Evaluation& evaluation);
std::string to_table(const Evaluation& evaluation, const TrainOptions& training,
                     const EvaluateOptions& options);

}  // namespace tools
