// Rows and columns cut out, put together, gathered and scattered.
#include <utility>
#include <vector>

#include "autodiff/ops/blocks.h"

namespace autodiff {

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

namespace {

/// As a tree, not as a list: what a row was made of is then found in few steps.
Var as_tree(const OpDef& stack, std::span<const Var> x) {
  if (x.empty()) fail(stack, "nothing to stack");
  std::vector<Var> parts(x.begin(), x.end());
  while (parts.size() > 1) {
    std::vector<Var> pairs;
    for (std::size_t k = 0; k + 1 < parts.size(); k += 2)
      pairs.push_back(record(stack, {parts[k], parts[k + 1]}));
    if (parts.size() % 2 == 1) pairs.push_back(parts.back());
    parts = std::move(pairs);
  }
  return parts.front();
}

}  // namespace

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

Var stack_rows(std::span<const Var> x) { return as_tree(stack_rows_op, x); }

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
Var stack_cols(std::span<const Var> x) { return as_tree(stack_cols_op, x); }

// ---------------------------------------------------------------- gathered and scattered

namespace {

/// Which of so many an entry of an index matrix names; -1 for what names none of them.
Index index_of(Scalar entry, Index count) {
  if (!(entry >= 0 && entry < static_cast<Scalar>(count))) return -1;
  const auto index = static_cast<Index>(entry);
  return static_cast<Scalar>(index) == entry ? index : -1;  // no row has the number 1/2
}

/// What a number gathers that names no row: NaN, or 0 (i = 1), the adjoint of what was scattered
/// nowhere.
Scalar missing(const Kernel& k) {
  return k.attributes.i != 0 ? Scalar(0) : std::numeric_limits<Scalar>::quiet_NaN();
}

/// The indices as a column on the tape. Throws std::invalid_argument for one that is not among
/// `count`.
Var index_column(const OpDef& op, Tape& tape, const std::vector<Index>& indices, Index count) {
  if (indices.empty()) fail(op, "no index is given");
  Matrix column(std::ssize(indices), 1);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= count)
      fail(op, "index " + std::to_string(indices[i]) + " is not among the " +
                   std::to_string(count) + " there are");
    column(static_cast<Index>(i)) = static_cast<Scalar>(indices[i]);
  }
  return tape.constant(std::move(column));
}

/// The same indices for every sample.
Var index_rows(const OpDef& op, Var x, const std::vector<Index>& rows, Index count) {
  return broadcast_cols(index_column(op, x.tape(), rows, count), x.cols());
}

Var index_cols(const OpDef& op, Var x, const std::vector<Index>& cols, Index count) {
  return transpose(index_column(op, x.tape(), cols, count));
}

}  // namespace

// y_is = a_js where j = b_is, `missing` where there is no such row;
// da = g, each entry added to where it came from
const OpDef gather_rows_op{
    .name = "gather_rows",
    .arity = 2,
    .columnwise = true,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes&) {
          if (in[0].cols != in[1].cols)
            fail(op, "the rows " + to_string(in[1]) + " of " + to_string(in[0]) +
                         ": the numbers of samples differ");
          return in[1];
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.y_shape;
          for (Index s = 0; s < cols; ++s) {
            const Scalar* a = k.a + s * k.a_shape.rows;
            for (Index i = 0; i < rows; ++i) {
              const Index from = index_of(k.b[s * rows + i], k.a_shape.rows);
              k.y[s * rows + i] = from < 0 ? missing(k) : a[from];
            }
          }
        },
    .vjp = [](const Vjp& d,
              int which) { return which == 0 ? scatter_rows(d.g, d.b, d.a.rows()) : Var(); },
};
Var gather_rows(Var x, Var rows) { return record(gather_rows_op, {x, rows}); }
Var gather_rows(Var x, const std::vector<Index>& rows) {
  return gather_rows(x, index_rows(gather_rows_op, x, rows, x.rows()));
}

// y_js = Σ a_is over those i where b_is = j, among i rows;
// da = g, each entry from where it went, 0 where it went nowhere
const OpDef scatter_rows_op{
    .name = "scatter_rows",
    .arity = 2,
    .columnwise = true,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          if (in[0] != in[1])
            fail(op, to_string(in[0]) + " to the rows " + to_string(in[1]) +
                         ": each entry needs a row to go to");
          if (attributes.i < 1) fail(op, std::to_string(attributes.i) + " rows: at least 1 needed");
          return Shape{attributes.i, in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.a_shape;
          std::fill_n(k.y, k.y_shape.size(), Scalar(0));
          for (Index s = 0; s < cols; ++s)
            for (Index i = 0; i < rows; ++i) {
              const Index to = index_of(k.b[s * rows + i], k.y_shape.rows);
              if (to >= 0) k.y[s * k.y_shape.rows + to] += k.a[s * rows + i];
            }
        },
    .vjp =
        [](const Vjp& d, int which) {
          return which == 0 ? record(gather_rows_op, {d.g, d.b}, {.i = 1}) : Var();
        },
};
Var scatter_rows(Var x, Var rows, Index total) {
  return record(scatter_rows_op, {x, rows}, {.i = total});
}
Var scatter_rows(Var x, const std::vector<Index>& rows, Index total) {
  return scatter_rows(x, index_rows(scatter_rows_op, x, rows, total), total);
}

// Column s of y = column b_s of a, `missing` where there is none;
// da = g, each column added to where it came from
const OpDef gather_cols_op{
    .name = "gather_cols",
    .arity = 2,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes&) {
          if (in[1].rows != 1)
            fail(op, "the columns " + to_string(in[1]) + " of " + to_string(in[0]) +
                         ": their numbers must be one row");
          return Shape{in[0].rows, in[1].cols};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.y_shape;
          for (Index s = 0; s < cols; ++s) {
            const Index from = index_of(k.b[s], k.a_shape.cols);
            if (from < 0)
              std::fill_n(k.y + s * rows, rows, missing(k));
            else
              std::copy_n(k.a + from * rows, rows, k.y + s * rows);
          }
        },
    .vjp = [](const Vjp& d,
              int which) { return which == 0 ? scatter_cols(d.g, d.b, d.a.cols()) : Var(); },
};
Var gather_cols(Var x, Var cols) { return record(gather_cols_op, {x, cols}); }
Var gather_cols(Var x, const std::vector<Index>& cols) {
  return gather_cols(x, index_cols(gather_cols_op, x, cols, x.cols()));
}

// Column j of y = the sum of those columns s of a where b_s = j, among i columns;
// da = g, each column from where it went, 0 where it went nowhere
const OpDef scatter_cols_op{
    .name = "scatter_cols",
    .arity = 2,
    .linear = true,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          if (in[1] != Shape{1, in[0].cols})
            fail(op, to_string(in[0]) + " to the columns " + to_string(in[1]) +
                         ": each column needs one to go to");
          if (attributes.i < 1)
            fail(op, std::to_string(attributes.i) + " columns: at least 1 needed");
          return Shape{in[0].rows, attributes.i};
        },
    .forward =
        [](const Kernel& k) {
          const auto [rows, cols] = k.a_shape;
          std::fill_n(k.y, k.y_shape.size(), Scalar(0));
          for (Index s = 0; s < cols; ++s) {
            const Index to = index_of(k.b[s], k.y_shape.cols);
            if (to < 0) continue;
            for (Index i = 0; i < rows; ++i) k.y[to * rows + i] += k.a[s * rows + i];
          }
        },
    .vjp =
        [](const Vjp& d, int which) {
          return which == 0 ? record(gather_cols_op, {d.g, d.b}, {.i = 1}) : Var();
        },
};
Var scatter_cols(Var x, Var cols, Index total) {
  return record(scatter_cols_op, {x, cols}, {.i = total});
}
Var scatter_cols(Var x, const std::vector<Index>& cols, Index total) {
  return scatter_cols(x, index_cols(scatter_cols_op, x, cols, total), total);
}

}  // namespace autodiff
