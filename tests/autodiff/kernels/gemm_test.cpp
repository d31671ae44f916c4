// The matrix product against three plain loops, and the promise that a column does not feel its
// neighbours.
#include "autodiff/kernels/gemm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "tests/precision.h"

using autodiff::gemm;
using autodiff::Index;
using autodiff::Scalar;

namespace {

constexpr Scalar guard = 12345;  // stands after the last number of C

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// A product's operands, B stored either way: as it is (k x n) or transposed (n x k).
struct Problem {
  Index m, n, k;
  bool transposed;
  std::vector<Scalar> a, b;

  Problem(Index rows, Index columns, Index depth, bool transpose, std::mt19937_64& engine)
      : m(rows), n(columns), k(depth), transposed(transpose), a(at(m * k)), b(at(k * n)) {
    std::uniform_real_distribution<Scalar> uniform(-1, 1);
    for (Scalar& value : a) value = uniform(engine);
    for (Scalar& value : b) value = uniform(engine);
  }

  Index row_stride() const { return transposed ? n : 1; }
  Index col_stride() const { return transposed ? 1 : k; }
  Scalar& b_at(Index p, Index j) { return b[at(p * row_stride() + j * col_stride())]; }

  /// Columns from .. from + count - 1 of the product, and the guard.
  std::vector<Scalar> columns(Index from, Index count) const {
    std::vector<Scalar> c(at(m * count) + 1, guard);
    gemm(m, count, k, a.data(), b.data() + from * col_stride(), row_stride(), col_stride(),
         c.data());
    return c;
  }

  /// The largest error of an entry, in epsilons of the sum of the magnitudes it adds up.
  double error() {
    const std::vector<Scalar> c = columns(0, n);
    double worst = c.back() == guard ? 0 : std::numeric_limits<double>::infinity();
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < m; ++i) {
        double sum = 0, magnitude = 1e-300;
        for (Index p = 0; p < k; ++p) {
          const double term =
              static_cast<double>(a[at(p * m + i)]) * static_cast<double>(b_at(p, j));
          sum += term;
          magnitude += std::abs(term);
        }
        const double error = std::abs(static_cast<double>(c[at(j * m + i)]) - sum) / magnitude;
        if (!(error <= worst)) worst = error;
      }
    return worst / rounding;
  }

  /// How many columns change a bit when computed alone, or as part of a narrower product.
  int columns_that_feel_their_neighbours() const {
    const std::vector<Scalar> wide = columns(0, n);
    const auto differs = [&](Index from, Index count) {
      const std::vector<Scalar> part = columns(from, count);
      return std::memcmp(part.data(), wide.data() + from * m, at(m * count) * sizeof(Scalar)) != 0;
    };
    int different = 0;
    for (Index j = 0; j < n; ++j) different += differs(j, 1);
    for (const Index count : {2, 3, 5, 8, 13})
      if (count <= n) different += differs((n - count) / 2, count);
    return different;
  }
};

struct Size {
  Index m, n, k;
};

// Around the widths of vectors (2 to 16 lanes), tiles (3 vectors, 8 columns) and blocks (128, 512).
const Size edge_sizes[] = {
    {1, 1, 1},     {1, 64, 16},   {1, 9, 513},   {2, 7, 16},     {3, 9, 600},    {4, 64, 16},
    {4, 33, 4},    {7, 17, 5},    {8, 8, 8},     {9, 3, 40},     {15, 16, 17},   {16, 4, 16},
    {16, 64, 1},   {17, 21, 129}, {24, 8, 128},  {25, 9, 256},   {47, 12, 300},  {64, 1, 64},
    {64, 19, 512}, {65, 2, 257},  {128, 1, 200}, {130, 1, 1000}, {200, 16, 130}, {256, 40, 256},
};

}  // namespace

TEST_CASE("gemm agrees with three plain loops") {
  std::mt19937_64 engine(1);
  std::uniform_int_distribution<Index> any(1, 70);
  std::vector<Size> sizes(std::begin(edge_sizes), std::end(edge_sizes));
  for (int i = 0; i < 60; ++i) sizes.push_back({any(engine), any(engine), any(engine)});
  for (const auto& [rows, columns, depth] : sizes)
    for (const bool transposed : {false, true}) {
      Problem problem(rows, columns, depth, transposed, engine);
      CAPTURE(problem.m);
      CAPTURE(problem.n);
      CAPTURE(problem.k);
      CAPTURE(transposed);
      CHECK(problem.error() <= 2 * std::sqrt(static_cast<double>(depth)));
    }
}

TEST_CASE("a column of gemm has the same bits alone and in any company") {
  std::mt19937_64 engine(2);
  std::uniform_int_distribution<Index> any(1, 70);
  std::vector<Size> sizes(std::begin(edge_sizes), std::end(edge_sizes));
  for (int i = 0; i < 30; ++i) sizes.push_back({any(engine), any(engine), any(engine)});
  for (const auto& [rows, columns, depth] : sizes)
    for (const bool transposed : {false, true}) {
      const Problem problem(rows, columns, depth, transposed, engine);
      CAPTURE(problem.m);
      CAPTURE(problem.n);
      CAPTURE(problem.k);
      CAPTURE(transposed);
      CHECK(problem.columns_that_feel_their_neighbours() == 0);
    }
}

TEST_CASE("both layouts of B give the same bits") {
  std::mt19937_64 engine(3);
  for (const auto& [rows, columns, depth] : edge_sizes) {
    Problem plain(rows, columns, depth, false, engine), transposed = plain;
    transposed.transposed = true;
    for (Index j = 0; j < columns; ++j)
      for (Index p = 0; p < depth; ++p) transposed.b_at(p, j) = plain.b_at(p, j);
    CAPTURE(plain.m);
    CAPTURE(plain.n);
    CAPTURE(plain.k);
    CHECK(plain.columns(0, columns) == transposed.columns(0, columns));
  }
}

TEST_CASE("gemm takes B with gaps between its columns, or between its rows") {
  std::mt19937_64 engine(4);
  const Index m = 11, n = 10, k = 9, gap = 5;
  for (const Index height : {Index{1}, m}) {
    Problem problem(height, n, k, false, engine);
    const std::vector<Scalar> expected = problem.columns(0, n);
    std::vector<Scalar> by_columns(at((k + gap) * n), guard), by_rows(at((n + gap) * k), guard);
    for (Index j = 0; j < n; ++j)
      for (Index p = 0; p < k; ++p)
        by_columns[at(p + j * (k + gap))] = by_rows[at(p * (n + gap) + j)] = problem.b_at(p, j);
    std::vector<Scalar> c(at(height * n) + 1, guard);
    gemm(height, n, k, problem.a.data(), by_columns.data(), 1, k + gap, c.data());
    CHECK(c == expected);
    std::fill(c.begin(), c.end(), guard);
    gemm(height, n, k, problem.a.data(), by_rows.data(), n + gap, 1, c.data());
    CHECK(c == expected);
  }
}

TEST_CASE("NaN and Inf stay in the row of A and the column of B that hold them") {
  std::mt19937_64 engine(5);
  for (const Scalar odd :
       {std::numeric_limits<Scalar>::quiet_NaN(), std::numeric_limits<Scalar>::infinity()})
    for (const auto& [rows, columns, depth] : edge_sizes)
      for (const bool transposed : {false, true}) {
        Problem problem(rows, columns, depth, transposed, engine);
        const Index row = rows * 2 / 3, column = columns / 2, p = depth - 1;
        problem.a[at(depth / 2 * rows + row)] = odd;
        problem.b_at(p, column) = odd;
        const std::vector<Scalar> c = problem.columns(0, columns);
        int wrong = 0;
        for (Index j = 0; j < columns; ++j)
          for (Index i = 0; i < rows; ++i)
            wrong += std::isfinite(c[at(j * rows + i)]) == (i == row || j == column);
        CAPTURE(problem.m);
        CAPTURE(problem.n);
        CAPTURE(problem.k);
        CHECK(wrong == 0);
      }
}

TEST_CASE("an empty sum is zero, and an empty C stays untouched") {
  const Scalar one = 1;
  for (const Index m : {1, 3, 20}) {
    std::vector<Scalar> c(at(m * 5) + 1, guard);
    gemm(m, 5, 0, &one, &one, 1, 0, c.data());
    CHECK(std::count(c.begin(), c.end(), Scalar(0)) == m * 5);
    CHECK(c.back() == guard);
  }
  Scalar c = guard;
  gemm(0, 5, 3, &one, &one, 1, 3, &c);
  gemm(5, 0, 3, &one, &one, 1, 3, &c);
  CHECK(c == guard);
}

TEST_CASE("a transposed left factor gives the same bits as one that was transposed before") {
  std::mt19937_64 engine(12);
  std::uniform_real_distribution<Scalar> uniform(-1, 1);
  for (const Index m : {1, 3, 8, 16, 17, 24, 40, 100})
    for (const Index n : {1, 2, 8, 21})
      for (const Index k : {1, 7, 8, 30, 128, 300}) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        std::vector<Scalar> a(at(m * k)), turned(at(m * k)), b(at(k * n));
        for (Scalar& value : a) value = uniform(engine);
        for (Scalar& value : b) value = uniform(engine);
        for (Index i = 0; i < m; ++i)
          for (Index p = 0; p < k; ++p) turned[at(i * k + p)] = a[at(p * m + i)];
        std::vector<Scalar> c(at(m * n) + 1, guard), c_turned(at(m * n) + 1, guard);
        gemm(m, n, k, a.data(), b.data(), 1, k, c.data());
        gemm(m, n, k, turned.data(), b.data(), 1, k, c_turned.data(), true);
        CHECK(c == c_turned);
      }
}

TEST_CASE("a sum of products has the bits of its terms, added from the last to the first") {
  std::mt19937_64 engine(13);
  std::uniform_real_distribution<Scalar> uniform(-1, 1);
  for (const Index m : {1, 3, 8, 16, 17, 24, 40, 100})
    for (const Index n : {1, 2, 8, 21})
      for (const Index part : {1, 2, 5, 16})
        for (const Index parts : {1, 2, 3, 11}) {
          CAPTURE(m);
          CAPTURE(n);
          CAPTURE(part);
          CAPTURE(parts);
          const Index k = part * parts;
          std::vector<Scalar> a(at(m * k)), b(at(n * k)), c(at(m * n) + 1, guard),
              sum = c, term = c, scratch(at(m * n));
          for (Scalar& value : a) value = uniform(engine);
          for (Scalar& value : b) value = uniform(engine);
          for (Index p = parts - 1; p >= 0; --p) {
            gemm(m, n, part, a.data() + p * part * m, b.data() + p * part * n, n, 1, term.data());
            for (std::size_t i = 0; i < at(m * n); ++i)
              sum[i] = p == parts - 1 ? term[i] : sum[i] + term[i];
          }
          autodiff::gemm_sum_nt(m, n, k, part, a.data(), b.data(), c.data(), scratch.data());
          CHECK(c == sum);
        }
}
