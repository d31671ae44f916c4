// The double pendulum's judges: how well does a learnt motion follow the true one?
#pragma once

#include <optional>
#include <string>

#include "physics/observe/judge.h"
#include "tools/app/options.h"

namespace tools {

struct Judgement {
  physics::AccelerationErrors acceleration;  ///< over fresh states
  double seconds = 0;                        ///< that judging took

  /// Of trajectories; absent where none were asked for.
  struct RolledOut {
    physics::RolloutErrors errors;  ///< over random trajectories
    double energy_error = 0;  ///< mean |E(T) - E(0)| / energy scale after 100 s from near rest
  };
  std::optional<RolledOut> rolled_out;
};

/// A true law of motion and a learnt one.
struct Motions {
  physics::Motion truth, learnt;
};
/// The closed form of the double pendulum.
physics::Motion true_motion(const physics::DoublePendulum& system);

/// How trajectories are integrated: the true ones, and learnt ones at a tolerance. A learnt motion
/// gets somewhat more steps than the true one takes; what needs more has run away.
inline constexpr physics::Rk45Options for_truth{.rtol = 1e-8, .atol = 1e-8};
physics::Rk45Options for_learnt(double tolerance, double duration);

/// The states of the training trajectories' points: 4 x (trajectories · points), fewer where one
/// stopped early. What stopped is told on standard error.
Eigen::MatrixXd trajectory_states(const TrainOptions& options, autodiff::Index trajectories,
                                  autodiff::Random& random, const physics::Motion& truth);

/// Random states, |θ| <= angle and |ω| <= margin · velocity: 4 x count.
Eigen::MatrixXd box_states(const TrainOptions& options, autodiff::Index count,
                           autodiff::Random& random, double margin = 1);

/// Judges on states and trajectories that training has not seen, drawn as its own are; the energy
/// error by the protocol of Cranmer et al. 2020. A trajectory that has run away counts where it
/// stopped for the rest.
Judgement judge(const TrainOptions& options, const Motions& motions);

/// |E(T) - E(0)| / energy scale of 40 starts near rest, T = 100 s, in units of the largest
/// potential energy (29.4 J where masses and lengths are 1).
Eigen::VectorXd paper_energy_errors(const physics::DoublePendulum& system,
                                    const physics::Motion& learnt, autodiff::Random& random,
                                    int threads);

/// One random start rolled out both ways, side by side, for figures: trajectory.csv. The
/// accelerations in it, alpha, are both those of the states of the true trajectory.
std::string trajectory_csv(const TrainOptions& options, const Motions& motions);

}  // namespace tools
