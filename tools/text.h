// printf into a string.
#pragma once

#include <string>

namespace tools {

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);

}  // namespace tools
