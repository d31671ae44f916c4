#include "autodiff/kernels/decompositions.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace autodiff {

Matrix orthogonal_factor(const Matrix& a) { return Eigen::HouseholderQR<Matrix>(a).householderQ(); }

Matrix eigenvectors(const Matrix& a) {
  return Eigen::SelfAdjointEigenSolver<Matrix>(a).eigenvectors().rowwise().reverse();
}

Eigen::VectorXd eigenvalues(const Eigen::MatrixXd& a) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(a, Eigen::EigenvaluesOnly).eigenvalues();
}

Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return Eigen::HouseholderQR<Eigen::MatrixXd>(a).solve(b);
}

}  // namespace autodiff
