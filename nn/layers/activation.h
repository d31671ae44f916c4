// What stands between the linear layers.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include "autodiff/ops.h"

namespace nn {

using Activation = std::function<autodiff::Var(autodiff::Var)>;

/// log(1 + e^{βx}) / β: a smooth ramp with derivatives of every order.
struct Softplus {
  double beta = 1;
  autodiff::Var operator()(autodiff::Var x) const {
    return beta == 1 ? softplus(x) : softplus(x * beta) / beta;
  }
};

struct Tanh {
  autodiff::Var operator()(autodiff::Var x) const { return tanh(x); }
};

/// "softplus" or "tanh". A ReLU is refused: the equations of motion need the second derivative of
/// the network, and a ReLU's is zero everywhere, so that it could never learn.
inline Activation activation(const std::string& name) {
  if (name == "softplus") return Softplus{};
  if (name == "tanh") return Tanh{};
  if (name == "relu")
    throw std::invalid_argument(
        "'relu' has no use here: its second derivative is zero, and the Euler-Lagrange equations "
        "need "
        "it, so a Lagrangian network on it cannot learn; use softplus or tanh");
  throw std::invalid_argument("'" + name + "' is unknown; use softplus or tanh");
}

}  // namespace nn
