// The idea of the whole library. A function is recorded on a tape; its derivative is recorded on
// the same tape; so the derivative can be differentiated again.
#include <iostream>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
using namespace autodiff;

int main() {
  Tape tape;
  Var x = tape.constant(2.0);
  Var y = x * x * x + sin(x);  // recorded, not computed
  Var dy = grad(y, x);         // 3x² + cos x, recorded on the same tape
  Var ddy = grad(dy, x);       // 6x - sin x: a gradient is differentiated like anything else

  std::cout << "y   = " << evaluate(y) << '\n';
  std::cout << "y'  = " << evaluate(dy) << '\n';
  std::cout << "y'' = " << evaluate(ddy) << '\n';
}
