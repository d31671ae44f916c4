// Friction and drive, beside any system.
//
//     const System damped = with_friction(make_system(find_system("pendulum")), 0.1);
//
// They are generalised forces Q, which no potential has. What a system has of those already stays.
#pragma once

#include "physics/system.h"

namespace physics {

/// Linear friction Q_i = -c_i v_i with n coefficients c [N s/m; N m s of an angle]: it takes the
/// power Σ c_i v_i². Throws std::invalid_argument for another number of them.
System with_friction(System system, const Eigen::VectorXd& coefficients);
/// The same coefficient for every coordinate.
System with_friction(System system, double coefficient);

/// A periodic force Q_i = A cos(Ω t) along coordinate i: A in N (N m of an angle), Ω in rad/s.
/// Throws std::invalid_argument for a coordinate that is not there.
System with_drive(System system, Index coordinate, double amplitude, double frequency);

}  // namespace physics
