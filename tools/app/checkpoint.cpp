#include "tools/app/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <utility>
#include <vector>

#include "nn/files/safetensors.h"
#include "tools/app/data_file.h"
#include "tools/app/flags.h"
#include "tools/app/run_folder.h"
#include "tools/app/text.h"
#include "tools/app/toml.h"

namespace tools {

namespace {

/// Raised whenever an older program could not read what is written here.
constexpr int format_version = 4;

std::vector<nn::NamedMatrix> matrices(const Training& training) {
  std::vector<nn::NamedMatrix> all = training.model.parameters().named();
  for (nn::NamedMatrix& matrix : training.optimiser.memory())
    all.push_back({"optimiser." + matrix.name, matrix.values});
  for (const nn::NamedMatrix& matrix : training.of_data)
    all.push_back({"data." + matrix.name, matrix.values});
  return all;
}

/// Writes or reads every entry of a standing, by `entry(name, value)`.
template <class S, class Entry>
void for_each_entry(S& standing, const Entry& entry) {
  entry("batches", standing.batches);
  entry("train_steps", standing.train_steps);
  entry("skipped", standing.skipped);
  entry("skipped_in_a_row", standing.skipped_in_a_row);
  entry("epoch_loss", standing.epoch_loss);
  entry("epoch_steps", standing.epoch_steps);
  entry("last_loss", standing.last_loss);
  entry("rate", standing.rate);
  entry("seconds", standing.seconds);
  entry("restarts", standing.restarts);
  entry("validation", standing.validation);
  entry("best_validation", standing.best_validation);
  entry("best_batches", standing.best_batches);
  entry("builds", standing.builds);
}

std::string text_of(long value) { return std::to_string(value); }
std::string text_of(double value) { return shortest(value); }
/// Each in a line of its own.
std::string text_of(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += (all.empty() ? "" : "\n") + line;
  return all;
}

template <class Number>
bool read(const std::string& text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() &&
         std::isfinite(static_cast<double>(value));
}
bool read(const std::string& text, std::vector<std::string>& lines) {
  lines.clear();
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return !lines.empty();
}

/// As TOML, every value a text.
std::string to_text(const Standing& standing) {
  std::string toml;
  for_each_entry(standing, [&](const char* name, const auto& value) {
    toml += std::string(name) + '=' + toml_string(text_of(value)) + '\n';
  });
  return toml;
}

Standing standing_of(const std::string& text) {
  const std::vector<Assignment> entries = parse_toml(text);
  Standing standing;
  for_each_entry(standing, [&](const std::string& name, auto& value) {
    const auto found = std::ranges::find(entries, name, &Assignment::key);
    if (found == entries.end()) throw IoError("its \"standing\" has no \"" + name + '"');
    if (!read(found->value, value))
      throw IoError("the \"" + name + "\" of its \"standing\" cannot be " +
                    in_quotes(found->value));
  });
  return standing;
}

/// Throws where no run of this length can stand there.
void require_possible(const Standing& s, const Course& course) {
  const auto require = [](bool possible, const std::string& what) {
    if (!possible) throw IoError("its \"standing\" is that of no run: " + what);
  };
  require(s.batches >= 0 && s.batches <= course.total,
          format("batch %ld of %ld", s.batches, course.total));
  require(s.skipped >= 0 && s.skipped <= s.batches && s.train_steps == s.batches - s.skipped,
          format("of %ld batches %ld learnt from and %ld skipped", s.batches, s.train_steps,
                 s.skipped));
  require(s.skipped_in_a_row >= 0 && s.skipped_in_a_row <= s.skipped,
          format("%ld batches skipped, of them %ld in a row", s.skipped, s.skipped_in_a_row));
  const long in_epoch = s.batches == course.total ? 0 : s.batches % course.per_epoch;
  require(s.epoch_steps >= 0 && s.epoch_steps <= std::min(in_epoch, s.train_steps),
          format("%ld steps of an epoch in its %ld batches", s.epoch_steps, in_epoch));
  require(s.epoch_loss >= 0 && (s.epoch_loss == 0 || s.epoch_steps > 0),
          format("a loss of %g in %ld steps", s.epoch_loss, s.epoch_steps));
  require(s.last_loss >= 0 && (s.last_loss == 0 || course.epochs_of(s.batches) > 0),
          format("a loss of %g in the epoch before", s.last_loss));
  require(s.rate >= 0 && (s.rate == 0 || s.train_steps > 0), format("a rate of %g", s.rate));
  require(s.seconds >= 0, format("%g seconds", s.seconds));
  require(s.restarts >= 0, format("%ld restarts", s.restarts));
  require(s.best_batches >= 0 && s.best_batches <= s.batches &&
              (s.best_batches == 0 || s.best_validation >= 0),
          format("the best of %ld batches after %ld", s.batches, s.best_batches));
}

}  // namespace

std::string to_checkpoint(const Training& training, const std::string& config) {
  const nn::Metadata metadata{
      {"checkpoint", std::to_string(format_version)},
      {"standing", to_text(training.standing)},
      {"optimiser_steps", std::to_string(training.optimiser.steps())},
      {"random", training.random.state()},
      {"config", config},
      {"data", training.data.fingerprint},
      {"data_beside", toml_string(training.data.beside)},
  };
  return nn::to_safetensors(matrices(training), metadata);
}

struct Checkpoint::Content {
  nn::Safetensors file;
  DataFile data;

  const std::string& text(const std::string& key) const {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) throw IoError("it has no \"" + key + "\"");
    return found->second;
  }
  long number(const std::string& key) const {
    const std::string& digits = text(key);
    long value = 0;
    if (!read(digits, value))
      throw IoError("its \"" + key + "\" is " + in_quotes(digits) + ", and no number");
    return value;
  }
};

Checkpoint::Checkpoint(const std::filesystem::path& path)
    : Checkpoint(read_file(path), path.string()) {}

Checkpoint::Checkpoint(const std::string& bytes, const std::string& name) : name_(name) {
  try {
    content_ = std::make_unique<Content>(Content{nn::Safetensors(bytes), {}});
    if (!content_->file.metadata().contains("checkpoint"))
      throw IoError("it is a file of weights, and no checkpoint");
    if (const long version = content_->number("checkpoint"); version != format_version)
      throw IoError("its format is " + std::to_string(version) + ", this program reads format " +
                    std::to_string(format_version));
    content_->text("config");
    content_->data = {content_->text("data"),
                      parse_toml("beside=" + content_->text("data_beside")).at(0).value};
  } catch (const std::exception& error) {
    throw IoError("the checkpoint '" + name_ + "': " + error.what());
  }
}

Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;

const std::string& Checkpoint::config() const { return content_->text("config"); }

const DataFile& Checkpoint::data() const { return content_->data; }

std::string Checkpoint::find_data(const std::vector<std::filesystem::path>& places) const {
  std::string looked_at;
  const std::filesystem::path* changed = nullptr;
  for (const auto& place : places) {
    std::error_code error;
    looked_at += (looked_at.empty() ? "'" : ", '") + place.string() + "'";
    if (!std::filesystem::is_regular_file(place, error)) continue;
    if (fingerprint(read_file(place)) == data().fingerprint) return canonical(place).string();
    changed = &place;
  }
  if (changed != nullptr)
    throw IoError("the data in '" + changed->string() +
                  "' have changed since the run began, and only the same will do");
  throw IoError("the data of the run are not there (" + looked_at + ')');
}

std::string Checkpoint::restore(const Training& training) const {
  try {
    Standing standing = standing_of(content_->text("standing"));
    require_possible(standing, training.course);
    const std::string before = standing.builds.back(), now = this_build();
    if (precision_of(before) != precision_of(now))
      throw IoError("it was written in " + precision_of(before) +
                    " precision, this program computes in " + precision_of(now) +
                    "; go on with a program of the same");
    if (before != now) standing.builds.push_back(now);
    const long optimiser_steps = content_->number("optimiser_steps");
    if (optimiser_steps != standing.train_steps)
      throw IoError(format("its optimiser has taken %ld steps, the run %ld", optimiser_steps,
                           standing.train_steps));
    autodiff::Random random = training.random;
    random.set_state(content_->text("random"));
    content_->file.fill(matrices(training));
    training.optimiser.set_steps(optimiser_steps);
    training.random = random;
    training.standing = std::move(standing);
    return before == now ? "" : before;
  } catch (const std::exception& error) {  // also of the TOML reader
    throw IoError("the checkpoint '" + name_ + "': " + error.what());
  }
}

void resume(const Training& training, const RunFolder& folder) {
  const std::string other = Checkpoint(folder.path() / checkpoint_file).restore(training);
  if (!other.empty())
    complain("the run comes from another build (" + other + "; this one: " + this_build() +
             "); it goes on, but not to the bits that it would have reached there");
}

}  // namespace tools
