// CRC-64/XZ: 64 bits that change with any flipped bit of what they are the sum of, and with any run
// of 64 damaged bits; of other damage one in 2^64 goes unnoticed. (Polynomial of ECMA-182,
// reflected, all ones at the start and inverted at the end, as in .xz files.)
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace nn {

inline std::uint64_t crc64(std::string_view bytes) {
  static constexpr auto table = [] {
    std::array<std::uint64_t, 256> sums{};
    for (std::uint64_t byte = 0; byte < 256; ++byte) {
      std::uint64_t sum = byte;
      for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ (sum & 1 ? 0xC96C5795D7870F42u : 0);
      sums[byte] = sum;
    }
    return sums;
  }();
  std::uint64_t sum = ~std::uint64_t{0};
  for (const char byte : bytes)
    sum = table[(sum ^ static_cast<unsigned char>(byte)) & 0xff] ^ (sum >> 8);
  return ~sum;
}

}  // namespace nn
