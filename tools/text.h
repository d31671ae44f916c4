// Text for people: printf into a string, lines of one width, times.
#pragma once

#include <string>

namespace tools {

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);

/// The words of the text in lines of at most `width` characters, where words are that short.
std::string wrapped(const std::string& text, std::size_t width);

/// In the unit that suits it: "25 s", "12 min", "3.5 h", "2.1 days".
std::string duration(double seconds);

}  // namespace tools
