// Matrices from a file in the safetensors format (nn/safetensors.h), with every reason why not.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "nn/parameters.h"

namespace tools {

class SafetensorsFile {
 public:
  /// Of the bytes of a file. Throws IoError where they are truncated or of another format.
  explicit SafetensorsFile(const std::string& bytes);

  /// What stands under "__metadata__".
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// Fills the matrices, which have to be all of the file's, in its order, in double or single
  /// precision. Throws IoError, and leaves all as they were, for other names or shapes, and for
  /// numbers that are not finite.
  void fill(std::span<const nn::NamedMatrix> matrices) const;

 private:
  nlohmann::json header_;
  std::map<std::string, std::string> metadata_;
  std::string data_;
};

/// The weights of a model. Throws IoError that names the file.
void load_weights(const std::filesystem::path& path, nn::Parameters& parameters);

}  // namespace tools
