// The checker is checked: rules that are wrong on purpose must be caught, at the order where they
// go wrong.
#include "autodiff/check/gradcheck.h"

#include <doctest/doctest.h>

#include <limits>
#include <sstream>

#include "tests/precision.h"

using namespace autodiff;

namespace {

// y = a², with a rule chosen below.
constexpr OpDef square_with(Var (*vjp)(const Vjp&, int)) {
  return {.name = "square",
          .arity = 1,
          .elementwise = true,
          .shape = [](const OpDef&, std::span<const Shape> in, const Attributes&) { return in[0]; },
          .forward =
              [](const Kernel& k) {
                for (Index i = 0; i < k.y_shape.size(); ++i) k.y[i] = k.a[i] * k.a[i];
              },
          .vjp = vjp};
}

const OpDef right = square_with([](const Vjp& d, int) { return 2 * d.g * d.a; });
constexpr double tolerance = GradcheckOptions().tolerance;
const OpDef wrong =
    square_with([](const Vjp& d, int) { return 2 * (1 + 5 * tolerance) * d.g * d.a; });
const OpDef missing = square_with([](const Vjp&, int) { return Var(); });

// y = 2 a²: as the factor of `right`'s rule it has the right value and the wrong slope.
const OpDef doubled{
    .name = "doubled",
    .arity = 1,
    .elementwise = true,
    .shape = right.shape,
    .forward =
        [](const Kernel& k) {
          for (Index i = 0; i < k.y_shape.size(); ++i) k.y[i] = 2 * k.a[i];
        },
    .vjp = [](const Vjp& d, int) { return 3 * d.g; },
};
const OpDef wrong_at_second_order =
    square_with([](const Vjp& d, int) { return d.g * d.a.tape().record(doubled, {d.a}); });

GradcheckReport check(const OpDef& op, GradcheckOptions options = {}) {
  return gradcheck([&](Tape& tape, std::span<const Var> x) { return tape.record(op, {x[0]}); },
                   {Matrix{{0.3, -0.4}, {0.5, 1.7}, {0.1, 0.2}}}, options);
}

std::string text(const GradcheckReport& report) {
  std::ostringstream out;
  out << report;
  return out.str();
}

}  // namespace

TEST_CASE("a right rule passes at every order") {
  const GradcheckReport report = check(right);
  CHECK_MESSAGE(report.ok(), report);
  CHECK(report.worst.size() == 3);
  CHECK(check(right, {.order = 1}).worst.size() == 1);
}

TEST_CASE("a rule that is wrong by five times the tolerance fails at first order") {
  const GradcheckReport report = check(wrong);
  CHECK(!report.ok());
  CHECK(report.worst[0].error > 4 * tolerance);
  CHECK(check(wrong, {.tolerance = 6 * tolerance}).ok());
  CHECK(!check(missing).ok());
}

TEST_CASE("a rule that is right at first order and wrong at second is caught there") {
  const GradcheckReport report = check(wrong_at_second_order);
  CHECK(!report.ok());
  CHECK(report.worst[0].error < 1e5 * rounding);
  CHECK(report.worst[1].error > 0.1);
  CHECK(check(wrong_at_second_order, {.order = 1}).ok());
  // Also where only the second input goes wrong.
  const auto f = [](Tape& tape, std::span<const Var> x) {
    return x[0] + tape.record(wrong_at_second_order, {x[1]});
  };
  const Matrix at = Matrix::Constant(2, 1, 0.5);
  const GradcheckReport of_two = gradcheck(f, {at, at}, {.order = 2});
  CHECK(!of_two.ok());
  CHECK(of_two.worst[1].input == 1);
}

TEST_CASE("the worst entry is named") {
  // Only the entry with the largest weight, a(2,1) of the second input, is far off.
  const auto f = [](Tape& tape, std::span<const Var> x) {
    Matrix weight = Matrix::Zero(3, 2);
    weight(2, 1) = 1;
    return x[0] + x[1] + tape.constant(weight) * tape.record(wrong, {x[1]});
  };
  const Matrix at = Matrix::Constant(3, 2, 0.5);
  const GradcheckReport report = gradcheck(f, {at, at}, {.order = 1});
  REQUIRE(report.worst.size() == 1);
  CHECK(report.worst[0].order == 1);
  CHECK(report.worst[0].input == 1);
  CHECK(report.worst[0].row == 2);
  CHECK(report.worst[0].col == 1);
  CHECK(report.worst[0].exact > report.worst[0].difference);
}

TEST_CASE("the report has a line for each order, and says which is above the tolerance") {
  GradcheckReport report{.worst = {{1, 0, 1, 2, 0.25, 0.25, 1e-12}, {2, 3, 0, 0, 0.5, 0.25, 0.125}},
                         .tolerance = 1e-6};
  CHECK(text(report) ==
        "order 1: error 1e-12 at input 0 (1,2): grad 0.25, difference 0.25\n"
        "order 2: error 0.125 at input 3 (0,0): grad 0.5, difference 0.25   <-- above the "
        "tolerance\n");
}

TEST_CASE("NaN is not ok, wherever it comes from") {
  const auto root = [](Tape&, std::span<const Var> x) { return sqrt(x[0]); };
  const GradcheckReport below_zero = gradcheck(root, {Matrix{{1.0, -1.0, 2.0}}});
  CHECK(!below_zero.ok());
  CHECK(std::isnan(below_zero.worst[0].error));
  CHECK(below_zero.worst[0].col == 0);  // the projection mixes the entries: the first one says it
  CHECK(text(below_zero).find("<-- above") != std::string::npos);

  // The exact gradient is infinite at the kink, though the function is finite there.
  const auto kink = [](Tape&, std::span<const Var> x) { return sqrt(abs(x[0])); };
  CHECK(!gradcheck(kink, {Matrix{{0.0, 1.0}}}, {.order = 1}).ok());
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  CHECK(!gradcheck(root, {Matrix::Constant(1, 1, not_a_number)}, {.order = 1}).ok());
}

TEST_CASE("a check of nothing is refused in words") {
  const auto one = [](Tape& tape, std::span<const Var>) { return tape.constant(1); };
  CHECK_THROWS_WITH_AS(gradcheck(one, {}), doctest::Contains("there are no inputs"),
                       std::invalid_argument);
  CHECK_THROWS_AS(gradcheck(one, {Matrix::Ones(1, 1)}, {.order = 0}), std::invalid_argument);
  const auto nothing = [](Tape&, std::span<const Var>) { return Var(); };
  CHECK_THROWS_AS(gradcheck(nothing, {Matrix::Ones(1, 1)}), std::invalid_argument);
}
