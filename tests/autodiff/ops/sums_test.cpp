// Sums so far, products, maxima, and sums of exponentials: ties, zeros, and what would overflow.
#include <doctest/doctest.h>

#include <cmath>

#include "autodiff/ops.h"
#include "autodiff/random.h"
#include "tests/autodiff/ops/values.h"
#include "tests/precision.h"

using namespace ops_test;
using autodiff::Random;
using doctest::Approx;

namespace {

Function of(Var (*f)(Var)) {
  return [f](std::span<const Var> v) { return f(v[0]); };
}

double largest(const Matrix& difference) { return difference.cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("sums so far go down or up, and are each other's adjoint") {
  const Matrix x = rows({{1, -1}, {2, 0}, {4, 10}});
  CHECK(value(of(autodiff::cumsum_rows), {x}) == rows({{1, -1}, {3, -1}, {7, 9}}));
  CHECK(value(of(autodiff::reverse_cumsum_rows), {x}) == rows({{7, 9}, {6, 10}, {4, 10}}));
  CHECK(gradients(of(autodiff::cumsum_rows), {x})[0] == rows({{3, 3}, {2, 2}, {1, 1}}));
  CHECK(gradients(of(autodiff::reverse_cumsum_rows), {x})[0] == rows({{1, 1}, {2, 2}, {3, 3}}));
  const Matrix one = rows({{5, 6}});
  CHECK(value(of(autodiff::cumsum_rows), {one}) == one);
  // A NaN reaches those sums that it is part of.
  const Matrix y = value(of(autodiff::cumsum_rows), {rows({{1}, {not_a_number}, {2}})});
  CHECK(alike(y, rows({{1}, {not_a_number}, {not_a_number}})));
}

TEST_CASE("a product has the right derivatives beside zeros, too") {
  const Function product = of(autodiff::product_rows);
  const Matrix x = rows({{2, 0, 0}, {3, 5, 0}, {-1, 7, 4}});
  CHECK(value(product, {x}) == rows({{-6, 0, 0}}));
  CHECK(gradients(product, {x})[0] == rows({{-3, 35, 0}, {-2, 0, 0}, {6, 0, 0}}));
  // The second derivative beside two zeros is the third factor.
  CHECK(values_of(product, {x}, 2)[0].col(2) == rows({{4}, {4}, {0}}).col(0));
  Random random(1);
  for (Index n = 1; n < 18; ++n) {
    const Matrix many = random.uniform_matrix(n, 3, -2, 2);
    const Matrix expected = many.colwise().prod();
    CHECK(largest(value(product, {many}) - expected) < 20 * rounding * largest(expected));
    const Matrix g = gradients(product, {many})[0];  // the product without that factor
    CHECK(largest(g.cwiseProduct(many) - expected.replicate(n, 1)) <
          20 * rounding * largest(expected));
  }
}

TEST_CASE("the largest and the smallest entries share the derivative where there are several") {
  const Matrix x = rows({{1, 4, -2}, {3, 4, -2}, {2, 0, -2}});
  CHECK(value(of(autodiff::max_rows), {x}) == rows({{3, 4, -2}}));
  CHECK(value(of(autodiff::min_rows), {x}) == rows({{1, 0, -2}}));
  CHECK(value(of(autodiff::max_cols), {x}) == rows({{4}, {4}, {2}}));
  CHECK(value(of(autodiff::min_cols), {x}) == rows({{-2}, {-2}, {-2}}));
  const Scalar third = Scalar(1) / 3;
  CHECK(gradients(of(autodiff::max_rows), {x})[0] ==
        rows({{0, 0.5, third}, {1, 0.5, third}, {0, 0, third}}));
  CHECK(gradients(of(autodiff::min_rows), {x})[0] ==
        rows({{1, 0, third}, {0, 0, third}, {0, 1, third}}));
  CHECK(gradients(of(autodiff::max_cols), {x})[0] == rows({{0, 1, 0}, {0, 1, 0}, {1, 0, 0}}));
  CHECK(values_of(of(autodiff::max_rows), {x}, 2)[0].isZero(0));
}

TEST_CASE("a maximum takes infinities, and hides no NaN of its column") {
  for (const Index at : {0, 1, 2}) {
    Matrix x = rows({{1, 1, -infinity}, {2, infinity, -infinity}, {3, 1, -infinity}});
    x(at, 0) = not_a_number;
    CHECK(alike(value(of(autodiff::max_rows), {x}), rows({{not_a_number, infinity, -infinity}})));
    const Matrix g = gradients(of(autodiff::max_rows), {x})[0];
    CHECK(g.col(0).array().isNaN().all());
    CHECK(g.col(1) == rows({{0}, {1}, {0}}).col(0));
    CHECK(g.col(2) == Matrix::Constant(3, 1, Scalar(1) / 3));
  }
}

TEST_CASE("logsumexp and softmax do not overflow, and stand what is infinite") {
  const Function lse = of(autodiff::logsumexp_rows), softmax = of(autodiff::softmax_rows),
                 log_softmax = of(autodiff::log_softmax_rows);
  const Matrix x = rows({{1000, -1000, 0, most}, {1000, -1001, 0, most}});
  const Matrix y = value(lse, {x});
  const double e = std::exp(-1.);
  CHECK(y(0) == Approx(1000 + std::log(2.)).epsilon(4 * rounding));
  CHECK(y(1) == Approx(-1000 + std::log1p(e)).epsilon(4 * rounding));
  CHECK(y(2) == Approx(std::log(2.)).epsilon(4 * rounding));
  CHECK(y(3) == most);
  const Matrix p = value(softmax, {x});
  CHECK(p.col(0) == rows({{0.5}, {0.5}}).col(0));
  CHECK(p(0, 1) == Approx(1 / (1 + e)).epsilon(8 * rounding));
  CHECK(p(1, 1) == Approx(e / (1 + e)).epsilon(8 * rounding));
  CHECK(p.col(3) == rows({{0.5}, {0.5}}).col(0));
  CHECK(largest(gradients(lse, {x})[0] - p) < 4 * rounding);
  CHECK(largest(gradients(softmax, {x})[0]) < 4 * rounding);  // they sum to 1 wherever x is
  // What is far below the largest has its logarithm, though its exponential is 0.
  const Matrix far = value(log_softmax, {rows({{0}, {-5000}})});
  CHECK(far(0) == 0);
  CHECK(far(1) == -5000);

  const Matrix infinite = rows({{-infinity, infinity, infinity, not_a_number, infinity},
                                {-infinity, infinity, 0, 0, -infinity}});
  CHECK(alike(value(lse, {infinite}),
              rows({{-infinity, infinity, infinity, not_a_number, infinity}})));
  for (const Function& f : {softmax, log_softmax})
    CHECK(value(f, {infinite}).row(0).array().isNaN().all());
  CHECK(gradients(lse, {infinite})[0].row(0).array().isNaN().all());
  // Of one entry.
  const Matrix alone = rows({{5, -most, 1e-9}});
  CHECK(value(lse, {alone}) == alone);
  CHECK(gradients(lse, {alone})[0] == Matrix::Ones(1, 3));
  CHECK(value(softmax, {alone}) == Matrix::Ones(1, 3));
  CHECK(value(log_softmax, {alone}).isZero(0));
}

TEST_CASE("an entry of -Inf counts as one that is not there, also in derivatives") {
  // Weighted, since the entries of a softmax sum to 1 wherever x is.
  const auto weighted = [](Var (*f)(Var)) {
    return [f](std::span<const Var> v) {
      const Var y = f(v[0]);
      return y.rows() == 1 ? y : sum_rows(slice_rows(y, 0, 3) * exp(slice_rows(v[0], 0, 3)));
    };
  };
  const Matrix x = rows({{0.5, 2}, {-1, 2}, {1.5, -40}});
  Matrix longer(5, 2);
  longer << x, Matrix::Constant(1, 2, 10000), Matrix::Constant(1, 2, -infinity);
  for (const auto f :
       {autodiff::logsumexp_rows, autodiff::softmax_rows, autodiff::log_softmax_rows}) {
    // Masked by a choice, as what must not be seen is; and given as -Inf.
    const Function masked = [&](std::span<const Var> v) {
      const Var low = v[0].tape().filled(v[0].shape(), -infinity);
      const std::array seen{where(less(v[0], 1000), v[0], low)};
      return weighted(f)(seen);
    };
    for (int order = 0; order < 3; ++order) {
      CAPTURE(order);
      const Matrix expected = values_of(weighted(f), {x}, order).front(),
                   result = values_of(masked, {longer}, order).front();
      CHECK(largest(result.topRows(expected.rows()) - expected) < 40 * rounding);
      if (order > 0) CHECK(result.bottomRows(2).isZero(0));
    }
  }
}

TEST_CASE("over columns is over the rows of the transpose") {
  Random random(2);
  const Matrix x = random.normal_matrix(3, 5, 10), turned = x.transpose();
  CHECK(value(of(autodiff::logsumexp_cols), {x}) ==
        value(of(autodiff::logsumexp_rows), {turned}).transpose());
  CHECK(value(of(autodiff::softmax_cols), {x}) ==
        value(of(autodiff::softmax_rows), {turned}).transpose());
  const Matrix p = value(of(autodiff::softmax_cols), {x});
  CHECK(largest(p.rowwise().sum().array() - 1) < 4 * rounding);
}
