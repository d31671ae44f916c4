#include "autodiff/check/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <stdexcept>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"

namespace autodiff {
namespace {

/// s'(x) by the five-point rule: (8 (s₊₁ - s₋₁) - (s₊₂ - s₋₂)) / 12h, error of order h⁴.
double five_point_difference(const std::function<double(double)>& s, double h) {
  return (8 * (s(h) - s(-h)) - (s(2 * h) - s(-2 * h))) / (12 * h);
}

}  // namespace

bool GradcheckReport::ok() const {
  return std::all_of(worst.begin(), worst.end(),
                     [&](const Worst& entry) { return entry.error <= tolerance; });
}

std::ostream& operator<<(std::ostream& out, const GradcheckReport& report) {
  for (const GradcheckReport::Worst& w : report.worst)
    out << "order " << w.order << ": error " << w.error << " at input " << w.input << " (" << w.row
        << ',' << w.col << "): grad " << w.exact << ", difference " << w.difference
        << (w.error <= report.tolerance ? "\n" : "   <-- above the tolerance\n");
  return out;
}

GradcheckReport gradcheck(const CheckedFunction& f, std::vector<Matrix> inputs,
                          GradcheckOptions options) {
  if (inputs.empty())
    throw std::invalid_argument("[gradcheck] there are no inputs: nothing to differentiate by");
  if (options.order < 1)
    throw std::invalid_argument("[gradcheck] order " + std::to_string(options.order) +
                                ": it must be at least 1");
  Tape tape;
  Random random(options.seed);
  std::vector<Var> xs;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    xs.push_back(tape.input(inputs[k].rows(), inputs[k].cols(), "input " + std::to_string(k)));
  const auto project = [&](Var y) {
    return sum(y * tape.constant(random.uniform_matrix(y.rows(), y.cols(), 0.5, 1.5)));
  };

  GradcheckReport report{.worst = {}, .tolerance = options.tolerance};
  Var s = project(f(tape, xs));
  for (int order = 1; order <= options.order; ++order) {
    const std::vector<Var> gradient = grad(s, xs);
    std::vector<Var> outputs = gradient;
    outputs.push_back(s);
    const Program program(outputs);
    Workspace workspace(program);
    for (std::size_t k = 0; k < xs.size(); ++k) workspace.bind(xs[k], inputs[k]);
    program.run(workspace);
    std::vector<Matrix> exact;
    double largest = 1;
    for (std::size_t k = 0; k < xs.size(); ++k) {
      exact.push_back(workspace.value(static_cast<int>(k)));
      largest = std::max<double>(largest, exact.back().cwiseAbs().maxCoeff());
    }

    GradcheckReport::Worst worst{
        .order = order, .input = 0, .row = 0, .col = 0, .exact = 0, .difference = 0, .error = -1};
    for (std::size_t k = 0; k < xs.size(); ++k)
      for (Index i = 0; i < inputs[k].size(); ++i) {
        Scalar& entry = inputs[k].data()[i];
        const Scalar x = entry;
        const auto s_at = [&](double offset) {
          entry = static_cast<Scalar>(x + offset);
          program.run(workspace);
          entry = x;
          return static_cast<double>(workspace.value(static_cast<int>(xs.size()))(0, 0));
        };
        const double difference = five_point_difference(s_at, options.step);
        const double derivative = exact[k].data()[i];
        const double error = std::abs(derivative - difference) / largest;
        // A NaN is the worst there is, and the first one stays.
        if (!std::isnan(worst.error) && !(error <= worst.error))
          worst = {order,
                   static_cast<int>(k),
                   i % inputs[k].rows(),
                   i / inputs[k].rows(),
                   derivative,
                   difference,
                   error};
      }
    report.worst.push_back(worst);

    Var next = project(gradient.front());
    for (std::size_t k = 1; k < gradient.size(); ++k) next = next + project(gradient[k]);
    s = next;
  }
  return report;
}

}  // namespace autodiff
