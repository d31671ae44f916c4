// Products, transposes and other shapes of whole matrices.
#include "autodiff/kernels/gemm.h"
#include "autodiff/kernels/vector.h"
#include "autodiff/ops/blocks.h"

namespace autodiff {
namespace {

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

}  // namespace

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

// y = the entries of a in another shape;   da = g in the first one
const OpDef reshape_op{
    .name = "reshape",
    .arity = 1,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const Shape shape{attributes.i, attributes.j};
          if (shape.rows < 1 || shape.cols < 1 || in[0].size() % shape.rows != 0 ||
              in[0].size() / shape.rows != shape.cols)
            fail(op,
                 to_string(in[0]) + " to " + to_string(shape) + ": the numbers of entries differ");
          return shape;
        },
    .forward = [](const Kernel& k) { std::copy_n(k.a, k.y_shape.size(), k.y); },
    .vjp = [](const Vjp& d, int) { return reshape(d.g, d.a.shape()); },
};
Var reshape(Var a, Shape shape) {
  return record(reshape_op, {a}, {.i = shape.rows, .j = shape.cols});
}

}  // namespace autodiff
