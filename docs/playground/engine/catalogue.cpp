#include "catalogue.h"

#include "nn/models/models.h"
#include "physics/systems/table.h"

namespace playground {

int section_coordinate(const physics::System& system) {
  if (system.n() != 2 || system.constraints) return -1;
  const auto passes_zero = [&](physics::Index i) {
    return system.region.low[i] < 0 && system.region.high[i] > 0;
  };
  return passes_zero(0) ? 0 : passes_zero(1) ? 1 : -1;
}

std::vector<SystemView> all_systems() {
  std::vector<SystemView> all;
  for (const physics::Family& family : physics::systems()) {
    const physics::System system = make_system(family);
    const physics::StateBox& box = system.region;
    SystemView view{.name = family.name,
                    .what = family.what,
                    .low = {box.low.begin(), box.low.end()},
                    .high = {box.high.begin(), box.high.end()},
                    .duration = system.duration,
                    .dimension = static_cast<int>(system.picture.dimension),
                    .links = system.picture.links,
                    .section = section_coordinate(system),
                    .bound = static_cast<bool>(system.constraints)};
    for (const physics::Coordinate& c : system.coordinates) {
      view.coordinates.push_back(c.name);
      view.units.push_back(c.unit);
      view.angles.push_back(c.angle);
    }
    for (const nn::ModelKind& kind : nn::model_kinds())
      if (!kind.of_rings || system.ring) view.models.push_back(kind.name);
    all.push_back(std::move(view));
  }
  return all;
}

std::vector<ModelView> all_models() {
  std::vector<ModelView> all;
  for (const nn::ModelKind& kind : nn::model_kinds())
    all.push_back({kind.name, kind.what, kind.learns});
  return all;
}

}  // namespace playground
