#include "nn/models/lagrangian_network.h"

#include "physics/euler_lagrange.h"

namespace nn {

LagrangianNetwork::LagrangianNetwork(const Options& options)
    : NetworkModel(options, form_of(options)) {}

Var LagrangianNetwork::lagrangian(Var q, Var v) const {
  const Var learnt = mlp_(state_features(q, v));
  if (options_.kinetic_prior == 0) return learnt;
  return learnt + sum_squares(v, map(options_.kinetic_prior, [](double a) { return 0.5 * a; }));
}

Var LagrangianNetwork::acceleration(Var q, Var v) const {
  return physics::euler_lagrange(lagrangian(q, v), q, v);
}

std::optional<Var> LagrangianNetwork::mass_matrix(Var q, Var v) const {
  return physics::mass_matrix(lagrangian(q, v), v);
}

}  // namespace nn
