// Any bytes at all as a checkpoint: they are taken or refused, and nothing else.
#include "tools/app/checkpoint.h"

#include "nn/optimisers/adam.h"
#include "tests/fuzz/input.h"
#include "tools/app/models.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  tools::TrainOptions options;
  options.hidden = {2};
  const auto model = make_model(options, tools::Subject(options), {});
  nn::Adam adam(model->parameters().size());
  autodiff::Random random(1);
  tools::Standing standing;
  try {
    tools::Checkpoint(file_of(bytes, size), "fuzz")
        .restore({*model, adam, random, standing, {10, 1'000'000}});
  } catch (const tools::IoError&) {
  }
  return 0;
}
