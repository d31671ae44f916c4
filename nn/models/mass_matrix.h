// The learnt mass matrix M = d²L/dv dv: is it far from singular, and of one sign?
//
// Accelerations are M⁻¹ times something: where M is near singular, small errors become large ones.
// L is fixed by the motion only up to a factor, so that M may be negative definite as well; but
// between a region where it is positive and one where it is negative lies a wall where det M = 0,
// through which no trajectory gets.
#pragma once

#include <Eigen/Core>

#include "nn/models/model.h"

namespace nn {

/// M at each state: 2n x N -> n·n x N. Empty for a model without one.
Eigen::MatrixXd mass_matrices(const Model& model, const Eigen::MatrixXd& states);

/// Largest over smallest singular value of a symmetric matrix, given as n·n numbers: Inf for a
/// singular one and for one that is not finite.
double condition_number(const Eigen::VectorXd& mass);

/// The share of the matrices (n·n x N) that are not definite with the sign of most.
double indefinite_share(const Eigen::MatrixXd& masses);

}  // namespace nn
