#include "nn/models/models.h"

#include <array>
#include <stdexcept>

#include "nn/models/deep_lagrangian_network.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/plain_network.h"

namespace nn {
namespace {

using Lagrangian = HamiltonianNetwork::Lagrangian;

struct Kind {
  Form (*form_of)(const NetworkOptions&);
  std::unique_ptr<NetworkModel> (*make)(const NetworkOptions&, const Lagrangian&);
};

template <class M>
std::unique_ptr<NetworkModel> make(const NetworkOptions& options, const Lagrangian&) {
  return std::make_unique<M>(options);
}

std::unique_ptr<NetworkModel> make_hamiltonian(const NetworkOptions& options,
                                               const Lagrangian& true_lagrangian) {
  if (!true_lagrangian)
    throw std::invalid_argument(
        "[model] a Hamiltonian network (hnn) takes the momenta from the true system's Lagrangian, "
        "and none is given");
  return std::make_unique<HamiltonianNetwork>(options, true_lagrangian);
}

constexpr std::array kinds{
    Kind{LagrangianNetwork::form_of, make<LagrangianNetwork>},
    Kind{DeepLagrangianNetwork::form_of, make<DeepLagrangianNetwork>},
    Kind{HamiltonianNetwork::form_of, make_hamiltonian},
    Kind{PlainNetwork::form_of, make<PlainNetwork>},
};

const Kind& find(const std::string& name, const NetworkOptions& options) {
  for (const Kind& kind : kinds)
    if (kind.form_of(options).kind == name) return kind;
  throw std::invalid_argument("[model] the kind '" + name + "' is unknown; known are lnn, delan, " +
                              "hnn and mlp");
}

}  // namespace

std::unique_ptr<NetworkModel> make_model(const std::string& kind, const NetworkOptions& options,
                                         const Lagrangian& true_lagrangian) {
  return find(kind, options).make(options, true_lagrangian);
}

double parameter_count(const std::string& kind, const NetworkOptions& options) {
  const std::vector<Index> sizes = widths(options, find(kind, options).form_of(options));
  double count = 0;
  for (std::size_t k = 1; k < sizes.size(); ++k)
    count += static_cast<double>(sizes[k]) * (static_cast<double>(sizes[k - 1]) + 1);
  return count;
}

}  // namespace nn
