// Our contender in `make bench-peers`, and the one that sets the task:
//
//     peers_ours 16x3 BATCH THREADS FOLDER SECONDS
//
// It writes FOLDER/case.f64 (parameters, states, accelerations) for the peers to read, and
// FOLDER/ours.f64 with what they have to reproduce: the loss, its gradient, and the parameters
// after three steps of Adam. Then, for each line on its standard input, it runs a round of about
// SECONDS and prints the seconds of a step. All files are plain float64; matrices are column-major.
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "nn/learning/loss.h"
#include "nn/learning/training_step.h"
#include "nn/models/lagrangian_network.h"
#include "nn/optimisers/adam.h"
#include "tools/app/progress.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;

namespace {

void append(std::vector<double>& numbers, std::span<const Scalar> more) {
  numbers.insert(numbers.end(), more.begin(), more.end());
}

std::span<const Scalar> entries(const Matrix& m) {
  return {m.data(), static_cast<std::size_t>(m.size())};
}

void write(const std::string& path, const std::vector<double>& numbers) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(numbers.data()),
             static_cast<std::streamsize>(numbers.size() * sizeof(double)));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

/// Drawn by the rule, and all weights but the first layer's made positive: then L is convex in v,
/// every mass matrix is well conditioned, and where a peer's gradient differs it is not by
/// rounding.
void draw(nn::LagrangianNetwork& model, Random& random) {
  model.initialise(random);
  for (const nn::Parameter& parameter : model.parameters().list())
    if (parameter.name != model.parameters().list().front().name) {
      auto values = model.parameters().matrix(parameter);
      values = values.cwiseAbs().eval();
    }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "usage: peers_ours HIDDENxLAYERS BATCH THREADS FOLDER SECONDS\n";
    return 2;
  }
  tools::wait_patiently(argv);
  const std::string hidden = argv[1], folder = argv[4];
  const Index batch = std::stol(argv[2]);
  const int threads = std::stoi(argv[3]);
  const double round_seconds = std::stod(argv[5]);

  const std::vector<Index> widths(std::stoul(hidden.substr(hidden.find('x') + 1)),
                                  std::stol(hidden));
  nn::LagrangianNetwork model({.hidden = widths, .angles = {false, false}});
  Random random(1);
  draw(model, random);
  const Matrix states = random.uniform_matrix(4, batch, -1, 1);
  const Matrix targets = random.uniform_matrix(2, batch, -1, 1);
  nn::TrainingStep step(model, nn::mse_loss, {batch, 32, threads});

  const std::span<Scalar> parameters = model.parameters().values();
  const std::vector<Scalar> start(parameters.begin(), parameters.end());
  std::vector<double> task, answer;
  append(task, start);
  append(task, entries(states));
  append(task, entries(targets));
  write(folder + "/case.f64", task);

  answer.push_back(step.run(states.data(), targets.data()));
  append(answer, step.gradient());
  nn::Adam three(model.parameters().size());
  for (int k = 0; k < 3; ++k) {
    step.run(states.data(), targets.data());
    three.step(parameters, step.gradient(), 1e-3);
  }
  append(answer, parameters);
  write(folder + "/ours.f64", answer);

  // The timed steps hardly move: all rounds do the same work.
  std::copy(start.begin(), start.end(), parameters.begin());
  nn::Adam adam(model.parameters().size());
  const auto seconds_of = [&](long steps) {
    const tools::Stopwatch watch;
    for (long k = 0; k < steps; ++k) {
      step.run(states.data(), targets.data());
      adam.step(parameters, step.gradient(), 1e-9);
    }
    return watch.seconds();
  };
  const std::string precision = sizeof(Scalar) == 8 ? "float64" : "float32";
  std::cout << nlohmann::json{{"ready", true}, {"precision", precision}} << std::endl;
  long steps = 0;
  for (std::string line; std::getline(std::cin, line);) {
    if (steps == 0) {  // the first round warms up, and learns how many steps a round takes
      seconds_of(1);
      const double one = seconds_of(3) / 3;
      steps = std::max(1L, std::lround(round_seconds / std::max(one, 1e-7)));
    }
    std::cout << nlohmann::json{{"seconds", seconds_of(steps) / static_cast<double>(steps)}}
              << std::endl;
  }
}
