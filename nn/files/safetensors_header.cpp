#include "nn/files/safetensors_header.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <functional>
#include <set>

#include "nn/files/utf8.h"

namespace nn {
namespace {

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

/// Does it begin with one of U+EF80 to U+EFFF, which stand for the bytes 0x80 to 0xFF?
bool begins_with_byte(std::string_view text) {
  return text.size() >= 3 && byte(text[0]) == 0xEE && (byte(text[1]) & 0xFE) == 0xBE &&
         (byte(text[2]) & 0xC0) == 0x80;
}

std::string with_bytes(const std::string& text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    if (begins_with_byte(std::string_view(text).substr(at))) {
      bytes += static_cast<char>((byte(text[at + 1]) & 3) << 6 | (byte(text[at + 2]) & 0x3F));
      at += 3;
    } else {
      bytes += text[at++];
    }
  }
  return bytes;
}

/// A place in the header that moves on as it is read.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw FileError("byte " + std::to_string(at_) + " of its header: " + what +
                    "; it is damaged, or not in the safetensors format");
  }

  /// Reads an object; `value` reads what belongs to a key.
  void object(const std::function<void(const std::string& key)>& value) {
    expect('{');
    if (take('}')) return;
    std::set<std::string> keys;
    do {
      const std::string key = text();
      if (!keys.insert(key).second)
        fail("the key \"" + fit_to_print(key) + "\" stands there twice");
      expect(':');
      value(key);
    } while (take(','));
    expect('}');
  }

  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> all;
    expect('[');
    if (take(']')) return all;
    do all.push_back(number());
    while (take(','));
    expect(']');
    return all;
  }

  std::string text() {
    expect('"');
    std::string read;
    for (;;) {
      if (at_ == text_.size()) fail("a text without an end");
      const char c = text_[at_++];
      if (c == '"') return with_bytes(read);
      if (byte(c) < 0x20) fail("a control character in a text");
      if (c == '\\')
        append_utf8(read, escaped());
      else
        read += c;
    }
  }

  /// Where the next text begins, behind its quote.
  std::size_t next_text() {
    skip_blanks();
    return at_ + 1;
  }

  void end() {
    skip_blanks();
    if (at_ != text_.size()) fail("there is more behind its end");
  }

 private:
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  bool take(char c) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("no ").append(1, c).append(" where one should be"));
  }

  std::uint64_t number() {
    skip_blanks();
    const char *begin = text_.data() + at_, *last = text_.data() + text_.size();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(begin, last, value);
    if (error != std::errc() || (*begin == '0' && end - begin > 1)) fail("no whole number");
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  /// The character that an escape stands for, whose backslash has been read.
  std::uint32_t escaped() {
    static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    if (const std::size_t k = letters.find(c); k != letters.npos) return byte(meanings[k]);
    if (c != 'u') fail("an unknown escape");
    const std::uint32_t first = four_digits();
    if (first < 0xD800 || first >= 0xE000) return first;
    if (first < 0xDC00 && text_.substr(at_, 2) == "\\u") {  // a pair that stands for one character
      at_ += 2;
      const std::uint32_t second = four_digits();
      if (second >= 0xDC00 && second < 0xE000)
        return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    }
    fail("half a character");
  }
  std::uint32_t four_digits() {
    const std::string_view digits = text_.substr(at_, 4);
    const char* const last = digits.data() + digits.size();
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), last, value, 16);
    if (error != std::errc() || digits.size() < 4 || end != last)
      fail("no four hexadecimal digits");
    at_ += 4;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

SafetensorsHeader::Tensor read_tensor(Reader& reader) {
  SafetensorsHeader::Tensor tensor;
  int known = 0;
  reader.object([&](const std::string& key) {
    ++known;
    if (key == "dtype") {
      tensor.type = reader.text();
    } else if (key == "shape") {
      tensor.shape = reader.numbers();
    } else if (key == "data_offsets") {
      const std::vector<std::uint64_t> range = reader.numbers();
      if (range.size() != 2) reader.fail("not a begin and an end");
      tensor.begin = range[0];
      tensor.end = range[1];
    } else {
      reader.fail("the key \"" + fit_to_print(key) + "\" is unknown");
    }
  });
  if (known != 3) reader.fail("a tensor has dtype, shape and data_offsets");
  return tensor;
}

}  // namespace

SafetensorsHeader parse_header(std::string_view text) {
  SafetensorsHeader header;
  Reader reader(text);
  reader.object([&](const std::string& name) {
    if (name != "__metadata__") {
      header.tensors[name] = read_tensor(reader);
      return;
    }
    reader.object([&](const std::string& key) {
      if (key == "crc64") header.checksum_at = reader.next_text();
      header.metadata[key] = reader.text();
    });
  });
  reader.end();
  return header;
}

std::string to_json(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const std::size_t length = begins_with_byte(text) ? 0 : utf8_length(text);
    if (length == 0) {
      append_utf8(json, 0xEF00u + byte(text[0]));
    } else if (byte(text[0]) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte(text[0]));
      json += escape;
    } else {
      if (text[0] == '"' || text[0] == '\\') json += '\\';
      json += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return json + '"';
}

std::string fit_to_print(std::string text) {
  if (text.size() > 60) text = text.substr(0, 60) + "...";
  for (char& c : text)
    if (byte(c) < 0x20 || byte(c) == 0x7F) c = '?';
  return text;
}

}  // namespace nn
