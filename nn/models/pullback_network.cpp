#include "nn/models/pullback_network.h"

#include <algorithm>
#include <cmath>

#include "autodiff/directional.h"

namespace nn {
namespace {

/// As many dimensions as it takes for a metric of n coordinates near any point, and n more; of many
/// coordinates as many as n rigid bodies in space take, three for their place and three to turn.
Index dimensions(Index n) { return std::min(n * (n + 3) / 2, 6 * n); }

/// The coordinates' own units of mass, on average: an angle enters unscaled.
double unit_of(const NetworkOptions& options) {
  const auto n = static_cast<Index>(options.angles.size());
  double sum = 0;
  for (Index i = 0; i < n; ++i) {
    const double scale =
        options.angles[static_cast<std::size_t>(i)] ? 1 : options.coordinate_scale[i];
    sum += options.mass_scale[i] / (scale * scale);
  }
  return sum / static_cast<double>(n);
}

}  // namespace

Form PullbackNetwork::form_of(const Options& options, const Known&) {
  const Index n = std::ssize(options.angles);
  Form form{.kind = "pullback",
            .name = "points",
            .sees = Form::coordinates,
            .outputs = dimensions(n) + n + 1};
  form.others = form.outputs * widths(options, form).front();
  return form;
}

PullbackNetwork::PullbackNetwork(const Options& options, const Known& known)
    : LagrangianModel(options, form_of(options, known), known),
      linear_(parameters_.add("points.linear", form_.outputs, widths(options_, form_).front())),
      unit_(unit_of(options_)) {}

Var PullbackNetwork::lagrangian(Var q, Var v) const {
  const Index n = coordinates(), m = dimensions(n);
  const Var features = coordinate_features(q);
  const Var outputs = matmul(linear_.on(q.tape()), features) + mlp_(features);
  const Var velocity = autodiff::jvp(slice_rows(outputs, 0, m), q, v);
  const Var twice_kinetic =
      sum_rows(velocity * velocity) * unit_ + sum_squares(v, options_.kinetic_prior);
  const PerCoordinate momentum_unit = map(
      options_.mass_scale, [&](double mass) { return std::sqrt(mass * options_.energy_scale); });
  const Var gyroscopic = sum_rows(slice_rows(outputs, m, n) * times(v, momentum_unit));
  return twice_kinetic * 0.5 + gyroscopic - times(row(outputs, m + n), options_.energy_scale);
}

}  // namespace nn
