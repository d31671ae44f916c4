#include "nn/lagrangian_network.h"

#include <algorithm>

#include "physics/euler_lagrange.h"

namespace nn {

LagrangianNetwork::LagrangianNetwork(Options options) : options_(std::move(options)) {
  if (options_.angles.empty())
    throw std::invalid_argument("[lagrangian network] needs at least one coordinate");
  const Index n = coordinates();
  std::vector<Index> sizes{n + n +
                           std::count(options_.angles.begin(), options_.angles.end(), true)};
  sizes.insert(sizes.end(), options_.hidden.begin(), options_.hidden.end());
  sizes.push_back(1);
  mlp_.emplace(parameters_, "lagrangian", sizes, activation(options_.activation));
}

void LagrangianNetwork::initialise(autodiff::Random& random, Initialiser initialiser) {
  nn::initialise(*mlp_, parameters_, random, initialiser);
}

Var LagrangianNetwork::lagrangian(Var q, Var v) const {
  const bool any_angle = std::count(options_.angles.begin(), options_.angles.end(), true) > 0;
  std::vector<Var> features;
  if (any_angle) {
    for (Index i = 0; i < coordinates(); ++i) {
      const Var q_i = row(q, i);
      features.push_back(options_.angles[i] ? stack_rows(cos(q_i), sin(q_i)) : q_i);
    }
  } else {
    features.push_back(q);
  }
  features.push_back(options_.velocity_scale == 1 ? v : v * options_.velocity_scale);

  const Var learnt = (*mlp_)(stack_rows(features));
  if (options_.kinetic_prior == 0) return learnt;
  return learnt + sum_rows(v * v) * (0.5 * options_.kinetic_prior);
}

Var LagrangianNetwork::acceleration(Var q, Var v) const {
  return physics::euler_lagrange(lagrangian(q, v), q, v);
}

}  // namespace nn
