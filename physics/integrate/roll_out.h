// Many motions from many starts, integrated side by side.
#pragma once

#include <string>
#include <vector>

#include "physics/integrate/rk45.h"
#include "physics/motion.h"

namespace physics {

/// Integrates every start (2n x N) and gives its states at the times, one Solution a start; all
/// controls are 0. A trajectory that cannot go on ends early and says why; the others are not
/// disturbed. Each thread takes its share of the trajectories, whose bits do not depend on how many
/// there are.
std::vector<Solution> roll_out(const Motion& motion, const Eigen::MatrixXd& starts,
                               const Eigen::VectorXd& times, const Rk45Options& options,
                               int threads = 1);

/// States and the times they belong to, a point a column.
struct Points {
  Eigen::RowVectorXd t;  ///< 1 x N
  Eigen::MatrixXd y;     ///< 2n x N
};
/// All points of all trajectories, one trajectory after the other, each as far as it came.
Points points_of(const std::vector<Solution>& trajectories);

/// Which trajectories stopped before their end, where and why, in some lines; "" if none did.
std::string stopped_early(const std::vector<Solution>& trajectories);

}  // namespace physics
