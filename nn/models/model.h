// A model of motion: something with parameters that turns states into their rates of change.
#pragma once

#include <optional>

#include "nn/layers/parameters.h"

namespace nn {

class Model {
 public:
  virtual ~Model() = default;

  /// n, the number of coordinates q; velocities are as many.
  virtual Index coordinates() const = 0;
  /// k, the number of controls u.
  virtual Index controls() const { return 0; }
  /// Records the accelerations: (q: n x N, v: n x N, u: k x N) -> n x N. An empty u: all controls
  /// are 0.
  virtual Var acceleration(Var q, Var v, Var u = {}) const = 0;
  /// Records dq/dt: v itself, but for a model that has to learn that too.
  virtual Var velocity(Var, Var v) const { return v; }
  /// Records the learnt mass matrix of every sample, n·n x N, for a model that has one.
  virtual std::optional<Var> mass_matrix(Var, Var) const { return std::nullopt; }

  /// Records the learnt energy of every sample, 1 x N, in units that only the model knows, for a
  /// model that has one.
  virtual std::optional<Var> energy(Var, Var) const { return std::nullopt; }
  /// Records the rate at which what acts beside that energy, friction and controls, changes it,
  /// 1 x N, for a model where something does; an empty u: all controls are 0.
  virtual std::optional<Var> power(Var, Var, Var) const { return std::nullopt; }

  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }

 protected:
  Parameters parameters_;
};

}  // namespace nn
