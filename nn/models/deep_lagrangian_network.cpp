#include "nn/models/deep_lagrangian_network.h"

#include "physics/euler_lagrange.h"

namespace nn {

Form DeepLagrangianNetwork::form_of(const Options& options) {
  const auto n = static_cast<Index>(options.angles.size());
  const Index triangle = n * (n + 1) / 2;
  return {.kind = "delan", .name = "mechanics", .sees = Form::coordinates, .outputs = triangle + 1};
}

DeepLagrangianNetwork::DeepLagrangianNetwork(const Options& options)
    : NetworkModel(options, form_of(options)) {}

Var DeepLagrangianNetwork::lagrangian(Var q, Var v) const {
  const Index n = coordinates();
  const Var outputs = mlp_(coordinate_features(q));  // C column by column, then V

  // vᵀ C Cᵀ v = |Cᵀ v|²: one square for each column of C.
  Var twice_kinetic = sum_squares(v, options_.kinetic_prior);
  Index next = 0;
  for (Index j = 0; j < n; ++j) {
    Var projection = softplus(row(outputs, next++)) * row(v, j);
    for (Index i = j + 1; i < n; ++i) projection = projection + row(outputs, next++) * row(v, i);
    twice_kinetic = twice_kinetic + pow(projection, 2);
  }
  const Var potential = row(outputs, next);
  return twice_kinetic * 0.5 - potential;
}

Var DeepLagrangianNetwork::acceleration(Var q, Var v) const {
  return physics::euler_lagrange(lagrangian(q, v), q, v);
}

std::optional<Var> DeepLagrangianNetwork::mass_matrix(Var q, Var v) const {
  return physics::mass_matrix(lagrangian(q, v), v);
}

}  // namespace nn
