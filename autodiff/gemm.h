// Matrix product: the one kernel that a training step spends most of its time in.
#pragma once

#include "autodiff/matrix.h"

namespace autodiff {

/// C = A B.  A is m x k and C is m x n, both column-major without gaps. B is k x n with entry (p,
/// j) at b[p * b_row_stride + j * b_col_stride], so that the same kernel takes a transposed B as it
/// lies.
///
/// Each entry is summed over p = 0, 1, ..., k - 1 in this order: a column of C has the same bits
/// whatever stands beside it. Allocates nothing.
void gemm(Index m, Index n, Index k, const Scalar* a, const Scalar* b, Index b_row_stride,
          Index b_col_stride, Scalar* c);

}  // namespace autodiff
