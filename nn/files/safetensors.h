// Matrices in the safetensors format, which every Python user can read: 8 bytes with the length of
// a JSON header, the header (name, type, shape and byte range of each tensor), the numbers.
//
// Whatever is written here carries a checksum, so that no damage goes unnoticed, not of one bit
// anywhere. It stands in the header, in two entries of "__metadata__":
//
//     "crc64"      sixteen digits: the CRC-64/XZ of the whole file, with zeros in their place
//     "crc64_of"   says so in words, which name it six times in all
//
// A header that names it anywhere needs a right one: the damage that hides the sum itself leaves
// some of the six. Files of other programs do not name it, and are read without. A program that
// changes a file leaves both entries out.
#pragma once

#include <span>
#include <string>

#include "nn/files/safetensors_header.h"
#include "nn/layers/parameters.h"

namespace nn {

/// The bytes of a file. Matrices are written row-major, as the format wants them.
std::string to_safetensors(std::span<const NamedMatrix> matrices, Metadata metadata = {});
std::string to_safetensors(Parameters parameters, Metadata metadata = {});

/// A file that was read: of tensors in double or single precision, in any order.
class Safetensors {
 public:
  /// Of the bytes of a file. Throws FileError where they are damaged, truncated or of another
  /// format.
  explicit Safetensors(std::string bytes);

  /// What stands under "__metadata__", but for the checksum.
  const Metadata& metadata() const { return header_.metadata; }
  /// How many numbers its tensors hold in all.
  Index size() const;

  /// Fills the matrices, which have to be all of the file's. Throws FileError, and leaves all as
  /// they were, for other names or shapes, and for numbers that are not finite.
  void fill(std::span<const NamedMatrix> matrices) const;

 private:
  Matrix values(const SafetensorsHeader::Tensor& tensor, Index rows, Index cols) const;

  SafetensorsHeader header_;
  std::string bytes_;
  std::size_t data_;  ///< where the numbers begin
};

}  // namespace nn
