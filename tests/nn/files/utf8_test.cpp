// Characters in UTF-8, at both ends of every length.
#include "nn/files/utf8.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace std::string_literals;

namespace {

std::string encoded(char32_t code) {
  std::string text;
  nn::append_utf8(text, code);
  return text;
}

}  // namespace

TEST_CASE("characters at both ends of each length are encoded, and found again") {
  CHECK(encoded(0) == "\0"s);
  CHECK(encoded(0x7F) == "\x7F");
  CHECK(encoded(0x80) == "\xC2\x80");
  CHECK(encoded(0x7FF) == "\xDF\xBF");
  CHECK(encoded(0x800) == "\xE0\xA0\x80");
  CHECK(encoded(0xFFFF) == "\xEF\xBF\xBF");
  CHECK(encoded(0x10000) == "\xF0\x90\x80\x80");
  CHECK(encoded(0x10FFFF) == "\xF4\x8F\xBF\xBF");
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code == 0xD800) code = 0xE000;  // what follows U+D7FF
    const std::string text = encoded(code);
    if (nn::utf8_length(text) == text.size() && nn::utf8_length(text + "a") == text.size())
      continue;
    FAIL_CHECK("U+" << std::hex << static_cast<unsigned>(code));
  }
}

TEST_CASE("what is no character has no length") {
  for (const std::string& text : std::vector<std::string>{
           ""s,  // nothing
           "\x80"s,
           "\xBF"s,
           "\xFE"s,
           "\xFF"s,  // no first byte
           "\xC3"s,
           "\xE2\x82"s,
           "\xF0\x90\x80"s,  // cut off
           "\xC3("s,
           "\xE2(\x82"s,
           "\xE2\x82("s,  // no byte that goes on
           "\xC0\x80"s,
           "\xC1\xBF"s,
           "\xE0\x9F\xBF"s,
           "\xF0\x8F\xBF\xBF"s,  // longer than need be
           "\xED\xA0\x80"s,
           "\xED\xBF\xBF"s,  // halves of UTF-16's pairs
           "\xF4\x90\x80\x80"s,
           "\xF8\x88\x80\x80\x80"s,  // beyond U+10FFFF
       }) {
    CAPTURE(text);
    CHECK(nn::utf8_length(text) == 0);
    CHECK(nn::is_utf8("a" + text) == text.empty());
    CHECK(nn::is_utf8(text + "a") == text.empty());
  }
  CHECK(nn::is_utf8(""));
  CHECK(nn::is_utf8("θ̇₁ 🙂"));
}
