// The first node that is not finite, found where it was planted.
#include "autodiff/non_finite.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "autodiff/grad.h"

using autodiff::first_non_finite;
using autodiff::Matrix;
using autodiff::Tape;
using autodiff::Var;

namespace {

using Bindings = std::vector<std::pair<Var, Matrix>>;

Matrix filled(double value) { return Matrix::Constant(2, 3, static_cast<autodiff::Scalar>(value)); }

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
