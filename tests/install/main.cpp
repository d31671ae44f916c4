// Records a function, takes its Hessian, trains a multilayer perceptron on sin x, and takes a model
// from a file.
#include <autodiff/grad.h>
#include <nn/files/model_file.h>
#include <nn/layers/initialise.h>
#include <nn/learning/loss.h>
#include <nn/models/learnt_motion.h>
#include <nn/optimisers/adam.h>

#include <fstream>
#include <iostream>

/// As ./train leaves one.
void save_a_model(const std::string& path) {
  const auto model = nn::make_model("lnn", {.hidden = {8}, .kinetic_prior = 1});
  autodiff::Random random(1);
  model->initialise(random);
  std::ofstream(path, std::ios::binary) << to_model_file(*model);
}

int main() {
  autodiff::Tape tape;
  const autodiff::Var x = tape.input(2, 1, "x");
  const autodiff::Var y = sum(x * x * x);
  std::cout << "Hessian of sum(x^3) at (1, 2): "
            << evaluate(hessian(y, x), {{x, autodiff::Matrix{{1}, {2}}}}).transpose() << '\n';

  nn::Parameters parameters;
  const nn::Mlp network(parameters, "net", {1, 16, 1});
  autodiff::Random random(1);
  initialise(network, parameters, random, nn::Initialiser::lecun);

  autodiff::Tape training;
  const autodiff::Var in = training.input(1, 64, "in"), target = training.input(1, 64, "target");
  const autodiff::Var loss = nn::mse_loss(network(in), target);
  std::vector<autodiff::Var> outputs = grad(loss, parameters.on(training));
  outputs.push_back(loss);
  const autodiff::Program program(outputs);
  autodiff::Workspace workspace(program);
  parameters.bind(workspace);
  const autodiff::Matrix points = autodiff::Matrix::Random(1, 64) * 3, sines = points.array().sin();
  workspace.bind(in, points);
  workspace.bind(target, sines);
  nn::Adam adam(parameters.size());
  for (int step = 0; step < 2000; ++step) {
    program.run(workspace);
    adam.step(parameters.values(), workspace.values().first(parameters.values().size()), 1e-2);
  }
  const double last = workspace.value(static_cast<int>(outputs.size()) - 1)(0, 0);
  std::cout << "mean squared error of the learnt sine: " << last << '\n';

  save_a_model("model.safetensors");
  const auto model = nn::load_model("model.safetensors");
  const physics::Motion motion = nn::learnt_motion(*model);
  const Eigen::MatrixXd states = Eigen::Vector4d(0.1, -0.2, 1, 2);  // (q; v), a state a column
  const Eigen::MatrixXd rates = motion(states);                     // (dq/dt; dv/dt)
  std::cout << "accelerations of the model in the file: " << rates.bottomRows(2).transpose()
            << '\n';
  return last < 1e-3 && rates.allFinite() ? 0 : 1;
}
