#include "autodiff/kernels/decompositions.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <limits>

namespace autodiff {

Matrix orthogonal_factor(const Matrix& a) { return Eigen::HouseholderQR<Matrix>(a).householderQ(); }

Matrix eigenvectors(const Matrix& a) {
  return Eigen::SelfAdjointEigenSolver<Matrix>(a).eigenvectors().rowwise().reverse();
}

Eigen::VectorXd eigenvalues(const Eigen::MatrixXd& a) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(a, Eigen::EigenvaluesOnly).eigenvalues();
}

Eigen::MatrixXd inverse_of_definite(const Eigen::MatrixXd& a) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(a);
  const Eigen::VectorXd& values = solver.eigenvalues();
  const double least = std::max(1e-12 * values.maxCoeff(), std::numeric_limits<double>::min());
  return solver.eigenvectors() * values.cwiseMax(least).cwiseInverse().asDiagonal() *
         solver.eigenvectors().transpose();
}

Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return Eigen::HouseholderQR<Eigen::MatrixXd>(a).solve(b);
}

}  // namespace autodiff
