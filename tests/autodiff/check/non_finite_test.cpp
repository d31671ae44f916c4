// The first node that is not finite, found where it was planted.
#include "autodiff/check/non_finite.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"

using namespace autodiff;

namespace {

using Bindings = std::vector<std::pair<Var, Matrix>>;

Matrix filled(double value) { return Matrix::Constant(2, 3, static_cast<Scalar>(value)); }

}  // namespace

TEST_CASE("the operation that made the first NaN or Inf is named, not those that passed it on") {
  Tape tape;
  const Var x = tape.input(2, 3, "x");
  const Var logarithm = log(x + 1.0);
  const Var y = sum(exp(logarithm * 2.0));
  const std::vector<Var> outputs{y};
  CHECK_FALSE(first_non_finite(outputs, Bindings{{x, filled(0)}}));
  CHECK(first_non_finite(outputs, Bindings{{x, filled(-1)}}) == logarithm);  // log 0 = -Inf
  CHECK(first_non_finite(outputs, Bindings{{x, filled(-2)}}) == logarithm);  // a NaN
  CHECK(first_non_finite(outputs, Bindings{{x, filled(std::numeric_limits<double>::infinity())}}) ==
        x);
}

TEST_CASE("a gradient may go wrong where its function is fine") {
  Tape tape;
  const Var x = tape.input(2, 3, "x");
  const Var y = sum(sqrt(x));
  const std::vector<Var> value{y}, gradient{y, grad(y, x)};
  CHECK_FALSE(first_non_finite(value, Bindings{{x, filled(0)}}));
  const auto found = first_non_finite(gradient, Bindings{{x, filled(0)}});  // 1 / (2 sqrt 0)
  REQUIRE(found);
  CHECK(found->id() > y.id());
}

TEST_CASE("nodes that no output needs are not looked at") {
  Tape tape;
  const Var x = tape.input(2, 3, "x");
  log(x);  // -Inf, and nobody's business
  const std::vector<Var> outputs{x * 2.0};
  CHECK_FALSE(first_non_finite(outputs, Bindings{{x, filled(0)}}));
}

TEST_CASE("empty handles and foreign tapes are told in words") {
  Tape tape, other;
  const Var x = tape.input(1, 1, "x"), y = other.input(1, 1, "y");
  CHECK_THROWS_AS(first_non_finite(std::array{Var()}, {}), std::invalid_argument);
  CHECK_THROWS_AS(first_non_finite(std::array{x, Var()}, {}), std::invalid_argument);
  CHECK_THROWS_AS(first_non_finite(std::array{x, y}, {}), std::invalid_argument);
  CHECK_FALSE(first_non_finite({}, {}));
}

TEST_CASE("a program's NaN is found again: both compute the same bits") {
  Tape tape;
  const Var a = tape.input(1, 1, "a"), b = tape.input(1, 1, "b");
  const std::array y{sqrt(a * a - b * b)};  // with a fused multiply-add, below zero at a = b
  const Program program(y);
  Workspace workspace(program);
  Matrix value(1, 1);
  workspace.bind(a, value);
  workspace.bind(b, value);
  for (int k = 1; k < 1000; ++k) {
    value(0, 0) = static_cast<Scalar>(k) / 997;
    program.run(workspace);
    CHECK(workspace.value(0)(0, 0) == 0);
    CHECK_FALSE(first_non_finite(y, std::array{std::pair(a, value), std::pair(b, value)}));
  }
}
