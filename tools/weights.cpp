#include "tools/weights.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/run_folder.h"

namespace tools {
namespace {

using Json = nlohmann::json;

std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The file cut in two: what its header says, and the numbers behind it.
struct File {
  Json header;
  std::string data;
};

File read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) throw IoError("it cannot be read");
  std::uint64_t length = 0;
  if (all.size() < sizeof length)
    throw IoError("it has " + std::to_string(all.size()) + " bytes, too few for a header");
  std::memcpy(&length, all.data(), sizeof length);
  if (length > all.size() - sizeof length)
    throw IoError("its header should be " + std::to_string(length) + " bytes long, but only " +
                  std::to_string(all.size() - sizeof length) +
                  " follow: it is truncated, or not in the safetensors format");
  const auto begin = all.begin() + sizeof length, end = begin + static_cast<std::ptrdiff_t>(length);
  Json header = Json::parse(begin, end, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object())
    throw IoError("its header is no JSON object: not in the safetensors format");
  header.erase("__metadata__");
  return {std::move(header), std::string(end, all.end())};
}

/// Row-major numbers of type T, as the format has them.
template <class T>
void copy(const char* from, autodiff::MatrixMap to) {
  for (autodiff::Index i = 0; i < to.rows(); ++i)
    for (autodiff::Index j = 0; j < to.cols(); ++j, from += sizeof(T)) {
      T value;
      std::memcpy(&value, from, sizeof value);
      if (!std::isfinite(value)) throw IoError("it holds a NaN or an Inf");
      to(i, j) = static_cast<autodiff::Scalar>(value);
    }
}

/// Reads one tensor, whose numbers have to begin at byte `begin`; returns where they end. A file
/// without holes whose tensors stand in our order is what every writer of the format makes of them.
std::size_t read_tensor(const Json& tensor, const std::string& data, std::size_t begin,
                        autodiff::MatrixMap to) {
  const std::string type = text(tensor.value("dtype", Json())),
                    shape = text(tensor.value("shape", Json())),
                    wanted =
                        '[' + std::to_string(to.rows()) + ',' + std::to_string(to.cols()) + ']';
  if (shape != wanted) throw IoError("its shape is " + shape + ", the model's is " + wanted);
  if (type != "\"F64\"" && type != "\"F32\"")
    throw IoError("its type is " + type + "; \"F64\" and \"F32\" can be read");
  const std::size_t size = type == "\"F64\"" ? 8 : 4;
  const std::size_t end = begin + size * static_cast<std::size_t>(to.size());
  const std::string offsets = text(tensor.value("data_offsets", Json())),
                    range = '[' + std::to_string(begin) + ',' + std::to_string(end) + ']';
  if (offsets != range) throw IoError("its bytes are " + offsets + ", expected " + range);
  if (end > data.size())
    throw IoError("its bytes are " + range + ", but the file ends after " +
                  std::to_string(data.size()) + ": it is truncated");
  if (size == 8)
    copy<double>(data.data() + begin, to);
  else
    copy<float>(data.data() + begin, to);
  return end;
}

void fill(const File& file, nn::Parameters& parameters) {
  std::size_t begin = 0;
  for (const nn::Parameter& parameter : parameters.list()) {
    const auto tensor = file.header.find(parameter.name);
    if (tensor == file.header.end() || !tensor->is_object())
      throw IoError("there is no tensor '" + parameter.name + "' in it: it is of another model");
    try {
      begin = read_tensor(*tensor, file.data, begin, parameters.matrix(parameter));
    } catch (const IoError& error) {
      throw IoError("tensor '" + parameter.name + "': " + error.what());
    }
  }
  if (file.header.size() != parameters.list().size())
    throw IoError("it holds " + std::to_string(file.header.size()) + " tensors, the model has " +
                  std::to_string(parameters.list().size()));
  if (begin != file.data.size())
    throw IoError(std::to_string(file.data.size() - begin) + " bytes follow the last tensor");
}

}  // namespace

void load_weights(const std::filesystem::path& path, nn::Parameters& parameters) {
  nn::Parameters filled = parameters;
  try {
    fill(read(path), filled);
  } catch (const IoError& error) {
    throw IoError("the weights in '" + path.string() + "': " + error.what());
  }
  std::copy(filled.values().begin(), filled.values().end(), parameters.values().begin());
}

}  // namespace tools
