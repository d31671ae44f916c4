// A layer of one's own: bumps exp(-(w (x - c))²), whose places c and sharpness w are learnt. A
// layer declares its parameters when it is made, and records its formula when it is called.
#include <cstdio>

#include "autodiff/compile/program.h"
#include "nn/layers/linear.h"
#include "nn/learning/loss.h"
#include "nn/optimisers/adam.h"
using autodiff::Index, autodiff::Matrix, autodiff::Var;

struct Bumps {
  nn::Parameter centre, sharpness;  // bumps x 1

  Bumps(nn::Parameters& parameters, const std::string& name, Index bumps)
      : centre(parameters.add(name + ".centre", bumps, 1)),
        sharpness(parameters.add(name + ".sharpness", bumps, 1)) {}

  /// 1 x N -> bumps x N
  Var operator()(Var x) const {
    const Var c = broadcast_cols(centre.on(x.tape()), x.cols());
    const Var w = broadcast_cols(sharpness.on(x.tape()), x.cols());
    return exp(-pow(w * (broadcast_rows(x, centre.shape.rows) - c), 2));
  }
};

int main() {
  nn::Parameters parameters;
  const Bumps bumps(parameters, "bumps", 8);
  const nn::Linear out(parameters, "out", 8, 1);
  // The first values: side by side over the interval.
  parameters.matrix(bumps.centre) = Eigen::VectorXd::LinSpaced(8, -2, 2).cast<autodiff::Scalar>();
  parameters.matrix(bumps.sharpness).setConstant(2);

  const Matrix points = Eigen::RowVectorXd::LinSpaced(100, -2, 2).cast<autodiff::Scalar>();
  const Matrix steps = (4 * points.array()).tanh() + points.array().abs();  // what to learn

  autodiff::Tape tape;
  const Var x = tape.input(1, 100, "x"), y = tape.input(1, 100, "y");
  const Var loss = nn::mse_loss(out(bumps(x)), y);
  const autodiff::Program program(nn::loss_and_gradients(loss, parameters));
  autodiff::Workspace workspace(program);
  parameters.bind(workspace);
  workspace.bind(x, points);
  workspace.bind(y, steps);

  nn::Adam adam(parameters.size());
  for (int step = 0; step <= 3000; ++step) {
    program.run(workspace);
    if (step == 0 || step == 100)
      std::printf("loss after %d steps: %.2f\n", step, workspace.value(0)(0, 0));
    adam.step(parameters.values(), workspace.values().subspan(1), 1e-2);
  }
  std::printf("below 0.002 at the end: %s\n", workspace.value(0)(0, 0) < 2e-3 ? "yes" : "no");
}
