// How long does a training step take? Each case is repeated in short rounds; the median round
// counts, because machines are noisy.
//
//     make bench
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "nn/adam.h"
#include "nn/lagrangian_network.h"
#include "nn/learnt_motion.h"
#include "nn/loss.h"
#include "nn/training_step.h"
#include "tools/progress.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;

namespace {

/// Median seconds of one call, over 15 rounds of about 20 ms each.
double median_seconds(const std::function<void()>& call) {
  call();  // first touch of memory
  tools::Stopwatch probe;
  call();
  const long calls = std::max(1L, std::lround(0.02 / std::max(1e-7, probe.seconds())));
  std::vector<double> rounds;
  for (int round = 0; round < 15; ++round) {
    const tools::Stopwatch watch;
    for (long k = 0; k < calls; ++k) call();
    rounds.push_back(watch.seconds() / static_cast<double>(calls));
  }
  std::nth_element(rounds.begin(), rounds.begin() + 7, rounds.end());
  return rounds[7];
}

void print(const std::string& name, double seconds, Index samples) {
  std::printf("%-28s %10.2f us  %8.3f us/sample\n", name.c_str(), 1e6 * seconds,
              1e6 * seconds / static_cast<double>(samples));
}

/// One optimiser step: loss, gradient, Adam. `hidden` as in "16x3": three layers of 16.
void bench_step(const std::string& hidden, Index batch, int threads) {
  const auto x = hidden.find('x');
  const std::vector<Index> widths(std::stoul(hidden.substr(x + 1)), std::stol(hidden));
  nn::LagrangianNetwork model({.hidden = widths, .angles = {false, false}});
  Random random(1);
  model.initialise(random);
  nn::TrainingStep step(model, nn::mse_loss, {batch, 32, threads});
  nn::Adam adam(model.parameters().size());
  const Matrix states = random.uniform_matrix(4, batch, -1, 1);
  const Matrix targets = random.uniform_matrix(2, batch, -1, 1);
  const double seconds = median_seconds([&] {
    step.run(states.data(), targets.data());
    adam.step(model.parameters().values(), step.gradient(), 1e-9);
  });
  print("lnn_step/" + hidden + "/b" + std::to_string(batch) + "/t" + std::to_string(threads),
        seconds, batch);
}

/// Recording, differentiating and compiling a training step.
void bench_compile() {
  nn::LagrangianNetwork model({.hidden = {16, 16, 16}, .angles = {false, false}});
  const double seconds = median_seconds([&] { nn::TrainingStep(model, nn::mse_loss, {4, 32, 1}); });
  std::printf("%-28s %10.2f us\n", "record_and_compile/16x3", 1e6 * seconds);
}

}  // namespace

int main(int, char** argv) {
  tools::wait_patiently(argv);
  const int all = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::vector<int> thread_counts{1};
  if (all > 1) thread_counts.push_back(all);
  for (const auto& [hidden, batch] : std::vector<std::pair<std::string, Index>>{
           {"16x3", 4}, {"16x3", 512}, {"64x2", 64}, {"256x2", 4}, {"256x2", 512}})
    for (const int threads : thread_counts) bench_step(hidden, batch, threads);
  bench_compile();
}
