// Any bytes at all as a file of weights, or of a model: they are taken or refused, and nothing
// else.
#include "nn/files/safetensors.h"

#include <sys/mman.h>

#include <fstream>

#include "nn/files/model_file.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "net", {2, 3, 1});
  const std::string file = file_of(bytes, size);
  try {
    const nn::Safetensors read(file);
    if (read.metadata().contains("model")) {  // by way of a file that lives in memory
      static const std::string path = "/proc/self/fd/" + std::to_string(memfd_create("model", 0));
      std::ofstream(path, std::ios::binary) << file;
      nn::load_model(path);
    }
    read.fill(parameters.named());
  } catch (const nn::FileError&) {
  }
  return 0;
}
