#include "tools/checkpoint.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "nn/safetensors.h"
#include "tools/run_folder.h"
#include "tools/safetensors_file.h"

namespace tools {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Standing, batches, train_steps, skipped, skipped_in_a_row,
                                   epoch_loss, epoch_steps, last_loss, rate, seconds)

namespace {

using Json = nlohmann::json;

/// Raised whenever an older program could not read what is written here.
constexpr int format_version = 1;

std::vector<nn::NamedMatrix> matrices(const Training& training) {
  std::vector<nn::NamedMatrix> all = training.model.parameters().named();
  for (nn::NamedMatrix& matrix : training.optimiser.memory())
    all.push_back({"optimiser." + matrix.name, matrix.values});
  return all;
}

}  // namespace

std::string to_checkpoint(const Training& training, const std::string& config) {
  const Json metadata{
      {"checkpoint", std::to_string(format_version)},
      {"standing", Json(training.standing).dump()},
      {"optimiser_steps", std::to_string(training.optimiser.steps())},
      {"random", training.random.state()},
      {"config", config},
  };
  return nn::to_safetensors(matrices(training), metadata.dump());
}

struct Checkpoint::Content {
  SafetensorsFile file;

  const std::string& text(const std::string& key) const {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) throw IoError("it has no \"" + key + "\"");
    return found->second;
  }
  long number(const std::string& key) const {
    try {
      return std::stol(text(key));
    } catch (const std::logic_error&) {
      throw IoError("its \"" + key + "\" is '" + text(key) + "', and no number");
    }
  }
};

Checkpoint::Checkpoint(const std::filesystem::path& path)
    : Checkpoint(read_file(path), path.string()) {}

Checkpoint::Checkpoint(const std::string& bytes, const std::string& name) : name_(name) {
  try {
    content_ = std::make_unique<Content>(Content{SafetensorsFile(bytes)});
    if (!content_->file.metadata().contains("checkpoint"))
      throw IoError("it is a file of weights, and no checkpoint");
    if (const long version = content_->number("checkpoint"); version != format_version)
      throw IoError("its format is " + std::to_string(version) + ", this program reads format " +
                    std::to_string(format_version));
    content_->text("config");
  } catch (const IoError& error) {
    throw IoError("the checkpoint '" + name_ + "': " + error.what());
  }
}

Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;

const std::string& Checkpoint::config() const { return content_->text("config"); }

void Checkpoint::restore(const Training& training) const {
  try {
    const auto standing =
        Json::parse(content_->text("standing"), nullptr, /*allow_exceptions=*/false);
    const Standing read = standing.get<Standing>();
    const long optimiser_steps = content_->number("optimiser_steps");
    autodiff::Random random = training.random;
    random.set_state(content_->text("random"));
    content_->file.fill(matrices(training));
    training.optimiser.set_steps(optimiser_steps);
    training.random = random;
    training.standing = read;
  } catch (const std::exception& error) {  // also of the JSON reader
    throw IoError("the checkpoint '" + name_ + "': " + error.what());
  }
}

}  // namespace tools
