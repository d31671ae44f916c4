// What each operation makes of the shapes it is given: the largest and smallest that fit are taken,
// one more or less is refused, with the operation's name and the values that do not fit.
#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "autodiff/ops.h"

using autodiff::Index;
using autodiff::Shape;
using autodiff::Tape;
using autodiff::Var;

namespace {

struct Case {
  std::function<Var(Tape&)> record;
  Shape shape;          ///< of the result, where it is taken
  const char* refused;  ///< what the refusal says, where it is not
};

Var leaf(Tape& tape, Index rows, Index cols) {
  return tape.input(rows, cols, std::to_string(tape.size()));
}

/// An operation on a new leaf of 3 x 4.
Case of(const std::function<Var(Var)>& f, Shape shape, const char* refused = nullptr) {
  return {[=](Tape& tape) { return f(leaf(tape, 3, 4)); }, shape, refused};
}
Case of(const std::function<Var(Var)>& f, const char* refused) { return of(f, Shape{}, refused); }

/// An operation on two new leaves.
Case of(Shape a, Shape b, const std::function<Var(Var, Var)>& f, Shape shape,
        const char* refused = nullptr) {
  return {[=](Tape& tape) { return f(leaf(tape, a.rows, a.cols), leaf(tape, b.rows, b.cols)); },
          shape, refused};
}
Case of(Shape a, Shape b, const std::function<Var(Var, Var)>& f, const char* refused) {
  return of(a, b, f, Shape{}, refused);
}

void check(const std::vector<Case>& cases) {
  for (std::size_t k = 0; k < cases.size(); ++k) {
    CAPTURE(k);
    Tape tape;
    if (cases[k].refused == nullptr)
      CHECK(cases[k].record(tape).shape() == cases[k].shape);
    else
      CHECK_THROWS_WITH_AS(cases[k].record(tape), doctest::Contains(cases[k].refused),
                           std::invalid_argument);
  }
}

}  // namespace

TEST_CASE("entry by entry needs two operands of one shape") {
  const auto add = [](Var x, Var y) { return x + y; };
  check({
      of({3, 4}, {3, 4}, add, {3, 4}),
      of({3, 4}, {4, 4}, add, "[add] (3x4) and (4x4)"),
      of({3, 4}, {3, 1}, add, "[add] (3x4) and (3x1)"),
      of(
          {1, 4}, {3, 4}, [](Var x, Var y) { return x - y; }, "[sub] (1x4) and (3x4)"),
      of(
          {3, 4}, {4, 3}, [](Var x, Var y) { return x * y; }, "[mul] (3x4) and (4x3)"),
      of(
          {3, 4}, {4, 3}, [](Var x, Var y) { return x / y; }, "[div] (3x4) and (4x3)"),
  });
}

TEST_CASE("products need equal inner sizes") {
  const auto times = [](Var x, Var y) { return matmul(x, y); };
  check({
      of({3, 4}, {4, 2}, times, {3, 2}),
      of({3, 4}, {5, 2}, times, "[matmul] (3x4)·(5x2): inner sizes 4 and 5 differ"),
      of({3, 4}, {3, 4}, times, "[matmul] (3x4)·(3x4): inner sizes 4 and 3 differ"),
      of([](Var x) { return transpose(x); }, {4, 3}),
  });
}

TEST_CASE("sums have one row or one column, and broadcasts start from one") {
  const auto repeated = [](Index rows, Index cols, Index count,
                           bool down) -> std::function<Var(Tape&)> {
    return [=](Tape& tape) {
      const Var x = leaf(tape, rows, cols);
      return down ? broadcast_rows(x, count) : broadcast_cols(x, count);
    };
  };
  check({
      of([](Var x) { return sum_rows(x); }, {1, 4}),
      of([](Var x) { return sum_cols(x); }, {3, 1}),
      of([](Var x) { return sum(x); }, {1, 1}),
      of([](Var x) { return mean(x); }, {1, 1}),
      {repeated(1, 4, 3, true), {3, 4}, nullptr},
      {repeated(1, 4, 1, true), {1, 4}, nullptr},
      {repeated(1, 4, 0, true), {}, "[broadcast_rows] 0 rows"},
      {repeated(2, 4, 3, true), {}, "[broadcast_rows] (2x4)"},
      {repeated(3, 1, 5, false), {3, 5}, nullptr},
      {repeated(3, 1, 1, false), {3, 1}, nullptr},
      {repeated(3, 1, -2, false), {}, "[broadcast_cols] -2 columns"},
      {repeated(3, 2, 5, false), {}, "[broadcast_cols] (3x2)"},
      {[](Tape& tape) {
         return broadcast(leaf(tape, 1, 1), {2, 5});
       },
       {2, 5},
       nullptr},
      {[](Tape& tape) {
         return broadcast(leaf(tape, 2, 1), {2, 5});
       },
       {},
       "(2x1)"},
  });
}

TEST_CASE("a slice lies within its matrix, and a pad holds what it pads") {
  check({
      of([](Var x) { return slice_rows(x, 0, 3); }, {3, 4}),
      of([](Var x) { return slice_rows(x, 2, 1); }, {1, 4}),
      of([](Var x) { return slice_rows(x, 2, 2); }, "[slice_rows] 2 rows from row 2 of a (3x4)"),
      of([](Var x) { return slice_rows(x, 3, 1); }, "[slice_rows] 1 rows from row 3 of a (3x4)"),
      of([](Var x) { return slice_rows(x, -1, 1); }, "[slice_rows] 1 rows from row -1 of a (3x4)"),
      of([](Var x) { return slice_rows(x, 1, 0); }, "[slice_rows] 0 rows from row 1 of a (3x4)"),
      of([](Var x) { return row(x, 2); }, {1, 4}),
      of([](Var x) { return slice_cols(x, 0, 4); }, {3, 4}),
      of([](Var x) { return slice_cols(x, 3, 1); }, {3, 1}),
      of([](Var x) { return slice_cols(x, 3, 2); },
         "[slice_cols] 2 columns from column 3 of a (3x4)"),
      of([](Var x) { return slice_cols(x, -1, 2); },
         "[slice_cols] 2 columns from column -1 of a (3x4)"),
      of([](Var x) { return slice_cols(x, 1, 0); },
         "[slice_cols] 0 columns from column 1 of a (3x4)"),
      of([](Var x) { return pad_rows(x, 0, 3); }, {3, 4}),
      of([](Var x) { return pad_rows(x, 2, 5); }, {5, 4}),
      of([](Var x) { return pad_rows(x, 3, 5); },
         "[pad_rows] (3x4) from row 3 does not fit into 5 rows"),
      of([](Var x) { return pad_rows(x, -1, 5); },
         "[pad_rows] (3x4) from row -1 does not fit into 5 rows"),
      of([](Var x) { return pad_cols(x, 0, 4); }, {3, 4}),
      of([](Var x) { return pad_cols(x, 1, 5); }, {3, 5}),
      of([](Var x) { return pad_cols(x, 2, 5); },
         "[pad_cols] (3x4) from column 2 does not fit into 5 columns"),
      of([](Var x) { return pad_cols(x, -1, 5); },
         "[pad_cols] (3x4) from column -1 does not fit into 5 columns"),
  });
}

TEST_CASE("stacks agree in the other direction") {
  const auto rows = [](Var x, Var y) { return stack_rows(x, y); };
  const auto cols = [](Var x, Var y) { return stack_cols(x, y); };
  check({
      of({3, 4}, {2, 4}, rows, {5, 4}),
      of({3, 4}, {3, 2}, rows, "[stack_rows] (3x4) above (3x2)"),
      of({3, 4}, {3, 2}, cols, {3, 6}),
      of({3, 4}, {2, 4}, cols, "[stack_cols] (3x4) beside (2x4)"),
  });
}

TEST_CASE("a small matrix a sample has the rows that its size asks for") {
  const auto product = [](Index inner) {
    return [=](Var a, Var b) { return sample_matmul(a, b, inner); };
  };
  const auto transposed = [](Index rows) {
    return [=](Var x) { return sample_transpose(x, rows); };
  };
  check({
      of({6, 5}, {4, 5}, product(2), {6, 5}),
      of({6, 5}, {4, 5}, product(1), {24, 5}),
      of({6, 5}, {4, 4}, product(2), "[sample_matmul] (6x5) and (4x4): the numbers of samples"),
      of({6, 5}, {4, 5}, product(3), "inner size 3 does not divide the rows of (6x5) and (4x5)"),
      of({4, 5}, {6, 5}, product(4), "inner size 4 does not divide the rows of (4x5) and (6x5)"),
      of({6, 5}, {4, 5}, product(0), "inner size 0 does not divide"),
      of(transposed(3), {3, 4}),
      of(transposed(1), {3, 4}),
      of(transposed(2), "[sample_transpose] 2 rows do not divide the 3 of (3x4)"),
      of(transposed(0), "[sample_transpose] 0 rows do not divide the 3 of (3x4)"),
      of({9, 4}, {3, 4}, autodiff::sample_solve, {3, 4}),
      of({1, 4}, {1, 4}, autodiff::sample_solve, {1, 4}),
      of({4, 4}, {6, 4}, autodiff::sample_solve, {6, 4}),
      of({6, 4}, {3, 4}, autodiff::sample_solve, "[sample_solve] (6x4) and (3x4)"),
      of({4, 4}, {3, 4}, autodiff::sample_solve, "[sample_solve] (4x4) and (3x4)"),
      of({9, 4}, {3, 5}, autodiff::sample_solve, "[sample_solve] (9x4) and (3x5)"),
  });
}

TEST_CASE("what is made of square matrices asks for them") {
  const auto on = [](Var (*f)(Var), Index rows) {
    return [=](Tape& tape) { return f(leaf(tape, rows, 5)); };
  };
  check({
      {on(autodiff::sample_inverse, 9), {9, 5}, nullptr},
      {on(autodiff::sample_logdet, 9), {1, 5}, nullptr},
      {on(autodiff::sample_cholesky, 1), {1, 5}, nullptr},
      {on(autodiff::sample_inverse, 8), {}, "[sample_inverse] (8x5)"},
      {on(autodiff::sample_logdet, 3), {}, "[sample_logdet] (3x5)"},
      {on(autodiff::sample_cholesky, 10), {}, "[sample_cholesky] (10x5)"},
  });
}

TEST_CASE("over rows and over columns") {
  check({
      of([](Var x) { return cumsum_rows(x); }, {3, 4}),
      of([](Var x) { return reverse_cumsum_rows(x); }, {3, 4}),
      of([](Var x) { return product_rows(x); }, {1, 4}),
      of([](Var x) { return max_rows(x); }, {1, 4}),
      of([](Var x) { return max_cols(x); }, {3, 1}),
      of([](Var x) { return min_rows(x); }, {1, 4}),
      of([](Var x) { return min_cols(x); }, {3, 1}),
      of([](Var x) { return logsumexp_rows(x); }, {1, 4}),
      of([](Var x) { return logsumexp_cols(x); }, {3, 1}),
      of([](Var x) { return softmax_rows(x); }, {3, 4}),
      of([](Var x) { return softmax_cols(x); }, {3, 4}),
      of([](Var x) { return log_softmax_rows(x); }, {3, 4}),
  });
}

TEST_CASE("what is gathered and scattered has a row or a column for each number") {
  using Two = Var (*)(Var, Var);
  const auto rows = static_cast<Two>(autodiff::gather_rows);
  const auto cols = static_cast<Two>(autodiff::gather_cols);
  const auto to_rows = [](Index total) {
    return [=](Var x, Var numbers) { return scatter_rows(x, numbers, total); };
  };
  const auto to_cols = [](Index total) {
    return [=](Var x, Var numbers) { return scatter_cols(x, numbers, total); };
  };
  check({
      of({3, 4}, {5, 4}, rows, {5, 4}),
      of({3, 4}, {5, 3}, rows, "[gather_rows] the rows (5x3) of (3x4)"),
      of({3, 4}, {3, 4}, to_rows(7), {7, 4}),
      of({3, 4}, {2, 4}, to_rows(7), "[scatter_rows] (3x4) to the rows (2x4)"),
      of({3, 4}, {3, 4}, to_rows(0), "[scatter_rows] 0 rows"),
      of({3, 4}, {1, 6}, cols, {3, 6}),
      of({3, 4}, {2, 6}, cols, "[gather_cols] the columns (2x6) of (3x4)"),
      of({3, 4}, {1, 4}, to_cols(2), {3, 2}),
      of({3, 4}, {1, 3}, to_cols(2), "[scatter_cols] (3x4) to the columns (1x3)"),
      of({3, 4}, {1, 4}, to_cols(-1), "[scatter_cols] -1 columns"),
      of(
          [](Var x) {
            return gather_rows(x, std::vector<Index>{2, 0});
          },
          {2, 4}),
      of([](Var x) { return gather_rows(x, std::vector<Index>{3}); },
         "[gather_rows] index 3 is not among the 3"),
      of([](Var x) { return gather_rows(x, std::vector<Index>{}); }, "[gather_rows] no index"),
      of([](Var x) { return gather_cols(x, std::vector<Index>{-1}); },
         "[gather_cols] index -1 is not among the 4"),
      of(
          [](Var x) {
            return scatter_rows(x, std::vector<Index>{0, 4, 4}, 5);
          },
          {5, 4}),
      of(
          [](Var x) {
            return scatter_rows(x, std::vector<Index>{0, 5, 4}, 5);
          },
          "[scatter_rows] index 5 is not among the 5"),
      of(
          [](Var x) {
            return scatter_cols(x, std::vector<Index>{0, 1, 1, 0}, 2);
          },
          {3, 2}),
  });
}
