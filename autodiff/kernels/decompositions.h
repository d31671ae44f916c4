// Eigen's decompositions as plain functions: compiled once, since each costs seconds to compile.
#pragma once

#include "autodiff/matrix.h"

namespace autodiff {

/// Q of A = Q R, by Householder reflections.
Matrix orthogonal_factor(const Matrix& a);

/// Of a symmetric matrix, as columns, the one of the largest eigenvalue first.
Matrix eigenvectors(const Matrix& a);

/// Of a symmetric matrix, in rising order.
Eigen::VectorXd eigenvalues(const Eigen::MatrixXd& a);

/// A⁻¹ of a symmetric positive definite matrix; where A is nearly singular, of the nearest that is
/// not: eigenvalues below 1e-12 of the largest count as that.
Eigen::MatrixXd inverse_of_definite(const Eigen::MatrixXd& a);

/// The X with the smallest |A X - B|, by Householder reflections.
Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

}  // namespace autodiff
