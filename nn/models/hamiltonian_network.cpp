#include "nn/models/hamiltonian_network.h"

#include <stdexcept>

#include "autodiff/grad.h"
#include "physics/euler_lagrange.h"

namespace nn {

HamiltonianNetwork::HamiltonianNetwork(const Options& options, const Known& known)
    : NetworkModel(options, form_of(options, known), known) {
  if (!known.lagrangian)
    throw std::invalid_argument(
        "[model] a Hamiltonian network (hnn) takes the momenta from the true system's Lagrangian, "
        "and none is given");
}

Var HamiltonianNetwork::hamiltonian(Var q, Var p) const {
  const Var learnt = times(mlp_(state_features(q, p)), options_.energy_scale);
  if (options_.kinetic_prior == 0) return learnt;
  const auto half_inverse = [](double a) { return a == 0 ? 0 : 0.5 / a; };
  return learnt + sum_squares(p, map(options_.kinetic_prior, half_inverse));
}

HamiltonianNetwork::Flow HamiltonianNetwork::flow(Var q, Var v) const {
  const Var p = autodiff::grad(sum(known_.lagrangian(q, v)), v);
  // p depends on q, and dH/dq is taken with p held fixed: H sees q through a node of its own.
  const Var own_q = q * 1.0;
  const auto dH = autodiff::grad(sum(hamiltonian(own_q, p)), {own_q, p});
  return {dH[1], -dH[0]};
}

Var HamiltonianNetwork::velocity(Var q, Var v) const { return flow(q, v).dq; }

Var HamiltonianNetwork::acceleration(Var q, Var v, Var u) const {
  const auto [dq, learnt_dp] = flow(q, v);
  const Var acting = force(q, dq, u);
  const Var dp = acting ? learnt_dp + acting : learnt_dp;
  const Var true_lagrangian = known_.lagrangian(q, v);
  const physics::Momenta seen = physics::momenta(true_lagrangian, q, v, dq);
  const Var right = dp - seen.drift;
  if (!known_.constraints) return sample_solve(seen.mass, right);
  // The true system's equations have M and Jᵀλ; a force makes up for all else.
  const physics::Momenta own = physics::momenta(true_lagrangian, q, v, v);
  return physics::euler_lagrange({.lagrangian = true_lagrangian,
                                  .force = right - (own.force - own.drift),
                                  .constraints = known_.constraints(q)},
                                 q, v);
}

}  // namespace nn
