#include "nn/models/network_model.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace nn {
namespace {

/// The options, if each scale has one value or n.
NetworkOptions checked(NetworkOptions options) {
  const std::pair<const char*, const PerCoordinate*> scales[] = {
      {"coordinate offset", &options.coordinate_offset},
      {"coordinate scale", &options.coordinate_scale},
      {"velocity scale", &options.velocity_scale},
      {"kinetic prior", &options.kinetic_prior},
      {"acceleration scale", &options.acceleration_scale}};
  for (const auto& [name, scale] : scales)
    if (const std::size_t count = scale->values().size();
        count != 1 && count != options.angles.size())
      throw std::invalid_argument(
          "[model] the " + std::string(name) + " has " + std::to_string(count) + " values for " +
          std::to_string(options.angles.size()) + " coordinates: one for all, or one for each");
  return options;
}

}  // namespace

std::vector<Index> widths(const NetworkOptions& options, const Form& form) {
  const auto& angles = options.angles;
  if (angles.empty()) throw std::invalid_argument("[model] needs at least one coordinate");
  const auto n = static_cast<Index>(angles.size());
  const Index cosines_and_sines = n + std::count(angles.begin(), angles.end(), true);
  std::vector<Index> all{cosines_and_sines + (form.sees == Form::state ? n : 0)};
  all.insert(all.end(), options.hidden.begin(), options.hidden.end());
  all.push_back(form.outputs);
  return all;
}

NetworkModel::NetworkModel(Options options, Form form)
    : form_(std::move(form)),
      options_(checked(std::move(options))),
      mlp_(parameters_, form_.name, widths(options_, form_), activation(options_.activation)) {}

Var NetworkModel::coordinate_features(Var q) const {
  const Var scaled =
      times(plus(q, map(options_.coordinate_offset, std::negate())), options_.coordinate_scale);
  if (std::count(options_.angles.begin(), options_.angles.end(), true) == 0) return scaled;
  std::vector<Var> features;
  for (Index i = 0; i < coordinates(); ++i) {
    const Var q_i = row(options_.angles[i] ? q : scaled, i);
    features.push_back(options_.angles[i] ? stack_rows(cos(q_i), sin(q_i)) : q_i);
  }
  return stack_rows(features);
}

Var NetworkModel::state_features(Var q, Var v) const {
  return stack_rows(coordinate_features(q), times(v, options_.velocity_scale));
}

}  // namespace nn
