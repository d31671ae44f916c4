// The Hessian of one network by ADOL-C and by us, in `make bench-peers`:
//
//     peers_adolc 16x3 ROUNDS SECONDS
//
// The 4 x 4 Hessian of L(q, v) with respect to its inputs, for 64 samples. ADOL-C (Walther and
// Griewank) records one sample on its tape and replays that for each; it has two drivers, and the
// faster counts. We record all samples at once, or one alone for an even match. Rounds alternate.
#include <adolc/adolc.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "nn/layers/initialise.h"
#include "tools/app/progress.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Var;

namespace {

constexpr Index inputs = 4, samples = 64;
constexpr short tag = 1;

/// Records the network at a sample, with the weights as constants, which is ADOL-C's best case.
/// log(1 + eˣ) as it stands: no input here is large, and a guard would make its tape longer.
void record_adolc(const nn::Mlp& mlp, nn::Parameters& parameters, const Matrix& x) {
  // Buffers that hold the whole tape, so that none goes to a file, and are not much larger, because
  // every replay allocates them anew. These were the fastest tried.
  const unsigned buffer = parameters.size() < 10'000 ? 1 << 19 : 1 << 20;
  trace_on(tag, 0, buffer, buffer, buffer, buffer);
  std::vector<adouble> h(inputs);
  for (Index i = 0; i < inputs; ++i) h[i] <<= static_cast<double>(x(i, 0));
  for (std::size_t k = 0; k < mlp.layers.size(); ++k) {
    const auto weight = parameters.matrix(mlp.layers[k].weight);
    const auto bias = parameters.matrix(mlp.layers[k].bias);
    std::vector<adouble> z(weight.rows());
    for (Index i = 0; i < weight.rows(); ++i) {
      z[i] = static_cast<double>(bias(i, 0));
      for (Index j = 0; j < weight.cols(); ++j) z[i] += static_cast<double>(weight(i, j)) * h[j];
      if (k + 1 < mlp.layers.size()) z[i] = log(1 + exp(z[i]));
    }
    h = std::move(z);
  }
  double value = 0;
  h[0] >>= value;
  trace_off();
}

/// Our program for the Hessians of `width` samples, with what it needs to run.
struct Ours {
  autodiff::Tape tape;
  Var x;
  autodiff::Program program;
  autodiff::Workspace workspace;

  Ours(const nn::Mlp& mlp, const nn::Parameters& parameters, Index width)
      : x(tape.input(inputs, width, "x")),
        program({autodiff::hessian(mlp(x), x)}),
        workspace(program) {
    parameters.bind(workspace);
  }
  autodiff::ConstMatrixMap run(const autodiff::Scalar* states) {
    workspace.bind(x, states);
    program.run(workspace);
    return workspace.value(0);
  }
};

/// A way to compute the Hessians of all samples, and what a sample took in each round.
struct Way {
  std::string name;
  std::function<void()> run;
  long repeats = 0;
  std::vector<double> seconds = {};

  void round(double round_seconds) {
    const bool first = repeats == 0;  // warms up, and learns how often a round runs
    if (first) run(), repeats = 3;
    const tools::Stopwatch watch;
    for (long k = 0; k < repeats; ++k) run();
    const double one = watch.seconds() / static_cast<double>(repeats);
    if (first)
      repeats = std::max(1L, std::lround(round_seconds / one));
    else
      seconds.push_back(one / samples);
  }
  double median() {
    const auto middle = seconds.begin() + static_cast<long>(seconds.size() / 2);
    std::nth_element(seconds.begin(), middle, seconds.end());
    return *middle;
  }
};

double largest_difference(const Matrix& a, const Matrix& b) {
  return static_cast<double>((a - b).cwiseAbs().maxCoeff() / b.cwiseAbs().maxCoeff());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: peers_adolc HIDDENxLAYERS ROUNDS SECONDS\n";
    return 2;
  }
  const std::string hidden = argv[1];
  std::vector<Index> sizes(2 + std::stoul(hidden.substr(hidden.find('x') + 1)), std::stol(hidden));
  sizes.front() = inputs;
  sizes.back() = 1;
  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "lagrangian", sizes);
  Random random(1);
  nn::initialise(mlp, parameters, random);
  const Matrix states = random.uniform_matrix(inputs, samples, -1, 1);

  Ours all(mlp, parameters, samples), one(mlp, parameters, 1);
  record_adolc(mlp, parameters, states);
  double** rows = myalloc2(inputs, inputs);
  Matrix theirs(inputs * inputs, samples);
  using Driver = int (*)(short, int, double*, double**);
  const auto adolc = [&](Driver driver) {
    for (Index s = 0; s < samples; ++s) {
      double x[inputs];
      for (Index i = 0; i < inputs; ++i) x[i] = static_cast<double>(states(i, s));
      driver(tag, inputs, x, rows);
      for (Index i = 0; i < inputs; ++i)  // the drivers fill the lower triangle
        for (Index j = 0; j < inputs; ++j)
          theirs(i + inputs * j, s) =
              static_cast<autodiff::Scalar>(rows[std::max(i, j)][std::min(i, j)]);
    }
  };

  const Matrix ours = all.run(states.data());
  double difference = 0;
  for (const Driver driver : {Driver(::hessian), Driver(::hessian2)}) {
    adolc(driver);
    difference = std::max(difference, largest_difference(theirs, ours));
  }
  for (Index s = 0; s < samples; ++s)
    difference =
        std::max(difference, largest_difference(one.run(states.col(s).data()), ours.col(s)));

  std::vector<Way> ways{
      {"ours", [&] { all.run(states.data()); }},
      {"ours_one_by_one",
       [&] {
         for (Index s = 0; s < samples; ++s) one.run(states.col(s).data());
       }},
      {"adolc_hessian", [&] { adolc(::hessian); }},
      {"adolc_hessian2", [&] { adolc(::hessian2); }},
  };
  const double round_seconds = std::stod(argv[3]);
  for (int round = 0; round <= std::stoi(argv[2]); ++round)
    for (Way& way : ways) way.round(round_seconds);

  nlohmann::json result{{"network", hidden}, {"samples", samples}, {"difference", difference}};
  for (Way& way : ways) result["seconds_a_sample"][way.name] = way.median();
  std::cout << result << std::endl;
  myfree2(rows);
}
