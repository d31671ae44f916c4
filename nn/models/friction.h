// Friction beside any model: forces Q = -R v with R = C Cᵀ.
//
// R is positive semidefinite for any parameters, so that friction always dissipates:
//
//     Q · v = -vᵀ C Cᵀ v = -|Cᵀ v|² <= 0.
//
// C is lower triangular, and constant or an MLP of the coordinates. It starts from 0.1 I: at C = 0
// the derivative of C Cᵀ is zero, and nothing would ever be learnt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/layers/initialise.h"
#include "nn/layers/mlp.h"
#include "nn/models/per_coordinate.h"

namespace nn {

class Friction {
 public:
  /// kind: "none", "linear" or "network", of n velocities; an MLP's inputs are `features` numbers.
  /// R_ij is in units of unit_i · unit_j. Throws std::invalid_argument for another kind.
  Friction(Parameters& parameters, const std::string& kind, Index n, Index features,
           const std::vector<Index>& hidden, const Activation& activation, PerCoordinate unit);

  explicit operator bool() const { return constant_ || network_; }
  void initialise(Parameters& parameters, autodiff::Random& random) const;
  /// Q of every sample: (features x N, v: n x N) -> n x N. There has to be friction.
  Var operator()(Var features, Var v) const;

  /// How many parameters it has; as a floating-point number, which does not overflow.
  static double parameter_count(const std::string& kind, Index n, Index features,
                                const std::vector<Index>& hidden);

 private:
  PerCoordinate unit_;
  std::optional<Parameter> constant_;  ///< C column by column, n (n + 1)/2 x 1
  std::optional<Mlp> network_;         ///< gives the same
};

}  // namespace nn
