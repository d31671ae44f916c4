// Numbers in messages.
#pragma once

#include <cstdio>
#include <string>

namespace physics {

/// With six digits at most, as "0.1" or "1e-06".
inline std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace physics
