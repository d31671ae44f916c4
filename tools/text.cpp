#include "tools/text.h"

#include <cstdarg>
#include <cstdio>
#include <sstream>

namespace tools {

std::string format(const char* pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  std::string text(static_cast<std::size_t>(std::vsnprintf(nullptr, 0, pattern, arguments)), ' ');
  std::vsnprintf(text.data(), text.size() + 1, pattern, again);
  va_end(again);
  va_end(arguments);
  return text;
}

std::string wrapped(const std::string& text, std::size_t width) {
  std::istringstream words(text);
  std::string lines, line;
  for (std::string word; words >> word;) {
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      lines += line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return lines + line;
}

std::string duration(double seconds) {
  if (seconds < 100) return format("%.0f s", seconds);
  if (seconds < 100 * 60) return format("%.0f min", seconds / 60);
  if (seconds < 48 * 3600) return format("%.1f h", seconds / 3600);
  return format("%.1f days", seconds / 86400);
}

}  // namespace tools
