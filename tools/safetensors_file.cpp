#include "tools/safetensors_file.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tools/run_folder.h"

namespace tools {
namespace {

using Json = nlohmann::json;

std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Row-major numbers of type T, as the format has them.
template <class T>
autodiff::Matrix matrix(const char* from, autodiff::Index rows, autodiff::Index cols) {
  autodiff::Matrix values(rows, cols);
  for (autodiff::Index i = 0; i < rows; ++i)
    for (autodiff::Index j = 0; j < cols; ++j, from += sizeof(T)) {
      T value;
      std::memcpy(&value, from, sizeof value);
      if (!std::isfinite(value)) throw IoError("it holds a NaN or an Inf");
      values(i, j) = static_cast<autodiff::Scalar>(value);
    }
  return values;
}

/// One tensor, whose numbers have to begin at byte `begin`, which moves on to where they end. A
/// file without holes whose tensors stand in our order is what every writer of the format makes.
autodiff::Matrix read_tensor(const Json& tensor, const std::string& data, std::size_t& begin,
                             autodiff::Index rows, autodiff::Index cols) {
  const std::string type = text(tensor.value("dtype", Json())),
                    shape = text(tensor.value("shape", Json())),
                    wanted = '[' + std::to_string(rows) + ',' + std::to_string(cols) + ']';
  if (shape != wanted) throw IoError("its shape is " + shape + ", the model's is " + wanted);
  if (type != "\"F64\"" && type != "\"F32\"")
    throw IoError("its type is " + type + "; \"F64\" and \"F32\" can be read");
  const std::size_t size = type == "\"F64\"" ? 8 : 4;
  const std::size_t end = begin + size * static_cast<std::size_t>(rows * cols);
  const std::string offsets = text(tensor.value("data_offsets", Json())),
                    range = '[' + std::to_string(begin) + ',' + std::to_string(end) + ']';
  if (offsets != range) throw IoError("its bytes are " + offsets + ", expected " + range);
  if (end > data.size())
    throw IoError("its bytes are " + range + ", but the file ends after " +
                  std::to_string(data.size()) + ": it is truncated");
  const char* from = data.data() + begin;
  begin = end;
  return size == 8 ? matrix<double>(from, rows, cols) : matrix<float>(from, rows, cols);
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length)
    throw IoError("it has " + std::to_string(bytes.size()) + " bytes, too few for a header");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > bytes.size() - sizeof length)
    throw IoError("its header should be " + std::to_string(length) + " bytes long, but only " +
                  std::to_string(bytes.size() - sizeof length) +
                  " follow: it is truncated, or not in the safetensors format");
  const auto begin = bytes.begin() + sizeof length,
             end = begin + static_cast<std::ptrdiff_t>(length);
  header_ = Json::parse(begin, end, nullptr, /*allow_exceptions=*/false);
  if (!header_.is_object())
    throw IoError("its header is no JSON object: not in the safetensors format");
  if (const auto metadata = header_.find("__metadata__"); metadata != header_.end()) {
    for (const auto& [key, value] : metadata->items())
      if (value.is_string()) metadata_[key] = value.get<std::string>();
    header_.erase(metadata);
  }
  data_.assign(end, bytes.end());
}

void SafetensorsFile::fill(std::span<const nn::NamedMatrix> matrices) const {
  std::vector<autodiff::Matrix> read;
  std::size_t begin = 0;
  for (const auto& [name, values] : matrices) {
    const auto tensor = header_.find(name);
    if (tensor == header_.end() || !tensor->is_object())
      throw IoError("there is no tensor '" + name + "' in it: it is of another model");
    try {
      read.push_back(read_tensor(*tensor, data_, begin, values.rows(), values.cols()));
    } catch (const IoError& error) {
      throw IoError("tensor '" + name + "': " + error.what());
    }
  }
  if (header_.size() != matrices.size())
    throw IoError("it holds " + std::to_string(header_.size()) + " tensors, the model has " +
                  std::to_string(matrices.size()));
  if (begin != data_.size())
    throw IoError(std::to_string(data_.size() - begin) + " bytes follow the last tensor");
  for (std::size_t k = 0; k < read.size(); ++k) {
    autodiff::MatrixMap values = matrices[k].values;
    values = read[k];
  }
}

void load_weights(const std::filesystem::path& path, nn::Parameters& parameters) {
  const std::string bytes = read_file(path);
  try {
    SafetensorsFile(bytes).fill(parameters.named());
  } catch (const IoError& error) {
    throw IoError("the weights in '" + path.string() + "': " + error.what());
  }
}

}  // namespace tools
