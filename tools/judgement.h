// The double pendulum's judges: how well does a learnt motion follow the true one?
#pragma once

#include <optional>
#include <string>

#include "nn/judge.h"
#include "tools/options.h"

namespace tools {

struct Judgement {
  nn::AccelerationErrors acceleration;  ///< over fresh states
  double seconds = 0;                   ///< that judging took

  /// Of trajectories; absent where none were asked for.
  struct RolledOut {
    nn::RolloutErrors errors;  ///< over random trajectories
    double energy_error = 0;   ///< mean |E(T) - E(0)| / energy scale after 100 s from near rest
  };
  std::optional<RolledOut> rolled_out;
};

/// A true law of motion and a learnt one.
struct Motions {
  physics::Motion truth, learnt;
};

/// The states of the training trajectories' points: 4 x (trajectories · points).
Eigen::MatrixXd trajectory_states(const TrainOptions& options, autodiff::Index trajectories,
                                  autodiff::Random& random, const physics::Motion& truth);

/// Random states, |θ| <= angle and |ω| <= velocity: 4 x count.
Eigen::MatrixXd box_states(const TrainOptions& options, autodiff::Index count,
                           autodiff::Random& random);

/// Judges on states and trajectories that training has not seen, drawn as its own are; the energy
/// error by the protocol of Cranmer et al. 2020. A learnt motion gets somewhat more steps than the
/// true one takes; what needs more has run away, and counts where it stopped for the rest.
Judgement judge(const TrainOptions& options, const Motions& motions);

/// One random start rolled out both ways, side by side, for a figure: trajectory.csv.
std::string trajectory_csv(const TrainOptions& options, const Motions& motions);

}  // namespace tools
