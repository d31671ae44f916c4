// What the engine uses of C++20's library and Debian's emscripten lacks: its libc++ is of 2021.
// Included before every file (CMakeLists.txt).
#pragma once

#include <algorithm>
#include <functional>

#if _LIBCPP_VERSION < 15000
namespace std {

template <class To, class From>
constexpr To bit_cast(const From& from) noexcept {
  return __builtin_bit_cast(To, from);
}

namespace ranges {

auto find(auto&& range, const auto& value, auto projection) {
  return std::find_if(range.begin(), range.end(),
                      [&](const auto& x) { return std::invoke(projection, x) == value; });
}
auto count(const auto& range, const auto& value) {
  return std::count(range.begin(), range.end(), value);
}

}  // namespace ranges
}  // namespace std
#endif
