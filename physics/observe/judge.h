// How well has a motion been learnt? Point by point, rolled out, and by its energy.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "physics/data_set.h"
#include "physics/integrate/roll_out.h"

namespace physics {

/// Errors of the accelerations, one entry for each coordinate [rad/s² for an angle].
struct AccelerationErrors {
  Eigen::VectorXd mse;      ///< mean squared error
  Eigen::VectorXd l1;       ///< mean absolute error
  Eigen::VectorXd largest;  ///< largest absolute error

  // What the best constant predictions would come to, on the same states: how far the truth
  // spreads.
  Eigen::VectorXd mse_of_mean;   ///< mean squared error of the truth's mean
  Eigen::VectorXd l1_of_median;  ///< mean absolute error of the truth's median

  /// Per coordinate: is it worse than such a constant? NaN is. What does not spread at all is not:
  /// nothing can be compared with a constant that is exactly right.
  Eigen::Array<bool, Eigen::Dynamic, 1> worse_than_constant() const {
    return !(mse.array() <= mse_of_mean.array() && l1.array() <= l1_of_median.array()) &&
           (l1_of_median.array() > 0 || !l1.array().isFinite());
  }
};
AccelerationErrors judge_accelerations(const Motion& learnt, const DataSet& truth);

/// The pairs of a learnt and a true trajectory from the same start that can be judged, in order:
/// those whose truth came to its end, and has a state for each of the learnt ones. Throws
/// std::invalid_argument where they do not pair.
std::vector<std::size_t> judged_pairs(const std::vector<Solution>& learnt,
                                      const std::vector<Solution>& truth);

/// Trajectories, sample by sample in time. A learnt one that stopped early counts as standing still
/// where it stopped: what has run away stays far away. Where the truth itself stopped early there
/// is nothing to judge by: those are left out and counted. The errors are NaN if none is left.
struct RolloutErrors {
  Eigen::VectorXd mse;           ///< of each coordinate, over all trajectories and times [rad²]
  Eigen::VectorXd median;        ///< median over the trajectories of the same
  autodiff::Index stopped = 0;   ///< judged trajectories that ended before their last time
  autodiff::Index left_out = 0;  ///< trajectories not judged
  std::string reason;            ///< where and why the truth of the first of these stopped
};
RolloutErrors judge_rollouts(const std::vector<Solution>& learnt,
                             const std::vector<Solution>& truth);

/// Energies of states, 2n x N -> 1 x N, of the true system [J].
using Energy = std::function<Eigen::MatrixXd(const Eigen::MatrixXd& states)>;

/// |E at the end - E(first)| / scale of each trajectory, wherever it ended.
Eigen::VectorXd energy_errors(const std::vector<Solution>& trajectories, const Energy& energy,
                              double scale);

/// For how long a learnt trajectory can be believed: the time from its start to the last one before
/// the distance ‖(q learnt - q true) / spread‖ exceeds the threshold, or before the trajectory
/// ends. Of each judged pair. spread: n.
Eigen::VectorXd valid_times(const std::vector<Solution>& learnt, const std::vector<Solution>& truth,
                            double threshold, const Eigen::VectorXd& spread);

/// The entry below which a fraction p of the sorted values lies, between neighbours in a straight
/// line (as numpy's default). NaN of no values.
double quantile(Eigen::VectorXd values, double p);

}  // namespace physics
