#include "nn/models/deep_lagrangian_network.h"

#include <cmath>

namespace nn {

Form DeepLagrangianNetwork::form_of(const Options& options, const Known& known) {
  const auto n = static_cast<Index>(options.angles.size());
  const Index entries = known.diagonal_mass ? n : n * (n + 1) / 2;
  return {.kind = "delan",
          .name = "mechanics",
          .sees = Form::coordinates,
          .outputs = entries + 1,
          .diagonal_mass = known.diagonal_mass};
}

DeepLagrangianNetwork::DeepLagrangianNetwork(const Options& options, const Known& known)
    : LagrangianModel(options, form_of(options, known), known) {}

Var DeepLagrangianNetwork::lagrangian(Var q, Var v) const {
  const Index n = coordinates();
  const Var outputs = mlp_(coordinate_features(q));  // C column by column, then V
  Var twice_kinetic = sum_squares(v, options_.kinetic_prior);
  const Var in_unit = times(v, map(options_.mass_scale, [](double m) { return std::sqrt(m); }));

  if (known_.diagonal_mass) {
    twice_kinetic = twice_kinetic + sum_rows(pow(softplus(slice_rows(outputs, 0, n)) * in_unit, 2));
  } else {
    // vᵀ C Cᵀ v = |Cᵀ v|²: one square for each column of C.
    Index next = 0;
    for (Index j = 0; j < n; ++j) {
      Var projection = softplus(row(outputs, next++)) * row(in_unit, j);
      for (Index i = j + 1; i < n; ++i)
        projection = projection + row(outputs, next++) * row(in_unit, i);
      twice_kinetic = twice_kinetic + pow(projection, 2);
    }
  }
  const Var potential = times(row(outputs, form_.outputs - 1), options_.energy_scale);
  return twice_kinetic * 0.5 - potential;
}

}  // namespace nn
