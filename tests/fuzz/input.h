// What a fuzzer gives, as the bytes of a file in the safetensors format.
//
// A file begins with the length of its header, which no mutation of the header keeps right: hardly
// any would get beyond. So an input that begins with a brace is a header without its length, ended
// by a zero byte, and the numbers behind it. Any other input is the file as it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

inline std::string file_of(const std::uint8_t* bytes, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(bytes), size);
  if (!input.starts_with('{')) return input;
  const std::uint64_t length = std::min(input.find('\0'), size);
  const std::string numbers = length < size ? input.substr(length + 1) : "";
  return std::string(reinterpret_cast<const char*>(&length), 8) + input.substr(0, length) + numbers;
}
