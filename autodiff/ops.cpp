// One operation is one block: the formula, its derivative, its three functions, and the function
// that records it. In the comments g is the adjoint of the output y, and "da" the adjoint it sends
// to a.
#include "autodiff/ops.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "autodiff/kernels/elementary.h"
#include "autodiff/kernels/gemm.h"
#include "autodiff/kernels/vector.h"

namespace autodiff {
namespace {

using Shapes = std::span<const Shape>;

[[noreturn]] void fail(const OpDef& op, const std::string& what) {
  throw std::invalid_argument('[' + std::string(op.name) + "] " + what);
}

/// The counts of two parts together.
Index added(const OpDef& op, Index first, Index second) {
  if (first > std::numeric_limits<Index>::max() - second)
    fail(op,
         std::to_string(first) + " + " + std::to_string(second) + " is more than can be counted");
  return first + second;
}

Shape same_shape(const OpDef& op, Shapes in, const Attributes&) {
  if (in.size() == 2 && in[0] != in[1])
    fail(op, to_string(in[0]) + " and " + to_string(in[1]) +
                 ": the shapes differ, and broadcasting is explicit (broadcast_rows, "
                 "broadcast_cols)");
  return in[0];
}

/// Records on the tape of the first operand.
Var record(const OpDef& op, std::initializer_list<Var> inputs, Attributes attributes = {}) {
  if (!*inputs.begin()) fail(op, "operand 1 is an empty Var");
  return inputs.begin()->tape().record(op, inputs, attributes);
}

/// Copies `rows` numbers from each column of a to each of y. Where they are few and known to the
/// compiler, they are moved in registers.
template <int fixed = 0>
void copy_columns(Index any, Index cols, const Scalar* a, Index a_stride, Scalar* y,
                  Index y_stride) {
  if constexpr (fixed == 0) {
    if (any == 1) return copy_columns<1>(any, cols, a, a_stride, y, y_stride);
    if (any == 2) return copy_columns<2>(any, cols, a, a_stride, y, y_stride);
    if (any == 4) return copy_columns<4>(any, cols, a, a_stride, y, y_stride);
  }
  for (Index s = 0; s < cols; ++s, a += a_stride, y += y_stride)
    std::copy_n(a, fixed > 0 ? fixed : any, y);
}

template <class Function>
void map(const Kernel& k, Function f) {
  const Index size = k.y_shape.size();
  const Scalar* a = k.a;
  Scalar* y = k.y;
#pragma omp simd
  for (Index i = 0; i < size; ++i) y[i] = f(a[i]);
}

/// y = aᵀ, in squares as wide as a vector, transposed in registers.
void transpose(const Scalar* a, Shape shape, Scalar* y) {
  const auto [rows, cols] = shape;
  const Index full_rows = rows / lanes * lanes, full_cols = cols / lanes * lanes;
  for (Index i = 0; i < full_rows; i += lanes)
    for (Index j = 0; j < full_cols; j += lanes)
      transpose_square(a + j * rows + i, rows, y + i * cols + j, cols);
  for (Index i = 0; i < rows; ++i)  // what fills no square
    for (Index j = i < full_rows ? full_cols : 0; j < cols; ++j) y[i * cols + j] = a[j * rows + i];
}

/// The sum of `size` numbers, in the order in which a fused loop that ends in a sum adds them up.
Scalar sum_of(const Scalar* a, Index size) {
  if (size % lanes == 0) {
    Vector total = minus_zeros();
    for (Index i = 0; i < size; i += lanes) total += load(a + i);
    return sum_lanes(total);
  }
  Scalar total = a[0];
  for (Index i = 1; i < size; ++i) total += a[i];
  return total;
}

template <class Function>
void zip(const Kernel& k, Function f) {
  const Index size = k.y_shape.size();
  const Scalar *a = k.a, *b = k.b;
  Scalar* y = k.y;
#pragma omp simd
  for (Index i = 0; i < size; ++i) y[i] = f(a[i], b[i]);
}

}  // namespace

// ---------------------------------------------------------------- entry by entry, two operands

// y = a + b;   da = g,   db = g
const OpDef add_op{
    .name = "add",
    .arity = 2,
    .elementwise = true,
    .commutative = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return a + b; }); },
    .vjp = [](const Vjp& d, int) { return d.g; },
};
Var operator+(Var x, Var y) { return record(add_op, {x, y}); }

// y = a - b;   da = g,   db = -g
const OpDef sub_op{
    .name = "sub",
    .arity = 2,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return a - b; }); },
    .vjp = [](const Vjp& d, int which) { return which == 0 ? d.g : -d.g; },
};
Var operator-(Var x, Var y) { return record(sub_op, {x, y}); }

// y = a b;   da = g b,   db = g a
const OpDef mul_op{
    .name = "mul",
    .arity = 2,
    .elementwise = true,
    .commutative = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return a * b; }); },
    .vjp = [](const Vjp& d, int which) { return d.g * (which == 0 ? d.b : d.a); },
};
Var operator*(Var x, Var y) { return record(mul_op, {x, y}); }

// y = a / b;   da = g / b,   db = -g y / b
const OpDef div_op{
    .name = "div",
    .arity = 2,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return a / b; }); },
    .vjp = [](const Vjp& d, int which) { return which == 0 ? d.g / d.b : -(d.g * d.y / d.b); },
};
Var operator/(Var x, Var y) { return record(div_op, {x, y}); }

// ---------------------------------------------------------------- entry by entry, with a number

// y = -a;   da = -g
const OpDef neg_op{
    .name = "neg",
    .arity = 1,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return -a; }); },
    .vjp = [](const Vjp& d, int) { return -d.g; },
};
Var operator-(Var x) { return record(neg_op, {x}); }

// y = c a;   da = c g
const OpDef scale_op{
    .name = "scale",
    .arity = 1,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          map(k, [c = static_cast<Scalar>(k.attributes.c)](Scalar a) { return c * a; });
        },
    .vjp = [](const Vjp& d, int) { return scale(d.g, d.attributes.c); },
};
Var scale(Var x, double c) { return record(scale_op, {x}, {.c = c}); }

// y = a + c;   da = g
const OpDef shift_op{
    .name = "shift",
    .arity = 1,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          map(k, [c = static_cast<Scalar>(k.attributes.c)](Scalar a) { return a + c; });
        },
    .vjp = [](const Vjp& d, int) { return d.g; },
};
Var shift(Var x, double c) { return record(shift_op, {x}, {.c = c}); }

// y = a^p;   da = g p a^(p-1), and exactly zero for p = 0, so that 0^2 has a third derivative
const OpDef pow_op{
    .name = "pow",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          const auto p = static_cast<Scalar>(k.attributes.c);
          if (p == 2)
            map(k, [](Scalar a) { return a * a; });
          else if (p == -1)
            map(k, [](Scalar a) { return 1 / a; });
          else
            map(k, [p](Scalar a) { return std::pow(a, p); });
        },
    .vjp =
        [](const Vjp& d, int) {
          const double p = d.attributes.c;
          return p == 0 ? Var() : d.g * scale(pow(d.a, p - 1), p);
        },
};
Var pow(Var x, double p) { return record(pow_op, {x}, {.c = p}); }

// ---------------------------------------------------------------- entry by entry, one operand

// y = e^a;   da = g y
const OpDef exp_op{
    .name = "exp",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vexp(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * d.y; },
};
Var exp(Var x) { return record(exp_op, {x}); }

// y = log a;   da = g / a
const OpDef log_op{
    .name = "log",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vlog(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g / d.a; },
};
Var log(Var x) { return record(log_op, {x}); }

// y = √a;   da = g / (2 y)
const OpDef sqrt_op{
    .name = "sqrt",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::sqrt(a); }); },
    .vjp = [](const Vjp& d, int) { return scale(d.g / d.y, 0.5); },
};
Var sqrt(Var x) { return record(sqrt_op, {x}); }

// y = sin a;   da = g cos a
const OpDef sin_op{
    .name = "sin",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { vsin(k.a, k.y, k.y_shape.size()); },
    .vjp = [](const Vjp& d, int) { return d.g * cos(d.a); },
};
Var sin(Var x) { return record(sin_op, {x}); }

// y = cos a;   da = -g sin a
const OpDef cos_op{
    .name = "cos",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { vcos(k.a, k.y, k.y_shape.size()); },
    .vjp = [](const Vjp& d, int) { return -(d.g * sin(d.a)); },
};
Var cos(Var x) { return record(cos_op, {x}); }

// y = tanh a;   da = g (1 - y²)
const OpDef tanh_op{
    .name = "tanh",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vtanh(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * (1 - d.y * d.y); },
};
Var tanh(Var x) { return record(tanh_op, {x}); }

// y = 1 / (1 + e^-a);   da = g (y - y²)
const OpDef sigmoid_op{
    .name = "sigmoid",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vsigmoid(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * (d.y - d.y * d.y); },
};
Var sigmoid(Var x) { return record(sigmoid_op, {x}); }

// y = log(1 + e^a);   da = g sigmoid a
const OpDef softplus_op{
    .name = "softplus",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vsoftplus(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * sigmoid(d.a); },
};
Var softplus(Var x) { return record(softplus_op, {x}); }

// y = |a|;   da = g sign a
const OpDef abs_op{
    .name = "abs",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::abs(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * sign(d.a); },
};
Var abs(Var x) { return record(abs_op, {x}); }

// y = sign a;   da = 0.  NaN stays NaN.
const OpDef sign_op{
    .name = "sign",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          map(k, [](Scalar a) { return a > 0 ? Scalar(1) : a < 0 ? Scalar(-1) : a; });
        },
    .vjp = [](const Vjp&, int) { return Var(); },
};
Var sign(Var x) { return record(sign_op, {x}); }

// ---------------------------------------------------------------- matrices

// y = a b;   da = g bᵀ,   db = aᵀ g
const OpDef matmul_op{
    .name = "matmul",
    .arity = 2,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes&) {
          if (in[0].cols != in[1].rows)
            fail(op, to_string(in[0]) + "·" + to_string(in[1]) + ": inner sizes " +
                         std::to_string(in[0].cols) + " and " + std::to_string(in[1].rows) +
                         " differ");
          return Shape{in[0].rows, in[1].cols};
        },
    .forward =
        [](const Kernel& k) {
          const Index inner = k.a_shape.cols;
          gemm(k.y_shape.rows, k.y_shape.cols, inner, k.a, k.b, 1, inner, k.y);
        },
    .vjp =
        [](const Vjp& d, int which) {
          return which == 0 ? matmul(d.g, transpose(d.b)) : matmul(transpose(d.a), d.g);
        },
};
Var matmul(Var a, Var b) { return record(matmul_op, {a, b}); }
Var matmul(const Eigen::MatrixXd& a, Var b) {
  return matmul(b.tape().constant(a.cast<Scalar>()), b);
}

// y = a bᵀ.  Made by compile/passes.cpp after all differentiation is done, so it has no rule of its
// own.
const OpDef matmul_nt_op{
    .name = "matmul_nt",
    .arity = 2,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const Shape b_transposed{in[1].cols, in[1].rows};
          return matmul_op.shape(op, std::array{in[0], b_transposed}, attributes);
        },
    .forward =
        [](const Kernel& k) {
          gemm(k.y_shape.rows, k.y_shape.cols, k.a_shape.cols, k.a, k.b, k.b_shape.rows, 1, k.y);
        },
};

// y = ... + a₂ b₂ᵀ + a₁ b₁ᵀ, added from left to right, where a = [a₁ a₂ ...] and b = [b₁ b₂ ...]
// and each part is i columns wide.  Likewise.
const OpDef matmul_nt_sum_op{
    .name = "matmul_nt_sum",
    .arity = 2,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          if (attributes.i < 1 || in[0].cols % attributes.i != 0)
            fail(op, "parts of " + std::to_string(attributes.i) + " columns do not divide " +
                         to_string(in[0]));
          return matmul_nt_op.shape(op, in, attributes);
        },
    .forward =
        [](const Kernel& k) {
          gemm_sum_nt(k.y_shape.rows, k.y_shape.cols, k.a_shape.cols, k.attributes.i, k.a, k.b, k.y,
                      k.scratch);
        },
    .scratch = [](Shapes in) { return gemm_sum_nt_scratch(in[0].rows, in[1].rows); },
};

// y = aᵀ b.  Likewise.
const OpDef matmul_tn_op{
    .name = "matmul_tn",
    .arity = 2,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const Shape a_transposed{in[0].cols, in[0].rows};
          return matmul_op.shape(op, std::array{a_transposed, in[1]}, attributes);
        },
    .forward =
        [](const Kernel& k) {
          const Index inner = k.a_shape.rows;
          gemm(k.y_shape.rows, k.y_shape.cols, inner, k.a, k.b, 1, inner, k.y, true);
        },
};

// y = aᵀ;   da = gᵀ
const OpDef transpose_op{
    .name = "transpose",
    .arity = 1,
    .linear = true,
    .shape =
        [](const OpDef&, Shapes in, const Attributes&) {
          return Shape{in[0].cols, in[0].rows};
        },
    .forward = [](const Kernel& k) { transpose(k.a, k.a_shape, k.y); },
    .vjp = [](const Vjp& d, int) { return transpose(d.g); },
};
Var transpose(Var a) { return record(transpose_op, {a}); }

// ---------------------------------------------------------------- sums and broadcasts

// y_s = Σ_i a_is;   da = g in every row
const OpDef sum_rows_op{
    .name = "sum_rows",
    .arity = 1,
    .columnwise = true,
    .linear = true,
    .shape =
        [](const OpDef&, Shapes in, const Attributes&) {
          return Shape{1, in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.a_shape;
          for (Index s = 0; s < cols; ++s) k.y[s] = sum_of(k.a + s * rows, rows);
        },
    .vjp = [](const Vjp& d, int) { return broadcast_rows(d.g, d.a.rows()); },
};
Var sum_rows(Var x) { return record(sum_rows_op, {x}); }

// y_i = Σ_s a_is;   da = g in every column
const OpDef sum_cols_op{
    .name = "sum_cols",
    .arity = 1,
    .linear = true,
    .shape =
        [](const OpDef&, Shapes in, const Attributes&) {
          return Shape{in[0].rows, 1};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.a_shape;
          std::copy_n(k.a, rows, k.y);
          for (Index s = 1; s < cols; ++s)
            for (Index i = 0; i < rows; ++i) k.y[i] += k.a[s * rows + i];
        },
    .vjp = [](const Vjp& d, int) { return broadcast_cols(d.g, d.a.cols()); },
};
Var sum_cols(Var x) { return record(sum_cols_op, {x}); }

Var sum(Var x) { return sum_cols(sum_rows(x)); }
Var mean(Var x) { return scale(sum(x), 1.0 / static_cast<double>(x.shape().size())); }

// y_is = a_s;   da = Σ_i g_is
const OpDef broadcast_rows_op{
    .name = "broadcast_rows",
    .arity = 1,
    .columnwise = true,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          if (in[0].rows != 1) fail(op, to_string(in[0]) + " has more than the one row to repeat");
          if (attributes.i < 1) fail(op, std::to_string(attributes.i) + " rows: at least 1 needed");
          return Shape{attributes.i, in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.y_shape;
          for (Index s = 0; s < cols; ++s) std::fill_n(k.y + s * rows, rows, k.a[s]);
        },
    .vjp = [](const Vjp& d, int) { return sum_rows(d.g); },
};
Var broadcast_rows(Var x, Index rows) { return record(broadcast_rows_op, {x}, {.i = rows}); }

// y_is = a_i;   da = Σ_s g_is
const OpDef broadcast_cols_op{
    .name = "broadcast_cols",
    .arity = 1,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          if (in[0].cols != 1)
            fail(op, to_string(in[0]) + " has more than the one column to repeat");
          if (attributes.i < 1)
            fail(op, std::to_string(attributes.i) + " columns: at least 1 needed");
          return Shape{in[0].rows, attributes.i};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.y_shape;
          for (Index s = 0; s < cols; ++s) std::copy_n(k.a, rows, k.y + s * rows);
        },
    .vjp = [](const Vjp& d, int) { return sum_cols(d.g); },
};
Var broadcast_cols(Var x, Index cols) { return record(broadcast_cols_op, {x}, {.i = cols}); }

Var broadcast(Var x, Shape shape) {
  return broadcast_cols(broadcast_rows(x, shape.rows), shape.cols);
}

// ---------------------------------------------------------------- rows

// y = rows i, ..., i + j - 1 of a;   da = g among zeros
const OpDef slice_rows_op{
    .name = "slice_rows",
    .arity = 1,
    .columnwise = true,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const auto [begin, count, c] = attributes;
          if (begin < 0 || count < 1 || begin > in[0].rows - count)
            fail(op, std::to_string(count) + " rows from row " + std::to_string(begin) + " of a " +
                         to_string(in[0]) + ": the slice must lie within its rows");
          return Shape{count, in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.y_shape;
          copy_columns(rows, cols, k.a + k.attributes.i, k.a_shape.rows, k.y, rows);
        },
    .vjp = [](const Vjp& d, int) { return pad_rows(d.g, d.attributes.i, d.a.rows()); },
};
Var slice_rows(Var x, Index begin, Index count) {
  return record(slice_rows_op, {x}, {.i = begin, .j = count});
}

// y = a as rows i, i + 1, ... of j rows, zero elsewhere;   da = those rows of g
const OpDef pad_rows_op{
    .name = "pad_rows",
    .arity = 1,
    .columnwise = true,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const auto [begin, total, c] = attributes;
          if (begin < 0 || total < in[0].rows || begin > total - in[0].rows)
            fail(op, to_string(in[0]) + " from row " + std::to_string(begin) +
                         " does not fit into " + std::to_string(total) + " rows");
          return Shape{total, in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.y_shape;
          std::fill_n(k.y, rows * cols, Scalar(0));
          copy_columns(k.a_shape.rows, cols, k.a, k.a_shape.rows, k.y + k.attributes.i, rows);
        },
    .vjp = [](const Vjp& d, int) { return slice_rows(d.g, d.attributes.i, d.a.rows()); },
};
Var pad_rows(Var x, Index begin, Index total) {
  return record(pad_rows_op, {x}, {.i = begin, .j = total});
}

// y = a above b;   da = the upper rows of g,   db = the lower
const OpDef stack_rows_op{
    .name = "stack_rows",
    .arity = 2,
    .columnwise = true,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes&) {
          if (in[0].cols != in[1].cols)
            fail(op, to_string(in[0]) + " above " + to_string(in[1]) +
                         ": the numbers of columns differ");
          return Shape{added(op, in[0].rows, in[1].rows), in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.y_shape;
          copy_columns(k.a_shape.rows, cols, k.a, k.a_shape.rows, k.y, rows);
          copy_columns(k.b_shape.rows, cols, k.b, k.b_shape.rows, k.y + k.a_shape.rows, rows);
        },
    .vjp =
        [](const Vjp& d, int which) {
          return which == 0 ? slice_rows(d.g, 0, d.a.rows())
                            : slice_rows(d.g, d.a.rows(), d.b.rows());
        },
};
Var stack_rows(Var x, Var y) { return record(stack_rows_op, {x, y}); }

// As a tree, not as a list: what a row was made of is then found in few steps.
Var stack_rows(std::span<const Var> x) {
  if (x.empty()) throw std::invalid_argument("[stack_rows] nothing to stack");
  std::vector<Var> parts(x.begin(), x.end());
  while (parts.size() > 1) {
    std::vector<Var> pairs;
    for (std::size_t k = 0; k + 1 < parts.size(); k += 2)
      pairs.push_back(stack_rows(parts[k], parts[k + 1]));
    if (parts.size() % 2 == 1) pairs.push_back(parts.back());
    parts = std::move(pairs);
  }
  return parts.front();
}

// ---------------------------------------------------------------- columns

// y = columns i, ..., i + j - 1 of a;   da = g among zeros
const OpDef slice_cols_op{
    .name = "slice_cols",
    .arity = 1,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const auto [begin, count, c] = attributes;
          if (begin < 0 || count < 1 || begin > in[0].cols - count)
            fail(op, std::to_string(count) + " columns from column " + std::to_string(begin) +
                         " of a " + to_string(in[0]) + ": the slice must lie within its columns");
          return Shape{in[0].rows, count};
        },
    .forward =
        [](const Kernel& k) {
          std::copy_n(k.a + k.attributes.i * k.a_shape.rows, k.y_shape.size(), k.y);
        },
    .vjp = [](const Vjp& d, int) { return pad_cols(d.g, d.attributes.i, d.a.cols()); },
};
Var slice_cols(Var x, Index begin, Index count) {
  return record(slice_cols_op, {x}, {.i = begin, .j = count});
}

// y = a as columns i, i + 1, ... of j columns, zero elsewhere;   da = those columns of g
const OpDef pad_cols_op{
    .name = "pad_cols",
    .arity = 1,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const auto [begin, total, c] = attributes;
          if (begin < 0 || total < in[0].cols || begin > total - in[0].cols)
            fail(op, to_string(in[0]) + " from column " + std::to_string(begin) +
                         " does not fit into " + std::to_string(total) + " columns");
          return Shape{in[0].rows, total};
        },
    .forward =
        [](const Kernel& k) {
          std::fill_n(k.y, k.y_shape.size(), Scalar(0));
          std::copy_n(k.a, k.a_shape.size(), k.y + k.attributes.i * k.y_shape.rows);
        },
    .vjp = [](const Vjp& d, int) { return slice_cols(d.g, d.attributes.i, d.a.cols()); },
};
Var pad_cols(Var x, Index begin, Index total) {
  return record(pad_cols_op, {x}, {.i = begin, .j = total});
}

// y = [a b];   da = the left columns of g,   db = the right
const OpDef stack_cols_op{
    .name = "stack_cols",
    .arity = 2,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes&) {
          if (in[0].rows != in[1].rows)
            fail(op,
                 to_string(in[0]) + " beside " + to_string(in[1]) + ": the numbers of rows differ");
          return Shape{in[0].rows, added(op, in[0].cols, in[1].cols)};
        },
    .forward =
        [](const Kernel& k) {
          std::copy_n(k.a, k.a_shape.size(), k.y);
          std::copy_n(k.b, k.b_shape.size(), k.y + k.a_shape.size());
        },
    .vjp =
        [](const Vjp& d, int which) {
          return which == 0 ? slice_cols(d.g, 0, d.a.cols())
                            : slice_cols(d.g, d.a.cols(), d.b.cols());
        },
};
Var stack_cols(Var x, Var y) { return record(stack_cols_op, {x, y}); }

// ---------------------------------------------------------------- a small matrix for every sample

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

namespace {

/// Solves A x = b in place by Gaussian elimination with partial pivoting: `a` (n x n, column-major)
/// is destroyed and `x`, which holds b, becomes the solution. Where the size is known to the
/// compiler, it has no loops left.
template <int fixed = 0>
void solve_in_place(Index any, Scalar* a, Scalar* x) {
  const Index n = fixed > 0 ? fixed : any;
  for (Index col = 0; col < n; ++col) {
    Index pivot = col;
    for (Index row = col + 1; row < n; ++row)
      if (std::abs(a[col * n + row]) > std::abs(a[col * n + pivot])) pivot = row;
    if (pivot != col) {
      for (Index j = col; j < n; ++j) std::swap(a[j * n + col], a[j * n + pivot]);
      std::swap(x[col], x[pivot]);
    }
    for (Index row = col + 1; row < n; ++row) {
      const Scalar factor = a[col * n + row] / a[col * n + col];
      for (Index j = col + 1; j < n; ++j) a[j * n + row] -= factor * a[j * n + col];
      x[row] -= factor * x[col];
    }
  }
  for (Index row = n - 1; row >= 0; --row) {
    for (Index j = row + 1; j < n; ++j) x[row] -= a[j * n + row] * x[j];
    x[row] /= a[row * n + row];
  }
}

}  // namespace

// A y = b for every sample;   db = A⁻ᵀ g,   dA = -db yᵀ
const OpDef sample_solve_op{
    .name = "sample_solve",
    .arity = 2,
    .columnwise = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes&) {
          require_countable(op, {in[1].rows, in[1].rows});
          if (in[0].rows != in[1].rows * in[1].rows || in[0].cols != in[1].cols)
            fail(op,
                 to_string(in[0]) + " and " + to_string(in[1]) +
                     ": expected one n x n matrix (n²xN) and one right-hand side (nxN) a sample");
          return in[1];
        },
    .forward =
        [](const Kernel& k) {
          const auto [n, samples] = k.y_shape;
          const auto solve = n == 1   ? solve_in_place<1>
                             : n == 2 ? solve_in_place<2>
                             : n == 3 ? solve_in_place<3>
                                      : solve_in_place<>;
          for (Index s = 0; s < samples; ++s) {
            copy_columns(n * n, 1, k.a + s * n * n, 0, k.scratch, 0);
            copy_columns(n, 1, k.b + s * n, 0, k.y + s * n, 0);
            solve(n, k.scratch, k.y + s * n);
          }
        },
    .vjp =
        [](const Vjp& d, int which) {
          const Index n = d.b.rows();
          const Var db = sample_solve(sample_transpose(d.a, n), d.g);
          return which == 1 ? db : -sample_matmul(db, d.y, 1);
        },
    .scratch = [](Shapes in) { return in[0].rows; },
};
Var sample_solve(Var a, Var b) { return record(sample_solve_op, {a, b}); }

// ---------------------------------------------------------------- the table

const OpDef copy_op{
    .name = "copy",
    .arity = 1,
    .shape = same_shape,
    .forward = [](const Kernel& k) { std::copy_n(k.a, k.y_shape.size(), k.y); },
};

// Rows i, i + 1, ... of y = a; the other rows stay. So a stack of many parts is put together in
// place.
const OpDef put_rows_op{
    .name = "put_rows",
    .arity = 1,
    .forward =
        [](const Kernel& k) {
          const Index rows = k.a_shape.rows;
          copy_columns(rows, k.a_shape.cols, k.a, rows, k.y + k.attributes.i, k.y_shape.rows);
        },
};

// y = [softplus a, sigmoid a], side by side: both need e^-|a|. Made by compile/passes.cpp.
const OpDef softplus_sigmoid_op{
    .name = "softplus_sigmoid",
    .arity = 1,
    .shape =
        [](const OpDef&, Shapes in, const Attributes&) {
          return Shape{in[0].rows, 2 * in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const Index size = k.a_shape.size();
          const Scalar* a = k.a;
          Scalar *softplus = k.y, *sigmoid = k.y + size;
#pragma omp simd
          for (Index i = 0; i < size; ++i) vsoftplus_sigmoid(a[i], softplus[i], sigmoid[i]);
        },
};

std::span<const OpDef* const> all_ops() {
  static constexpr std::array table{
      &add_op,
      &sub_op,
      &mul_op,
      &div_op,
      &neg_op,
      &scale_op,
      &shift_op,
      &pow_op,
      &exp_op,
      &log_op,
      &sqrt_op,
      &sin_op,
      &cos_op,
      &tanh_op,
      &sigmoid_op,
      &softplus_op,
      &abs_op,
      &sign_op,
      &matmul_op,
      &transpose_op,
      &sum_rows_op,
      &sum_cols_op,
      &broadcast_rows_op,
      &broadcast_cols_op,
      &slice_rows_op,
      &pad_rows_op,
      &stack_rows_op,
      &slice_cols_op,
      &pad_cols_op,
      &stack_cols_op,
      &sample_matmul_op,
      &sample_transpose_op,
      &sample_solve_op,
  };
  return table;
}

}  // namespace autodiff
