#include "nn/safetensors.h"

#include <bit>
#include <cstdint>

namespace nn {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

std::string to_safetensors(std::span<const NamedMatrix> matrices, const std::string& metadata) {
  const std::string type = sizeof(Scalar) == 8 ? "F64" : "F32";
  std::string header = "{", data;
  if (!metadata.empty()) header += "\"__metadata__\":" + metadata;
  for (const auto& [name, matrix] : matrices) {
    using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const RowMajor values = matrix;
    const std::string begin = std::to_string(data.size());
    data.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Scalar));
    header += (header.size() > 1 ? ",\"" : "\"") + name + "\":{\"dtype\":\"" + type +
              "\",\"shape\":[" + std::to_string(matrix.rows()) + ',' +
              std::to_string(matrix.cols()) + "],\"data_offsets\":[" + begin + ',' +
              std::to_string(data.size()) + "]}";
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');  // the numbers begin aligned

  const auto length = static_cast<std::uint64_t>(header.size());
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

std::string to_safetensors(Parameters parameters) { return to_safetensors(parameters.named()); }

}  // namespace nn
