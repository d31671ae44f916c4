// Weights from a file, with every reason why not.
#pragma once

#include <filesystem>

#include "nn/parameters.h"

namespace tools {

/// Fills the parameters from a safetensors file (nn/safetensors.h) that holds exactly these names
/// and shapes, in double or single precision. Throws IoError, and leaves the parameters as they
/// were, for a file that is truncated, of another format or of another model, or has a weight that
/// is not finite.
void load_weights(const std::filesystem::path& path, nn::Parameters& parameters);

}  // namespace tools
