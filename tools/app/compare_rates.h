// Do the velocities in a file belong to its coordinates?
#pragma once

#include <string>

#include "tools/app/data_file.h"

namespace tools {

/// Holds velocities that were measured against the changes of their coordinates. Throws IoError
/// where they contradict each other: other units or signs, columns exchanged. Adds a doubt where a
/// velocity tells little. `name` is the file's, for messages.
void compare_rates(OwnData& data, const std::string& name);

}  // namespace tools
