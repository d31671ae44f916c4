#include "physics/systems/table.h"

#include <algorithm>
#include <stdexcept>

#include "physics/systems/systems.h"

namespace physics {

const std::vector<Family>& systems() {
  static const std::vector<Family> all{
      kepler(),          central(),         spring_pendulum(),    pendulum(),
      double_pendulum(), chain(),           spherical_pendulum(), foucault(),
      cart_pole(),       acrobot(),         oscillators(),        henon_heiles(),
      bodies(),          charged(),         relativistic(),       top(),
      rigid_body(),      magnet_pendulum(), coupled_pendulums(),  wave(),
  };
  return all;
}

const Family& find_system(const std::string& name) {
  const auto found = std::ranges::find(systems(), name, &Family::name);
  if (found != systems().end()) return *found;
  std::string known;
  for (const Family& family : systems()) known += (known.empty() ? "" : ", ") + family.name;
  throw std::invalid_argument("there is no system '" + name + "'; there are " + known);
}

}  // namespace physics
