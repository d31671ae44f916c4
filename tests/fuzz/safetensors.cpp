// Any bytes at all as a file of weights: they are taken or refused, and nothing else.
#include "nn/safetensors.h"

#include <cstddef>
#include <cstdint>

#include "nn/mlp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "net", {2, 3, 1});
  try {
    nn::Safetensors(std::string(reinterpret_cast<const char*>(bytes), size))
        .fill(parameters.named());
  } catch (const nn::FileError&) {
  }
  return 0;
}
