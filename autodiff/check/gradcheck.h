// Is the derivative right? `grad` against central differences, to any order.
//
//     GradcheckReport report = gradcheck(
//         [](Tape&, std::span<const Var> x) { return tanh(matmul(x[0], x[1])); },
//         {random_w, random_x});
//     if (!report.ok()) std::cout << report;
//
// A function's output is made a scalar by a random projection P, s₀ = Σ P·f(x), and each higher
// order by another of the exact gradient below it, s_{k+1} = Σ P_{k+1}·∇s_k. At every order each
// entry of the exact ∇s_k is held against a difference of the exact s_k, so that errors of
// differences never pile up, and a wrong second derivative shows at second order.
#pragma once

#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "autodiff/ops.h"

namespace autodiff {

/// Records the function to check on the tape of its inputs and returns its output, of any shape.
using CheckedFunction = std::function<Var(Tape& tape, std::span<const Var> inputs)>;

struct GradcheckOptions {
  static constexpr bool in_double = sizeof(Scalar) == sizeof(double);

  int order = 3;  ///< check the derivatives of order 1, ..., order
  /// On |exact - difference| / max(1, largest |exact| of that order).
  double tolerance = in_double ? 1e-6 : 1e-2;
  /// Of the differences, which are of fourth order in it: about the fifth root of a rounding.
  double step = in_double ? 1e-3 : 0x1p-5;
  std::uint64_t seed = 1;  ///< of the projections
};

struct GradcheckReport {
  /// The worst entry of one order of differentiation.
  struct Worst {
    int order;
    int input;       ///< which input
    Index row, col;  ///< which entry of it
    double exact;    ///< what grad says
    double difference;
    double error;  ///< relative, as the tolerance is; NaN if either is not finite
  };
  std::vector<Worst> worst;  ///< one for each order
  double tolerance = 0;

  bool ok() const;
};

/// A line for each order: "order 2: error 3.1e-12 at input 0 (1,2): grad 0.31, difference 0.31".
std::ostream& operator<<(std::ostream& out, const GradcheckReport& report);

/// Checks f at the given inputs, which should keep away from kinks and poles by a few steps. Throws
/// std::invalid_argument where there is no input or no order to check.
GradcheckReport gradcheck(const CheckedFunction& f, std::vector<Matrix> inputs,
                          GradcheckOptions options = {});

}  // namespace autodiff
