// Sums and the broadcasts that undo them; products, maxima and what is made of them.
#include <cmath>
#include <limits>

#include "autodiff/kernels/vector.h"
#include "autodiff/ops/blocks.h"

namespace autodiff {
namespace {

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

}  // namespace

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
Var mean(Var x) { return sum(x) / static_cast<double>(x.shape().size()); }

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

// ---------------------------------------------------------------- sums so far

// y_i = a_0 + ... + a_i, or with i = 1 the sum from below, a_i + ... + a_(n-1);
// da = the sums of g from the other end
const OpDef cumsum_rows_op{
    .name = "cumsum_rows",
    .arity = 1,
    .columnwise = true,
    .linear = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.y_shape;
          const bool from_below = k.attributes.i != 0;
          const Index first = from_below ? rows - 1 : 0, next = from_below ? -1 : 1;
          for (Index s = 0; s < cols; ++s) {
            const Scalar* a = k.a + s * rows + first;
            Scalar* y = k.y + s * rows + first;
            y[0] = a[0];
            for (Index i = 1; i < rows; ++i) y[i * next] = y[(i - 1) * next] + a[i * next];
          }
        },
    .vjp = [](const Vjp& d,
              int) { return d.attributes.i != 0 ? cumsum_rows(d.g) : reverse_cumsum_rows(d.g); },
};
Var cumsum_rows(Var x) { return record(cumsum_rows_op, {x}); }
Var reverse_cumsum_rows(Var x) { return record(cumsum_rows_op, {x}, {.i = 1}); }

// ---------------------------------------------------------------- products

// The upper half times the lower, until one row is left: products only, so that the derivative is
// right where a factor is 0, too. Of an odd number of rows the last waits for the end.
Var product_rows(Var x) {
  Var odd;
  while (x.rows() > 1) {
    const Index half = x.rows() / 2;
    if (x.rows() % 2 == 1) {
      const Var last = row(x, x.rows() - 1);
      odd = odd ? odd * last : last;
    }
    const Var upper = slice_rows(x, 0, half);
    x = upper * slice_rows(x, half, half);
  }
  return odd ? x * odd : x;
}

// ---------------------------------------------------------------- maxima, and sums of exponentials

// y_s = max_i a_is;   da = g / m where a_is = y_s, which m rows are; 0 elsewhere
const OpDef max_rows_op{
    .name = "max_rows",
    .arity = 1,
    .columnwise = true,
    .shape =
        [](const OpDef&, Shapes in, const Attributes&) {
          return Shape{1, in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.a_shape;
          for (Index s = 0; s < cols; ++s) {
            const Scalar* a = k.a + s * rows;
            Scalar largest = a[0];
            for (Index i = 1; i < rows; ++i)
              if (a[i] > largest || std::isnan(a[i])) largest = a[i];
            k.y[s] = largest;
          }
        },
    .vjp =
        [](const Vjp& d, int) {
          const Index rows = d.a.rows();
          const Var at = equal(d.a, broadcast_rows(d.y, rows));
          return broadcast_rows(d.g / sum_rows(at), rows) * at;
        },
};
Var max_rows(Var x) { return record(max_rows_op, {x}); }
Var max_cols(Var x) { return transpose(max_rows(transpose(x))); }
Var min_rows(Var x) { return -max_rows(-x); }
Var min_cols(Var x) { return -max_cols(-x); }

namespace {

/// What is subtracted before exponentials are taken, so that none overflows: each column's largest
/// entry, or the nearest finite number. 1 x N. It counts as fixed, since it cancels out again.
Var largest_finite(Var x) {
  constexpr double most = std::numeric_limits<Scalar>::max();
  return stop_gradient(clamp(max_rows(x), -most, most));
}

}  // namespace

Var logsumexp_rows(Var x) {
  const Var largest = largest_finite(x);
  return log(sum_rows(exp(x - broadcast_rows(largest, x.rows())))) + largest;
}

Var softmax_rows(Var x) {
  const Var e = exp(x - broadcast_rows(largest_finite(x), x.rows()));
  return e / broadcast_rows(sum_rows(e), x.rows());
}

Var log_softmax_rows(Var x) {
  const Var below = x - broadcast_rows(largest_finite(x), x.rows());
  return below - broadcast_rows(log(sum_rows(exp(below))), x.rows());
}

Var logsumexp_cols(Var x) { return transpose(logsumexp_rows(transpose(x))); }
Var softmax_cols(Var x) { return transpose(softmax_rows(transpose(x))); }

}  // namespace autodiff
