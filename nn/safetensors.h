// Matrices in the safetensors format, which every Python user can read: 8 bytes with the length of
// a JSON header, the header (name, type, shape and byte range of each tensor), the numbers.
#pragma once

#include <span>
#include <string>

#include "nn/parameters.h"

namespace nn {

/// The whole file. Matrices are written row-major, as the format wants them; `metadata` is a JSON
/// object of strings, kept under "__metadata__".
std::string to_safetensors(std::span<const NamedMatrix> matrices, const std::string& metadata = {});
std::string to_safetensors(Parameters parameters);

}  // namespace nn
