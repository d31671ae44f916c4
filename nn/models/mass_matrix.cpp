#include "nn/models/mass_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/compile/program.h"
#include "autodiff/kernels/decompositions.h"
#include "autodiff/ops.h"

namespace nn {
namespace {

/// In rising order; NaN where the matrix is not finite.
Eigen::VectorXd eigenvalues(const Eigen::VectorXd& mass) {
  const auto n = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(mass.size()))));
  if (!mass.allFinite()) return Eigen::VectorXd::Constant(n, std::nan(""));
  return autodiff::eigenvalues(mass.reshaped(n, n));
}

}  // namespace

Eigen::MatrixXd mass_matrices(const Model& model, const Eigen::MatrixXd& states) {
  const Index n = model.coordinates();
  Tape tape;
  const Var state = tape.input(2 * n, states.cols(), "state");
  const auto mass = model.mass_matrix(slice_rows(state, 0, n), slice_rows(state, n, n));
  if (!mass) return {};
  auto bindings = model.parameters().bindings(tape);
  bindings.emplace_back(state, states.cast<Scalar>());
  return autodiff::evaluate(*mass, bindings).cast<double>();
}

double condition_number(const Eigen::VectorXd& mass) {
  const Eigen::VectorXd sizes = eigenvalues(mass).cwiseAbs();
  const double smallest = sizes.minCoeff();
  return smallest > 0 ? sizes.maxCoeff() / smallest : std::numeric_limits<double>::infinity();
}

double indefinite_share(const Eigen::MatrixXd& masses) {
  Index positive = 0, negative = 0;
  for (Index s = 0; s < masses.cols(); ++s) {
    const Eigen::VectorXd of = eigenvalues(masses.col(s));
    if (of.minCoeff() > 0) ++positive;
    if (of.maxCoeff() < 0) ++negative;
  }
  const Index definite = std::max(positive, negative);
  return static_cast<double>(masses.cols() - definite) / static_cast<double>(masses.cols());
}

}  // namespace nn
