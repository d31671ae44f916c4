#include "tools/app/text.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <numeric>
#include <sstream>
#include <vector>

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

std::string in_quotes(std::string_view text) {
  std::size_t length = std::min<std::size_t>(text.size(), 60);
  const auto inside_character = [&] {  // UTF-8: it goes on with 10xxxxxx
    return length > 0 && length < text.size() && (text[length] & 0xc0) == 0x80;
  };
  while (inside_character()) --length;
  std::string shown(text.substr(0, length));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return "'" + shown + (text.size() > length ? "...'" : "'");
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // row[j]: the distance of a's first i characters from b's first j.
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t exchanged = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string duration(double seconds) {
  // Just below its limit a number is not rounded up to it: 2 min, never 100 s.
  if (seconds < 99.5) return format("%.0f s", seconds);
  if (seconds < 99.5 * 60) return format("%.0f min", seconds / 60);
  if (seconds < 47.95 * 3600) return format("%.1f h", seconds / 3600);
  return format("%.1f days", seconds / 86400);
}

}  // namespace tools
