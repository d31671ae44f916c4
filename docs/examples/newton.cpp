// Newton's method on Rosenbrock's valley f(a, b) = (1 - a)² + 100 (b - a²)². Gradient, Hessian and
// the solve are all on the tape, so one recorded step serves two starts at once, a column each.
#include <cstdio>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
using namespace autodiff;

int main() {
  Matrix point{{-1.2, 3}, {1, 3}};  // two starts: (-1.2, 1) and (3, 3)

  Tape tape;
  const Var x = tape.input(2, 2, "x");
  const Var a = row(x, 0), b = row(x, 1);
  const Var f = pow(1 - a, 2) + 100 * pow(b - a * a, 2);   // 1 x 2: one value for each column
  const Var gradient = grad(sum(f), x);                    // columns do not mix in the sum
  const Var step = sample_solve(hessian(f, x), gradient);  // H⁻¹ g of each column

  const Program program({f, x - step});
  Workspace workspace(program);
  workspace.bind(x, point);
  std::printf("step      f of the first    f of the second\n");
  for (int i = 0; i <= 4; ++i) {
    program.run(workspace);
    const Matrix values = workspace.value(0);
    std::printf("%4d %18.3g %18.3g\n", i, values(0), values(1));
    point = workspace.value(1);
  }
  std::printf("then (%.3f, %.3f) and (%.3f, %.3f)\n", point(0, 0), point(1, 0), point(0, 1),
              point(1, 1));
}
