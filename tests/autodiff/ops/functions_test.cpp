// Functions entry by entry, where they are hard: beside 0, far out, at poles and branch points.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/ops.h"
#include "tests/autodiff/ops/values.h"
#include "tests/precision.h"

using namespace ops_test;
using doctest::Approx;
using Pair = std::array<double, 2>;
using std::numbers::pi;

namespace {

using Two = Var (*)(Var, Var);

double relative(double a, double b) { return std::abs(a - b) / std::abs(b); }

}  // namespace

TEST_CASE("the derivative of sigmoid keeps its digits where sigmoid is nearly 1") {
  for (const double x : {-80., -30., -1., 0., 1., 20., 30., 80.}) {
    CAPTURE(x);
    const long double e = std::exp(-std::abs(static_cast<long double>(x)));
    const auto slope = static_cast<double>(e / ((1 + e) * (1 + e)));
    CHECK(relative(at(autodiff::sigmoid, x, 1), slope) < 6 * rounding);
    CHECK(at(autodiff::sigmoid_slope, x) == at(autodiff::sigmoid, x, 1));
    CHECK(at(autodiff::sigmoid_slope, x) == at(autodiff::sigmoid_slope, -x));
    const auto curvature =
        static_cast<double>(e / ((1 + e) * (1 + e)) * (e - 1) / (e + 1)) * (x < 0 ? -1 : 1);
    CHECK(std::abs(at(autodiff::sigmoid, x, 2) - curvature) < 6 * rounding * slope);
    CHECK(relative(at(autodiff::softplus, x, 2), slope) < 6 * rounding);
  }
  CHECK(at(autodiff::sigmoid_slope, 0) == 0.25);
  CHECK(at(autodiff::sigmoid_slope, infinity) == 0);
  CHECK(at(autodiff::sigmoid_slope, -infinity) == 0);
  CHECK(std::isnan(at(autodiff::sigmoid_slope, not_a_number)));
}

TEST_CASE("softplus and its derivatives are one instruction, whichever of them are wanted") {
  const autodiff::Shape shape{5, 7};
  Tape tape;
  const Var x = tape.input(shape.rows, shape.cols, "x");
  const Matrix at_x = 4 * Matrix::Random(shape.rows, shape.cols);
  const Var members[] = {softplus(x), sigmoid(x), sigmoid_slope(x)};
  for (const std::vector<int>& wanted :
       std::vector<std::vector<int>>{{0, 1}, {1, 2}, {0, 2}, {2, 1, 0}}) {
    std::vector<Var> outputs;
    for (const int k : wanted) outputs.push_back(members[k] * members[k]);
    const autodiff::Program program(outputs);
    const auto [first, last] = std::minmax_element(wanted.begin(), wanted.end());
    int families = 0;
    for (int id = 0; id < program.tape().size(); ++id) {
      const autodiff::Node& node = program.tape().node(id);
      if (node.op != &autodiff::softplus_family_op) continue;
      ++families;
      CHECK(node.shape == autodiff::Shape{shape.rows, (*last - *first + 1) * shape.cols});
    }
    CHECK(families == 1);
    autodiff::Workspace workspace(program);
    workspace.bind(x, at_x);
    program.run(workspace);
    for (std::size_t k = 0; k < wanted.size(); ++k)
      CHECK(workspace.value(static_cast<int>(k)) == evaluate(outputs[k], {{x, at_x}}));
  }
}

TEST_CASE("a quotient by a number is rounded once") {
  for (const double x : {1., 3., 10., 0.1, 7., -5.}) {
    CHECK(at([](Var v) { return v / 3; }, x) == Scalar(x) / 3);
    CHECK(at([](Var v) { return v / 49.; }, x) == Scalar(x) / 49);
    CHECK(at([](Var v) { return 7 / v; }, x) == 7 / Scalar(x));
    CHECK(at([x](Var v) { return v / x; }, x) == 1);
  }
  CHECK(at([](Var v) { return v / 0; }, 2) == infinity);
  CHECK(std::isnan(at([](Var v) { return v / 0; }, 0)));
  CHECK(at([](Var v) { return 2 / v; }, -0.0) == -infinity);
  CHECK(at([](Var v) { return 6 / v; }, 2, 1) == -1.5);
  CHECK(at([](Var v) { return mean(v); }, 5) == 5);
}

TEST_CASE("a handle moves on by +=, -=, *= and /=") {
  const auto f = [](Var x) {
    Var y = x;
    y += x;  // 2x
    y *= x;  // 2x²
    y -= 3;
    y /= x;  // 2x - 3/x
    y += 1;
    y -= x;  // x - 3/x + 1
    y *= 4;
    y /= 2;
    return y;
  };
  CHECK(at(f, 3) == 6);
  CHECK(at(f, 1, 1) == 8);
}

TEST_CASE("derivatives at 0 are the coefficients of the series") {
  const double root = 2 / std::sqrt(pi);
  const struct {
    const char* name;
    Var (*f)(Var);
    double derivatives[4];
  } table[] = {
      {"exp", autodiff::exp, {1, 1, 1, 1}},
      {"expm1", autodiff::expm1, {0, 1, 1, 1}},
      {"log1p", autodiff::log1p, {0, 1, -1, 2}},
      {"erf", autodiff::erf, {0, root, 0, -2 * root}},
      {"sin", autodiff::sin, {0, 1, 0, -1}},
      {"cos", autodiff::cos, {1, 0, -1, 0}},
      {"tan", autodiff::tan, {0, 1, 0, 2}},
      {"asin", autodiff::asin, {0, 1, 0, 1}},
      {"acos", autodiff::acos, {pi / 2, -1, 0, -1}},
      {"atan", autodiff::atan, {0, 1, 0, -2}},
      {"sinh", autodiff::sinh, {0, 1, 0, 1}},
      {"cosh", autodiff::cosh, {1, 0, 1, 0}},
      {"tanh", autodiff::tanh, {0, 1, 0, -2}},
      {"sigmoid", autodiff::sigmoid, {0.5, 0.25, 0, -0.125}},
      {"softplus", autodiff::softplus, {std::log(2.), 0.5, 0.25, 0}},
  };
  for (const auto& row : table)
    for (int order = 0; order < 4; ++order) {
      INFO(row.name, ", order ", order);
      CHECK(std::abs(at(row.f, 0, order) - row.derivatives[order]) < 4 * rounding);
    }
}

TEST_CASE("derivatives at infinity are their limits") {
  const struct {
    const char* name;
    Var (*f)(Var);
    double at, derivatives[4];
    int last = 3;  // beyond it a factor Inf meets a factor 0
  } table[] = {
      {"softplus", autodiff::softplus, infinity, {infinity, 1, 0, 0}},
      {"softplus", autodiff::softplus, -infinity, {0, 0, 0, 0}},
      {"sigmoid", autodiff::sigmoid, infinity, {1, 0, 0, 0}},
      {"sigmoid", autodiff::sigmoid, -infinity, {0, 0, 0, 0}},
      {"tanh", autodiff::tanh, infinity, {1, 0, 0, 0}},
      {"tanh", autodiff::tanh, -infinity, {-1, 0, 0, 0}},
      {"exp", autodiff::exp, infinity, {infinity, infinity, infinity, infinity}},
      {"exp", autodiff::exp, -infinity, {0, 0, 0, 0}},
      {"expm1", autodiff::expm1, -infinity, {-1, 0, 0, 0}},
      {"log", autodiff::log, infinity, {infinity, 0, 0, 0}},
      {"log1p", autodiff::log1p, infinity, {infinity, 0, 0, 0}},
      {"sqrt", autodiff::sqrt, infinity, {infinity, 0, 0, 0}},
      {"sinh", autodiff::sinh, -infinity, {-infinity, infinity, -infinity, infinity}},
      {"cosh", autodiff::cosh, -infinity, {infinity, -infinity, infinity, -infinity}},
      {"erf", autodiff::erf, -infinity, {-1, 0}, 1},
      {"atan", autodiff::atan, -infinity, {-pi / 2, 0}, 1},
  };
  for (const auto& row : table)
    for (int order = 0; order <= row.last; ++order) {
      INFO(row.name, " at ", row.at, ", order ", order);
      CHECK(at(row.f, row.at, order) == Scalar(row.derivatives[order]));
    }
}

TEST_CASE("whole powers of whole numbers are exact, and so are their derivatives") {
  for (int p = 0; p <= 6; ++p) {
    const auto fixed = [p](Var x) { return pow(x, p); };
    const auto variable = [p](Var x) { return pow(x, x.tape().filled(x.shape(), p)); };
    for (const double x : {-3., -2., -1., -0., 0., 1., 2., 7.}) {
      double factor = 1;  // p (p - 1) ... (p - order + 1)
      for (int order = 0; order < 4; factor *= p - order++) {
        INFO(x, " to the power of ", p, ", order ", order);
        const double exact = factor == 0 ? 0 : factor * std::pow(x, p - order);
        CHECK(at(fixed, x, order) == exact);
        CHECK(at(variable, x, order) == exact);
      }
    }
  }
}

TEST_CASE("the reciprocal's sixth derivative is 6! / x^7, whichever way it is written") {
  const std::function<Var(Var)> reciprocals[] = {
      [](Var x) { return 1 / x; },
      [](Var x) { return pow(x, -1); },
      [](Var x) { return x.tape().filled(x.shape(), 1) / x; },
      [](Var x) { return pow(x, x.tape().filled(x.shape(), -1)); },
  };
  for (const auto& reciprocal : reciprocals)
    for (const double x : {4., -0.5})
      CHECK(relative(at(reciprocal, x, 6), 720 / std::pow(x, 7)) < 8 * rounding);
}

TEST_CASE("where every number gives the same, so does NaN, and it has no derivative") {
  const std::function<Var(Var, Var)> power = static_cast<Two>(autodiff::pow);
  CHECK(at(power, not_a_number, 0) == 1);
  CHECK(at(power, 1, not_a_number) == 1);
  CHECK(at(autodiff::hypot, infinity, not_a_number) == infinity);
  CHECK(at(autodiff::hypot, not_a_number, -infinity) == infinity);
  CHECK(std::isnan(slopes(power, not_a_number, 0)[0]));
  CHECK(std::isnan(slopes(power, 1, not_a_number)[0]));
  CHECK(std::isnan(slopes(autodiff::hypot, infinity, not_a_number)[1]));
}

TEST_CASE("powers of two variables have the derivatives of their limits at 0") {
  const std::function<Var(Var, Var)> power = static_cast<Two>(autodiff::pow);
  CHECK(at(power, 2, 10) == 1024);
  CHECK(at(power, 0, 0) == 1);
  CHECK(at(power, -2, 3) == -8);
  CHECK(std::isnan(at(power, -2, 0.5)));
  CHECK(slopes(power, 0, 1) == Pair{1, 0});
  CHECK(slopes(power, 0, 2) == Pair{0, 0});
  CHECK(slopes(power, 0, 0) == Pair{0, 0});
  CHECK(slopes(power, 0, 0.5)[0] == infinity);
  CHECK(slopes(power, 0, 0.5)[1] == 0);
  CHECK(slopes(power, -2, 3)[0] == 12);  // the base's is right where the exponent's is none
  CHECK(std::isnan(slopes(power, -2, 3)[1]));
  CHECK(slopes(power, 0, -1)[0] == -infinity);
  CHECK(std::isnan(slopes(power, 0, -1)[1]));
  CHECK(slopes(power, 2, 0)[0] == 0);
  CHECK(slopes(power, 2, 0)[1] == Approx(std::log(2)));
  const auto square_of = [](Var x) { return pow(x, x.tape().constant(2)); };
  CHECK(at(square_of, 0, 2) == 2);
  CHECK(at(square_of, 0, 3) == 0);
  // ∂²(x^y)/∂x∂y at y = 0 is 1/x, which a rule that sets y x^(y-1) to 0 there would miss.
  const auto by_base = [](Var x, Var y) { return grad(sum(pow(x, y)), x); };
  const auto by_exponent = [](Var x, Var y) { return grad(sum(pow(x, y)), y); };
  CHECK(slopes(by_base, 4, 0) == Pair{0, 0.25});
  CHECK(slopes(by_exponent, 4, 0)[0] == 0.25);
  CHECK(slopes(by_exponent, 4, 0)[1] == Approx(std::log(4) * std::log(4)).epsilon(8 * rounding));
}

TEST_CASE("what is small beside 1 is not lost in expm1 and log1p") {
  const double tiny = sizeof(Scalar) == sizeof(double) ? 1e-18 : 1e-9;
  CHECK(at(autodiff::expm1, tiny) == Scalar(tiny));
  CHECK(at(autodiff::log1p, -tiny) == -Scalar(tiny));
  CHECK(std::signbit(at(autodiff::expm1, -0.0)));
  CHECK(std::signbit(at(autodiff::log1p, -0.0)));
  CHECK(at(autodiff::log1p, -1) == -infinity);
  CHECK(std::isnan(at(autodiff::log1p, -2)));
  CHECK(at(autodiff::expm1, -infinity) == -1);
  // e^x, where expm1(x) + 1 has no digit left.
  CHECK(at(autodiff::expm1, -50, 1) == at(autodiff::exp, -50));
}

TEST_CASE("hypot neither overflows nor vanishes before its result does") {
  const std::function<Var(Var, Var)> f = autodiff::hypot;
  const Scalar large = most / 2, small = std::numeric_limits<Scalar>::min() * 4;
  CHECK(at(f, 3, -4) == 5);
  CHECK(relative(at(f, 3 * (large / 5), 4 * (large / 5)), large) < 4 * rounding);
  CHECK(relative(at(f, 3 * small, 4 * small), 5 * small) < 4 * rounding);
  CHECK(at(f, infinity, 1) == infinity);
  CHECK(at(f, 0, -2) == 2);
  CHECK(std::isnan(at(f, not_a_number, 1)));
  for (const double size : {1., double{large / 5}, double{small}}) {
    CAPTURE(size);
    CHECK(slopes(f, 3 * size, 4 * size)[0] == Approx(0.6));
    CHECK(slopes(f, 3 * size, 4 * size)[1] == Approx(0.8));
  }
  CHECK(slopes(f, 0, -2) == Pair{0, -1});
  CHECK(std::isnan(slopes(f, 0, 0)[0]));
}

TEST_CASE("atan2 knows the quarter, and its derivative neither overflows nor vanishes") {
  const std::function<Var(Var, Var)> f = autodiff::atan2;
  CHECK(at(f, 1, 1) == Approx(pi / 4));
  CHECK(at(f, 1, -1) == Approx(3 * pi / 4));
  CHECK(at(f, -1, -1) == Approx(-3 * pi / 4));
  CHECK(std::isnan(at(f, not_a_number, 1)));
  const double root = std::sqrt(double{most});  // whose square times 25 is Inf
  for (const double size : {1., 2 * root, 1 / (2 * root)}) {
    CAPTURE(size);
    CHECK(size * slopes(f, 3 * size, 4 * size)[0] == Approx(4. / 25));
    CHECK(size * slopes(f, 3 * size, 4 * size)[1] == Approx(-3. / 25));
  }
  // On the axes, from both sides where the angle jumps; at the corners of infinity; at the origin.
  const struct {
    double y, x, angle, by_y, by_x;
  } table[] = {
      {0, 2, 0, 0.5, 0},
      {2, 0, pi / 2, 0, -0.5},
      {2, -0.0, pi / 2, 0, -0.5},
      {-2, 0, -pi / 2, 0, 0.5},
      {0, -2, pi, -0.5, 0},
      {-0.0, -2, -pi, -0.5, 0},
      {infinity, infinity, pi / 4, not_a_number, not_a_number},
      {infinity, -infinity, 3 * pi / 4, not_a_number, not_a_number},
      {-infinity, -infinity, -3 * pi / 4, not_a_number, not_a_number},
      {0, 0, 0, not_a_number, not_a_number},
      {0, -0.0, pi, not_a_number, not_a_number},
      {-0.0, -0.0, -pi, not_a_number, not_a_number},
  };
  for (const auto& row : table) {
    INFO(row.y, ' ', row.x);
    CHECK(at(f, row.y, row.x) == Scalar(row.angle));
    const auto [by_y, by_x] = slopes(f, row.y, row.x);
    CHECK(
        alike(rows({{Scalar(by_y), Scalar(by_x)}}), rows({{Scalar(row.by_y), Scalar(row.by_x)}})));
  }
}

TEST_CASE("asin and acos end at ±1, where they are vertical") {
  CHECK(at(autodiff::asin, 1) == Approx(pi / 2));
  CHECK(at(autodiff::acos, 1) == 0);
  CHECK(at(autodiff::acos, -1) == Approx(pi));
  CHECK(std::isnan(at(autodiff::asin, 1.5)));
  CHECK(std::isnan(at(autodiff::acos, -1.5)));
  CHECK(at(autodiff::asin, 1, 1) == infinity);
  CHECK(at(autodiff::acos, 1, 1) == -infinity);
  const Scalar near = 1 - Scalar(rounding);  // 1 - near is exact, 1 - near² is not
  const double slope = 1 / std::sqrt(rounding * (2 - rounding));
  CHECK(relative(at(autodiff::asin, near, 1), slope) < 4 * rounding);
}

TEST_CASE("atan, tan, sinh, cosh and erf far out") {
  CHECK(at(autodiff::atan, infinity) == Approx(pi / 2));
  CHECK(at(autodiff::atan, -infinity) == Approx(-pi / 2));
  CHECK(at(autodiff::atan, infinity, 1) == 0);
  CHECK(at(autodiff::tan, 0) == 0);
  CHECK(at(autodiff::tan, 0, 1) == 1);
  CHECK(at(autodiff::tan, 1, 1) == Approx(1 + std::tan(1.) * std::tan(1.)));
  CHECK(std::isnan(at(autodiff::tan, infinity)));
  const double edge = std::log(double{most}) + 0.5;  // e^edge is Inf, half of it is not
  CHECK(std::isfinite(at(autodiff::cosh, edge)));
  CHECK(std::isfinite(at(autodiff::sinh, -edge, 1)));
  CHECK(at(autodiff::sinh, -infinity) == -infinity);
  CHECK(at(autodiff::cosh, -infinity) == infinity);
  CHECK(std::signbit(at(autodiff::sinh, -0.0)));
  CHECK(at(autodiff::erf, infinity) == 1);
  CHECK(at(autodiff::erf, -infinity) == -1);
  CHECK(at(autodiff::erf, 0, 1) == Approx(2 / std::sqrt(pi)));
  CHECK(at(autodiff::erf, 100, 1) == 0);
  for (const auto f :
       {static_cast<Var (*)(Var)>(autodiff::atan), autodiff::tan, autodiff::asin, autodiff::acos,
        autodiff::sinh, autodiff::cosh, autodiff::erf, autodiff::expm1, autodiff::log1p})
    CHECK(std::isnan(at(f, not_a_number)));
}
