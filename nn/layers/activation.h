// What stands between the linear layers.
#pragma once

#include <functional>
#include <numbers>
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

/// x Φ(x), Φ the normal distribution function (Hendrycks and Gimpel 2016).
struct Gelu {
  autodiff::Var operator()(autodiff::Var x) const {
    return x * (0.5 * (1 + erf(x / std::numbers::sqrt2)));
  }
};

/// By name. Throws std::invalid_argument that tells the known ones.
inline Activation activation(const std::string& name) {
  using autodiff::Var;
  if (name == "softplus") return Softplus{};
  if (name == "tanh") return Tanh{};
  if (name == "sigmoid") return [](Var x) { return sigmoid(x); };
  if (name == "silu") return [](Var x) { return x * sigmoid(x); };
  if (name == "gelu") return Gelu{};
  if (name == "sin") return [](Var x) { return sin(x); };
  if (name == "relu") return [](Var x) { return relu(x); };
  throw std::invalid_argument("'" + name +
                              "' is unknown; use softplus, tanh, sigmoid, silu, gelu, sin or relu");
}

/// The same for a network whose derivatives make the law of motion, as an energy's do. A ReLU is
/// refused: the equations of motion need the second derivative of the network, and a ReLU's is zero
/// everywhere, so that it could never learn.
inline Activation smooth_activation(const std::string& name) {
  if (name == "relu")
    throw std::invalid_argument(
        "'relu' has no use here: its second derivative is zero, and the Euler-Lagrange equations "
        "need it, so a Lagrangian network on it cannot learn; use softplus or tanh");
  return activation(name);
}

}  // namespace nn
