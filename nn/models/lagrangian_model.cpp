#include "nn/models/lagrangian_model.h"

#include "physics/euler_lagrange.h"

namespace nn {

Var LagrangianModel::acceleration(Var q, Var v, Var u) const {
  return physics::euler_lagrange({.lagrangian = lagrangian(q, v),
                                  .force = force(q, v, u),
                                  .constraints = known_.constraints ? known_.constraints(q) : Var(),
                                  .diagonal_mass = form_.diagonal_mass},
                                 q, v);
}

std::optional<Var> LagrangianModel::mass_matrix(Var q, Var v) const {
  if (form_.diagonal_mass) return std::nullopt;
  return physics::mass_matrix(lagrangian(q, v), v);
}

}  // namespace nn
