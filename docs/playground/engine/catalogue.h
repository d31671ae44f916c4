// What the page has to know of a system before anything is learnt: its names, its picture, its
// typical states, and the models that can learn it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "physics/system.h"

namespace playground {

struct SystemView {
  std::string name, what;
  std::vector<std::string> coordinates = {}, units = {};
  std::vector<bool> angles = {};
  std::vector<double> low, high;           ///< typical states: 2n each
  double duration = 0;                     ///< of a typical motion [s]
  int dimension = 2;                       ///< of the picture
  std::vector<std::pair<int, int>> links;  ///< between two of its points; -1: the origin
  int section = -1;                      ///< the coordinate that a Poincaré section cuts; -1: none
  bool bound = false;                    ///< its coordinates are bound to each other
  std::vector<std::string> models = {};  ///< those of nn/models/models.h that can learn it
};

/// Of two free coordinates the first that passes 0 in typical motions; -1 where there is none.
int section_coordinate(const physics::System& system);

/// Every system of physics/systems/table.h.
std::vector<SystemView> all_systems();

struct ModelView {
  std::string name, what, learns;
};
/// Every model of nn/models/models.h.
std::vector<ModelView> all_models();

}  // namespace playground
