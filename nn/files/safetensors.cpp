#include "nn/files/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "nn/files/crc64.h"

namespace nn {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

using Tensor = SafetensorsHeader::Tensor;

constexpr const char* no_checksum = "0000000000000000";
constexpr const char* checksum_of =
    "crc64 is the CRC-64/XZ of this file with sixteen zeros as crc64; a program that changes the "
    "file leaves out crc64 and crc64_of";

std::string hexadecimal(std::uint64_t number) {
  std::string digits = no_checksum;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, number >>= 4)
    *digit = "0123456789abcdef"[number & 15];
  return digits;
}

std::string tuple(std::span<const std::uint64_t> numbers) {
  std::string text = "[";
  for (const std::uint64_t number : numbers)
    text += (text.size() > 1 ? "," : "") + std::to_string(number);
  return text + ']';
}

std::size_t bytes_of_a_number(const Tensor& tensor) { return tensor.type == "F64" ? 8 : 4; }

/// How many numbers a tensor has; where that overflows, more than any file holds.
std::uint64_t count(const Tensor& tensor) {
  std::uint64_t product = 1;
  for (const std::uint64_t size : tensor.shape) {
    if (size == 0) return 0;
    product = product > std::numeric_limits<std::uint64_t>::max() / size / 8
                  ? std::numeric_limits<std::uint64_t>::max() / 8
                  : product * size;
  }
  return product;
}

/// The tensors have to lie one behind the other, without a hole, over all the numbers.
void check_ranges(const std::map<std::string, Tensor>& tensors, std::uint64_t bytes) {
  std::vector<std::pair<const std::string*, const Tensor*>> in_order;
  for (const auto& [name, tensor] : tensors) in_order.emplace_back(&name, &tensor);
  std::ranges::sort(in_order, {}, [](const auto& entry) {
    return std::pair(entry.second->begin, entry.second->end);
  });
  std::uint64_t begin = 0;
  for (const auto& [name, tensor] : in_order) {
    const std::string what = "tensor '" + fit_to_print(*name) + "': its ";
    if (tensor->type != "F64" && tensor->type != "F32")
      throw FileError(what + "type is " + fit_to_print(tensor->type) + "; F64 and F32 can be read");
    const std::uint64_t end = begin + count(*tensor) * bytes_of_a_number(*tensor);
    if (tensor->begin != begin || tensor->end != end || end < begin)
      throw FileError(what + "bytes are " + tuple(std::array{tensor->begin, tensor->end}) +
                      ", expected " + tuple(std::array{begin, end}));
    begin = end;
  }
  if (begin < bytes)
    throw FileError(std::to_string(bytes - begin) + " bytes follow the last tensor");
}

}  // namespace

std::string to_safetensors(std::span<const NamedMatrix> matrices, Metadata metadata) {
  metadata["crc64"] = no_checksum;
  metadata["crc64_of"] = checksum_of;
  std::string header, data;
  for (const auto& [key, value] : metadata)
    header += (header.empty() ? "{\"__metadata__\":{" : ",") + to_json(key) + ':' + to_json(value);
  header += '}';
  for (const auto& [name, matrix] : matrices) {
    using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const RowMajor values = matrix;
    const std::string begin = std::to_string(data.size());
    data.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Scalar));
    header += ',' + to_json(name) + ":{\"dtype\":\"" + (sizeof(Scalar) == 8 ? "F64" : "F32") +
              "\",\"shape\":[" + std::to_string(matrix.rows()) + ',' +
              std::to_string(matrix.cols()) + "],\"data_offsets\":[" + begin + ',' +
              std::to_string(data.size()) + "]}";
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');  // the numbers begin aligned

  const auto length = static_cast<std::uint64_t>(header.size());
  std::string file = std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
  const std::string key = "\"crc64\":\"";  // in a text its quotes would be escaped
  return file.replace(file.find(key) + key.size(), 16, hexadecimal(crc64(file)));
}

std::string to_safetensors(Parameters parameters, Metadata metadata) {
  return to_safetensors(parameters.named(), std::move(metadata));
}

Safetensors::Safetensors(std::string bytes) : bytes_(std::move(bytes)) {
  std::uint64_t length = 0;
  if (bytes_.size() < sizeof length)
    throw FileError("it is truncated: it has " + std::to_string(bytes_.size()) +
                    " bytes, too few for a header");
  std::memcpy(&length, bytes_.data(), sizeof length);
  if (length > bytes_.size() - sizeof length)
    throw FileError("its header should be " + std::to_string(length) + " bytes long, but only " +
                    std::to_string(bytes_.size() - sizeof length) +
                    " follow: it is truncated or damaged, or not in the safetensors format");
  data_ = sizeof length + length;
  header_ = parse_header(std::string_view(bytes_).substr(sizeof length, length));

  std::uint64_t end = 0;
  for (const auto& [name, tensor] : header_.tensors) end = std::max(end, tensor.end);
  if (end > bytes_.size() - data_)
    throw FileError("it should have " + std::to_string(end) + " bytes of numbers, but has " +
                    std::to_string(bytes_.size() - data_) + ": it is truncated or damaged");
  if (std::string_view(bytes_).substr(0, data_).find("crc64") != std::string::npos) {
    const std::string told = header_.metadata["crc64"];
    if (told.size() != 16) throw FileError("it is damaged: its crc64 has no sixteen digits");
    bytes_.replace(sizeof length + *header_.checksum_at, 16, no_checksum);
    if (const std::string found = hexadecimal(crc64(bytes_)); found != told)
      throw FileError("it is damaged: its checksum is " + fit_to_print(told) +
                      ", but its bytes give " + found +
                      "; whoever changes a file leaves out crc64 and crc64_of");
    header_.metadata.erase("crc64");
    header_.metadata.erase("crc64_of");
  }
  check_ranges(header_.tensors, bytes_.size() - data_);
}

Index Safetensors::size() const {
  std::uint64_t all = 0;
  for (const auto& [name, tensor] : header_.tensors) all += count(tensor);
  return static_cast<Index>(all);
}

/// The numbers of a tensor, which are row-major.
Matrix Safetensors::values(const Tensor& tensor, Index rows, Index cols) const {
  Matrix values(rows, cols);
  const char* from = bytes_.data() + data_ + tensor.begin;
  const auto next = [&]<class T>(T value) {
    std::memcpy(&value, from, sizeof value);
    from += sizeof value;
    return static_cast<Scalar>(value);
  };
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) {
      values(i, j) = tensor.type == "F64" ? next(double()) : next(float());
      if (!std::isfinite(values(i, j))) throw FileError("it holds a NaN or an Inf");
    }
  return values;
}

void Safetensors::fill(std::span<const NamedMatrix> matrices) const {
  std::vector<Matrix> read;
  for (const auto& [name, target] : matrices) {
    const auto found = header_.tensors.find(name);
    if (found == header_.tensors.end())
      throw FileError("there is no tensor '" + name + "' in it: it is of another model");
    const Tensor& tensor = found->second;
    const std::array<std::uint64_t, 2> wanted{static_cast<std::uint64_t>(target.rows()),
                                              static_cast<std::uint64_t>(target.cols())};
    if (!std::ranges::equal(tensor.shape, wanted))
      throw FileError("tensor '" + name + "': its shape is " + tuple(tensor.shape) +
                      ", the model's is " + tuple(wanted));
    try {
      read.push_back(values(tensor, target.rows(), target.cols()));
    } catch (const FileError& error) {
      throw FileError("tensor '" + name + "': " + error.what());
    }
  }
  if (header_.tensors.size() != matrices.size())
    throw FileError("it holds " + std::to_string(header_.tensors.size()) +
                    " tensors, the model has " + std::to_string(matrices.size()));
  for (std::size_t k = 0; k < read.size(); ++k) {
    autodiff::MatrixMap target = matrices[k].values;
    target = read[k];
  }
}

}  // namespace nn
