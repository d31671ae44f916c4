// Values and derivatives of functions, for the tests of the operations. Each is computed by the
// plain tape and by a compiled program, which must agree to the last bit. The derivative of a
// number by a number is also computed in forward mode.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/directional.h"
#include "autodiff/grad.h"

namespace ops_test {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::Var;

using Function = std::function<Var(std::span<const Var>)>;

constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
constexpr Scalar not_a_number = std::numeric_limits<Scalar>::quiet_NaN();
constexpr Scalar most = std::numeric_limits<Scalar>::max();

/// A matrix from its rows.
inline Matrix rows(std::initializer_list<std::initializer_list<Scalar>> of) {
  Matrix m(std::ssize(of), std::ssize(*of.begin()));
  Index i = 0;
  for (const auto& row : of) {
    Index s = 0;
    for (const Scalar entry : row) m(i, s++) = entry;
    ++i;
  }
  return m;
}

/// Equal, where NaN equals NaN.
inline bool alike(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         ((a.array() == b.array()) || (a.array().isNaN() && b.array().isNaN())).all();
}

/// f and, if `order` is 1, the gradients of the sum of f's entries; if it is 2, those of the sum of
/// the first gradient's entries.
inline std::vector<Matrix> values_of(const Function& f, const std::vector<Matrix>& inputs,
                                     int order = 0) {
  Tape tape;
  std::vector<Var> x;
  for (const Matrix& input : inputs) x.push_back(tape.input(input.rows(), input.cols(), "x"));
  std::vector<Var> outputs{f(x)};
  Var y;  // whose gradients the outputs are
  for (int k = 0; k < order; ++k) {
    y = outputs.front();
    outputs = grad(sum(y), x);
  }
  const auto run = [&](const autodiff::ProgramOptions& options) {
    const autodiff::Program program(outputs, options);
    autodiff::Workspace workspace(program);
    for (std::size_t k = 0; k < x.size(); ++k) workspace.bind(x[k], inputs[k]);
    program.run(workspace);
    std::vector<Matrix> result;
    for (std::size_t k = 0; k < outputs.size(); ++k)
      result.push_back(workspace.value(static_cast<int>(k)));
    return result;
  };
  const std::vector<Matrix> plain = run({.simplify = false, .fuse = false}), compiled = run({});
  for (std::size_t k = 0; k < plain.size(); ++k) CHECK(alike(plain[k], compiled[k]));
  for (std::size_t k = 0; y && k < x.size(); ++k)
    if (y.shape().size() == 1 && inputs[k].size() == 1) {
      outputs = {jvp(y, x[k], tape.filled({1, 1}, 1))};
      CHECK(alike(run({}).front(), plain[k]));
    }
  return plain;
}

inline Matrix value(const Function& f, const std::vector<Matrix>& inputs) {
  return values_of(f, inputs).front();
}

inline std::vector<Matrix> gradients(const Function& f, const std::vector<Matrix>& inputs) {
  return values_of(f, inputs, 1);
}

/// Of a function of one number.
inline double at(const std::function<Var(Var)>& f, double x, int order = 0) {
  return values_of([&](std::span<const Var> v) { return f(v[0]); },
                   {Matrix::Constant(1, 1, static_cast<Scalar>(x))}, order)
      .front()(0, 0);
}

/// Of a function of two numbers.
inline double at(const std::function<Var(Var, Var)>& f, double x, double y) {
  return value([&](std::span<const Var> v) { return f(v[0], v[1]); },
               {Matrix::Constant(1, 1, static_cast<Scalar>(x)),
                Matrix::Constant(1, 1, static_cast<Scalar>(y))})(0, 0);
}

/// ∂f/∂x and ∂f/∂y.
inline std::array<double, 2> slopes(const std::function<Var(Var, Var)>& f, double x, double y) {
  const std::vector<Matrix> both = gradients([&](std::span<const Var> v) { return f(v[0], v[1]); },
                                             {Matrix::Constant(1, 1, static_cast<Scalar>(x)),
                                              Matrix::Constant(1, 1, static_cast<Scalar>(y))});
  return {both[0](0, 0), both[1](0, 0)};
}

}  // namespace ops_test
