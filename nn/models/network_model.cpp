#include "nn/models/network_model.h"

#include <algorithm>
#include <stdexcept>

namespace nn {

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
      options_(std::move(options)),
      mlp_(parameters_, form_.name, widths(options_, form_), activation(options_.activation)) {}

Var NetworkModel::coordinate_features(Var q) const {
  if (std::count(options_.angles.begin(), options_.angles.end(), true) == 0) return q;
  std::vector<Var> features;
  for (Index i = 0; i < coordinates(); ++i) {
    const Var q_i = row(q, i);
    features.push_back(options_.angles[i] ? stack_rows(cos(q_i), sin(q_i)) : q_i);
  }
  return stack_rows(features);
}

Var NetworkModel::state_features(Var q, Var v) const {
  const Var scaled = options_.velocity_scale == 1 ? v : v * options_.velocity_scale;
  return stack_rows(coordinate_features(q), scaled);
}

}  // namespace nn
