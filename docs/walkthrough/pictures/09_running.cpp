// What the order of a sum does. Left: one sum in 300 random orders. Right: how far two trainings
// part that differ in nothing but the order in which the shards' gradients are added.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/random.h"
#include "nn/layers/initialise.h"
#include "nn/learning/loss.h"
#include "nn/optimisers/adam.h"
using autodiff::Index, autodiff::Matrix, autodiff::Random, autodiff::Scalar;

namespace {

constexpr Index width = 8, shards = 8;

std::vector<Index> in_order(Index count) {
  std::vector<Index> order(count);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

void draw_sums() {
  Random random(3);
  const Matrix terms = random.normal_matrix(1000, 1);
  long double exact = 0;  // three digits more
  for (const double term : terms.reshaped()) exact += term;
  const double size = std::abs(static_cast<double>(exact));
  const double last_bit = std::nextafter(size, 2 * size) - size;
  const auto error_of_sum = [&](const std::vector<Index>& order) {
    double total = 0;
    for (const Index k : order) total += terms(k);
    return static_cast<double>((total - exact) / last_bit);
  };
  std::printf("panel A sum of 1000 numbers\nx run\ny error, in units of the last bit\n");
  std::printf("limits -10 310 -50 130\n");
  std::printf("dots in random order\n");
  for (int run = 0; run < 300; ++run)
    std::printf("%d %g\n", run, error_of_sum(random.permutation(terms.size())));
  const double fixed = error_of_sum(in_order(terms.size()));
  std::printf("line in a fixed order\n0 %g\n300 %g\n", fixed, fixed);
}

/// A network learns sin 3x. The shards' gradients are added in order, or shuffled.
class Training {
 public:
  explicit Training(bool shuffled) : shuffled_(shuffled), net_(parameters_, "net", {1, 16, 16, 1}) {
    Random random(1);
    initialise(net_, parameters_, random, nn::Initialiser::lecun);
    x_ = Eigen::RowVectorXd::LinSpaced(width * shards, -2, 2).cast<Scalar>();
    y_ = (3 * x_.array()).sin();
    const autodiff::Var x = tape_.input(1, width, "x"), y = tape_.input(1, width, "y");
    program_.emplace(nn::loss_and_gradients(nn::mse_loss(net_(x), y), parameters_));
    for (Index k = 0; k < shards; ++k) {
      auto& workspace = workspaces_.emplace_back(*program_);
      parameters_.bind(workspace);
      workspace.bind(x, x_.data() + k * width);
      workspace.bind(y, y_.data() + k * width);
    }
    adam_.emplace(parameters_.size());
  }

  void step() {
    const auto order = shuffled_ ? random_.permutation(shards) : in_order(shards);
    std::vector<Scalar> total(parameters_.size() + 1, 0);
    for (const Index k : order) {
      program_->run(workspaces_[k]);
      const auto values = workspaces_[k].values();
      for (std::size_t i = 0; i < total.size(); ++i) total[i] += values[i] / Scalar(shards);
    }
    adam_->step(parameters_.values(), std::span<const Scalar>(total).subspan(1), 1e-2);
  }

  std::span<const Scalar> weights() const { return std::as_const(parameters_).values(); }

 private:
  bool shuffled_;
  nn::Parameters parameters_;
  nn::Mlp net_;
  Matrix x_, y_;
  autodiff::Tape tape_;
  std::optional<autodiff::Program> program_;
  std::vector<autodiff::Workspace> workspaces_;
  std::optional<nn::Adam> adam_;
  Random random_{2};
};

}  // namespace

int main() {
  draw_sums();
  Training fixed(false), shuffled(true);
  std::printf("panel Two trainings\nx step\ny log largest difference of a weight\nline -\n");
  for (int step = 1; step <= 2000; ++step) {
    fixed.step();
    shuffled.step();
    double difference = 0;
    for (std::size_t i = 0; i < fixed.weights().size(); ++i)
      difference =
          std::max(difference, std::abs(double(fixed.weights()[i] - shuffled.weights()[i])));
    if (step % 10 == 0) std::printf("%d %g\n", step, std::max(difference, 1e-17));
  }
}
