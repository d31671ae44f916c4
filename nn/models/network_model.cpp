#include "nn/models/network_model.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <utility>

namespace nn {
namespace {

/// The options, if they can be those of a model.
NetworkOptions checked(NetworkOptions options) {
  const auto check = [](const char* name, const PerCoordinate& scale, std::size_t wanted,
                        const char* of) {
    if (const std::size_t count = scale.values().size(); count != 1 && count != wanted)
      throw std::invalid_argument("[model] the " + std::string(name) + " has " +
                                  std::to_string(count) + " values for " + std::to_string(wanted) +
                                  of + ": one for all, or one for each");
  };
  const std::size_t n = options.angles.size();
  check("coordinate offset", options.coordinate_offset, n, " coordinates");
  check("coordinate scale", options.coordinate_scale, n, " coordinates");
  check("velocity scale", options.velocity_scale, n, " coordinates");
  check("kinetic prior", options.kinetic_prior, n, " coordinates");
  check("acceleration scale", options.acceleration_scale, n, " coordinates");
  check("mass scale", options.mass_scale, n, " coordinates");
  if (options.controls < 0)
    throw std::invalid_argument("[model] there are no " + std::to_string(options.controls) +
                                " controls");
  check("control scale", options.control_scale, static_cast<std::size_t>(options.controls),
        " controls");
  if (const std::size_t names = options.names.size(); names != 0 && names != n)
    throw std::invalid_argument("[model] " + std::to_string(names) + " names for " +
                                std::to_string(n) + " coordinates: one for each, or none");
  return options;
}

/// Features of the coordinates of one sample: n, or of a field's site 1.
Index coordinate_inputs(const NetworkOptions& options, const Form& form) {
  const auto& angles = options.angles;
  if (angles.empty()) throw std::invalid_argument("[model] needs at least one coordinate");
  if (form.sees == Form::site) return angles.front() ? 2 : 1;
  return std::ssize(angles) + std::ranges::count(angles, true);
}

/// Velocities that friction sees at once.
Index friction_velocities(const NetworkOptions& options, const Form& form) {
  return form.sees == Form::site ? 1 : std::ssize(options.angles);
}

PerCoordinate product(const PerCoordinate& a, const PerCoordinate& b) {
  const std::size_t size = std::max(a.values().size(), b.values().size());
  std::vector<double> values(size);
  for (std::size_t i = 0; i < size; ++i)
    values[i] = a[static_cast<Index>(i)] * b[static_cast<Index>(i)];
  return values;
}

PerCoordinate force_unit(const NetworkOptions& options) {
  return product(options.mass_scale, options.acceleration_scale);
}

/// Its square is a force for a velocity.
PerCoordinate friction_unit(const NetworkOptions& options, const Form& form) {
  PerCoordinate square = product(force_unit(options), options.velocity_scale);
  if (form.momenta) square = product(square, options.mass_scale);
  return map(square, [](double c) { return std::sqrt(c); });
}

/// Every site of every sample as a sample: n x N -> 1 x n·N.
Var as_sites(Var x) { return reshape(x, {1, x.shape().size()}); }

Activation activation_of(const NetworkOptions& options, const Form& form) {
  return form.differentiated ? smooth_activation(options.activation)
                             : activation(options.activation);
}

const std::string& friction_kind(const NetworkOptions& options, const Form& form) {
  static const std::string none = "none";
  return form.forces ? options.friction : none;
}

}  // namespace

std::vector<Index> widths(const NetworkOptions& options, const Form& form) {
  Index inputs = coordinate_inputs(options, form);
  if (form.sees == Form::site) inputs = 2 * inputs + 1;
  if (form.sees == Form::state) inputs += std::ssize(options.angles);
  if (!form.forces) inputs += options.controls;
  std::vector<Index> all{inputs};
  all.insert(all.end(), options.hidden.begin(), options.hidden.end());
  all.push_back(form.outputs);
  return all;
}

double parameter_count(const NetworkOptions& options, const Form& form) {
  const std::vector<Index> sizes = widths(options, form);
  double count = static_cast<double>(form.others);
  for (std::size_t k = 1; k < sizes.size(); ++k)
    count += static_cast<double>(sizes[k]) * (static_cast<double>(sizes[k - 1]) + 1);
  if (form.forces)
    count += static_cast<double>(options.angles.size()) * static_cast<double>(options.controls);
  return count + Friction::parameter_count(friction_kind(options, form),
                                           friction_velocities(options, form),
                                           coordinate_inputs(options, form), options.hidden);
}

NetworkModel::NetworkModel(Options options, Form form, Known known)
    : form_(std::move(form)),
      options_(checked(std::move(options))),
      known_(std::move(known)),
      mlp_(parameters_, form_.name, widths(options_, form_), activation_of(options_, form_)),
      friction_(parameters_, friction_kind(options_, form_), friction_velocities(options_, form_),
                coordinate_inputs(options_, form_), options_.hidden, activation_of(options_, form_),
                friction_unit(options_, form_)) {
  if (form_.forces && options_.controls > 0)
    gain_ = parameters_.add("controls.gain", coordinates(), options_.controls);
}

void NetworkModel::initialise(autodiff::Random& random, Initialiser initialiser) {
  nn::initialise(mlp_, parameters_, random, initialiser);
  friction_.initialise(parameters_, random);
}

Var NetworkModel::coordinate_features(Var q) const {
  const Var scaled =
      times(plus(q, map(options_.coordinate_offset, std::negate())), options_.coordinate_scale);
  if (std::ranges::count(options_.angles, true) == 0) return scaled;
  std::vector<Var> features;
  for (Index i = 0; i < q.rows(); ++i) {
    const Var q_i = row(options_.angles[i] ? q : scaled, i);
    features.push_back(options_.angles[i] ? stack_rows(cos(q_i), sin(q_i)) : q_i);
  }
  return stack_rows(features);
}

Var NetworkModel::state_features(Var q, Var v) const {
  return stack_rows(coordinate_features(q), times(v, options_.velocity_scale));
}

Var NetworkModel::site_features(Var q, Var v) const {
  const Index n = q.rows();
  const Var next = stack_rows(slice_rows(q, 1, n - 1), row(q, 0));
  const Var difference = as_sites(next - q);
  return stack_rows(std::vector{coordinate_features(as_sites(q)),
                                options_.angles.front()
                                    ? stack_rows(cos(difference), sin(difference))
                                    : times(difference, options_.difference_scale),
                                times(as_sites(v), options_.velocity_scale)});
}

Var NetworkModel::scaled_controls(Var q, Var u) const {
  const Shape shape{options_.controls, q.cols()};
  if (!u) return q.tape().filled(shape, 0);
  if (u.shape() != shape)
    throw std::invalid_argument("[model] controls " + to_string(u.shape()) + ": the model has " +
                                to_string(shape));
  return times(u, options_.control_scale);
}

Var NetworkModel::force(Var q, Var v, Var u) const {
  Var total;
  if (friction_ && form_.sees == Form::site)
    total = reshape(friction_(coordinate_features(as_sites(q)), as_sites(v)), v.shape());
  else if (friction_)
    total = friction_(coordinate_features(q), v);
  if (gain_ && u) {
    const Var driven =
        times(matmul(gain_->on(q.tape()), scaled_controls(q, u)), force_unit(options_));
    total = total ? total + driven : driven;
  }
  return total;
}

std::optional<Var> NetworkModel::power(Var q, Var v, Var u) const {
  if (!form_.forces) return std::nullopt;
  const Var rate = velocity(q, v), acting = force(q, rate, u);
  if (!acting) return std::nullopt;
  return sum_rows(acting * rate);
}

}  // namespace nn
