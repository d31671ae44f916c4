// JSON as the programs write it: values put together here, made text by nlohmann's library in one
// file (json.cpp), since each file that sees that takes seconds more to compile.
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tools {

class Json {
 public:
  using Entry = std::pair<std::string, Json>;

  Json() = default;  ///< null
  Json(std::same_as<bool> auto value) : value_(value) {}
  template <std::integral Whole>
  requires(!std::same_as<Whole, bool>) Json(Whole value) : value_(static_cast<long long>(value)) {}
  Json(unsigned long value) : value_(static_cast<unsigned long long>(value)) {}
  Json(double value) : value_(value) {}  ///< NaN and Inf become null
  Json(const char* text) : value_(std::string(text)) {}
  Json(std::string text) : value_(std::move(text)) {}
  template <class T>
  Json(const std::vector<T>& values) : value_(Array(values.begin(), values.end())) {}
  Json(const Eigen::VectorXd& values) : value_(Array(values.begin(), values.end())) {}
  template <class T>
  Json(const std::optional<T>& value) : Json(value ? Json(*value) : Json()) {}
  /// An object, its entries in this order.
  Json(std::initializer_list<Entry> entries) : value_(Object(entries)) {}

  /// The entry of an object; a new one stands at its end. Null becomes an object.
  Json& operator[](const std::string& key);

  /// With an indentation of two.
  std::string text() const;

 private:
  friend struct Writer;
  using Array = std::vector<Json>;
  using Object = std::vector<Entry>;
  std::variant<std::monostate, bool, long long, unsigned long long, double, std::string, Array,
               Object>
      value_;
};

}  // namespace tools
