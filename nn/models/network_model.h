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
#include "nn/models/per_coordinate.h"

namespace nn {

struct NetworkOptions {
  std::vector<Index> hidden = {64, 64};
  std::string activation = "softplus";
  /// For each coordinate: is it an angle, entering as (cos q, sin q)? Its length is n.
  std::vector<bool> angles = {true, true};
  /// Coordinates that are no angles enter as (q - offset) · scale, so that all inputs are of order
  /// 1. nn/learning/scales.h takes these and the next from data.
  PerCoordinate coordinate_offset = 0;
  PerCoordinate coordinate_scale = 1;
  /// Velocities (of a Hamiltonian: momenta) enter times this.
  PerCoordinate velocity_scale = 1;
  /// Adds ½ Σ a_i v_i² to L: a mass matrix that is not near singular before anything is learnt.
  /// (Of a Hamiltonian: ½ Σ p_i² / a_i. A plain network has no place for it.)
  PerCoordinate kinetic_prior = 0;
  /// A network whose outputs are accelerations gives them in units of this.
  PerCoordinate acceleration_scale = 1;
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
  /// Throws std::invalid_argument where there is no coordinate, where a scale has neither one value
  /// nor n, or where the activation is unknown.
  NetworkModel(Options options, Form form);

  /// q of every sample as the network sees it, angles as cosine and sine, others by their offset
  /// and scale: n x N -> features x N.
  Var coordinate_features(Var q) const;
  /// The same with velocities (or momenta) below them.
  Var state_features(Var q, Var v) const;

  Form form_;
  Options options_;
  Mlp mlp_;
};

}  // namespace nn
