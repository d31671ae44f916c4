// Where all options of ./train start from: sets of them, by name.
#pragma once

#include <string>
#include <vector>

#include "tools/app/options.h"

namespace tools {

struct Preset {
  std::string name;
  std::string what;  ///< in a line
  TrainOptions options;
  std::string note = {};       ///< what a run with its learning rate is told
  bool of_any_system = false;  ///< scales and states come from the system or the data
};

/// The default first.
const std::vector<Preset>& presets();

/// What --system and --data start from.
const Preset& preset_of_any_system();

/// By name. Throws EndProgram that tells the known ones.
const Preset& preset(const std::string& name);

/// Every preset: what it is, and the options in which it differs from the default.
std::string list_of_presets();

}  // namespace tools
