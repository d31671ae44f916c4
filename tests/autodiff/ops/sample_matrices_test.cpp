// Small matrices a sample: many right-hand sides, inverses, determinants, Cholesky's factors.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>

#include "autodiff/ops.h"
#include "autodiff/random.h"
#include "tests/autodiff/ops/values.h"
#include "tests/precision.h"

using namespace ops_test;
using autodiff::Random;

namespace {

Function of(Var (*f)(Var)) {
  return [f](std::span<const Var> v) { return f(v[0]); };
}
const Function solve = [](std::span<const Var> v) { return sample_solve(v[0], v[1]); };

double largest(const Matrix& difference) { return difference.cwiseAbs().maxCoeff(); }

/// n² x samples. Of both signs of the determinant, or symmetric and positive definite.
Matrix random_matrices(Random& random, Index n, Index samples, bool definite) {
  Matrix all(n * n, samples);
  for (Index s = 0; s < samples; ++s) {
    Matrix a = random.uniform_matrix(n, n, -0.4, 0.4);
    a.diagonal().array() += s % 2 == 0 || definite ? 2 : -2;
    if (definite) a = (a * a.transpose()).eval();
    all.col(s) = a.reshaped();
  }
  return all;
}

Matrix sample(const Matrix& all, Index s, Index n) {
  return all.col(s).reshaped(n, all.rows() / n);
}

}  // namespace

TEST_CASE("many right-hand sides are solved as each by itself") {
  Random random(3);
  for (const Index n : {1, 2, 3, 5})
    for (const Index sides : {1, 2, 4}) {
      const Matrix a = random_matrices(random, n, 6, false), b = random.normal_matrix(n * sides, 6);
      const Matrix x = value(solve, {a, b});
      for (Index side = 0; side < sides; ++side)
        CHECK(largest(value(solve, {a, b.middleRows(side * n, n)}) - x.middleRows(side * n, n)) <
              20 * rounding);
      for (Index s = 0; s < 6; ++s)
        CHECK(largest(sample(a, s, n) * sample(x, s, n) - sample(b, s, n)) < 200 * rounding);
    }
}

TEST_CASE("inverse and determinant agree with Eigen's, whichever sign the determinant has") {
  Random random(4);
  for (const Index n : {1, 2, 3, 8}) {
    const Matrix a = random_matrices(random, n, 5, false);
    const Matrix inverse = value(of(autodiff::sample_inverse), {a}),
                 logdet = value(of(autodiff::sample_logdet), {a}),
                 slope = gradients(of(autodiff::sample_logdet), {a})[0],
                 second = values_of(of(autodiff::sample_logdet), {a}, 2)[0],
                 inverse_slope = gradients(of(autodiff::sample_inverse), {a})[0];
    for (Index s = 0; s < 5; ++s) {
      const Matrix one = sample(a, s, n), known = one.inverse();
      CHECK(largest(sample(inverse, s, n) - known) < 100 * rounding);
      CHECK(std::abs(logdet(s) - std::log(std::abs(one.determinant()))) < 100 * rounding);
      CHECK(largest(sample(slope, s, n) - known.transpose()) < 100 * rounding);
      // The entries of A⁻¹ have a sum whose derivative is -A⁻ᵀ 1 1ᵀ A⁻ᵀ; those of the slope, A⁻ᵀ,
      // have the same sum.
      const Matrix expected =
          -known.colwise().sum().transpose() * known.rowwise().sum().transpose();
      CHECK(largest(sample(inverse_slope, s, n) - expected) < 500 * rounding);
      CHECK(largest(sample(second, s, n) - expected) < 500 * rounding);
    }
  }
}

TEST_CASE("a determinant that would overflow has its logarithm, and a singular matrix none") {
  const Matrix identity = Matrix::Identity(4, 4).reshaped();
  Matrix a(16, 3);
  a << identity * (most / 2), identity, identity / (most / 2);
  a.col(1).setZero();
  const Matrix y = value(of(autodiff::sample_logdet), {a});
  const double each = std::log(double{most / 2});
  CHECK(y(0) == doctest::Approx(4 * each).epsilon(4 * rounding));
  CHECK(!std::isfinite(y(1)));
  CHECK(y(2) == doctest::Approx(-4 * each).epsilon(4 * rounding));
}

TEST_CASE("Cholesky's factor is Eigen's, and its product the symmetric part") {
  Random random(5);
  for (const Index n : {1, 2, 3, 6}) {
    Matrix a = random_matrices(random, n, 5, true);
    const Matrix l = value(of(autodiff::sample_cholesky), {a});
    for (Index s = 0; s < 5; ++s) {
      const Matrix one = sample(a, s, n), known = one.llt().matrixL();
      CHECK(largest(sample(l, s, n) - known) < 100 * rounding);
    }
    // log det A = 2 Σ log L_ii, with the same derivative A⁻ᵀ.
    const Function by_cholesky = [n](std::span<const Var> v) {
      std::vector<Index> diagonal;
      for (Index i = 0; i < n; ++i) diagonal.push_back(i * n + i);
      return 2 * sum_rows(log(gather_rows(sample_cholesky(v[0]), diagonal)));
    };
    CHECK(largest(value(by_cholesky, {a}) - value(of(autodiff::sample_logdet), {a})) <
          100 * rounding);
    for (int order = 1; order < 3; ++order)
      CHECK(largest(values_of(by_cholesky, {a}, order)[0] -
                    values_of(of(autodiff::sample_logdet), {a}, order)[0]) < 500 * rounding);
    if (n == 1) continue;
    Matrix skewed = a;  // what is added above the diagonal and taken from below it does not count
    skewed.row(1).array() += Scalar(0.25);
    skewed.row(n).array() -= Scalar(0.25);
    CHECK(largest(value(of(autodiff::sample_cholesky), {skewed}) - l) < 100 * rounding);
  }
}

TEST_CASE("a matrix that is not positive definite spoils its own sample only") {
  Random random(6);
  Matrix a = random_matrices(random, 3, 4, true);
  const Matrix before = value(of(autodiff::sample_cholesky), {a});
  a.col(2) = -a.col(2);
  const Matrix after = value(of(autodiff::sample_cholesky), {a});
  CHECK(!after.col(2).allFinite());
  CHECK(after.leftCols(2) == before.leftCols(2));
  CHECK(after.col(3) == before.col(3));
}
