// The models here by the names of their kinds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/models/network_model.h"

namespace nn {

/// A kind of model: what reports, options and help need to tell of it, and how it is made.
struct ModelKind {
  std::string name;                              ///< "lnn"
  std::string what;                              ///< in some words: "a Lagrangian network"
  std::string learns;                            ///< "L(q, v)"
  bool needs_lagrangian = false;                 ///< Known::lagrangian, the true one
  bool needs_positions = false;                  ///< Known::positions
  bool of_rings = false;                         ///< made for coordinates that are sites on a ring
  bool sees_velocities = true;                   ///< NetworkOptions::velocity_scale matters
  bool has_kinetic_prior = true;                 ///< NetworkOptions::kinetic_prior matters
  bool has_friction = true;                      ///< NetworkOptions::friction matters
  bool differentiated = true;                    ///< the network is: no relu
  Initialiser initialiser = Initialiser::lecun;  ///< which first weights it learns from best
  /// Which part of scale_to's kinetic prior it learns best with. In a field, forces of neighbours
  /// nearly cancel: the prior of single coordinates would be too heavy.
  double prior_part = 1;
  /// Which part of a Lagrangian network's steps it learns a file best in: more learn the noise.
  double steps_part = 1;
  Form (*form_of)(const NetworkOptions& options, const Known& known) = nullptr;
  std::unique_ptr<NetworkModel> (*make)(const NetworkOptions& options,
                                        const Known& known) = nullptr;
};

/// All there are. A new one is a row in models.cpp.
const std::vector<ModelKind>& model_kinds();
/// By name. Throws std::invalid_argument that tells the known ones.
const ModelKind& find_model_kind(const std::string& name);

/// A new model whose parameters are all zero. Throws std::invalid_argument for another kind, for
/// options that make no model, and where the kind needs to know more of the system.
std::unique_ptr<NetworkModel> make_model(const std::string& kind, const NetworkOptions& options,
                                         const Known& known = {});

}  // namespace nn
