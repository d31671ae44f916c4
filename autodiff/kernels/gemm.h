// Matrix product: the one kernel that a training step spends most of its time in.
//
// A core can start two vector multiply-adds a cycle and each takes four, so it is busy only while
// eight or more run side by side, and only if hardly any operand comes from memory. Hence *register
// tiling*: a tile of C stays in registers while p runs over the k products that make it up. A tile
// of V vectors x N columns reads V vectors of A and N numbers of B for V·N multiply-adds:
//
//                      B  k x n                      for p in 0 .. k-1
//                      ┌──┬─────N─────┬──┐             read V vectors   A(rows, p)
//                      │  │ p ......  │  │             for each of N columns j
//      A  m x k        └──┴───────────┴──┘               for each of V vectors
//      ┌─────────┐     ┌──┬───────────┬──┐                 C(rows, j) += A(rows, p) · B(p, j)
//      │ V p ... │     │  │   tile    │  │
//      └─────────┘     └──┴───────────┴──┘  C  m x n
//
// With the 32 registers of AVX-512 the tile is 3 x 8 (24 x 8 doubles): 24 sums, 3 of A, and a
// factor of B read by the multiplication itself. At 256 x 256 x 512 it measured 74 GFLOP/s, 4 x 4
// 70, 2 x 8 53. With 16 registers the tile is 3 x 4. The rest is edges, and a copy of A where its
// columns lie too far apart for the cache.
#pragma once

#include "autodiff/matrix.h"

namespace autodiff {

/// C = A B.  A is m x k and C is m x n, both column-major without gaps. B is k x n with entry (p,
/// j) at b[p * b_row_stride + j * b_col_stride], so that the same kernel takes a transposed B as it
/// lies. C must not overlap A or B. Allocates nothing (up to 32 KB of stack).
///
/// a_transposed: C = Aᵀ B of an A that is k x m, which is turned round in the copy.
///
/// Each entry is one sum over p = 0, 1, ..., k - 1 in this order, begun with -0: a column of C has
/// the same bits whatever stands beside it.
void gemm(Index m, Index n, Index k, const Scalar* a, const Scalar* b, Index b_row_stride,
          Index b_col_stride, Scalar* c, bool a_transposed = false);

/// C = ... + A₂ B₂ᵀ + A₁ B₁ᵀ, where A = [A₁ A₂ ...] is m x k, B = [B₁ B₂ ...] is n x k, and each
/// part is `part` columns wide. The bits are those of the products, each by itself, added up from
/// the last to the first. `scratch` has room for gemm_sum_nt_scratch(m, n) numbers.
void gemm_sum_nt(Index m, Index n, Index k, Index part, const Scalar* a, const Scalar* b, Scalar* c,
                 Scalar* scratch);

Index gemm_sum_nt_scratch(Index m, Index n);

}  // namespace autodiff
