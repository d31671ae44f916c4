// The operations. Each records one node (or a few) and returns its handle; shapes are checked here,
// at recording, and never again.
//
// Closure, the theorem this engine rests on: the derivative rule of an operation (its `vjp` in
// ops.cpp) sees handles and calls functions of this same file. So the derivative of a tape is a
// tape, and a gradient can be differentiated again, to any order, by the same forty lines of
// `grad`.
//
// Broadcasting is always explicit, and every operation that spreads or cuts has its partner here
// that undoes it: sum and broadcast, slice and pad.
//
// Below, N is the number of samples (columns), and x, y are n x N unless said otherwise. Every
// function throws std::invalid_argument when shapes do not fit, for example
//     [matmul] (3x4)·(5x2): inner sizes 4 and 5 differ
#pragma once

#include <span>

#include "autodiff/op.h"

namespace autodiff {

// Entry by entry, two operands of the same shape.
Var operator+(Var x, Var y);
Var operator-(Var x, Var y);
Var operator*(Var x, Var y);
Var operator/(Var x, Var y);

// Entry by entry, with a number.
Var operator-(Var x);
Var scale(Var x, double c);  ///< c x
Var shift(Var x, double c);  ///< x + c
Var pow(Var x, double p);    ///< x^p
inline Var operator*(Var x, double c) { return scale(x, c); }
inline Var operator*(double c, Var x) { return scale(x, c); }
inline Var operator/(Var x, double c) { return scale(x, 1 / c); }
inline Var operator/(double c, Var x) { return scale(pow(x, -1), c); }
inline Var operator+(Var x, double c) { return shift(x, c); }
inline Var operator+(double c, Var x) { return shift(x, c); }
inline Var operator-(Var x, double c) { return shift(x, -c); }
inline Var operator-(double c, Var x) { return shift(-x, c); }

// Entry by entry.
Var exp(Var x);
Var log(Var x);
Var sqrt(Var x);
Var sin(Var x);
Var cos(Var x);
Var tanh(Var x);
Var sigmoid(Var x);   ///< 1 / (1 + e^-x)
Var softplus(Var x);  ///< log(1 + e^x), exact to rounding for every x
Var abs(Var x);
Var sign(Var x);  ///< -1, 0 or 1; its derivative is zero

// Matrices.
Var matmul(Var a, Var b);                     ///< (m x k)·(k x n) -> m x n
Var matmul(const Eigen::MatrixXd& a, Var b);  ///< the same, a being fixed now
Var transpose(Var a);                         ///< m x n -> n x m

// Sums, and the broadcasts that undo them.
Var sum_rows(Var x);                    ///< n x N -> 1 x N
Var sum_cols(Var x);                    ///< n x N -> n x 1
Var sum(Var x);                         ///< n x N -> 1 x 1
Var mean(Var x);                        ///< n x N -> 1 x 1
Var broadcast_rows(Var x, Index rows);  ///< 1 x N -> rows x N
Var broadcast_cols(Var x, Index cols);  ///< n x 1 -> n x cols
Var broadcast(Var x, Shape shape);      ///< 1 x 1 -> shape

// Rows, and the padding that undoes the slice.
Var slice_rows(Var x, Index begin, Index count);  ///< n x N -> count x N
Var pad_rows(Var x, Index begin, Index total);    ///< n x N -> total x N, zeros around
inline Var row(Var x, Index i) { return slice_rows(x, i, 1); }
Var stack_rows(Var x, Var y);            ///< (n x N, m x N) -> (n+m) x N
Var stack_rows(std::span<const Var> x);  ///< one above the other, in order

// The same for columns.
Var slice_cols(Var x, Index begin, Index count);  ///< n x N -> n x count
Var pad_cols(Var x, Index begin, Index total);    ///< n x N -> n x total, zeros around
Var stack_cols(Var x, Var y);                     ///< (n x N, n x M) -> n x (N+M)

// A small matrix for every sample: column s holds sample s's matrix, column-major.
Var sample_matmul(Var a, Var b, Index inner);  ///< (m·inner x N, inner·n x N) -> m·n x N
Var sample_transpose(Var a, Index rows);       ///< rows·n x N, each rows x n -> each n x rows
/// Solves A x = b for every sample: (n² x N, n x N) -> n x N, by elimination with partial pivoting.
/// A singular matrix gives that sample Inf or NaN, and no other.
Var sample_solve(Var a, Var b);

/// Every operation that can be recorded. The tests differentiate each to third order.
std::span<const OpDef* const> all_ops();

/// y = a bᵀ: what `matmul(a, transpose(b))` becomes in a program, sparing the transpose.
extern const OpDef matmul_nt_op;
/// y = ... + a₂ b₂ᵀ + a₁ b₁ᵀ: what a sum of such products becomes (merge.h).
extern const OpDef matmul_nt_sum_op;
/// y = aᵀ b: what `matmul(transpose(a), b)` becomes where a is large.
extern const OpDef matmul_tn_op;
/// y = [softplus a, sigmoid a]: n x N -> n x 2N, what the two become where both are wanted.
extern const OpDef softplus_sigmoid_op;
/// y = a: how a program puts a leaf among its outputs.
extern const OpDef copy_op;
/// Rows i, i + 1, ... of y = a: how a program puts together a stack of many parts.
extern const OpDef put_rows_op;

// The operations that compile/passes.cpp has rules about.
extern const OpDef add_op, sub_op, mul_op, div_op, neg_op, scale_op, shift_op, pow_op, matmul_op,
    transpose_op, sum_rows_op, sum_cols_op, broadcast_rows_op, broadcast_cols_op, slice_rows_op,
    pad_rows_op, stack_rows_op, slice_cols_op, pad_cols_op, stack_cols_op, sigmoid_op, softplus_op;

}  // namespace autodiff
