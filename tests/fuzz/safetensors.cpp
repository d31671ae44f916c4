// Any bytes at all as a file of weights, or of a model: they are taken or refused, and nothing
// else.
#include "nn/safetensors.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "nn/model_file.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "net", {2, 3, 1});
  const std::string file = file_of(bytes, size);
  try {
    const nn::Safetensors read(file);
    if (read.metadata().contains("model")) {
      static const std::filesystem::path path =
          std::filesystem::temp_directory_path() / ("fuzz_model_" + std::to_string(getpid()));
      std::ofstream(path, std::ios::binary) << file;
      nn::load_model(path);
    }
    read.fill(parameters.named());
  } catch (const nn::FileError&) {
  }
  return 0;
}
