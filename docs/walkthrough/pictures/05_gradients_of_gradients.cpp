// A bell curve and its first three derivatives, all computed from one tape.
#include <cstdio>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
using autodiff::Matrix, autodiff::Tape, autodiff::Var;

int main() {
  const int points = 201;
  Matrix values(1, points);
  for (int i = 0; i < points; ++i) values(i) = -4 + 8.0 * i / (points - 1);

  Tape tape;
  const Var x = tape.constant(values);
  Var y = exp(-0.5 * x * x);
  std::printf("x x\ny value\n");
  for (const char* name : {"f", "f '", "f ''", "f '''"}) {
    std::printf("line %s\n", name);
    const Matrix heights = evaluate(y);
    for (int i = 0; i < points; ++i) std::printf("%g %g\n", values(i), heights(i));
    y = grad(sum(y), x);  // each point has its own x, so the slope of the sum is each one's slope
  }
}
