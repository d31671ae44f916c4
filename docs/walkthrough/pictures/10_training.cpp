// Left: how four optimisers go down a narrow, turned valley. Right: the loss of a network that
// learns a sine by each of them.
#include <cmath>
#include <cstdio>

#include "autodiff/compile/program.h"
#include "nn/layers/initialise.h"
#include "nn/learning/loss.h"
#include "nn/optimisers/adam.h"
#include "nn/optimisers/sgd.h"
#include "nn/optimisers/soap.h"
using autodiff::Matrix, autodiff::Program, autodiff::Tape, autodiff::Var, autodiff::Workspace;

constexpr double steep = 25;  // the valley's curvature across it; along it, 1

void valley() {
  nn::Parameters parameters;
  const nn::Parameter place = parameters.add("place", 1, 2);
  Tape tape;
  const Var turned = matmul(place.on(tape), tape.constant(Matrix{{1, -1}, {1, 1}})) / std::sqrt(2);
  const Var height = sum(pow(turned, 2) * tape.constant(Matrix{{0.5, 0.5 * steep}}));
  const Program program(nn::loss_and_gradients(height, parameters));
  Workspace workspace(program);
  parameters.bind(workspace);
  const auto walk = [&](const char* name, nn::Optimiser& optimiser, double rate) {
    std::printf("line %s\n", name);
    parameters.matrix(place) = Matrix{{-2.6, -1.2}};
    for (int step = 0; step <= 60; ++step) {
      std::printf("%.4f %.4f\n", parameters.values()[0], parameters.values()[1]);
      program.run(workspace);
      optimiser.step(parameters.values(), workspace.values().subspan(1), rate);
    }
  };
  nn::Sgd sgd(2), momentum(2, {.momentum = 0.7});
  nn::Adam adam(2, {.beta2 = 0.95});
  nn::Soap soap(parameters, {.beta1 = 0.9, .refresh = 1});
  std::printf("panel Four ways down a narrow valley\nx first weight\ny second weight\n");
  std::printf("limits -3 1 -2.5 1\n");
  walk("", sgd, 0.07);
  walk("-", momentum, 0.03);
  walk("-", adam, 0.1);
  walk("-", soap, 0.1);
  for (const double level : {0.2, 1.0, 2.4}) {
    std::printf(level == 0.2 ? "dashes -\n" : "dashes\n");
    for (int i = 0; i <= 100; ++i) {
      const double angle = 0.02 * i * std::acos(-1);
      const double along = std::sqrt(2 * level) * std::cos(angle);
      const double across = std::sqrt(2 * level / steep) * std::sin(angle);
      std::printf("%.4f %.4f\n", (along - across) / std::sqrt(2), (along + across) / std::sqrt(2));
    }
  }
}

void network() {
  const Matrix points = Eigen::RowVectorXd::LinSpaced(64, -3, 3).cast<autodiff::Scalar>();
  nn::Parameters parameters;
  const nn::Mlp network(parameters, "net", {1, 16, 1});
  Tape tape;
  const Var x = tape.constant(points);
  const Program program(nn::loss_and_gradients(nn::mse_loss(network(x), sin(x)), parameters));
  Workspace workspace(program);
  parameters.bind(workspace);
  const auto learn = [&](const char* name, nn::Optimiser& optimiser, double rate) {
    std::printf("line %s\n", name);
    autodiff::Random random(1);
    initialise(network, parameters, random, nn::Initialiser::lecun);
    for (int step = 1, shown = 0; step <= 12000; ++step) {
      program.run(workspace);
      if (step > 1.02 * shown) {
        shown = step;
        std::printf("%d %.4g\n", step, workspace.value(0)(0, 0));
      }
      if (workspace.value(0)(0, 0) < 1e-4) break;
      optimiser.step(parameters.values(), workspace.values().subspan(1), rate);
    }
  };
  nn::Sgd sgd(parameters.size()), momentum(parameters.size(), {.momentum = 0.9});
  nn::Adam adam(parameters.size());
  nn::Soap soap(parameters);
  std::printf("panel A network learns a sine\nx log steps\ny log loss\n");
  learn("SGD", sgd, 0.1);
  learn("momentum", momentum, 0.03);
  learn("Adam", adam, 0.1);
  learn("SOAP", soap, 0.03);
}

int main() {
  valley();
  network();
}
