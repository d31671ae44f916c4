#include "autodiff/kernels/gemm.h"

#include <algorithm>

#include "autodiff/kernels/vector.h"

namespace autodiff {
namespace {

// The tile that fills the register file.
constexpr int tile_vectors = 3, tile_columns = vector_registers / 4;

/// Columns of A that are copied at a time: 128 x 3 vectors are 24 KB, half of the first cache.
constexpr Index block_depth = 128;

/// Some vectors of rows of A: `depth` columns, `stride` apart.
struct Strip {
  const Scalar* data;
  Index stride;
  Index depth;
};

/// A from some element on. One of its strides is 1: the first where columns lie one after the
/// other, the second where rows do.
struct Left {
  const Scalar* data;
  Index row_stride;
  Index col_stride;

  bool transposed() const { return row_stride != 1; }
  Left from(Index row, Index p) const {
    return {data + row * row_stride + p * col_stride, row_stride, col_stride};
  }
};

/// B from some element on, with its two strides.
struct Right {
  const Scalar* data;
  Index row_stride;
  Index col_stride;

  Right from(Index p, Index j) const {
    return {data + p * row_stride + j * col_stride, row_stride, col_stride};
  }
};

/// C = A B, or C += A B to resume a sum, for V vectors of rows x N columns.
template <int V, int N>
void tile(Strip a, Right b, Scalar* c, Index c_stride, bool resume) {
  Vector sum[N][V];
  for (int j = 0; j < N; ++j)
    for (int i = 0; i < V; ++i)
      sum[j][i] = resume ? load(c + j * c_stride + i * lanes) : minus_zeros();
  for (Index p = 0; p < a.depth; ++p) {
    Vector left[V];
    for (int i = 0; i < V; ++i) left[i] = load(a.data + i * lanes);
    // The next tile's B: where rows of B lie pages apart, no hardware foresees it.
    if constexpr (N == tile_columns) __builtin_prefetch(b.data + N * b.col_stride);
    for (int j = 0; j < N; ++j) {
      const Scalar right = b.data[j * b.col_stride];
      for (int i = 0; i < V; ++i) sum[j][i] += left[i] * right;
    }
    a.data += a.stride;
    b.data += b.row_stride;
  }
  for (int j = 0; j < N; ++j)
    for (int i = 0; i < V; ++i) store(c + j * c_stride + i * lanes, sum[j][i]);
}

/// V vectors of rows x all n columns, from left to right: tiles of N columns, then of half as
/// many, down to 1.
template <int V, int N = tile_columns>
void tiles(Index n, Strip a, Right b, Scalar* c, Index c_stride, bool resume) {
  Index j = 0;
  for (; j + N <= n; j += N) tile<V, N>(a, b.from(0, j), c + j * c_stride, c_stride, resume);
  if constexpr (N > 1)
    if (j < n) tiles<V, N / 2>(n - j, a, b.from(0, j), c + j * c_stride, c_stride, resume);
}

/// Copies V vectors of rows and `depth` columns of A without gaps, turned round if need be.
template <int V>
void pack(Left a, Index depth, Scalar* packed) {
  constexpr Index rows = V * lanes;
  Index p = 0;
  if (a.transposed()) {
    for (; p + lanes <= depth; p += lanes)
      for (Index row = 0; row < rows; row += lanes)
        transpose_square(a.from(row, p).data, a.row_stride, packed + p * rows + row, rows);
    for (; p < depth; ++p)
      for (Index row = 0; row < rows; ++row) packed[p * rows + row] = *a.from(row, p).data;
  }
  for (; p < depth; ++p)
    for (Index row = 0; row < rows; row += lanes)
      store(packed + p * rows + row, load(a.from(row, p).data));
}

/// Where many columns of C read the strip again and again it is laid out without gaps.
template <int V>
bool worth_packing(Index stride, Index k, Index n) {
  return stride > V * lanes && stride * k > 4096 && n > tile_columns;
}

/// V vectors of rows x all n columns, summed block by block of p: the sums pause in C.
template <int V>
void rows_of_vectors(Index m, Index n, Index k, Left a, Right b, Scalar* c) {
  alignas(64) Scalar packed[block_depth * V * lanes];
  const Index stride = a.col_stride;
  const bool many = worth_packing<V>(stride, k, n);
  Index p = 0;
  do {
    Strip strip{a.from(0, p).data, stride, std::min(block_depth, k - p)};
    if (many || a.transposed()) {
      pack<V>(a.from(0, p), strip.depth, packed);
      strip.data = packed;
      strip.stride = V * lanes;
    }
    tiles<V>(n, strip, b.from(p, 0), c, m, p > 0);
    p += block_depth;
  } while (p < k);
}

/// Fewer rows than a vector has lanes: A is padded to full vectors, and what comes out in the lanes
/// beyond m is nobody's.
void few_rows(Index m, Index n, Index k, Left a, Right b, Scalar* c) {
  constexpr Index depth_limit = 4 * block_depth;
  alignas(64) Scalar padded[depth_limit * lanes];
  alignas(64) Scalar sums[tile_columns * lanes];
  Index p = 0;
  do {
    const Strip strip{padded, lanes, std::min(depth_limit, k - p)};
    for (Index q = 0; q < strip.depth; ++q) {
      const Left column = a.from(0, p + q);
      const Index left = m * (k - p - q);  // numbers from here to the end of A
      if (left >= lanes && !a.transposed())
        store(padded + q * lanes, load(column.data));
      else
        for (Index i = 0; i < lanes; ++i)
          padded[q * lanes + i] = i < m ? *column.from(i, 0).data : 0;
    }
    // Full vectors written into C from left to right: the next column overwrites the overrun. This
    // goes on while they end inside C, and if no sum has to pause there.
    Index j = 0;
    if (k <= depth_limit) {
      const Index inside = std::max<Index>(0, (n * m - lanes + m) / m);
      j = inside - inside % tile_columns;
      tiles<1>(j, strip, b, c, m, false);
    }
    for (; j < n; j += tile_columns) {
      const Index width = std::min<Index>(tile_columns, n - j);
      Scalar* columns = c + j * m;
      if (p > 0)
        for (Index s = 0; s < width; ++s)
          for (Index i = 0; i < m; ++i) sums[s * lanes + i] = columns[s * m + i];
      tiles<1>(width, strip, b.from(p, j), sums, lanes, p > 0);
      for (Index s = 0; s < width; ++s)
        for (Index i = 0; i < m; ++i) columns[s * m + i] = sums[s * lanes + i];
    }
    p += depth_limit;
  } while (p < k);
}

void product(Index m, Index n, Index k, Left a, Right b, Scalar* c) {
  if (m < lanes) return few_rows(m, n, k, a, b, c);
  Index row = 0;
  if (n == 1 && !a.transposed())  // one column: eight vectors of rows keep the processor busy
    for (; row + 8 * lanes <= m; row += 8 * lanes)
      tile<8, 1>({a.from(row, 0).data, a.col_stride, k}, b, c + row, m, false);
  while (row < m) {
    const Index left = (m - row) / lanes;
    // 4 = 2 + 2: a tile one vector tall waits for B.
    const Index vectors = left == 4 ? 2 : std::min<Index>(tile_vectors, left);
    // Rows left that fill no vector: the last vector overlaps rows that are done, with the same
    // bits.
    if (vectors == 0) row = m - lanes;
    const auto rows = vectors == 3   ? rows_of_vectors<3>
                      : vectors == 2 ? rows_of_vectors<2>
                                     : rows_of_vectors<1>;
    rows(m, n, k, a.from(row, 0), b, c + row);
    row += std::max<Index>(vectors, 1) * lanes;
  }
}

/// C = ... + A₂ B₂ + A₁ B₁ for V vectors of rows x N columns, from the last part to the first. Each
/// product is finished before it is added to the total.
template <int V, int N>
void tile_of_sums(Strip a, Right b, Index part, Scalar* c, Index c_stride) {
  Vector total[N][V];
  for (Index begin = a.depth - part; begin >= 0; begin -= part) {
    const Scalar* a_data = a.data + begin * a.stride;
    const Scalar* b_data = b.data + begin * b.row_stride;
    Vector sum[N][V];
    const auto next_p = [&](const auto& use) {
      Vector left[V];
      for (int i = 0; i < V; ++i) left[i] = load(a_data + i * lanes);
      for (int j = 0; j < N; ++j) {
        const Scalar right = b_data[j * b.col_stride];
        for (int i = 0; i < V; ++i) use(sum[j][i], left[i], right);
      }
      a_data += a.stride;
      b_data += b.row_stride;
    };
    next_p([](Vector& s, const Vector& l, Scalar r) { s = l * r; });
    for (Index p = 1; p < part; ++p)
      next_p([](Vector& s, const Vector& l, Scalar r) { s += l * r; });
    const bool first = begin + part == a.depth;
    for (int j = 0; j < N; ++j)
      for (int i = 0; i < V; ++i) total[j][i] = first ? sum[j][i] : total[j][i] + sum[j][i];
  }
  for (int j = 0; j < N; ++j)
    for (int i = 0; i < V; ++i) store(c + j * c_stride + i * lanes, total[j][i]);
}

template <int V, int N = 8>
void tiles_of_sums(Index n, Strip a, Right b, Index part, Scalar* c, Index c_stride) {
  Index j = 0;
  for (; j + N <= n; j += N) tile_of_sums<V, N>(a, b.from(0, j), part, c + j * c_stride, c_stride);
  if constexpr (N > 1)
    if (j < n) tiles_of_sums<V, N / 2>(n - j, a, b.from(0, j), part, c + j * c_stride, c_stride);
}

/// V vectors of rows x all n columns.
template <int V>
void rows_of_sums(Index m, Index n, Index k, Index part, Left a, Right b, Scalar* c) {
  alignas(64) Scalar packed[block_depth * V * lanes];
  Strip strip{a.data, a.col_stride, k};
  if (k <= block_depth && worth_packing<V>(a.col_stride, k, n)) {
    pack<V>(a, k, packed);
    strip = {packed, V * lanes, k};
  }
  tiles_of_sums<V>(n, strip, b, part, c, m);
}

}  // namespace

void gemm(Index m, Index n, Index k, const Scalar* a, const Scalar* b, Index b_row_stride,
          Index b_col_stride, Scalar* c, bool a_transposed) {
  if (m == 0 || n == 0) return;
  // A row whose B lies row by row: the transposed product, a column, uses full vectors.
  if (m == 1 && b_col_stride == 1)
    product(n, 1, k, {b, 1, b_row_stride}, {a, 1, k}, c);
  else
    product(m, n, k, {a, a_transposed ? k : 1, a_transposed ? 1 : m},
            {b, b_row_stride, b_col_stride}, c);
}

Index gemm_sum_nt_scratch(Index m, Index n) { return m >= lanes ? 0 : m * n; }

void gemm_sum_nt(Index m, Index n, Index k, Index part, const Scalar* a, const Scalar* b, Scalar* c,
                 Scalar* scratch) {
  if (m >= lanes) {
    for (Index row = 0; row < m;) {
      const Index left = (m - row) / lanes;
      if (left == 0) row = m - lanes;  // overlaps rows that are done, with the same bits
      const auto rows = left >= 2 ? rows_of_sums<2> : rows_of_sums<1>;
      rows(m, n, k, part, {a + row, 1, m}, {b, n, 1}, c + row);
      row += (left >= 2 ? 2 : 1) * lanes;
    }
    return;
  }
  Index begin = k - part;
  gemm(m, n, part, a + begin * m, b + begin * n, n, 1, c);
  while ((begin -= part) >= 0) {
    gemm(m, n, part, a + begin * m, b + begin * n, n, 1, scratch);
    for (Index i = 0; i < m * n; ++i) c[i] += scratch[i];
  }
}

}  // namespace autodiff
