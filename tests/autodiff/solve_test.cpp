// Linear systems, one a sample: right to the last digits wherever the system itself is well
// conditioned, whatever the order of its rows and the size of its diagonal.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>

#include "autodiff/compile/program.h"
#include "autodiff/ops.h"
#include "autodiff/random.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using autodiff::Tape;

namespace {

/// Solves one system by the operation.
Matrix solve(const Matrix& a, const Matrix& b) {
  Tape tape;
  const Matrix column = a.reshaped();
  return evaluate(sample_solve(tape.constant(column), tape.constant(b)));
}

/// Well conditioned, with these numbers on the diagonal, which elimination meets first.
Matrix with_diagonal(Random& random, Index n, Scalar diagonal) {
  Matrix a = random.uniform_matrix(n, n, -0.2, 0.2);
  for (Index i = 0; i < n; ++i) {
    a(i, i) = diagonal;
    a(i, n - 1 - i) += i % 2 == 0 ? 2 : -2;  // the large entries, of both signs
  }
  if (n % 2 == 1) a(n / 2, n / 2) = 1;
  return a;
}

}  // namespace

TEST_CASE("a system with a tiny diagonal is solved to the last digits, whatever its size") {
  Random random(1);
  for (const Index n : {2, 3, 4, 5, 8})
    for (const Scalar diagonal : {Scalar(0), Scalar(1e-20), Scalar(-1e-12), Scalar(1e-7)}) {
      CAPTURE(n);
      CAPTURE(diagonal);
      const Matrix a = with_diagonal(random, n, diagonal);
      const Matrix x = random.uniform_matrix(n, 1, 1, 2);
      CHECK((solve(a, a * x) - x).norm() < 100 * rounding * x.norm());
    }
}

TEST_CASE("the pivot is the largest entry left in its column, in any row and of any sign") {
  // Elimination without rows exchanged, or with a pivot that is merely not zero, multiplies the
  // rounding errors by the factors below; with the largest one no factor exceeds 1.
  for (const Scalar tiny : {Scalar(1e-3 * rounding), Scalar(-1e-3 * rounding)})
    for (int order = 0; order < 6; ++order) {
      Matrix a(3, 3), sorted(3, 3);
      sorted << tiny, 1, 2,   //
          100 * tiny, 3, -1,  //
          -1, 1, 1;
      const int rows[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
      for (int i = 0; i < 3; ++i) a.row(i) = sorted.row(rows[order][i]);
      const Matrix x = (Matrix(3, 1) << 1, 2, -3).finished();
      CAPTURE(order);
      CHECK((solve(a, a * x) - x).norm() < 50 * rounding * x.norm());
    }
}

TEST_CASE("each sample's system has its own pivots") {
  Random random(2);
  constexpr Index n = 3, samples = 7;
  Matrix a(n * n, samples), b(n, samples), x(n, samples);
  for (Index s = 0; s < samples; ++s) {
    const Matrix one = with_diagonal(random, n, s % 2 == 0 ? Scalar(1e-18) : Scalar(5));
    x.col(s) = random.uniform_matrix(n, 1, 1, 2);
    a.col(s) = one.reshaped();
    b.col(s) = one * x.col(s);
  }
  Tape tape;
  const Matrix found = evaluate(sample_solve(tape.constant(a), tape.constant(b)));
  CHECK((found - x).norm() < 100 * rounding * x.norm());
}
