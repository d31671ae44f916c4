#include "nn/models/density_network.h"

#include <algorithm>
#include <stdexcept>

namespace nn {
namespace {

/// The same with every scale that of all sites.
NetworkOptions alike(NetworkOptions options) {
  const auto angles = std::ranges::count(options.angles, true);
  if (options.angles.size() < 2 || (angles > 0 && angles < std::ssize(options.angles)))
    throw std::invalid_argument(
        "[model] a field needs two sites at least, and all of them angles or none: there are " +
        std::to_string(options.angles.size()) + " coordinates, and " + std::to_string(angles) +
        " are angles");
  // What is one over a spread: over the mean spread. A site that stands still counts little then.
  const auto inverse = [](double c) { return 1 / c; };
  for (PerCoordinate* scale : {&options.coordinate_scale, &options.velocity_scale,
                               &options.kinetic_prior, &options.mass_scale})
    *scale = 1 / map(*scale, inverse).mean();
  for (PerCoordinate* scale : {&options.coordinate_offset, &options.acceleration_scale})
    *scale = scale->mean();
  return options;
}

}  // namespace

DensityNetwork::DensityNetwork(const Options& options, const Known& known)
    : LagrangianModel(alike(options), form_of(options, known), known) {}

Var DensityNetwork::lagrangian(Var q, Var v) const {
  const Var density = reshape(mlp_(site_features(q, v)), q.shape());
  if (options_.kinetic_prior == 0) return sum_rows(density);
  return sum_rows(density) +
         sum_squares(v, map(options_.kinetic_prior, [](double a) { return 0.5 * a; }));
}

}  // namespace nn
