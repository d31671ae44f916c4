#include "nn/models/friction.h"

#include <functional>
#include <stdexcept>
#include <utility>

namespace nn {
namespace {

constexpr double first_diagonal = 0.1;

Index triangle(Index n) { return n * (n + 1) / 2; }

std::vector<Index> sizes(Index n, Index features, const std::vector<Index>& hidden) {
  std::vector<Index> all{features};
  all.insert(all.end(), hidden.begin(), hidden.end());
  all.push_back(triangle(n));
  return all;
}

/// Lower triangles, given column by column, as whole matrices: n (n + 1)/2 x N -> n·n x N.
Var with_zeros(Var columns, Index n) {
  std::vector<Var> whole;
  for (Index j = 0, begin = 0; j < n; begin += n - j, ++j)
    whole.push_back(pad_rows(slice_rows(columns, begin, n - j), j, n));
  return stack_rows(whole);
}

}  // namespace

Friction::Friction(Parameters& parameters, const std::string& kind, Index n, Index features,
                   const std::vector<Index>& hidden, const Activation& activation,
                   PerCoordinate unit)
    : unit_(std::move(unit)) {
  if (kind == "linear") {
    constant_ = parameters.add("friction.factor", triangle(n), 1);
  } else if (kind == "network") {
    network_.emplace(parameters, "friction", sizes(n, features, hidden), activation);
  } else if (kind != "none") {
    throw std::invalid_argument("[model] the friction '" + kind +
                                "' is unknown; use none, linear or network");
  }
}

void Friction::initialise(Parameters& parameters, autodiff::Random& random) const {
  if (network_) nn::initialise(*network_, parameters, random, Initialiser::lecun);
}

Var Friction::operator()(Var features, Var v) const {
  const Index n = v.rows();
  const Var learnt =
      network_ ? (*network_)(features) : broadcast_cols(constant_->on(v.tape()), v.cols());
  const Matrix diagonal = (first_diagonal * Matrix::Identity(n, n)).reshaped(n * n, 1);
  const Var c = with_zeros(learnt, n) + broadcast_cols(v.tape().constant(diagonal), v.cols());
  const Var projections = sample_matmul(sample_transpose(c, n), times(v, unit_), n);
  return times(-sample_matmul(c, projections, n), unit_);
}

double Friction::parameter_count(const std::string& kind, Index n, Index features,
                                 const std::vector<Index>& hidden) {
  const double entries = static_cast<double>(n) * static_cast<double>(n + 1) / 2;
  if (kind == "linear") return entries;
  if (kind != "network") return 0;
  double count = 0, inputs = static_cast<double>(features);
  for (const Index width : hidden) {
    count += static_cast<double>(width) * (inputs + 1);
    inputs = static_cast<double>(width);
  }
  return count + entries * (inputs + 1);
}

}  // namespace nn
