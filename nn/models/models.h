// The models here by the names of their kinds.
#pragma once

#include <memory>
#include <string>

#include "nn/models/hamiltonian_network.h"
#include "nn/models/network_model.h"

namespace nn {

/// "lnn" (Lagrangian), "delan" (deep Lagrangian), "hnn" (Hamiltonian) or "mlp" (plain): a new model
/// whose parameters are all zero. Throws std::invalid_argument for another kind, for options that
/// make no model, and for a Hamiltonian one without the true Lagrangian, which it needs.
std::unique_ptr<NetworkModel> make_model(
    const std::string& kind, const NetworkOptions& options,
    const HamiltonianNetwork::Lagrangian& true_lagrangian = {});

/// How many parameters such a model has; as a floating-point number, which does not overflow.
double parameter_count(const std::string& kind, const NetworkOptions& options);

}  // namespace nn
