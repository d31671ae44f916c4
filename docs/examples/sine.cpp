// Regression: a small network learns sin x from 64 points. The whole training loop is in sight:
// run the program, which gives the loss and its gradient, then let the optimiser take a step.
#include <cmath>
#include <cstdio>

#include "autodiff/compile/program.h"
#include "nn/layers/initialise.h"
#include "nn/learning/loss.h"
#include "nn/optimisers/adam.h"
using autodiff::Matrix, autodiff::Tape, autodiff::Var;

int main() {
  const Matrix points = Eigen::RowVectorXd::LinSpaced(64, -3, 3).cast<autodiff::Scalar>();
  const Matrix sines = points.array().sin();  // a sample is a column: both are 1 x 64

  nn::Parameters parameters;
  const nn::Mlp network(parameters, "net", {1, 16, 1});  // one input, 16 hidden, one output
  autodiff::Random random(1);
  initialise(network, parameters, random, nn::Initialiser::lecun);

  Tape tape;
  const Var x = tape.input(1, 64, "x"), y = tape.input(1, 64, "y");
  const Var loss = nn::mse_loss(network(x), y);

  const autodiff::Program program(nn::loss_and_gradients(loss, parameters));
  autodiff::Workspace workspace(program);
  parameters.bind(workspace);
  workspace.bind(x, points);
  workspace.bind(y, sines);

  nn::Adam adam(parameters.size());
  for (int step = 0; step < 2000; ++step) {
    program.run(workspace);
    if (step == 0) std::printf("loss at first: %.2f\n", workspace.value(0)(0, 0));
    adam.step(parameters.values(), workspace.values().subspan(1), 1e-2);
  }
  std::printf("below 0.001 at the end: %s\n", workspace.value(0)(0, 0) < 1e-3 ? "yes" : "no");

  Tape asked;  // the same network on another tape, for other points
  const Matrix where{{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}};
  const Var answer = network(asked.constant(where));
  const Matrix learnt = evaluate(answer, parameters.bindings(asked));
  std::printf("\n   x    sin x   learnt\n");
  for (int i = 0; i < 6; ++i)
    std::printf("%4.1f %8.1f %8.1f\n", where(i), std::sin(where(i)), learnt(i));
}
