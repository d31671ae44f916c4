// Weights in the safetensors format, which every Python user can read: 8 bytes with the length of a
// JSON header, the header (name, type, shape and byte range of each tensor), the numbers.
#pragma once

#include <string>

#include "nn/parameters.h"

namespace nn {

/// The whole file. Matrices are written row-major, as the format wants them.
std::string to_safetensors(const Parameters& parameters);

}  // namespace nn
