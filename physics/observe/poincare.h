// The Poincaré section: a motion seen only at the moments when one coordinate passes through zero.
//
// A motion in 2n dimensions that keeps its energy leaves a cloud of points in 2n - 2: a regular one
// draws closed curves there, a chaotic one fills an area.
#pragma once

#include "physics/integrate/roll_out.h"

namespace physics {

/// The states (2n x crossings) in which a trajectory passes q[coordinate] = 0, of an angle modulo
/// 2π, with a positive velocity. Between two times of the trajectory the state is the cubic with
/// the values and the rates of both ends, so the times should lie closer than the motion turns.
Eigen::MatrixXd poincare_section(const Motion& motion, const Solution& trajectory, Index coordinate,
                                 bool angle = true);

}  // namespace physics
