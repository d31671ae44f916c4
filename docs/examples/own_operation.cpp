// An operation of one's own, outside the library: Lambert's W(a), the number w with w eʷ = a, for
// a >= 0. No formula gives it, so it needs a loop of its own, and a rule for its derivative.
#include <cmath>
#include <iostream>

#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
using namespace autodiff;

// w eʷ = a, differentiated: (1 + w) eʷ dw = da, and w eʷ is a;   da = g / (eʷ + a)
const OpDef lambert_op{
    .name = "lambert_w",
    .arity = 1,
    .elementwise = true,
    .shape = [](const OpDef&, std::span<const Shape> inputs,
                const Attributes&) { return inputs[0]; },
    .forward =
        [](const Kernel& k) {
          for (Index i = 0; i < k.y_shape.size(); ++i) {
            const Scalar a = k.a[i];
            Scalar w = std::log1p(a);  // not below W; Newton's steps bring it down
            for (int step = 0; step < 8; ++step) w -= (w - a * std::exp(-w)) / (1 + w);
            k.y[i] = w;
          }
        },
    .vjp = [](const Vjp& d, int) { return d.g / (exp(d.y) + d.a); },
};

Var lambert_w(Var a) { return a.tape().record(lambert_op, {a}); }

int main() {
  Tape tape;
  const Var a = tape.constant(1.0);
  const Var w = lambert_w(a);
  const Var slope = grad(w, a);
  std::cout.precision(4);
  std::cout << "W(1)   = " << evaluate(w) << '\n';
  std::cout << "W e^W  = " << evaluate(w * exp(w)) << '\n';
  std::cout << "W'(1)  = " << evaluate(slope) << '\n';
  std::cout << "W''(1) = " << evaluate(grad(slope, a)) << '\n';

  const auto function = [](Tape&, std::span<const Var> x) { return lambert_w(x[0]); };
  const GradcheckReport report = gradcheck(function, {Matrix{{0.5, 1, 3}}});
  std::cout << "its rule is right to third order: " << (report.ok() ? "yes" : "no") << '\n';
  if (!report.ok()) std::cout << report;
}
