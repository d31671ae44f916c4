// Motions of a system, followed closely, for tests that hold them against formulas.
#pragma once

#include <doctest/doctest.h>

#include "physics/integrate/roll_out.h"
#include "physics/system.h"
#include "tests/precision.h"

/// The states at the times, a column each; the start is that of the first time.
inline Eigen::MatrixXd states_at(const physics::System& system, const Eigen::VectorXd& start,
                                 const Eigen::VectorXd& times) {
  const physics::Solution one =
      roll_out(motion_of(system), start, times, {.rtol = 1e-12, .atol = 1e-12}).front();
  REQUIRE_MESSAGE(one.ok(), one.message);
  return one.y;
}

inline Eigen::VectorXd state_after(const physics::System& system, const Eigen::VectorXd& start,
                                   double time) {
  return states_at(system, start, Eigen::Vector2d(0, time)).col(1);
}

/// The largest difference between two motions' entries.
inline double distance(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  return a.allFinite() && b.allFinite() ? (a - b).cwiseAbs().maxCoeff() : INFINITY;
}
