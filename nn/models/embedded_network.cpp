#include "nn/models/embedded_network.h"

#include <stdexcept>

#include "autodiff/compile/program.h"
#include "autodiff/directional.h"

namespace nn {
namespace {

/// The unit of the learnt masses, in which they are of order 1 whatever the units of x and q: the
/// mean over the coordinates i of mass_scale_i / Σ_k |dx_k/dq_i|² in the middle of the data.
double mass_unit(const NetworkOptions& options, const Known& known) {
  const auto n = static_cast<Index>(options.angles.size());
  Tape tape;
  Matrix middle(n, n), directions = Matrix::Identity(n, n);
  for (Index i = 0; i < n; ++i)
    middle.row(i).setConstant(static_cast<Scalar>(options.coordinate_offset[i]));
  const Var q = tape.constant(middle), v = tape.constant(directions);
  const Matrix rates = autodiff::evaluate(autodiff::jvp(known.positions(q), q, v));
  double sum = 0;
  Index moving = 0;
  for (Index i = 0; i < n; ++i)
    if (const auto square = static_cast<double>(rates.col(i).squaredNorm()); square > 0) {
      sum += options.mass_scale[i] / square;
      ++moving;
    }
  return moving > 0 ? sum / static_cast<double>(moving) : 1;
}

}  // namespace

Form EmbeddedNetwork::form_of(const Options& options, const Known& known) {
  if (!known.positions)
    throw std::invalid_argument(
        "[model] an embedded network (embedded) needs to know where the masses are, as functions "
        "of the coordinates, and no positions are given");
  Tape tape;
  const Index rows = known.positions(tape.filled({std::ssize(options.angles), 1}, 0)).rows();
  if (known.dimension < 1 || rows % known.dimension != 0)
    throw std::invalid_argument("[model] positions of " + std::to_string(rows) +
                                " rows are not of points in " + std::to_string(known.dimension) +
                                " dimensions");
  return {.kind = "embedded",
          .name = "potential",
          .sees = Form::coordinates,
          .diagonal_mass = known.diagonal_mass,
          .others = rows / known.dimension};
}

EmbeddedNetwork::EmbeddedNetwork(const Options& options, const Known& known)
    : LagrangianModel(options, form_of(options, known), known),
      raw_masses_(parameters_.add("masses", 1, form_.others)),
      mass_unit_(mass_unit(options_, known)) {}

Var EmbeddedNetwork::masses(Tape& tape) const {
  return softplus(raw_masses_.on(tape)) * mass_unit_;
}

Var EmbeddedNetwork::lagrangian(Var q, Var v) const {
  const Index dimension = known_.dimension, points = form_.others;
  const Var velocity = autodiff::jvp(known_.positions(q), q, v);
  Matrix spread = Matrix::Zero(points, points * dimension);  // the mass of a point at each entry
  for (Index k = 0; k < points; ++k) spread.block(k, k * dimension, 1, dimension).setOnes();
  const Var of_entries = matmul(masses(q.tape()), q.tape().constant(spread));
  const Var twice_kinetic = matmul(of_entries, velocity * velocity);
  return twice_kinetic * 0.5 - times(mlp_(coordinate_features(q)), options_.energy_scale);
}

}  // namespace nn
