// Any bytes at all as a file of data: they are taken or refused, and nothing else.
#include "tools/app/data_file.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    tools::parse_data(std::string(reinterpret_cast<const char*>(bytes), size), "fuzz");
  } catch (const tools::IoError&) {
  }
  return 0;
}
