// The Lagrangian network: an MLP learns the scalar L(q, v), and the Euler-Lagrange equations turn
// it into accelerations (Cranmer et al. 2020). Energy is conserved by construction, whatever it
// learns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/initialise.h"
#include "nn/mlp.h"
#include "nn/model.h"

namespace nn {

struct LagrangianNetworkOptions {
  std::vector<Index> hidden = {64, 64};
  std::string activation = "softplus";
  /// For each coordinate: is it an angle, entering as (cos q, sin q)? Its length is n.
  std::vector<bool> angles = {true, true};
  /// Velocities enter the network times this, so that all inputs are of order 1.
  double velocity_scale = 1;
  /// Adds ½ a |v|² to L: a mass matrix that is not near singular before anything is learnt.
  double kinetic_prior = 0;
};

class LagrangianNetwork : public Model {
 public:
  using Options = LagrangianNetworkOptions;

  /// All parameters zero; see initialise.
  explicit LagrangianNetwork(Options options);

  void initialise(autodiff::Random& random, Initialiser initialiser = Initialiser::rule);

  Index coordinates() const override { return static_cast<Index>(options_.angles.size()); }
  /// L of every sample: (q: n x N, v: n x N) -> 1 x N.
  Var lagrangian(Var q, Var v) const;
  Var acceleration(Var q, Var v) const override;

 private:
  Options options_;
  std::optional<Mlp> mlp_;  // set in the constructor, once the parameters exist
};

}  // namespace nn
