// What a gradient costs, in evaluations of its function, against the number of inputs: by central
// differences, by a run of forward mode for each input, and by one reverse sweep. Operations are
// counted on the tape.
#include <cstdio>
#include <vector>

#include "autodiff/directional.h"
#include "autodiff/grad.h"
using autodiff::Tape, autodiff::Var;

struct Cost {
  double inputs, forward, reverse;
};

Cost cost(int n) {
  Tape tape;
  std::vector<Var> x;
  for (int i = 0; i < n; ++i) x.push_back(tape.input(1, 1, "x"));
  Var u = x[0];
  for (int turn = 0; turn < 3; ++turn)
    for (const Var& input : x) u = u * input + sin(input);
  const int end = tape.size();
  const double evaluation = end - n;  // operations, without the inputs
  grad(u, x);
  const int after = tape.size();
  const Var one = tape.constant(1.0);
  const int start = tape.size();
  for (const Var& input : x) jvp(u, input, one);
  return {double(n), (n * evaluation + tape.size() - start) / evaluation,
          (after - end + evaluation) / evaluation};
}

int main() {
  std::vector<Cost> costs;
  for (const int n : {1, 2, 3, 5, 10, 20, 30, 50, 100}) costs.push_back(cost(n));
  std::printf("x log number of inputs\ny log evaluations of the function\n");
  std::printf("line forward mode\n");
  for (const Cost& c : costs) std::printf("%g %g\n", c.inputs, c.forward);
  std::printf("line central differences\n");
  for (const Cost& c : costs) std::printf("%g %g\n", c.inputs, 2 * c.inputs);
  std::printf("line reverse mode\n");
  for (const Cost& c : costs) std::printf("%g %g\n", c.inputs, c.reverse);
}
