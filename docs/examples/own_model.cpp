// A model of one's own: the law x'' = -k x - b x³ - c x' is known, its three numbers are not. A
// model declares its parameters and records accelerations; then the trainer takes it like any
// network.
#include <cstdio>

#include "nn/learning/trainer.h"
#include "nn/models/model.h"
#include "nn/optimisers/adam.h"
#include "nn/optimisers/schedule.h"
using autodiff::Index, autodiff::Var;

class Spring : public nn::Model {
 public:
  Index coordinates() const override { return 1; }

  Var acceleration(Var q, Var v, Var) const override {
    const Var stacked = stack_rows(std::vector<Var>{q, q * q * q, v});  // 3 x N
    return -matmul(numbers_.on(q.tape()), stacked);                     // 1 x N
  }

 private:
  nn::Parameter numbers_ = parameters_.add("k, b, c", 1, 3);
};

int main() {
  // Measured: accelerations of a spring with k = 4, b = 0.5, c = 0.2, with noise.
  autodiff::Random random(1);
  const Eigen::Index samples = 500;
  physics::DataSet data{random.uniform_matrix(2, samples, -2, 2), {}};
  const auto x = data.states.row(0).array(), v = data.states.row(1).array();
  data.accelerations = -4 * x - 0.5 * x.cube() - 0.2 * v;
  data.accelerations += random.normal_matrix(1, samples, 0.05);

  Spring spring;
  nn::Adam adam(spring.parameters().size());
  nn::Trainer trainer(spring, adam, {.objective = nn::of_accelerations(nn::mse_loss), .batch = 50});
  const nn::WarmupCosine schedule{.peak = 0.05, .total = 2000};
  trainer.fit(data, random, 2000, [&](long step) { return schedule.rate(step); });

  const auto found = spring.parameters().values();
  std::printf("k = %.1f, b = %.1f, c = %.1f\n", found[0], found[1], found[2]);
}
