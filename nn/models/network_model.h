// What the models here have in common: one multilayer perceptron, and how a state enters it.
//
// Its options are all that it takes, beside the weights, to make a model again
// (nn/files/model_file.h).
#pragma once

#include <string>
#include <vector>

#include "nn/layers/initialise.h"
#include "nn/layers/mlp.h"
#include "nn/models/model.h"

namespace nn {

struct NetworkOptions {
  std::vector<Index> hidden = {64, 64};
  std::string activation = "softplus";
  /// For each coordinate: is it an angle, entering as (cos q, sin q)? Its length is n.
  std::vector<bool> angles = {true, true};
  /// Velocities (of a Hamiltonian: momenta) enter times this, so that all inputs are of order 1.
  double velocity_scale = 1;
  /// Adds ½ a |v|² to L: a mass matrix that is not near singular before anything is learnt.
  /// (Of a Hamiltonian: ½ |p|² / a. A plain network has no place for it.)
  double kinetic_prior = 0;
  /// A network whose outputs are accelerations gives them in units of this.
  double acceleration_scale = 1;
  /// What the coordinates are called, for readers of a model's file. Its length is n, or 0.
  std::vector<std::string> names = {};
};

/// What a kind of model asks of its network.
struct Form {
  std::string kind;  ///< its name in nn/models/models.h
  std::string name;  ///< of the network: its parameters are "<name>.0.weight", ...
  enum { coordinates, state } sees = state;
  enum { energy, accelerations } gives = energy;
  Index outputs = 1;
};

/// Widths of the network's layers, from the inputs to the outputs. Throws std::invalid_argument
/// where there is no coordinate.
std::vector<Index> widths(const NetworkOptions& options, const Form& form);

class NetworkModel : public Model {
 public:
  using Options = NetworkOptions;

  Index coordinates() const override { return static_cast<Index>(options_.angles.size()); }
  const Form& form() const { return form_; }
  const Options& options() const { return options_; }

  /// First weights; until then all parameters are zero.
  void initialise(autodiff::Random& random, Initialiser initialiser = Initialiser::rule) {
    nn::initialise(mlp_, parameters_, random, initialiser);
  }

 protected:
  /// Throws std::invalid_argument where there is no coordinate, or the activation is unknown.
  NetworkModel(Options options, Form form);

  /// q of every sample as the network sees it, angles as cosine and sine: n x N -> features x N.
  Var coordinate_features(Var q) const;
  /// The same with velocities (or momenta) below them.
  Var state_features(Var q, Var v) const;

  Form form_;
  Options options_;
  Mlp mlp_;
};

}  // namespace nn
