#include "nn/models/models.h"

#include <algorithm>
#include <stdexcept>

#include "nn/models/deep_lagrangian_network.h"
#include "nn/models/density_network.h"
#include "nn/models/embedded_network.h"
#include "nn/models/hamiltonian_network.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/plain_network.h"
#include "nn/models/pullback_network.h"

namespace nn {
namespace {

template <class M>
ModelKind kind(ModelKind row) {
  row.form_of = M::form_of;
  row.make = [](const NetworkOptions& options,
                const Known& known) -> std::unique_ptr<NetworkModel> {
    return std::make_unique<M>(options, known);
  };
  return row;
}

}  // namespace

const std::vector<ModelKind>& model_kinds() {
  static const std::vector<ModelKind> all{
      kind<LagrangianNetwork>({.name = "lnn",
                               .what = "a Lagrangian network",
                               .learns = "L(q, v)",
                               .initialiser = Initialiser::rule}),
      kind<DeepLagrangianNetwork>({.name = "delan",
                                   .what = "a deep Lagrangian network, L = T - V",
                                   .learns = "M(q) and V(q)",
                                   .sees_velocities = false}),
      kind<PullbackNetwork>({.name = "pullback",
                             .what = "a pullback network, of points that the coordinates move",
                             .learns = "x(q) and V(q)",
                             .sees_velocities = false,
                             .steps_part = 0.25}),
      kind<HamiltonianNetwork>({.name = "hnn",
                                .what = "a Hamiltonian network, given the true momenta",
                                .learns = "H(q, p)",
                                .needs_lagrangian = true}),
      kind<EmbeddedNetwork>({.name = "embedded",
                             .what = "masses at known positions, in an unknown potential",
                             .learns = "masses and V(q)",
                             .needs_positions = true,
                             .sees_velocities = false,
                             .has_kinetic_prior = false}),
      kind<DensityNetwork>({.name = "field",
                            .what = "one density shared by all sites of a ring",
                            .learns = "a density",
                            .of_rings = true,
                            .initialiser = Initialiser::rule,
                            .prior_part = 1. / 5}),
      kind<PlainNetwork>({.name = "mlp",
                          .what = "accelerations without physics",
                          .learns = "a(q, v)",
                          .has_kinetic_prior = false,
                          .has_friction = false,
                          .differentiated = false}),
  };
  return all;
}

const ModelKind& find_model_kind(const std::string& name) {
  const auto found = std::ranges::find(model_kinds(), name, &ModelKind::name);
  if (found != model_kinds().end()) return *found;
  std::string known;
  for (const ModelKind& kind : model_kinds()) known += (known.empty() ? "" : ", ") + kind.name;
  throw std::invalid_argument("[model] the kind '" + name + "' is unknown; known are " + known);
}

std::unique_ptr<NetworkModel> make_model(const std::string& kind, const NetworkOptions& options,
                                         const Known& known) {
  return find_model_kind(kind).make(options, known);
}

}  // namespace nn
