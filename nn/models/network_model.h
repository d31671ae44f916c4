// What the models here have in common: one multilayer perceptron, how a state enters it, and what
// may act beside what it learns: friction and controls.
//
// Its options are all that it takes, beside the weights, to make a model again
// (nn/files/model_file.h), where nothing needs to be known of the system itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nn/layers/initialise.h"
#include "nn/models/friction.h"
#include "nn/models/model.h"
#include "nn/models/per_coordinate.h"

namespace nn {

struct NetworkOptions {
  std::vector<Index> hidden = {64, 64};
  std::string activation = "softplus";
  /// For each coordinate: is it an angle, entering as (cos q, sin q)? Its length is n.
  std::vector<bool> angles = {true, true};
  /// Coordinates that are no angles enter as (q - offset) · scale, so that all inputs are of order
  /// 1. nn/learning/scales.h takes all scales from data.
  PerCoordinate coordinate_offset = 0;
  PerCoordinate coordinate_scale = 1;
  /// Velocities (of a Hamiltonian: momenta) enter times this.
  PerCoordinate velocity_scale = 1;
  /// Adds ½ Σ a_i v_i² to L: a mass matrix that is not near singular before anything is learnt.
  /// (Of a Hamiltonian: ½ Σ p_i² / a_i. Where masses are learnt, and in a plain network, it has no
  /// place.)
  PerCoordinate kinetic_prior = 0;
  /// A network whose outputs are accelerations gives them in units of this.
  PerCoordinate acceleration_scale = 1;
  /// A network that gives masses gives them in units of this. Forces are in units of it times the
  /// acceleration scale.
  PerCoordinate mass_scale = 1;
  /// A network that gives energies in joules (H), or beside masses (V), gives them in units of
  /// this.
  double energy_scale = 1;
  /// In a field, differences of neighbours enter times this.
  double difference_scale = 1;
  /// Friction Q = -R v, R = C Cᵀ: "none", "linear" (C constant), "network" (an MLP gives C of q,
  /// hidden layers as above). A plain network has no place for it.
  std::string friction = "none";
  /// k, the number of controls u. They enter times their scale (one for all, or k).
  Index controls = 0;
  PerCoordinate control_scale = 1;
  /// What the coordinates are called, for readers of a model's file. Its length is n, or 0.
  std::vector<std::string> names = {};
};

/// What is known of a system and cannot be in a file. All are optional.
struct Known {
  std::function<Var(Var q, Var v)> lagrangian = {};  ///< the true L: (n x N, n x N) -> 1 x N
  /// Of P points in space: n x N -> dimension·P x N, point by point.
  std::function<Var(Var q)> positions = {};
  Index dimension = 2;                         ///< of space: the rows of `positions` for each point
  std::function<Var(Var q)> constraints = {};  ///< Φ: n x N -> m x N, which is zero
  bool diagonal_mass = false;  ///< L has no terms v_i v_j with i ≠ j (physics/euler_lagrange.h)
};

/// What a kind of model asks of its network.
struct Form {
  std::string kind;  ///< its name in nn/models/models.h
  std::string name;  ///< of the network: its parameters are "<name>.0.weight", ...
  /// q; q and v; or, of each site of a field alone, its q, its v and the difference to its
  /// neighbour.
  enum { coordinates, state, site } sees = state;
  Index outputs = 1;
  bool momenta = false;        ///< it sees p in place of v
  bool forces = true;          ///< friction and controls act as forces, not as inputs
  bool differentiated = true;  ///< the law is made of its derivatives: its activation is smooth
  bool diagonal_mass = false;  ///< Mechanics::diagonal_mass of the learnt L
  Index others = 0;            ///< parameters beside the network
};

/// Widths of the network's layers, from the inputs to the outputs. Throws std::invalid_argument
/// where there is no coordinate.
std::vector<Index> widths(const NetworkOptions& options, const Form& form);
/// How many parameters such a model has; as a floating-point number, which does not overflow.
double parameter_count(const NetworkOptions& options, const Form& form);

class NetworkModel : public Model {
 public:
  using Options = NetworkOptions;

  Index coordinates() const override { return static_cast<Index>(options_.angles.size()); }
  Index controls() const override { return options_.controls; }
  /// Q · v, of friction and controls.
  std::optional<Var> power(Var q, Var v, Var u) const override;
  const Form& form() const { return form_; }
  const Options& options() const { return options_; }

  /// First weights; until then all parameters are zero. Friction's network is drawn by lecun's rule
  /// in any case.
  void initialise(autodiff::Random& random, Initialiser initialiser = Initialiser::rule);

 protected:
  /// Throws std::invalid_argument where there is no coordinate, where a scale has neither one value
  /// nor n, or where the activation or the friction is unknown.
  NetworkModel(Options options, Form form, Known known = {});

  /// q of every sample as the network sees it, angles as cosine and sine, others by their offset
  /// and scale: n x N -> features x N.
  Var coordinate_features(Var q) const;
  /// The same with velocities (or momenta) below them.
  Var state_features(Var q, Var v) const;
  /// Of every site of a field, a sample each: (q, v: n x N) -> features x n·N.
  Var site_features(Var q, Var v) const;
  /// u as it enters, k x N; zeros where u is empty.
  Var scaled_controls(Var q, Var u) const;
  /// What acts beside L: -R v + B u, n x N. Empty where nothing does.
  Var force(Var q, Var v, Var u) const;

  Form form_;
  Options options_;
  Known known_;
  Mlp mlp_;

 private:
  Friction friction_;
  std::optional<Parameter> gain_;  ///< B: n x k
};

}  // namespace nn
