#include "nn/files/model_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

#include "nn/files/safetensors.h"

namespace nn {
namespace {

/// Raised whenever an older program could not make the model from what is written here.
constexpr const char* format_version = "2";

/// The shortest text that reads as the same number.
std::string text(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

template <class List, class ToText>
std::string joined(const List& list, const ToText& to_text) {
  std::string all;
  for (const auto& item : list) {
    if (!all.empty()) all += ',';
    all += to_text(item);
  }
  return all;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; !list.empty() && begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string name_key(std::size_t coordinate) {
  return "coordinate " + std::to_string(coordinate + 1);
}

/// Where a file tells an option that has one value or a list of them.
constexpr std::pair<const char*, PerCoordinate NetworkOptions::*> scales[] = {
    {"coordinate_offset", &NetworkOptions::coordinate_offset},
    {"coordinate_scale", &NetworkOptions::coordinate_scale},
    {"velocity_scale", &NetworkOptions::velocity_scale},
    {"kinetic_prior", &NetworkOptions::kinetic_prior},
    {"acceleration_scale", &NetworkOptions::acceleration_scale},
    {"mass_scale", &NetworkOptions::mass_scale},
    {"control_scale", &NetworkOptions::control_scale}};

/// What a file tells of its model: every option.
Metadata describe(const NetworkModel& model) {
  const NetworkOptions& options = model.options();
  Metadata all{
      {"model", model.form().kind},
      {"model_format", format_version},
      {"hidden", joined(options.hidden, [](Index width) { return std::to_string(width); })},
      {"activation", options.activation},
      {"friction", options.friction},
      {"controls", std::to_string(options.controls)},
      {"angles", joined(options.angles, [](bool angle) { return angle ? "true" : "false"; })},
  };
  const auto add = [&](const char* key, const PerCoordinate& c) {
    all[key] = joined(c.values(), text);
  };
  for (const auto& [key, scale] : scales) add(key, options.*scale);
  add("energy_scale", options.energy_scale);
  add("difference_scale", options.difference_scale);
  for (std::size_t k = 0; k < options.names.size(); ++k) all[name_key(k)] = options.names[k];
  return all;
}

/// What a file tells, entry by entry.
class Description {
 public:
  explicit Description(const Metadata& metadata) : metadata_(metadata) {}

  const std::string& operator[](const std::string& key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end()) throw FileError("it does not tell \"" + key + '"');
    return found->second;
  }

  std::vector<double> numbers(const std::string& key) const {
    std::vector<double> values;
    for (const std::string& part : split((*this)[key])) {
      values.emplace_back();
      if (!parse(part, values.back()) || !std::isfinite(values.back())) wrong(key);
    }
    if (values.empty()) wrong(key);
    return values;
  }
  double number(const std::string& key) const {
    const std::vector<double> values = numbers(key);
    if (values.size() != 1) wrong(key);
    return values.front();
  }

  NetworkOptions options() const {
    NetworkOptions told{.hidden = {}, .activation = (*this)["activation"], .angles = {}};
    for (const auto& [key, scale] : scales) told.*scale = numbers(key);
    told.energy_scale = number("energy_scale");
    told.difference_scale = number("difference_scale");
    told.friction = (*this)["friction"];
    if (!parse((*this)["controls"], told.controls) || told.controls < 0) wrong("controls");
    for (const std::string& part : split((*this)["hidden"])) {
      Index width = 0;
      if (!parse(part, width) || width < 1) wrong("hidden");
      told.hidden.push_back(width);
    }
    for (const std::string& part : split((*this)["angles"])) {
      if (part != "true" && part != "false") wrong("angles");
      told.angles.push_back(part == "true");
    }
    for (std::size_t k = 0; metadata_.contains(name_key(k)); ++k)
      told.names.push_back((*this)[name_key(k)]);
    return told;
  }

 private:
  template <class Number>
  static bool parse(const std::string& digits, Number& value) {
    const char* const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc() && stopped == end;
  }
  [[noreturn]] void wrong(const std::string& key) const {
    throw FileError("its \"" + key + "\" is '" + fit_to_print((*this)[key]) + "'");
  }

  const Metadata& metadata_;
};

Safetensors read(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw FileError("it is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw FileError(std::string("cannot be read: ") + std::strerror(errno));
  std::string bytes;
  for (std::vector<char> part(1 << 16); file;) {
    file.read(part.data(), std::ssize(part));
    bytes.append(part.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw FileError(std::string("cannot be read: ") + std::strerror(errno));
  return Safetensors(bytes);
}

std::unique_ptr<NetworkModel> to_model(const Safetensors& file, const Known& known) {
  const Description told(file.metadata());
  if (!file.metadata().contains("model"))
    throw FileError("it has weights, but does not tell of what model; make that and load_weights");
  if (told["model_format"] != format_version)
    throw FileError("its format is " + fit_to_print(told["model_format"]) +
                    ", this program reads format " + format_version);
  const NetworkOptions options = told.options();
  // Before memory is taken for it: the options of a file may tell of any size.
  const ModelKind& kind = find_model_kind(told["model"]);
  if (const double count = parameter_count(options, kind.form_of(options, known));
      count != static_cast<double>(file.size()))
    throw FileError("it tells of a model with " + text(count) + " parameters, but has " +
                    std::to_string(file.size()));
  auto model = kind.make(options, known);
  file.fill(model->parameters().named());
  return model;
}

void fill(NetworkModel& model, const Safetensors& file) {
  if (file.metadata().contains("model"))
    for (const auto& [key, value] : describe(model))
      if (const auto told = file.metadata().find(key);
          told != file.metadata().end() && told->second != value)
        throw FileError("it is of another model: its \"" + key + "\" is '" +
                        fit_to_print(told->second) + "', not '" + value + "'");
  file.fill(model.parameters().named());
}

}  // namespace

std::string to_model_file(const NetworkModel& model) {
  return to_safetensors(model.parameters(), describe(model));
}

std::unique_ptr<NetworkModel> load_model(const std::filesystem::path& path, const Known& known) {
  try {
    return to_model(read(path), known);
  } catch (const std::exception& error) {  // also of options that make no model
    throw FileError("the model in '" + path.string() + "': " + error.what());
  }
}

void load_weights(const std::filesystem::path& path, NetworkModel& model) {
  try {
    fill(model, read(path));
  } catch (const FileError& error) {
    throw FileError("the weights in '" + path.string() + "': " + error.what());
  }
}

}  // namespace nn
