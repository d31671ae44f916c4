// The matrix types of the whole project.
//
// A batch is one matrix, *features x samples*, column-major: a sample is a column and lies
// contiguous in memory, so that a batch is cut into shards by moving a pointer.
#pragma once

#include <Eigen/Core>
#include <string>

namespace autodiff {

#ifdef AUTODIFF_FLOAT  // cmake -DSCALAR=float
using Scalar = float;
#else
using Scalar = double;
#endif

using Index = Eigen::Index;
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
using MatrixMap = Eigen::Map<Matrix>;
using ConstMatrixMap = Eigen::Map<const Matrix>;

struct Shape {
  Index rows = 0;
  Index cols = 0;

  Index size() const { return rows * cols; }
  bool operator==(const Shape&) const = default;
};

/// "(2x3)"
inline std::string to_string(Shape shape) {
  return '(' + std::to_string(shape.rows) + 'x' + std::to_string(shape.cols) + ')';
}

}  // namespace autodiff
