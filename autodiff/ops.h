// The operations. Each records one node (or a few) and returns its handle; shapes are checked here,
// at recording, and never again.
//
// Closure, the theorem this engine rests on: the derivative rule of an operation (its `vjp` in the
// folder ops) sees handles and calls functions of this same file. So the derivative of a tape is a
// tape, and a gradient can be differentiated again, to any order, by the same forty lines of
// `grad`.
//
// Broadcasting is always explicit, and every operation that spreads or cuts has its partner here
// that undoes it: sum and broadcast, slice and pad, gather and scatter.
//
// Below, N is the number of samples (columns), and x, y are n x N unless said otherwise. Every
// function throws std::invalid_argument when shapes do not fit, for example
//     [matmul] (3x4)·(5x2): inner sizes 4 and 5 differ (operand 1 is input 'x')
//
// NaN goes through all of them, comparisons among them. The exceptions are those of IEEE 754, where
// every number in its place gives the same: pow(NaN, 0) = pow(1, NaN) = 1, hypot(Inf, NaN) = Inf.
// Where a curve has a kink, the derivative is the middle of its slopes: that of |x| at 0 is 0, that
// of max(x, 0) is 1/2.
#pragma once

#include <span>
#include <vector>

#include "autodiff/op.h"

namespace autodiff {

// ---------------------------------------------------------------- arithmetic, entry by entry

// Two operands of the same shape.
Var operator+(Var x, Var y);
Var operator-(Var x, Var y);
Var operator*(Var x, Var y);
Var operator/(Var x, Var y);
/// x^y. Its derivative by y is x^y log x where x > 0, 0 where x = 0 and y >= 0, and NaN elsewhere.
/// At x = 0 the derivatives by x alone are right to every order; those by x and y may not be.
Var pow(Var x, Var y);

// With a number.
Var operator-(Var x);
Var scale(Var x, double c);  ///< c x
Var shift(Var x, double c);  ///< x + c
Var pow(Var x, double p);    ///< x^p
Var operator/(Var x, double c);
Var operator/(double c, Var x);
inline Var operator*(Var x, double c) { return scale(x, c); }
inline Var operator*(double c, Var x) { return scale(x, c); }
inline Var operator+(Var x, double c) { return shift(x, c); }
inline Var operator+(double c, Var x) { return shift(x, c); }
inline Var operator-(Var x, double c) { return shift(x, -c); }
inline Var operator-(double c, Var x) { return shift(-x, c); }

// The handle moves on to the new node; the old one stays on the tape.
inline Var& operator+=(Var& x, Var y) { return x = x + y; }
inline Var& operator-=(Var& x, Var y) { return x = x - y; }
inline Var& operator*=(Var& x, Var y) { return x = x * y; }
inline Var& operator/=(Var& x, Var y) { return x = x / y; }
inline Var& operator+=(Var& x, double c) { return x = x + c; }
inline Var& operator-=(Var& x, double c) { return x = x - c; }
inline Var& operator*=(Var& x, double c) { return x = x * c; }
inline Var& operator/=(Var& x, double c) { return x = x / c; }

// ---------------------------------------------------------------- functions, entry by entry

Var exp(Var x);
Var log(Var x);
Var expm1(Var x);  ///< e^x - 1, exact to rounding beside 0
Var log1p(Var x);  ///< log(1 + x), exact to rounding beside 0
Var sqrt(Var x);
Var hypot(Var x, Var y);  ///< √(x² + y²) without overflow; no derivative where both are 0: NaN
Var erf(Var x);

Var sin(Var x);
Var cos(Var x);
Var tan(Var x);
Var asin(Var x);
Var acos(Var x);
Var atan(Var x);
Var atan2(Var y, Var x);  ///< the angle of (x, y), in [-π, π]; no derivative at the origin: NaN

Var sinh(Var x);
Var cosh(Var x);
Var tanh(Var x);

Var softplus(Var x);       ///< log(1 + e^x), exact to rounding for every x
Var sigmoid(Var x);        ///< 1 / (1 + e^-x), the derivative of softplus
Var sigmoid_slope(Var x);  ///< sigmoid(x) sigmoid(-x), the derivative of sigmoid

// ---------------------------------------------------------------- comparisons and choices

// 1 where it is so, 0 where it is not, NaN beside a NaN; the derivatives are zero.
Var less(Var x, Var y);
Var less(Var x, double c);
Var less_equal(Var x, Var y);
Var less_equal(Var x, double c);
Var greater(Var x, Var y);
Var greater(Var x, double c);
Var greater_equal(Var x, Var y);
Var greater_equal(Var x, double c);
Var equal(Var x, Var y);
Var equal(Var x, double c);
Var compare(Var x, Var y);  ///< -1, 0 or 1: x is less, equal, greater
Var compare(Var x, double c);
Var sign(Var x);  ///< -1, 0 or 1

/// x where the condition is not 0 and y where it is 0, whatever the other one is there, Inf and NaN
/// included. The other one's adjoint is 0 there.
Var where(Var condition, Var x, Var y);
Var max(Var x, Var y);
Var max(Var x, double c);
Var min(Var x, Var y);
Var min(Var x, double c);
Var clamp(Var x, double low, double high);  ///< min(max(x, low), high)
Var relu(Var x);                            ///< max(x, 0)
Var abs(Var x);

/// x itself, which derivatives take for a constant.
Var stop_gradient(Var x);

// ---------------------------------------------------------------- matrices

Var matmul(Var a, Var b);                     ///< (m x k)·(k x n) -> m x n
Var matmul(const Eigen::MatrixXd& a, Var b);  ///< the same, a being fixed now
Var transpose(Var a);                         ///< m x n -> n x m
/// The same entries, column by column, in another shape; its own partner, back to the first shape.
/// n x N -> 1 x n·N makes a sample of each entry, sample after sample.
Var reshape(Var a, Shape shape);

// ---------------------------------------------------------------- over rows and over columns

// Sums, and the broadcasts that undo them.
Var sum_rows(Var x);                    ///< n x N -> 1 x N
Var sum_cols(Var x);                    ///< n x N -> n x 1
Var sum(Var x);                         ///< n x N -> 1 x 1
Var mean(Var x);                        ///< n x N -> 1 x 1
Var broadcast_rows(Var x, Index rows);  ///< 1 x N -> rows x N
Var broadcast_cols(Var x, Index cols);  ///< n x 1 -> n x cols
Var broadcast(Var x, Shape shape);      ///< 1 x 1 -> shape

// Sums so far, each the other's partner: n x N -> n x N.
Var cumsum_rows(Var x);          ///< row i: the sum of rows 0, ..., i
Var reverse_cumsum_rows(Var x);  ///< row i: the sum of rows i, ..., n - 1

Var product_rows(Var x);  ///< n x N -> 1 x N; its derivative is right beside zeros, too

// The largest and the smallest entry. Where several are, they share the derivative alike.
Var max_rows(Var x);  ///< n x N -> 1 x N
Var max_cols(Var x);  ///< n x N -> n x 1
Var min_rows(Var x);  ///< n x N -> 1 x N
Var min_cols(Var x);  ///< n x N -> n x 1

// Of each column, or each row, without overflow. An entry of -Inf counts as one that is not there.
// A column of nothing else, or one with Inf in it, has no softmax, and its logsumexp no derivative:
// NaN appears there.
Var logsumexp_rows(Var x);    ///< log Σ e^x: n x N -> 1 x N
Var logsumexp_cols(Var x);    ///< n x N -> n x 1
Var softmax_rows(Var x);      ///< e^x / Σ e^x: n x N -> n x N
Var softmax_cols(Var x);      ///< n x N -> n x N
Var log_softmax_rows(Var x);  ///< log softmax_rows(x): n x N -> n x N

// ---------------------------------------------------------------- rows and columns

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
Var stack_cols(std::span<const Var> x);           ///< side by side, in order

// Rows by their numbers, and the scattering that undoes it: what goes to one row is added up. The
// numbers are data, in a matrix of their own that has no derivative. One that no row has gives NaN
// when it is gathered, and goes nowhere when it is scattered. Numbers given as Index are checked
// now, and are the same for every sample.
Var gather_rows(Var x, Var rows);                        ///< (n x N, m x N) -> m x N
Var gather_rows(Var x, const std::vector<Index>& rows);  ///< n x N -> m x N
Var scatter_rows(Var x, Var rows, Index total);          ///< (m x N, m x N) -> total x N
Var scatter_rows(Var x, const std::vector<Index>& rows, Index total);  ///< m x N -> total x N

// The same for columns.
Var gather_cols(Var x, Var cols);                        ///< (n x N, 1 x M) -> n x M
Var gather_cols(Var x, const std::vector<Index>& cols);  ///< n x N -> n x M
Var scatter_cols(Var x, Var cols, Index total);          ///< (n x M, 1 x M) -> n x total
Var scatter_cols(Var x, const std::vector<Index>& cols, Index total);  ///< n x M -> n x total

// ---------------------------------------------------------------- a small matrix for every sample

// Column s holds sample s's matrix, column-major. A singular matrix, or for Cholesky one that is
// not positive definite, gives that sample Inf or NaN, and no other.
Var sample_matmul(Var a, Var b, Index inner);  ///< (m·inner x N, inner·n x N) -> m·n x N
Var sample_transpose(Var a, Index rows);       ///< rows·n x N, each rows x n -> each n x rows
/// Solves A X = B for every sample, by elimination with partial pivoting:
/// (n² x N, n·k x N) -> n·k x N, for k right-hand sides.
Var sample_solve(Var a, Var b);
Var sample_inverse(Var a);  ///< A⁻¹: n² x N -> n² x N
Var sample_logdet(Var a);   ///< log |det A|: n² x N -> 1 x N
/// The lower triangular L with L Lᵀ = ½ (A + Aᵀ): n² x N -> n² x N.
Var sample_cholesky(Var a);

// ---------------------------------------------------------------- the table

/// Every operation that can be recorded. The tests differentiate each to third order.
std::span<const OpDef* const> all_ops();

extern const OpDef add_op, sub_op, mul_op, div_op, neg_op, scale_op, shift_op, divide_by_op,
    divide_into_op, pow_op, power_op, exp_op, log_op, expm1_op, log1p_op, sqrt_op, hypot_op, erf_op,
    sin_op, cos_op, asin_op, acos_op, atan_op, atan2_op, sinh_op, cosh_op, tanh_op, softplus_op,
    sigmoid_op, sigmoid_slope_op, compare_op, sign_op, abs_op, max_op, at_least_op, select_op,
    stop_gradient_op, matmul_op, transpose_op, reshape_op, sum_rows_op, sum_cols_op,
    broadcast_rows_op, broadcast_cols_op, cumsum_rows_op, max_rows_op, slice_rows_op, pad_rows_op,
    stack_rows_op, slice_cols_op, pad_cols_op, stack_cols_op, gather_rows_op, scatter_rows_op,
    gather_cols_op, scatter_cols_op, sample_matmul_op, sample_transpose_op, sample_solve_op,
    sample_logdet_op, sample_cholesky_op;

// What only programs are made of (compile/passes.h).

/// y = a bᵀ: what `matmul(a, transpose(b))` becomes in a program, sparing the transpose.
extern const OpDef matmul_nt_op;
/// y = ... + a₂ b₂ᵀ + a₁ b₁ᵀ: what a sum of such products becomes (merge.h).
extern const OpDef matmul_nt_sum_op;
/// y = aᵀ b: what `matmul(transpose(a), b)` becomes where a is large.
extern const OpDef matmul_tn_op;
/// y = parts i, ..., j of [softplus a, sigmoid a, sigmoid_slope a]: n x N -> n x (j-i+1)·N, what
/// they become where several are wanted.
extern const OpDef softplus_family_op;
/// y = a: how a program puts a leaf among its outputs.
extern const OpDef copy_op;
/// Rows i, i + 1, ... of y = a: how a program puts together a stack of many parts.
extern const OpDef put_rows_op;

}  // namespace autodiff
