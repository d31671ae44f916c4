// The file of weights, taken apart byte by byte as a reader of the format would.
#include "nn/safetensors.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "nn/mlp.h"

using autodiff::Index;
using autodiff::Scalar;

namespace {

struct File {
  std::uint64_t header_length = 0;
  std::string header, data;
  nlohmann::ordered_json json;
};

File parse(const std::string& bytes) {
  File file;
  REQUIRE(bytes.size() >= 8);
  for (int k = 7; k >= 0; --k)  // little-endian
    file.header_length = file.header_length << 8 | static_cast<unsigned char>(bytes[k]);
  REQUIRE(bytes.size() >= 8 + file.header_length);
  file.header = bytes.substr(8, file.header_length);
  file.data = bytes.substr(8 + file.header_length);
  file.json = nlohmann::ordered_json::parse(file.header);
  return file;
}

/// Values that tell every place from every other, and are hard to write down in decimal.
nn::Parameters awkward_parameters() {
  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "net", {3, 5, 2});
  Scalar value = Scalar(1) / 3;
  for (Scalar& p : parameters.values()) p = value *= Scalar(-1.7);
  parameters.values()[0] = std::numeric_limits<Scalar>::denorm_min();
  parameters.values()[1] = -Scalar(0);
  parameters.values()[2] = std::numeric_limits<Scalar>::max();
  return parameters;
}

}  // namespace

TEST_CASE("a file of weights has a header of the told length, and its numbers begin aligned to 8") {
  // Names of growing length put the header's end everywhere.
  for (std::size_t length = 1; length <= 16; ++length) {
    nn::Parameters parameters;
    parameters.add(std::string(length, 'x'), 2, 2);
    const std::string bytes = to_safetensors(parameters);
    const File file = parse(bytes);
    CHECK(file.header_length % 8 == 0);
    CHECK(file.header.front() == '{');
    CHECK(file.header.find_last_not_of(' ') == file.header.rfind('}'));  // padded with spaces
    CHECK(file.data.size() == 4 * sizeof(Scalar));
  }
}

TEST_CASE("tensors lie one after the other, without gaps, in the order of the parameters") {
  const nn::Parameters parameters = awkward_parameters();
  const File file = parse(to_safetensors(parameters));
  REQUIRE(file.json.size() == parameters.list().size());
  std::size_t end = 0, k = 0;
  for (const auto& [name, tensor] : file.json.items()) {
    const nn::Parameter& parameter = parameters.list()[k++];
    CHECK(name == parameter.name);
    CHECK(tensor.size() == 3);
    CHECK(tensor["dtype"] == (sizeof(Scalar) == 8 ? "F64" : "F32"));
    CHECK(tensor["shape"] == nlohmann::ordered_json{parameter.shape.rows, parameter.shape.cols});
    CHECK(tensor["data_offsets"][0] == end);
    end += static_cast<std::size_t>(parameter.shape.size()) * sizeof(Scalar);
    CHECK(tensor["data_offsets"][1] == end);
  }
  CHECK(file.data.size() == end);
}

TEST_CASE("values are stored row-major and to the last bit") {
  nn::Parameters parameters = awkward_parameters();
  const File file = parse(to_safetensors(parameters));
  for (const nn::Parameter& parameter : parameters.list()) {
    const auto matrix = parameters.matrix(parameter);
    const auto begin = file.json[parameter.name]["data_offsets"][0].get<std::size_t>();
    for (Index i = 0; i < matrix.rows(); ++i)
      for (Index j = 0; j < matrix.cols(); ++j) {
        const auto place = static_cast<std::size_t>(i * matrix.cols() + j);
        const Scalar expected = matrix(i, j);
        CAPTURE(parameter.name);
        CHECK(std::memcmp(file.data.data() + begin + place * sizeof(Scalar), &expected,
                          sizeof(Scalar)) == 0);
      }
  }
}

TEST_CASE("weights that are not finite are stored as they are") {
  nn::Parameters parameters;
  parameters.add("w", 1, 2);
  parameters.values()[0] = std::numeric_limits<Scalar>::quiet_NaN();
  parameters.values()[1] = -std::numeric_limits<Scalar>::infinity();
  const File file = parse(to_safetensors(parameters));
  CHECK(std::memcmp(file.data.data(), parameters.values().data(), 2 * sizeof(Scalar)) == 0);
}

TEST_CASE("no parameters make an empty and valid file") {
  const File file = parse(to_safetensors(nn::Parameters()));
  CHECK(file.json.is_object());
  CHECK(file.json.empty());
  CHECK(file.data.empty());
}
