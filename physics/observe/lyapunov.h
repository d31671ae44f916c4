// How chaotic is a motion? The largest Lyapunov exponent λ: two states that differ by δ differ by
// about δ e^{λt} later, so that 1/λ, the Lyapunov time, is what every e-fold of knowledge buys.
#pragma once

#include "physics/integrate/roll_out.h"

namespace physics {

struct LyapunovOptions {
  double offset = 1e-8;   ///< between a state and its twin
  double interval = 0.5;  ///< after which the twin is brought back to the offset [s]
  double settle = 5;      ///< until the twin has turned into the direction that grows most [s]
  double duration = 20;   ///< over which growth is measured, after that [s]
  Rk45Options integrator = {.rtol = 1e-10, .atol = 1e-10};
  int threads = 1;  ///< that share the trajectories
};

/// λ of each start (d x N), N long [1/s], by the method of Benettin et al. 1980: integrate a twin
/// beside each trajectory, and after each interval note the logarithm of how much further away it
/// is and bring it back. NaN for a trajectory that cannot go on.
Eigen::VectorXd lyapunov_exponents(const Motion& motion, const Eigen::MatrixXd& starts,
                                   const LyapunovOptions& options = {});

}  // namespace physics
