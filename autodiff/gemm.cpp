#include "autodiff/gemm.h"

#include <algorithm>
#include <cstring>

namespace autodiff {
namespace {

// A vector register and how many numbers it holds.
#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif
typedef Scalar Vector __attribute__((vector_size(vector_bytes)));
constexpr Index lanes = vector_bytes / sizeof(Scalar);

Vector load(const Scalar* p) {
  Vector v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
void store(Scalar* p, const Vector& v) { std::memcpy(p, &v, sizeof v); }

constexpr Index panel_columns = 256;  // of A, packed at a time
constexpr int tile_vectors = 3;
constexpr int tile_columns = 8;

/// The sums of a tile, rows V vectors x N columns, live in registers while p runs: V loads of A and
/// N broadcasts of B feed V·N multiply-adds.
template <int V, int N>
void tile(Index k, const Scalar* a, Index a_stride, const Scalar* b, Index b_row_stride,
          Index b_col_stride, Scalar* c, Index c_stride, bool accumulate) {
  Vector sum[N][V];
  for (int j = 0; j < N; ++j)
    for (int i = 0; i < V; ++i)
      sum[j][i] = accumulate ? load(c + j * c_stride + i * lanes) : Vector{};
  for (Index p = 0; p < k; ++p) {
    Vector column[V];
    for (int i = 0; i < V; ++i) column[i] = load(a + p * a_stride + i * lanes);
    for (int j = 0; j < N; ++j) {
      const Scalar factor = b[p * b_row_stride + j * b_col_stride];
      for (int i = 0; i < V; ++i) sum[j][i] += column[i] * factor;
    }
  }
  for (int j = 0; j < N; ++j)
    for (int i = 0; i < V; ++i) store(c + j * c_stride + i * lanes, sum[j][i]);
}

/// V vectors of rows and all n columns.
template <int V>
void row_block(Index n, Index k, const Scalar* a, Index a_stride, const Scalar* b,
               Index b_row_stride, Index b_col_stride, Scalar* c, Index c_stride, bool accumulate) {
  Index j = 0;
  const auto step = [&]<int N>() {
    for (; j + N <= n; j += N)
      tile<V, N>(k, a, a_stride, b + j * b_col_stride, b_row_stride, b_col_stride, c + j * c_stride,
                 c_stride, accumulate);
  };
  step.template operator()<tile_columns>();
  step.template operator()<4>();
  step.template operator()<1>();
}
}  // namespace

void gemm(Index m, Index n, Index k, const Scalar* a, const Scalar* b, Index b_row_stride,
          Index b_col_stride, Scalar* c) {
  alignas(64) Scalar panel[panel_columns * tile_vectors * lanes];
  alignas(64) Scalar edge[tile_columns * lanes * tile_vectors];
  (void)edge;
  const bool pack = m * k > 4096 && n >= 16;
  for (Index p = 0; p < k; p += panel_columns) {
    const Index depth = std::min(panel_columns, k - p);
    const Scalar* b_block = b + p * b_row_stride;
    for (Index row = 0; row < m;) {
      const Index rows = m - row;
      const Scalar* a_block = a + p * m + row;
      Scalar* c_block = c + row;
      Index a_stride = m;
      const Index full = rows >= 3 * lanes ? 3 : rows >= 2 * lanes ? 2 : rows >= lanes ? 1 : 0;
      const Index width = full * lanes;
      if (full > 0) {
        if (pack) {
          for (Index q = 0; q < depth; ++q)
            std::memcpy(panel + q * width, a_block + q * m, width * sizeof(Scalar));
          a_block = panel;
          a_stride = width;
        }
        const auto run = [&]<int V>() {
          row_block<V>(n, depth, a_block, a_stride, b_block, b_row_stride, b_col_stride, c_block, m,
                       p > 0);
        };
        if (full == 3) run.template operator()<3>();
        if (full == 2) run.template operator()<2>();
        if (full == 1) run.template operator()<1>();
        row += width;
      } else {
        // tail rows
        for (Index q = 0; q < depth; ++q)
          for (Index i = 0; i < lanes; ++i)
            panel[q * lanes + i] = i < rows ? a_block[q * m + i] : 0;
        for (Index j = 0; j < n; j += 4) {
          const Index cols = std::min<Index>(4, n - j);
          alignas(64) Scalar out[4 * lanes];
          if (p > 0)
            for (Index jj = 0; jj < cols; ++jj)
              for (Index i = 0; i < rows; ++i) out[jj * lanes + i] = c_block[(j + jj) * m + i];
          if (cols == 4)
            tile<1, 4>(depth, panel, lanes, b_block + j * b_col_stride, b_row_stride, b_col_stride,
                       out, lanes, p > 0);
          else
            for (Index jj = 0; jj < cols; ++jj)
              tile<1, 1>(depth, panel, lanes, b_block + (j + jj) * b_col_stride, b_row_stride,
                         b_col_stride, out + jj * lanes, lanes, p > 0);
          for (Index jj = 0; jj < cols; ++jj)
            for (Index i = 0; i < rows; ++i) c_block[(j + jj) * m + i] = out[jj * lanes + i];
        }
        row = m;
      }
    }
  }
}

}  // namespace autodiff
