#include "tools/app/toml.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "nn/files/utf8.h"
#include "tools/app/text.h"

namespace tools {
namespace {

constexpr const char* blanks = " \t";
constexpr const char* of_a_key = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

[[noreturn]] void malformed(const std::string& what) { throw std::invalid_argument(what); }

/// Its escape sequence with one letter; 0: it has none.
char letter_of(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return 0;
  }
}

/// What \u and \U stand for.
void append_escaped(std::string& text, unsigned long code) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    malformed("an escape sequence stands for no character");
  nn::append_utf8(text, static_cast<char32_t>(code));
}

/// What is left of a line, taken from its front.
class Rest {
 public:
  explicit Rest(std::string_view line) : text_(line) { skip_blanks(); }

  bool at_end() const { return text_.empty() || text_[0] == '#'; }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    text_.remove_prefix(std::min(text_.find_first_not_of(blanks), text_.size()));
  }
  std::string_view take_word(std::string_view letters) {
    const auto word = text_.substr(0, text_.find_first_not_of(letters));
    text_.remove_prefix(word.size());
    return word;
  }
  const std::string_view& text() const { return text_; }

  /// A text in quotes, or a word such as a number.
  std::string take_value() {
    if (take('"')) return take_quoted();
    if (take('\'')) {
      const std::size_t end = text_.find('\'');
      if (end == std::string_view::npos) malformed("a quote is not closed");
      const std::string literal(text_.substr(0, end));
      text_.remove_prefix(end + 1);
      return literal;
    }
    const std::string_view word = text_.substr(0, text_.find_first_of(" \t#\"'[]{},"));
    if (word.empty()) malformed("a value is missing; a text stands in quotes");
    text_.remove_prefix(word.size());
    return std::string(word);
  }

 private:
  std::string take_quoted() {
    for (std::string value;;) {
      if (text_.empty()) malformed("a quote is not closed");
      const char c = text_[0];
      text_.remove_prefix(1);
      if (c == '"') return value;
      if (c == '\\')
        take_escape(value);
      else
        value.push_back(c);
    }
  }

  void take_escape(std::string& value) {
    const char kind = text_.empty() ? '\0' : text_[0];
    text_.remove_prefix(std::min<std::size_t>(1, text_.size()));
    for (const char c : {'"', '\\', '\b', '\t', '\n', '\f', '\r'})
      if (kind == letter_of(c)) return value.push_back(c);
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    const std::string_view hex = text_.substr(0, digits);
    unsigned long code = 0;
    const auto end = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16).ptr;
    if (digits == 0 || hex.size() < digits || end != hex.data() + digits)
      malformed(format("\\%c begins no escape sequence", kind));
    text_.remove_prefix(digits);
    if (kind == 'x' && code != 0)
      value.push_back(static_cast<char>(code));
    else
      append_escaped(value, code);
  }

  std::string_view text_;
};

std::string take_values(Rest& rest) {
  if (!rest.take('[')) return rest.take_value();
  std::string values;
  for (rest.skip_blanks(); !rest.take(']'); rest.skip_blanks()) {
    if (!values.empty()) values += ',';
    values += rest.take_value();
    rest.skip_blanks();
    if (!rest.take(',') && !rest.text().starts_with(']')) malformed("a ']' is missing in its line");
  }
  return values;
}

}  // namespace

std::vector<Assignment> parse_toml(const std::string& text) {
  std::vector<Assignment> found;
  std::map<std::string, long> line_of;
  std::istringstream lines(text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text);
  std::string line;
  for (long number = 1; std::getline(lines, line); ++number) try {
      if (line.ends_with('\r')) line.pop_back();
      Rest rest(line);
      if (rest.at_end()) continue;
      if (rest.text().starts_with('['))
        malformed(in_quotes(rest.text()) + " begins a section, and options have none");
      const std::string key(rest.take_word(of_a_key));
      rest.skip_blanks();
      if (key.empty() || !rest.take('='))
        malformed(in_quotes(line) + " is not of the kind key = value");
      rest.skip_blanks();
      const std::string value = take_values(rest);
      rest.skip_blanks();
      if (!rest.at_end()) malformed(in_quotes(rest.text()) + " stands behind the value of " + key);
      const auto [before, first] = line_of.emplace(key, number);
      if (!first)
        malformed(key + " is there twice, first in line " + std::to_string(before->second));
      found.push_back({key, value, number});
    } catch (const std::invalid_argument& error) {
      malformed("line " + std::to_string(number) + ": " + error.what());
    }
  return found;
}

std::string toml_string(const std::string& text) {
  std::string quoted = "\"";
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = nn::utf8_length(rest);
    const char c = rest[0];
    const auto byte = static_cast<unsigned char>(c);
    if (const char letter = letter_of(c))
      quoted += {'\\', letter};
    else if (length == 0)
      quoted += format("\\x%02x", byte);
    else if (byte < 0x20 || byte == 0x7f)
      quoted += format("\\u%04x", byte);
    else
      quoted += rest.substr(0, length);
    rest.remove_prefix(std::max<std::size_t>(1, length));
  }
  return quoted + '"';
}

}  // namespace tools
