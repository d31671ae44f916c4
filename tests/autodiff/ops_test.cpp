// Every operation: its values against the standard library and Eigen, its derivatives against
// differences to third order, and the identities that tie the operations to one another.
#include "autodiff/ops.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/directional.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "tests/precision.h"

using namespace autodiff;

namespace {

using Vars = std::span<const Var>;
using Inputs = std::vector<Matrix>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// A call of one operation, and random inputs for it of about rows x cols.
struct Example {
  std::function<Var(Vars)> call;
  std::function<Inputs(Random&, Index rows, Index cols)> inputs;
};

Example unary(Var (*op)(Var), double low, double high) {
  return {[op](Vars x) { return op(x[0]); },
          [=](Random& random, Index rows, Index cols) {
            return Inputs{random.uniform_matrix(rows, cols, low, high)};
          }};
}

Example shaped(std::function<Var(Vars)> call, std::function<std::vector<Shape>(Index, Index)> of) {
  return {std::move(call), [of = std::move(of)](Random& random, Index rows, Index cols) {
            Inputs inputs;
            for (const Shape& shape : of(rows, cols))
              inputs.push_back(random.uniform_matrix(shape.rows, shape.cols, 0.5, 1.5));
            return inputs;
          }};
}

Example one(std::function<Var(Vars)> call) {
  return shaped(std::move(call), [](Index r, Index c) { return std::vector<Shape>{{r, c}}; });
}

Example two(std::function<Var(Vars)> call) {
  return shaped(std::move(call), [](Index r, Index c) {
    return std::vector<Shape>(2, Shape{r, c});
  });
}

Inputs well_conditioned(Random& random, Index n, Index samples) {
  Matrix a = random.uniform_matrix(n * n, samples, -0.4, 0.4);
  for (Index i = 0; i < n; ++i) a.row(i * n + i).array() += 2;
  return {a, random.uniform_matrix(n, samples, -1, 1)};
}

Inputs matrices(Random& random, Index n, Index samples) {
  return {well_conditioned(random, n, samples).front()};
}

/// Entries of both inputs are apart by some steps of a difference, the first mostly the larger.
Inputs apart(Random& random, Index rows, Index cols) {
  Inputs inputs{random.uniform_matrix(rows, cols, 0.5, 1),
                random.uniform_matrix(rows, cols, -1, 0)};
  inputs[0](0) -= 2;
  return inputs;
}

/// Entries of a column differ by some steps of a difference.
Inputs distinct(Random& random, Index rows, Index cols) {
  Matrix x(rows, cols);
  for (Index s = 0; s < cols; ++s) {
    const std::vector<Index> order = random.permutation(rows);
    for (Index i = 0; i < rows; ++i)
      x(i, s) = static_cast<Scalar>(0.3 * static_cast<double>(order[i]) + random.uniform(0, 0.1));
  }
  return {x};
}

/// Random numbers below `count`, as data.
Var numbers(Tape& tape, Index rows, Index cols, Index count) {
  Random random(4);
  Matrix m(rows, cols);
  for (Scalar& entry : m.reshaped()) entry = static_cast<Scalar>(random.below(count));
  return tape.constant(m);
}

const std::multimap<std::string, Example>& examples() {
  using Shapes = std::vector<Shape>;
  static const std::multimap<std::string, Example> table{
      {"add", two([](Vars x) { return x[0] + x[1]; })},
      {"sub", two([](Vars x) { return x[0] - 3 * x[1]; })},
      {"mul", two([](Vars x) { return x[0] * x[1]; })},
      {"mul", one([](Vars x) { return x[0] * x[0]; })},
      {"div", two([](Vars x) { return x[0] / x[1]; })},
      {"neg", one([](Vars x) { return -x[0]; })},
      {"scale", one([](Vars x) { return scale(x[0], -1.25); })},
      {"shift", one([](Vars x) { return shift(x[0], 0.75); })},
      {"divide_by", one([](Vars x) { return x[0] / -1.75; })},
      {"divide_into", one([](Vars x) { return 1.75 / x[0]; })},
      {"power", two([](Vars x) { return pow(x[0], x[1]); })},
      {"power", one([](Vars x) { return pow(x[0], x[0]); })},
      {"pow", one([](Vars x) { return pow(x[0], -1); })},
      {"pow", one([](Vars x) { return pow(x[0], 0); })},
      {"pow", one([](Vars x) { return pow(x[0], 2); })},
      {"pow", one([](Vars x) { return pow(x[0], 3.5); })},
      {"exp", unary(exp, -1, 1)},
      {"log", unary(log, 0.5, 2)},
      {"sqrt", unary(sqrt, 0.5, 2)},
      {"expm1", unary(expm1, -1, 1)},
      {"log1p", unary(log1p, -0.5, 1)},
      {"hypot", two([](Vars x) { return hypot(x[0], x[1] - 1); })},
      {"erf", unary(erf, -1, 1)},
      {"sin", unary(sin, -4, 4)},
      {"cos", unary(cos, -4, 4)},
      {"asin", unary(asin, -0.7, 0.7)},
      {"acos", unary(acos, -0.7, 0.7)},
      {"atan", unary(atan, -2, 2)},
      {"atan2", two([](Vars x) { return atan2(x[0], x[1] - 1); })},
      {"sinh", unary(sinh, -1, 1)},
      {"cosh", unary(cosh, -1, 1)},
      {"tanh", unary(tanh, -2, 2)},
      {"sigmoid", unary(sigmoid, -4, 4)},
      {"sigmoid_slope", unary(sigmoid_slope, -4, 4)},
      {"softplus", unary(softplus, -4, 4)},
      {"abs", unary(abs, 0.1, 1)},
      {"abs", unary(abs, -1, -0.1)},
      {"sign", unary(sign, -1, -0.1)},
      {"compare", {[](Vars x) { return compare(x[0], x[1]); }, apart}},
      {"max", {[](Vars x) { return max(x[0], x[1]); }, apart}},
      {"max", {[](Vars x) { return min(x[0], x[1]); }, apart}},
      {"at_least", {[](Vars x) { return clamp(x[0], -0.2, 0.4); }, apart}},
      {"select", {[](Vars x) { return where(less(x[0], x[1]), exp(x[0]), x[0] * x[1]); }, apart}},
      // The derivative of its operand, which it hides, is 0 here anyway.
      {"stop_gradient", one([](Vars x) { return stop_gradient(sign(x[0])); })},
      {"matmul", shaped([](Vars x) { return matmul(x[0], x[1]); },
                        [](Index r, Index c) {
                          return Shapes{{3, r}, {r, c}};
                        })},
      {"transpose", one([](Vars x) { return transpose(x[0]); })},
      {"sum_rows", one([](Vars x) { return sum_rows(x[0]); })},
      {"sum_cols", one([](Vars x) { return sum_cols(x[0]); })},
      {"cumsum_rows", one([](Vars x) { return cumsum_rows(x[0]); })},
      {"cumsum_rows", one([](Vars x) { return reverse_cumsum_rows(x[0]); })},
      {"max_rows", {[](Vars x) { return max_rows(x[0]); }, distinct}},
      {"max_rows", {[](Vars x) { return min_rows(x[0]); }, distinct}},
      {"max_rows", one([](Vars x) { return logsumexp_rows(3 * x[0]); })},
      {"max_rows", one([](Vars x) { return softmax_rows(3 * x[0]); })},
      {"max_rows", one([](Vars x) { return log_softmax_rows(3 * x[0]); })},
      {"broadcast_rows", shaped([](Vars x) { return broadcast_rows(x[0], 3); },
                                [](Index, Index c) {
                                  return Shapes{{1, c}};
                                })},
      {"broadcast_cols", shaped([](Vars x) { return broadcast_cols(x[0], 4); },
                                [](Index r, Index) {
                                  return Shapes{{r, 1}};
                                })},
      {"slice_rows",
       one([](Vars x) { return slice_rows(x[0], x[0].rows() / 2, (x[0].rows() + 1) / 2); })},
      {"pad_rows", one([](Vars x) { return pad_rows(x[0], 1, x[0].rows() + 3); })},
      {"stack_rows", shaped([](Vars x) { return stack_rows(x[0], x[1]); },
                            [](Index r, Index c) {
                              return Shapes{{r, c}, {2, c}};
                            })},
      {"slice_cols",
       one([](Vars x) { return slice_cols(x[0], x[0].cols() / 2, (x[0].cols() + 1) / 2); })},
      {"pad_cols", one([](Vars x) { return pad_cols(x[0], 1, x[0].cols() + 3); })},
      {"stack_cols", shaped([](Vars x) { return stack_cols(x[0], x[1]); },
                            [](Index r, Index c) {
                              return Shapes{{r, c}, {r, 2}};
                            })},
      {"gather_rows", one([](Vars x) {
         return gather_rows(x[0], numbers(x[0].tape(), 4, x[0].cols(), x[0].rows()));
       })},
      {"scatter_rows", one([](Vars x) {
         return scatter_rows(x[0], numbers(x[0].tape(), x[0].rows(), x[0].cols(), 3), 3);
       })},
      {"gather_cols",
       one([](Vars x) { return gather_cols(x[0], numbers(x[0].tape(), 1, 4, x[0].cols())); })},
      {"scatter_cols",
       one([](Vars x) { return scatter_cols(x[0], numbers(x[0].tape(), 1, x[0].cols(), 3), 3); })},
      {"sample_matmul", shaped([](Vars x) { return sample_matmul(x[0], x[1], 2); },
                               [](Index r, Index c) {
                                 return Shapes{{2 * r, c}, {6, c}};
                               })},
      {"reshape", shaped(
                      [](Vars x) {
                        return reshape(x[0], {x[0].cols(), x[0].rows()});
                      },
                      [](Index r, Index c) {
                        return Shapes{{r, c}};
                      })},
      {"sample_transpose", shaped([](Vars x) { return sample_transpose(x[0], 3); },
                                  [](Index r, Index c) {
                                    return Shapes{{3 * r, c}};
                                  })},
      {"sample_solve", {[](Vars x) { return sample_solve(x[0], x[1]); }, well_conditioned}},
      {"sample_solve", {[](Vars x) { return sample_solve(x[0], 0.5 * x[0]); }, matrices}},
      {"sample_solve", {[](Vars x) { return sample_inverse(x[0]); }, matrices}},
      {"sample_solve",
       {[](Vars x) { return sample_solve(x[0], stack_rows(x[1], sin(x[1]))); }, well_conditioned}},
      {"sample_logdet", {[](Vars x) { return sample_logdet(x[0]); }, matrices}},
      {"sample_cholesky", {[](Vars x) { return sample_cholesky(x[0]); }, matrices}},
  };
  return table;
}

Matrix value_of(const std::function<Var(Vars)>& f, const Inputs& inputs) {
  Tape tape;
  std::vector<Var> x;
  std::vector<std::pair<Var, Matrix>> bindings;
  for (const Matrix& input : inputs) {
    x.push_back(tape.input(input.rows(), input.cols(), "x"));
    bindings.emplace_back(x.back(), input);
  }
  return evaluate(f(x), bindings);
}

double apply(Var (*op)(Var), double x) {
  return value_of([op](Vars v) { return op(v[0]); }, {Matrix::Constant(1, 1, x)})(0, 0);
}

double largest(const Matrix& difference) { return difference.cwiseAbs().maxCoeff(); }

/// f(x), f'(x), f''(x) and f'''(x).
std::array<double, 4> derivatives(const std::function<Var(Var)>& f, double at) {
  Tape tape;
  const Var x = tape.input(1, 1, "x");
  std::array<double, 4> result{};
  Var y = f(x);
  for (double& value : result) {
    value = evaluate(y, {{x, Matrix::Constant(1, 1, at)}})(0, 0);
    y = grad(y, x);
  }
  return result;
}

}  // namespace

TEST_CASE("every operation has an example, and its derivatives are right to third order") {
  std::set<std::string> names;
  for (const OpDef* op : all_ops()) {
    INFO("operation ", op->name);
    CHECK(names.insert(op->name).second);
    const auto [begin, end] = examples().equal_range(op->name);
    REQUIRE(begin != end);
    for (auto entry = begin; entry != end; ++entry)
      for (const Shape shape : {Shape{1, 1}, {1, 5}, {5, 1}, {3, 2}, {2, 17}}) {
        INFO("shape ", to_string(shape));
        Random random(7);
        const Inputs inputs = entry->second.inputs(random, shape.rows, shape.cols);
        bool recorded = false;
        // The cube gives linear operations a second and third derivative to get wrong.
        const auto f = [&](Tape& tape, Vars x) {
          const Var y = entry->second.call(x);
          for (int id = 0; id < tape.size(); ++id) recorded |= tape.node(id).op == op;
          return y * y * y + y;
        };
        const GradcheckReport report = gradcheck(f, inputs);
        CHECK(report.worst.size() == 3);
        CHECK_MESSAGE(report.ok(), report);
        CHECK_MESSAGE(recorded, "the example does not use the operation");
      }
  }
  for (const auto& example : examples())
    CHECK_MESSAGE(names.contains(example.first), example.first);
}

TEST_CASE("every operation's tangent is right to third order, and the adjoint of its vjp") {
  for (const auto& named : examples()) {
    const std::string& name = named.first;
    const auto& example = named.second;
    INFO("operation ", name);
    Random random(9);
    const Inputs inputs = example.inputs(random, 3, 2);
    const std::size_t count = inputs.size();
    Inputs all = inputs;  // and a direction for each
    for (const Matrix& input : inputs)
      all.push_back(random.uniform_matrix(input.rows(), input.cols(), -1, 1));
    const auto tangent = [&](Vars x) {
      const Var y = example.call(x.first(count));
      return jvp(y * y * y + y, x.first(count), Direction(x.begin() + count, x.end()));
    };
    if (sizeof(Scalar) == sizeof(double)) {
      const GradcheckReport report =
          gradcheck([&](Tape&, Vars x) { return tangent(x); }, all, {.order = 2});
      CHECK_MESSAGE(report.ok(), report);
    }

    // Σ w·(J d) = Σ (Jᵀ w)·d
    Tape tape;
    std::vector<Var> x;
    for (const Matrix& values : all) x.push_back(tape.constant(values));
    const Var y = example.call(Vars(x).first(count));
    const Var w = tape.constant(random.uniform_matrix(y.rows(), y.cols(), -1, 1));
    Var difference = sum(w * jvp(y, Vars(x).first(count), Direction(x.begin() + count, x.end())));
    const std::vector<Var> back = vjp(y, w, Vars(x).first(count));
    for (std::size_t k = 0; k < count; ++k) difference = difference - sum(back[k] * x[count + k]);
    CHECK(std::abs(evaluate(difference)(0)) < 100 * rounding);
  }
}

TEST_CASE("the operations that say they are linear are, and the others are not") {
  std::map<std::string, Scalar> second;  // the largest of all examples
  for (const auto& [name, example] : examples()) {
    Random random(8);
    Tape tape;
    std::vector<Var> x;
    std::vector<std::pair<Var, Matrix>> at;
    for (const Matrix& input : example.inputs(random, 3, 2)) {
      x.push_back(tape.input(input.rows(), input.cols(), "x"));
      at.emplace_back(x.back(), input);
    }
    const Var y = example.call(x);
    // The gradient of a linear function is the same everywhere.
    const Var weights = tape.constant(random.uniform_matrix(y.rows(), y.cols(), 0.5, 1));
    const Var first = grad(sum(y * weights), x[0]);
    for (const Var& of_gradient : grad(sum(first * first), x))
      second[name] = std::max(second[name], evaluate(of_gradient, at).cwiseAbs().maxCoeff());
  }
  for (const OpDef* op : all_ops()) {
    INFO("operation ", op->name);
    // Those are straight between kinks; and a choice is linear in what it chooses from.
    static const std::set<std::string> kinked{"abs",      "sign",   "compare",  "max",
                                              "at_least", "select", "max_rows", "stop_gradient"};
    if (!kinked.contains(op->name)) CHECK((second.at(op->name) == 0) == op->linear);
  }
}

TEST_CASE("elementwise and columnwise are the operations that are so, and no others") {
  for (const OpDef* op : all_ops()) {
    CAPTURE(op->name);
    bool elementwise = true, columnwise = true;
    const auto [begin, end] = examples().equal_range(op->name);
    for (auto example = begin; example != end; ++example) {
      Random random(12);
      const Inputs inputs = example->second.inputs(random, 4, 5);
      const Matrix before = value_of(example->second.call, inputs);
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        elementwise = elementwise && inputs[k].rows() == before.rows();
        columnwise = columnwise && inputs[k].cols() == before.cols();
        for (Index i = 0; i < inputs[k].size(); ++i) {
          Inputs moved = inputs;
          moved[k].data()[i] += Scalar(0.01);
          const Matrix after = value_of(example->second.call, moved);
          for (Index j = 0; j < after.size(); ++j) {
            if (after.data()[j] == before.data()[j]) continue;
            elementwise = elementwise && i == j;
            columnwise = columnwise && i / inputs[k].rows() == j / after.rows();
          }
        }
      }
    }
    CHECK(op->elementwise == (elementwise && columnwise));
    CHECK((op->elementwise || op->columnwise) == columnwise);
  }
}

namespace {

/// An example's value, its gradient, and the gradient of something nonlinear in both.
struct Derivatives {
  Tape tape;
  std::vector<Var> x, outputs;

  Derivatives(const Example& example, const Inputs& inputs) {
    for (const Matrix& input : inputs)
      x.push_back(tape.input(input.rows(), input.cols(), std::to_string(x.size())));
    outputs.push_back(example.call(x));
    Var next = sum(outputs[0] * outputs[0]);
    for (const Var& gradient : grad(next, x)) {
      outputs.push_back(gradient);
      next += sum(gradient * gradient);
    }
    for (const Var& gradient : grad(next, x)) outputs.push_back(gradient);
  }

  std::vector<Scalar> run(const Inputs& inputs, ProgramOptions options) const {
    const Program program(outputs, options);
    Workspace workspace(program);
    for (std::size_t k = 0; k < x.size(); ++k) workspace.bind(x[k], inputs[k]);
    program.run(workspace);
    return {workspace.values().begin(), workspace.values().end()};
  }
};

}  // namespace

TEST_CASE("a program gives every operation and its derivatives the bits of the plain tape") {
  const Scalar extremes[] = {0,
                             -0.0,
                             1,
                             -1,
                             0.5,
                             3,
                             std::numeric_limits<Scalar>::max(),
                             -std::numeric_limits<Scalar>::max(),
                             std::numeric_limits<Scalar>::min(),
                             std::numeric_limits<Scalar>::denorm_min(),
                             static_cast<Scalar>(infinity),
                             static_cast<Scalar>(-infinity),
                             static_cast<Scalar>(not_a_number)};
  for (const auto& named : examples())
    for (const Shape shape : {Shape{3, 2}, {16, 3}, {1, 40}}) {
      INFO("operation ", named.first, ", shape ", to_string(shape));
      Random random(6);
      Inputs inputs = named.second.inputs(random, std::min<Index>(shape.rows, 16), shape.cols);
      const Derivatives recorded(named.second, inputs);
      for (int run = 0; run < 3; ++run) {
        const std::vector<Scalar> plain = recorded.run(inputs, {.simplify = false, .fuse = false}),
                                  compiled = recorded.run(inputs, {});
        int differ = 0;
        for (std::size_t i = 0; i < plain.size(); ++i)
          differ +=
              plain[i] == compiled[i] || (std::isnan(plain[i]) && std::isnan(compiled[i])) ? 0 : 1;
        CHECK(differ == 0);
        for (Matrix& input : inputs)  // then some of what no example has
          for (Scalar& value : input.reshaped())
            if (run == 1 || random.below(5) == 0)
              value = extremes[random.below(static_cast<Index>(std::size(extremes)))];
      }
    }
}

TEST_CASE("a column has the same bits whatever columns follow it") {
  for (const OpDef* op : all_ops()) {
    if (!op->elementwise && !op->columnwise) continue;
    CAPTURE(op->name);
    const auto [begin, end] = examples().equal_range(op->name);
    for (auto example = begin; example != end; ++example)
      for (const Index rows : {1, 3, 5}) {
        Random random(14);
        const Inputs inputs = example->second.inputs(random, rows, 19);
        const Matrix all = value_of(example->second.call, inputs);
        for (const Index cols : {1, 2, 7, 16}) {
          Inputs first;
          for (const Matrix& input : inputs) first.push_back(input.leftCols(cols));
          CHECK(value_of(example->second.call, first) == all.leftCols(cols));
        }
      }
  }
}

TEST_CASE("functions of one number agree with the standard library to rounding") {
  struct Function {
    const char* name;
    Var (*op)(Var);
    long double (*reference)(long double);
    double low, high;
    double tolerance;  // relative, in roundings
  };
  const double most = 0.98 * std::log(std::numeric_limits<Scalar>::max());  // exp's
  const Function functions[] = {
      {"exp", exp, std::exp, -most, most, 4},
      {"log", log, std::log, 1e-12, 20, 4},
      {"sqrt", sqrt, std::sqrt, 0, 20, 1},
      {"expm1", expm1, std::expm1, -most, most, 2},
      {"log1p", log1p, std::log1p, -1 + 1e-6, 20, 2},
      {"erf", erf, std::erf, -6, 6, 2},
      {"tan", tan, std::tan, -300, 300, 6},
      {"asin", asin, std::asin, -1, 1, 2},
      {"acos", acos, std::acos, -1, 0.99, 2},
      {"atan", atan, std::atan, -300, 300, 2},
      {"sinh", sinh, std::sinh, -most, most, 3},
      {"cosh", cosh, std::cosh, -most, most, 3},
      {"sin", sin, std::sin, -300, 300, 4},
      {"cos", cos, std::cos, -300, 300, 4},
      {"tanh", tanh, std::tanh, -20, 20, 4},
      {"sigmoid", sigmoid, [](long double x) { return 1 / (1 + std::exp(-x)); }, -most, most, 6},
      {"sigmoid_slope", sigmoid_slope,
       [](long double x) { return 1 / (2 + std::exp(x) + std::exp(-x)); }, -most, most, 6},
      {"softplus", softplus,
       [](long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); }, -most,
       most, 6},
  };
  for (const Function& f : functions) {
    INFO("function ", f.name);
    Random random(3);
    Matrix x = random.uniform_matrix(1, 4001, f.low, f.high);
    if (f.low < 0)  // the small numbers, where 1 - e and e - 1 lose their digits
      for (Index i = 0; i < 2000; ++i)
        x(i) = std::clamp(random.normal() * std::pow(10, random.uniform(-18, 1)), f.low, f.high);
    const Matrix y = value_of([&](Vars v) { return f.op(v[0]); }, {x});
    double worst = 0, worst_x = 0;
    for (Index i = 0; i < x.cols(); ++i) {
      const long double expected = f.reference(x(i));
      const auto error = static_cast<double>(std::abs((y(i) - expected) / expected));
      if (!(error <= worst)) worst = error, worst_x = x(i);
    }
    CAPTURE(worst_x);
    CHECK(worst / rounding < f.tolerance);

    // Where domains and numbers end, Inf and NaN are the standard library's, too.
    const Scalar huge = std::numeric_limits<Scalar>::max(), root = std::sqrt(huge);
    for (const Scalar size : {Scalar(0), Scalar(1), Scalar(2), Scalar(100), root, 2 * root, huge,
                              Scalar(infinity), Scalar(not_a_number)})
      for (const Scalar edge : {size, -size}) {
        CAPTURE(edge);
        const double result = apply(f.op, edge);
        const auto expected = static_cast<Scalar>(f.reference(edge));
        if (std::isfinite(expected) && expected != 0)
          CHECK(std::abs(result - expected) <= f.tolerance * rounding * std::abs(expected) +
                                                   std::numeric_limits<Scalar>::denorm_min());
        else
          CHECK((result == expected || (std::isnan(result) && std::isnan(expected))));
      }
  }
}

TEST_CASE("infinities and NaN go through, and the edges have their limits") {
  for (const auto op : {exp, log, sqrt, sin, cos, tanh, sigmoid, softplus, abs, sign})
    CHECK(std::isnan(apply(op, not_a_number)));
  CHECK(apply(exp, infinity) == infinity);
  CHECK(apply(exp, 1e5) == infinity);
  CHECK(apply(exp, -infinity) == 0);
  CHECK(apply(exp, -1e5) == 0);
  CHECK(apply(exp, 0) == 1);
  CHECK(apply(log, infinity) == infinity);
  CHECK(apply(log, 0) == -infinity);
  CHECK(apply(log, 1) == 0);
  CHECK(std::isnan(apply(log, -1)));
  CHECK(std::isnan(apply(sqrt, -1)));
  CHECK(std::isnan(apply(sin, infinity)));
  CHECK(std::isnan(apply(cos, -infinity)));
  CHECK(apply(tanh, infinity) == 1);
  CHECK(apply(tanh, -infinity) == -1);
  CHECK(apply(sigmoid, infinity) == 1);
  CHECK(apply(sigmoid, -infinity) == 0);
  CHECK(apply(softplus, infinity) == infinity);
  CHECK(apply(softplus, -infinity) == 0);
  CHECK(apply(abs, -infinity) == infinity);
  CHECK(apply(abs, -0.0) == 0);
  CHECK(apply(sign, -std::numeric_limits<Scalar>::denorm_min()) == -1);
  CHECK(apply(sign, 0) == 0);
  CHECK(apply(sign, infinity) == 1);

  // A NaN stays in its row of A, and in its column of B.
  Matrix a = Matrix::Constant(9, 11, 2), b = Matrix::Constant(11, 10, 3);
  a(4, 3) = not_a_number;
  b(5, 6) = not_a_number;
  const Matrix product = value_of([](Vars x) { return matmul(x[0], x[1]); }, {a, b});
  for (Index i = 0; i < 9; ++i)
    for (Index j = 0; j < 10; ++j) CHECK(std::isnan(product(i, j)) == (i == 4 || j == 6));
}

TEST_CASE("powers of zero have derivatives") {
  CHECK(derivatives([](Var x) { return pow(x, 2); }, 0) == std::array<double, 4>{0, 0, 2, 0});
  CHECK(derivatives([](Var x) { return pow(x, 3); }, 0) == std::array<double, 4>{0, 0, 0, 6});
  CHECK(derivatives([](Var x) { return pow(x, 0); }, 0) == std::array<double, 4>{1, 0, 0, 0});
  CHECK(derivatives([](Var x) { return pow(x, -1); }, -2) ==
        std::array<double, 4>{-0.5, -0.25, -0.25, -0.375});
  // Where the curve has a kink, the engine takes the middle of its slopes.
  CHECK(derivatives([](Var x) { return abs(x); }, 0)[1] == 0);
}

TEST_CASE("functions satisfy the identities of the textbook") {
  Random random(5);
  const Matrix x = random.uniform_matrix(3, 50, -8, 8);
  const auto error = [&](const std::function<Var(Var)>& f) {
    return largest(value_of([&](Vars v) { return f(v[0]); }, {x}));
  };
  CHECK(error([](Var v) { return softplus(v) - softplus(-v) - v; }) < 20 * rounding);
  CHECK(error([](Var v) { return tanh(v) - (2 * sigmoid(2 * v) - 1); }) < 20 * rounding);
  CHECK(error([](Var v) { return sigmoid(v) + sigmoid(-v) - 1; }) < 20 * rounding);
  CHECK(error([](Var v) { return sin(v) * sin(v) + cos(v) * cos(v) - 1; }) < 20 * rounding);
  CHECK(error([](Var v) { return log(exp(v)) - v; }) < 200 * rounding);
  CHECK(error([](Var v) { return sqrt(v * v) - abs(v); }) < 20 * rounding);
  CHECK(error([](Var v) { return sign(v) * abs(v) - v; }) == 0);
  CHECK(error([](Var v) { return 1 / v - pow(v, -1); }) == 0);
  CHECK(error([](Var v) { return (1 - v) + (v - 1); }) == 0);
}

TEST_CASE("matrix operations agree with Eigen") {
  Random random(11);
  for (const auto& [m, k, n] : std::vector<std::array<Index, 3>>{
           {1, 1, 1}, {1, 7, 1}, {3, 4, 5}, {16, 16, 4}, {17, 33, 9}, {40, 300, 21}, {65, 1, 3}}) {
    const Matrix a = random.normal_matrix(m, k), b = random.normal_matrix(k, n);
    const Matrix expected = a.lazyProduct(b);
    const double tolerance = 50 * rounding * static_cast<double>(k);
    CHECK(largest(value_of([](Vars x) { return matmul(x[0], x[1]); }, {a, b}) - expected) <
          tolerance);
    // The optimiser spares this transpose; both must give the product.
    Tape tape;
    const Var x = tape.input(m, k, "a"), y = tape.input(n, k, "b");
    const Program program({matmul(x, transpose(y))});
    CHECK(program.instructions() == 1);
    Workspace workspace(program);
    const Matrix b_transposed = b.transpose();
    workspace.bind(x, a);
    workspace.bind(y, b_transposed);
    program.run(workspace);
    CHECK(largest(workspace.value(0) - expected) < tolerance);
    CHECK(value_of([](Vars v) { return transpose(v[0]); }, {a}) == a.transpose());
    CHECK(value_of([](Vars v) { return stack_rows(v[0], 2 * v[0]); }, {a}).bottomRows(m) == 2 * a);
    CHECK(largest(value_of([](Vars v) { return sum(v[0]); }, {a}).array() - a.sum()) <
          5e3 * rounding);
    CHECK(largest(value_of([](Vars v) { return mean(v[0]); }, {a}).array() - a.mean()) <
          50 * rounding);
  }
}

TEST_CASE("every sample has its own small matrix") {
  Random random(13);
  for (const Index n : {1, 2, 3, 5}) {
    Inputs system = well_conditioned(random, n, 6);
    // Zeros on the diagonal: without pivoting the elimination would divide by them.
    if (n > 1)
      for (Index i = 0; i < n; ++i) system[0](i * n + i, 2) = 0;
    const auto solve = [](Vars x) { return sample_solve(x[0], x[1]); };
    const Matrix x = value_of(solve, system);
    const Matrix back =
        value_of([n](Vars v) { return sample_matmul(v[0], sample_solve(v[0], v[1]), n); }, system);
    for (Index s = 0; s < 6; ++s) {
      const Matrix a = Eigen::Map<const Matrix>(system[0].col(s).data(), n, n);
      CHECK(largest(a * x.col(s) - system[1].col(s)) < 5e3 * rounding);
      CHECK(value_of([n](Vars v) { return sample_transpose(v[0], n); }, system).col(s) ==
            a.transpose().reshaped());
    }
    CHECK(largest(back - system[1]) < 5e3 * rounding);

    system[0].col(4).setZero();  // one singular sample must not touch its neighbours
    const Matrix rest = value_of(solve, system);
    CHECK(!rest.col(4).allFinite());
    CHECK(rest.leftCols(4) == x.leftCols(4));
    CHECK(rest.col(5) == x.col(5));
  }
  // Not square: (2 x 3)·(3 x 4), then back and forth.
  const Matrix a = random.normal_matrix(6, 3), b = random.normal_matrix(12, 3);
  const Matrix y = value_of([](Vars v) { return sample_matmul(v[0], v[1], 3); }, {a, b});
  for (Index s = 0; s < 3; ++s)
    CHECK(largest(y.col(s).reshaped(2, 4) - a.col(s).reshaped(2, 3) * b.col(s).reshaped(3, 4)) <
          50 * rounding);
  CHECK(value_of([](Vars v) { return sample_transpose(sample_transpose(v[0], 2), 3); }, {a}) == a);
}

TEST_CASE("sum and broadcast, slice and pad, transpose and itself are adjoint pairs") {
  Random random(17);
  const Matrix x = random.normal_matrix(5, 7), row_of = random.normal_matrix(1, 7),
               column = random.normal_matrix(5, 1), two_rows = random.normal_matrix(2, 7),
               two_columns = random.normal_matrix(5, 2);
  // <A x, y> - <x, Aᵀ y> = 0
  const auto gap = [&](const Matrix& y, const std::function<Var(Var)>& forward,
                       const std::function<Var(Var)>& back) {
    return std::abs(value_of(
        [&](Vars v) { return sum(forward(v[0]) * v[1]) - sum(v[0] * back(v[1])); }, {x, y})(0, 0));
  };
  CHECK(gap(row_of, sum_rows, [](Var y) { return broadcast_rows(y, 5); }) < 500 * rounding);
  CHECK(gap(column, sum_cols, [](Var y) { return broadcast_cols(y, 7); }) < 500 * rounding);
  CHECK(gap(
            two_columns, [](Var v) { return slice_cols(v, 3, 2); },
            [](Var y) { return pad_cols(y, 3, 7); }) < 500 * rounding);
  CHECK(gap(
            two_rows, [](Var v) { return slice_rows(v, 2, 2); },
            [](Var y) { return pad_rows(y, 2, 5); }) < 500 * rounding);
  CHECK(gap(x.transpose(), transpose, transpose) < 500 * rounding);
  CHECK(gap(
            x.reshaped(7, 5),
            [](Var v) {
              return reshape(v, {7, 5});
            },
            [](Var y) {
              return reshape(y, {5, 7});
            }) < 500 * rounding);
  CHECK(value_of([](Vars v) { return reshape(v[0], {1, 35}); }, {x}) == x.reshaped(1, 35));
  CHECK(value_of([](Vars v) { return slice_rows(pad_rows(v[0], 3, 9), 3, 5); }, {x}) == x);
  CHECK(value_of([](Vars v) { return transpose(transpose(v[0])); }, {x}) == x);
}

TEST_CASE("shapes that do not fit are refused in words") {
  Tape tape;
  const Var x = tape.input(3, 4, "x"), y = tape.input(5, 2, "y");
  CHECK_THROWS_WITH_AS(matmul(x, y),
                       "[matmul] (3x4)·(5x2): inner sizes 4 and 5 differ (operand 1 is input 'x', "
                       "operand 2 is input 'y')",
                       std::invalid_argument);
  // Only leaves have names.
  CHECK_THROWS_WITH_AS(matmul(exp(x), tape.parameter(5, 2, "w")),
                       "[matmul] (3x4)·(5x2): inner sizes 4 and 5 differ (operand 2 is parameter "
                       "'w')",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(matmul(exp(x), exp(y)), "[matmul] (3x4)·(5x2): inner sizes 4 and 5 differ",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(x + y, doctest::Contains("[add] (3x4) and (5x2)"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(slice_rows(x, 2, 2), doctest::Contains("[slice_rows] 2 rows from row 2"),
                       std::invalid_argument);
  CHECK_THROWS_AS(slice_rows(x, -1, 1), std::invalid_argument);
  CHECK_THROWS_AS(slice_rows(x, 0, 0), std::invalid_argument);
  CHECK_THROWS_AS(pad_rows(x, 0, 2), std::invalid_argument);
  CHECK_THROWS_AS(stack_rows(x, y), std::invalid_argument);
  CHECK_THROWS_AS(stack_rows(std::vector<Var>()), std::invalid_argument);
  CHECK_THROWS_AS(broadcast_rows(x, 3), std::invalid_argument);
  CHECK_THROWS_AS(broadcast_cols(x, 3), std::invalid_argument);
  CHECK_THROWS_AS(broadcast_rows(row(x, 0), 0), std::invalid_argument);
  CHECK_THROWS_AS(sample_solve(x, x), std::invalid_argument);
  CHECK_THROWS_AS(sample_matmul(x, x, 2), std::invalid_argument);
  CHECK_THROWS_AS(sample_transpose(x, 2), std::invalid_argument);
}

TEST_CASE("sizes that no memory holds are refused in words, at recording") {
  Tape tape;
  constexpr Index most = std::numeric_limits<Index>::max();
  const Var x = tape.input(2, 3, "x"), one = tape.input(1, 1, "one");
  CHECK_THROWS_WITH_AS(tape.input(most, most, "all"),
                       doctest::Contains("no memory has room for it"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(tape.parameter(Index(1) << 40, Index(1) << 40, "w"),
                       doctest::Contains("[parameter] the result would be"), std::invalid_argument);
  CHECK_THROWS_AS(broadcast(one, {most, most}), std::invalid_argument);
  CHECK_THROWS_AS(broadcast_rows(x, most), std::invalid_argument);
  for (const auto cut : {slice_rows, slice_cols, pad_rows, pad_cols})
    for (const Index begin : {most, most - 1, -most, -most - 1})
      for (const Index count : {Index(1), Index(4), most, -most - 1}) {
        CAPTURE(begin);
        CAPTURE(count);
        CHECK_THROWS_AS(cut(x, begin, count), std::invalid_argument);
      }
  CHECK_THROWS_AS(pad_rows(x, 0, -most - 1), std::invalid_argument);
  const Var column = tape.input(most / 16, 1, "column"), line = tape.input(1, most / 16, "line");
  CHECK_THROWS_AS(matmul(column, line), std::invalid_argument);
  CHECK_THROWS_AS(sample_matmul(column, column, 1), std::invalid_argument);
  CHECK_THROWS_AS(sample_solve(column, tape.input(most / 32, 1, "b")), std::invalid_argument);
  Var pile = column;
  CHECK_THROWS_AS(for (;;) pile = stack_rows(pile, pile), std::invalid_argument);
}
