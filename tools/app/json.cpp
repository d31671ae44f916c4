#include "tools/app/json.h"

#include <nlohmann/json.hpp>

namespace tools {

struct Writer {
  using Written = nlohmann::ordered_json;

  static Written write(const Json& json) {
    return std::visit([](const auto& value) { return of(value); }, json.value_);
  }
  static Written of(std::monostate) { return nullptr; }
  static Written of(const Json::Array& values) {
    Written array = Written::array();
    for (const Json& value : values) array.push_back(write(value));
    return array;
  }
  static Written of(const Json::Object& entries) {
    Written object = Written::object();
    for (const auto& [key, value] : entries) object[key] = write(value);
    return object;
  }
  static Written of(const auto& value) { return value; }
};

Json& Json::operator[](const std::string& key) {
  if (std::holds_alternative<std::monostate>(value_)) value_ = Object();
  auto& entries = std::get<Object>(value_);
  for (auto& [name, value] : entries)
    if (name == key) return value;
  return entries.emplace_back(key, Json()).second;
}

std::string Json::text() const { return Writer::write(*this).dump(2) + '\n'; }

}  // namespace tools
