// The JSON header of a file in the safetensors format (nn/files/safetensors.h), written and read.
//
// It is an object of objects and never nests deeper, so a reader of its own reads it more strictly
// than one of any JSON: no key twice, nothing that the format does not know.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace nn {

/// A file that cannot be read, or is not what it should be.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Texts under "__metadata__", of any bytes.
using Metadata = std::map<std::string, std::string>;

struct SafetensorsHeader {
  struct Tensor {
    std::string type;                  ///< "F64", "F32", ...
    std::vector<std::uint64_t> shape;  ///< row-major
    std::uint64_t begin = 0, end = 0;  ///< its bytes, counted from the end of the header
  };
  std::map<std::string, Tensor> tensors;
  Metadata metadata;
  /// Where the text of the metadata's "crc64" begins in the header, where there is one.
  std::optional<std::size_t> checksum_at;
};

/// Throws FileError that says where the text leaves the format.
SafetensorsHeader parse_header(std::string_view text);

/// The text as JSON, in quotes. JSON is UTF-8; bytes that are not, as a file's name may have, are
/// written as the private characters U+EF80 to U+EFFF, and parse_header makes them bytes again.
std::string to_json(std::string_view text);

/// A text from a file, fit for a message: not too long, and without control characters.
std::string fit_to_print(std::string text);

}  // namespace nn
