// How well has a motion been learnt? Point by point, rolled out, and by its energy.
#pragma once

#include <functional>

#include "physics/data_set.h"

namespace nn {

/// Errors of the accelerations, one entry for each coordinate [rad/s² for an angle].
struct AccelerationErrors {
  Eigen::VectorXd mse;      ///< mean squared error
  Eigen::VectorXd l1;       ///< mean absolute error
  Eigen::VectorXd largest;  ///< largest absolute error
};
AccelerationErrors judge_accelerations(const physics::Motion& learnt, const physics::Motion& truth,
                                       const Eigen::MatrixXd& states);

/// Trajectories, sample by sample in time. A learnt one that stopped early counts as standing still
/// where it stopped: what has run away stays far away.
struct RolloutErrors {
  Eigen::VectorXd mse;          ///< of each coordinate, over all trajectories and times [rad²]
  Eigen::VectorXd median;       ///< median over the trajectories of the same
  autodiff::Index stopped = 0;  ///< trajectories that ended before their last time
};
RolloutErrors judge_rollouts(const std::vector<physics::Solution>& learnt,
                             const std::vector<physics::Solution>& truth);

/// Energy of one state, of the true system [J].
using Energy = std::function<double(const double* state)>;

/// Mean over the trajectories of |E at their end - E(first)| / scale.
double energy_error(const std::vector<physics::Solution>& trajectories, const Energy& energy,
                    double scale);

}  // namespace nn
