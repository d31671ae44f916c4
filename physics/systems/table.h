// All systems there are, by name. A new one is a file in this folder and a row in table.cpp.
#pragma once

#include <string>
#include <vector>

#include "physics/system.h"

namespace physics {

/// The slides' own first.
const std::vector<Family>& systems();

/// By name. Throws std::invalid_argument that tells the known ones.
const Family& find_system(const std::string& name);

}  // namespace physics
