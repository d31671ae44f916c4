// Gathered and scattered: repeated numbers add up, numbers may be data, and wrong ones do no harm.
#include <doctest/doctest.h>

#include <vector>

#include "autodiff/ops.h"
#include "tests/autodiff/ops/values.h"

using namespace ops_test;

namespace {

const Matrix x = rows({{1, 2, 3}, {10, 20, 30}});

}  // namespace

TEST_CASE("rows are gathered by their numbers, and repeated ones add up when scattered") {
  const std::vector<Index> numbers{1, 0, 1};
  const Function gather = [&](std::span<const Var> v) { return gather_rows(v[0], numbers); };
  const Function scatter = [&](std::span<const Var> v) { return scatter_rows(v[0], numbers, 4); };
  CHECK(value(gather, {x}) == rows({{10, 20, 30}, {1, 2, 3}, {10, 20, 30}}));
  CHECK(gradients(gather, {x})[0] == rows({{1, 1, 1}, {2, 2, 2}}));
  const Matrix three = rows({{1}, {2}, {4}});
  CHECK(value(scatter, {three}) == rows({{2}, {5}, {0}, {0}}));
  CHECK(gradients(scatter, {three})[0] == rows({{1}, {1}, {1}}));
}

TEST_CASE("each sample may have row numbers of its own, given as data") {
  const Function gather = [](std::span<const Var> v) { return gather_rows(v[0], v[1]); };
  const Matrix numbers = rows({{1, 0, 1}});
  CHECK(value(gather, {x, numbers}) == rows({{10, 2, 30}}));
  const std::vector<Matrix> adjoints = gradients(gather, {x, numbers});
  CHECK(adjoints[0] == rows({{0, 1, 0}, {1, 0, 1}}));
  CHECK(adjoints[1].isZero(0));
}

TEST_CASE("columns are gathered and scattered likewise") {
  const std::vector<Index> numbers{2, 2, 0};
  const Function gather = [&](std::span<const Var> v) { return gather_cols(v[0], numbers); };
  const Function scatter = [&](std::span<const Var> v) { return scatter_cols(v[0], numbers, 4); };
  CHECK(value(gather, {x}) == rows({{3, 3, 1}, {30, 30, 10}}));
  CHECK(gradients(gather, {x})[0] == rows({{1, 0, 2}, {1, 0, 2}}));
  CHECK(value(scatter, {x}) == rows({{3, 0, 3, 0}, {30, 0, 30, 0}}));
  CHECK(gradients(scatter, {x})[0] == Matrix::Ones(2, 3));
  // A table of vectors and words given as data: an embedding.
  const Function embed = [](std::span<const Var> v) { return gather_cols(v[0], v[1]); };
  CHECK(value(embed, {x, rows({{1, 1, 1, 0}})}) == rows({{2, 2, 2, 1}, {20, 20, 20, 10}}));
}

TEST_CASE("a number that is no row's or column's gives NaN, and nothing is scattered there") {
  const Function gather = [](std::span<const Var> v) { return gather_rows(v[0], v[1]); };
  const Function scatter = [](std::span<const Var> v) { return scatter_rows(v[0], v[1], 2); };
  const Function gather_c = [](std::span<const Var> v) { return gather_cols(v[0], v[1]); };
  const Function scatter_c = [](std::span<const Var> v) { return scatter_cols(v[0], v[1], 3); };
  for (const Scalar wrong : {Scalar(-1), Scalar(-0.25), Scalar(0.5), Scalar(3), most, -most,
                             infinity, -infinity, not_a_number}) {
    CAPTURE(wrong);
    const Matrix numbers = rows({{1, wrong, 0}});
    CHECK(alike(value(gather, {x, numbers}), rows({{10, not_a_number, 3}})));
    CHECK(gradients(gather, {x, numbers})[0] == rows({{0, 0, 1}, {1, 0, 0}}));
    CHECK(value(scatter, {rows({{5, 6, 7}}), numbers}) == rows({{0, 0, 7}, {5, 0, 0}}));
    CHECK(gradients(scatter, {rows({{5, 6, 7}}), numbers})[0] == rows({{1, 0, 1}}));
    CHECK(
        alike(value(gather_c, {x, numbers}), rows({{2, not_a_number, 1}, {20, not_a_number, 10}})));
    CHECK(gradients(gather_c, {x, numbers})[0] == rows({{1, 1, 0}, {1, 1, 0}}));
    CHECK(value(scatter_c, {x, numbers}) == rows({{3, 1, 0}, {30, 10, 0}}));
    CHECK(gradients(scatter_c, {x, numbers})[0] == rows({{1, 0, 1}, {1, 0, 1}}));
  }
}
