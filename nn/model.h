// A model of motion: something with parameters that turns states into accelerations.
#pragma once

#include "nn/parameters.h"

namespace nn {

class Model {
 public:
  virtual ~Model() = default;

  /// n, the number of coordinates q; velocities are as many.
  virtual Index coordinates() const = 0;
  /// Records the accelerations: (q: n x N, v: n x N) -> n x N.
  virtual Var acceleration(Var q, Var v) const = 0;

  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }

 protected:
  Parameters parameters_;
};

}  // namespace nn
