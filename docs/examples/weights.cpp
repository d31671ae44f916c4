// Saved and loaded: the weights of any network, and a model that is made again from its file alone.
// The files are safetensors, which Python reads too.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "autodiff/random.h"
#include "nn/files/model_file.h"
#include "nn/files/safetensors.h"
#include "nn/layers/initialise.h"

int main() {
  autodiff::Random random(1);

  // Weights alone: whoever loads them has to know the network.
  nn::Parameters parameters;
  const nn::Mlp network(parameters, "net", {2, 8, 1});
  initialise(network, parameters, random);
  std::ofstream("weights.safetensors", std::ios::binary) << nn::to_safetensors(parameters);

  nn::Parameters again;
  const nn::Mlp same(again, "net", {2, 8, 1});  // all zero
  std::ifstream file("weights.safetensors", std::ios::binary);
  nn::Safetensors(std::string(std::istreambuf_iterator<char>(file), {})).fill(again.named());
  for (const nn::NamedMatrix& m : again.named())
    std::printf("%-12s %d x %d\n", m.name.c_str(), static_cast<int>(m.values.rows()),
                static_cast<int>(m.values.cols()));
  std::printf("the same to the last bit: %s\n",
              std::ranges::equal(parameters.values(), again.values()) ? "yes" : "no");

  // A model: its file tells what it is.
  const auto model = nn::make_model("lnn", {.hidden = {16}, .angles = {true, false}});
  model->initialise(random);
  std::ofstream("model.safetensors", std::ios::binary) << nn::to_model_file(*model);
  const auto loaded = nn::load_model("model.safetensors");
  std::printf("a model of %d coordinates, %d parameters\n", static_cast<int>(loaded->coordinates()),
              static_cast<int>(loaded->parameters().size()));
}
