// A small matrix for every sample: column s holds sample s's matrix, column-major.
#include <cmath>
#include <utility>

#include "autodiff/ops/blocks.h"

namespace autodiff {
namespace {

/// n of an n x n matrix that has so many entries; -1 where there is none.
Index order_of(Index entries) {
  const auto n = static_cast<Index>(std::llround(std::sqrt(static_cast<double>(entries))));
  return n * n == entries ? n : -1;
}

Shape square(const OpDef& op, Shapes in, const Attributes&) {
  if (order_of(in[0].rows) < 0)
    fail(op, to_string(in[0]) + ": expected one n x n matrix (n²xN) a sample");
  return in[0];
}

}  // namespace

// ---------------------------------------------------------------- products and transposes

// Y = A B for every sample, A m x i and B i x n;   dA = G Bᵀ,   dB = Aᵀ G
const OpDef sample_matmul_op{
    .name = "sample_matmul",
    .arity = 2,
    .columnwise = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const Index inner = attributes.i;
          if (in[0].cols != in[1].cols)
            fail(op,
                 to_string(in[0]) + " and " + to_string(in[1]) + ": the numbers of samples differ");
          if (inner < 1 || in[0].rows % inner != 0 || in[1].rows % inner != 0)
            fail(op, "inner size " + std::to_string(inner) + " does not divide the rows of " +
                         to_string(in[0]) + " and " + to_string(in[1]));
          const Shape each{in[0].rows / inner, in[1].rows / inner};
          require_countable(op, each);
          return Shape{each.size(), in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const Index inner = k.attributes.i;
          const Index m = k.a_shape.rows / inner, n = k.b_shape.rows / inner;
          for (Index s = 0; s < k.y_shape.cols; ++s) {
            const Scalar* a = k.a + s * k.a_shape.rows;
            const Scalar* b = k.b + s * k.b_shape.rows;
            Scalar* y = k.y + s * k.y_shape.rows;
            for (Index col = 0; col < n; ++col)
              for (Index row = 0; row < m; ++row) {
                Scalar total = 0;
                for (Index p = 0; p < inner; ++p) total += a[p * m + row] * b[col * inner + p];
                y[col * m + row] = total;
              }
          }
        },
    .vjp =
        [](const Vjp& d, int which) {
          const Index inner = d.attributes.i;
          return which == 0 ? sample_matmul(d.g, sample_transpose(d.b, inner), d.b.rows() / inner)
                            : sample_matmul(sample_transpose(d.a, d.a.rows() / inner), d.g,
                                            d.a.rows() / inner);
        },
};
Var sample_matmul(Var a, Var b, Index inner) {
  return record(sample_matmul_op, {a, b}, {.i = inner});
}

// Y = Aᵀ for every sample, A i x n;   dA = Gᵀ
const OpDef sample_transpose_op{
    .name = "sample_transpose",
    .arity = 1,
    .columnwise = true,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          if (attributes.i < 1 || in[0].rows % attributes.i != 0)
            fail(op, std::to_string(attributes.i) + " rows do not divide the " +
                         std::to_string(in[0].rows) + " of " + to_string(in[0]));
          return in[0];
        },
    .forward =
        [](const Kernel& k) {
          const Index rows = k.attributes.i, cols = k.a_shape.rows / rows;
          for (Index s = 0; s < k.y_shape.cols; ++s) {
            const Scalar* a = k.a + s * k.a_shape.rows;
            Scalar* y = k.y + s * k.a_shape.rows;
            for (Index row = 0; row < rows; ++row)
              for (Index col = 0; col < cols; ++col) y[row * cols + col] = a[col * rows + row];
          }
        },
    .vjp = [](const Vjp& d, int) { return sample_transpose(d.g, d.a.rows() / d.attributes.i); },
};
Var sample_transpose(Var a, Index rows) { return record(sample_transpose_op, {a}, {.i = rows}); }

// ---------------------------------------------------------------- by elimination

namespace {

/// Gaussian elimination with partial pivoting: makes `a` (n x n, column-major) upper triangular,
/// and does the same to the k columns of x below one another. Where the sizes are known to the
/// compiler, it has no loops left.
template <int fixed_n, int fixed_k>
void eliminate(Index any_n, Index any_k, Scalar* a, Scalar* x) {
  const Index n = fixed_n > 0 ? fixed_n : any_n, k = fixed_k > 0 ? fixed_k : any_k;
  for (Index col = 0; col < n; ++col) {
    Index pivot = col;
    for (Index row = col + 1; row < n; ++row)
      if (std::abs(a[col * n + row]) > std::abs(a[col * n + pivot])) pivot = row;
    if (pivot != col) {
      for (Index j = col; j < n; ++j) std::swap(a[j * n + col], a[j * n + pivot]);
      for (Index j = 0; j < k; ++j) std::swap(x[j * n + col], x[j * n + pivot]);
    }
    for (Index row = col + 1; row < n; ++row) {
      const Scalar factor = a[col * n + row] / a[col * n + col];
      for (Index j = col + 1; j < n; ++j) a[j * n + row] -= factor * a[j * n + col];
      for (Index j = 0; j < k; ++j) x[j * n + row] -= factor * x[j * n + col];
    }
  }
}

/// Solves A X = B in place: `a` is destroyed, and x, which holds B (n x k), becomes X.
template <int fixed_n = 0, int fixed_k = 0>
void solve_in_place(Index any_n, Index any_k, Scalar* a, Scalar* x) {
  const Index n = fixed_n > 0 ? fixed_n : any_n, k = fixed_k > 0 ? fixed_k : any_k;
  eliminate<fixed_n, fixed_k>(n, k, a, x);
  for (Index column = 0; column < k; ++column, x += n)
    for (Index row = n - 1; row >= 0; --row) {
      for (Index j = row + 1; j < n; ++j) x[row] -= a[j * n + row] * x[j];
      x[row] /= a[row * n + row];
    }
}

}  // namespace

// A Y = B for every sample;   dB = A⁻ᵀ G,   dA = -dB Yᵀ
const OpDef sample_solve_op{
    .name = "sample_solve",
    .arity = 2,
    .columnwise = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes&) {
          const Index n = order_of(in[0].rows);
          if (n < 0 || in[1].rows % n != 0 || in[0].cols != in[1].cols)
            fail(op, to_string(in[0]) + " and " + to_string(in[1]) +
                         ": expected one n x n matrix (n²xN) and k right-hand sides (n·kxN) a "
                         "sample");
          return in[1];
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, samples] = k.y_shape;
          const Index n = order_of(k.a_shape.rows), sides = rows / n;
          const auto solve = sides > 1 ? solve_in_place<>
                             : n == 1  ? solve_in_place<1, 1>
                             : n == 2  ? solve_in_place<2, 1>
                             : n == 3  ? solve_in_place<3, 1>
                                       : solve_in_place<0, 1>;
          for (Index s = 0; s < samples; ++s) {
            copy_columns(n * n, 1, k.a + s * n * n, 0, k.scratch, 0);
            copy_columns(rows, 1, k.b + s * rows, 0, k.y + s * rows, 0);
            solve(n, sides, k.scratch, k.y + s * rows);
          }
        },
    .vjp =
        [](const Vjp& d, int which) {
          const Index n = order_of(d.a.rows()), sides = d.b.rows() / n;
          const Var db = sample_solve(sample_transpose(d.a, n), d.g);
          if (which == 1) return db;
          return -sample_matmul(db, sides == 1 ? d.y : sample_transpose(d.y, n), sides);
        },
    .scratch = [](Shapes in) { return in[0].rows; },
};
Var sample_solve(Var a, Var b) { return record(sample_solve_op, {a, b}); }

Var sample_inverse(Var a) {
  const Index n = order_of(a.rows());
  if (n < 0)
    throw std::invalid_argument("[sample_inverse] " + to_string(a.shape()) +
                                ": expected one n x n matrix (n²xN) a sample");
  const Matrix identity = Matrix::Identity(n, n).reshaped();
  return sample_solve(a, broadcast_cols(a.tape().constant(identity), a.cols()));
}

// y = log |det A| for every sample;   dA = g A⁻ᵀ
const OpDef sample_logdet_op{
    .name = "sample_logdet",
    .arity = 1,
    .columnwise = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          return Shape{1, square(op, in, attributes).cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [entries, samples] = k.a_shape;
          const Index n = order_of(entries);
          for (Index s = 0; s < samples; ++s) {
            copy_columns(entries, 1, k.a + s * entries, 0, k.scratch, 0);
            eliminate<0, 0>(n, 0, k.scratch, nullptr);
            Scalar total = 0;
            for (Index i = 0; i < n; ++i) total += std::log(std::abs(k.scratch[i * n + i]));
            k.y[s] = total;
          }
        },
    .vjp =
        [](const Vjp& d, int) {
          const Index entries = d.a.rows();
          return broadcast_rows(d.g, entries) *
                 sample_transpose(sample_inverse(d.a), order_of(entries));
        },
    .scratch = [](Shapes in) { return in[0].rows; },
};
Var sample_logdet(Var a) { return record(sample_logdet_op, {a}); }

// ---------------------------------------------------------------- Cholesky

// Y Yᵀ = ½ (A + Aᵀ) for every sample, Y lower triangular;
// dA = ½ (P + Pᵀ),   P = Y⁻ᵀ Φ(Yᵀ G) Y⁻¹,   Φ: what is above the diagonal is 0, the diagonal halved
// (Murray 2016, Differentiation of the Cholesky decomposition, eq. 10)
const OpDef sample_cholesky_op{
    .name = "sample_cholesky",
    .arity = 1,
    .columnwise = true,
    .shape = square,
    .forward =
        [](const Kernel& k) {
          const auto [entries, samples] = k.a_shape;
          const Index n = order_of(entries);
          for (Index s = 0; s < samples; ++s) {
            const Scalar* a = k.a + s * entries;
            Scalar* y = k.y + s * entries;
            std::fill_n(y, entries, Scalar(0));
            for (Index col = 0; col < n; ++col)
              for (Index row = col; row < n; ++row) {
                Scalar rest = Scalar(0.5) * a[col * n + row] + Scalar(0.5) * a[row * n + col];
                for (Index j = 0; j < col; ++j) rest -= y[j * n + row] * y[j * n + col];
                y[col * n + row] = row == col ? std::sqrt(rest) : rest / y[col * n + col];
              }
          }
        },
    .vjp =
        [](const Vjp& d, int) {
          const auto [entries, samples] = d.a.shape();
          const Index n = order_of(entries);
          Matrix lower = Matrix::Ones(n, n).triangularView<Eigen::StrictlyLower>();
          lower.diagonal().setConstant(Scalar(0.5));
          const Matrix column = lower.reshaped();
          const Var transposed = sample_transpose(d.y, n);
          const Var phi = sample_matmul(transposed, d.g, n) *
                          broadcast_cols(d.a.tape().constant(column), samples);
          const Var left = sample_solve(transposed, phi);                     // Y⁻ᵀ Φ
          const Var p = sample_solve(transposed, sample_transpose(left, n));  // Pᵀ
          return 0.5 * (p + sample_transpose(p, n));
        },
};
Var sample_cholesky(Var a) { return record(sample_cholesky_op, {a}); }

}  // namespace autodiff
