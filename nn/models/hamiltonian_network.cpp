#include "nn/models/hamiltonian_network.h"

#include "autodiff/grad.h"
#include "physics/euler_lagrange.h"

namespace nn {

HamiltonianNetwork::HamiltonianNetwork(const Options& options, Lagrangian true_lagrangian)
    : NetworkModel(options, form_of(options)), true_lagrangian_(std::move(true_lagrangian)) {}

Var HamiltonianNetwork::hamiltonian(Var q, Var p) const {
  const Var learnt = mlp_(state_features(q, p));
  if (options_.kinetic_prior == 0) return learnt;
  const auto half_inverse = [](double a) { return a == 0 ? 0 : 0.5 / a; };
  return learnt + sum_squares(p, map(options_.kinetic_prior, half_inverse));
}

HamiltonianNetwork::Flow HamiltonianNetwork::flow(Var q, Var v) const {
  const Var p = autodiff::grad(sum(true_lagrangian_(q, v)), v);
  // p depends on q, and dH/dq is taken with p held fixed: H sees q through a node of its own.
  const Var own_q = q * 1.0;
  const auto dH = autodiff::grad(sum(hamiltonian(own_q, p)), {own_q, p});
  return {dH[1], -dH[0]};
}

Var HamiltonianNetwork::velocity(Var q, Var v) const { return flow(q, v).dq; }

Var HamiltonianNetwork::acceleration(Var q, Var v) const {
  const auto [dq, dp] = flow(q, v);
  const physics::Momenta true_momenta = physics::momenta(true_lagrangian_(q, v), q, v, dq);
  return sample_solve(true_momenta.mass, dp - true_momenta.drift);
}

}  // namespace nn
