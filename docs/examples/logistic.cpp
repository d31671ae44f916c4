// Logistic regression: on which side of the line 2 x₁ - x₂ = 0.5 does a point lie? The loss is
// written out here, to show that any formula of the tape is one.
#include <cstdio>

#include "autodiff/compile/program.h"
#include "autodiff/random.h"
#include "nn/layers/linear.h"
#include "nn/learning/loss.h"
#include "nn/optimisers/sgd.h"
using autodiff::Index, autodiff::Matrix, autodiff::Var;

int main() {
  constexpr Index samples = 400;
  autodiff::Random random(3);
  const Matrix points = random.uniform_matrix(2, samples, -1, 1);
  Matrix sides(1, samples);  // 1 or 0
  for (Index s = 0; s < samples; ++s) sides(s) = 2 * points(0, s) - points(1, s) > 0.5 ? 1 : 0;

  nn::Parameters parameters;
  const nn::Linear linear(parameters, "line", 2, 1);  // z = w · x + b, all zero at first

  autodiff::Tape tape;
  const Var x = tape.input(2, samples, "x"), y = tape.input(1, samples, "y");
  const Var z = linear(x);                     // sigmoid(z) is the probability of side 1
  const Var loss = mean(softplus(z) - y * z);  // mean of -log(probability of the right side)

  const autodiff::Program program(nn::loss_and_gradients(loss, parameters));
  autodiff::Workspace workspace(program);
  parameters.bind(workspace);
  workspace.bind(x, points);
  workspace.bind(y, sides);
  nn::Sgd sgd(parameters.size(), {.momentum = 0.9});
  for (int step = 0; step <= 1000; ++step) {
    program.run(workspace);
    if (step % 250 == 0) std::printf("step %4d  loss %.2f\n", step, workspace.value(0)(0, 0));
    sgd.step(parameters.values(), workspace.values().subspan(1), 0.5);
  }

  const Matrix w = parameters.matrix(linear.weight), b = parameters.matrix(linear.bias);
  std::printf("the line: 2 x1 %+.1f x2 = %.1f\n", 2 * w(1) / w(0), -2 * b(0) / w(0));
}
