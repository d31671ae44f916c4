// The lines that options are written in: every text comes back, everything else is refused by line.
#include "tools/app/toml.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <stdexcept>

#include "autodiff/random.h"

using tools::parse_toml;

namespace {

/// What is wrong with it; empty: nothing.
std::string complaint(const std::string& text) {
  try {
    parse_toml(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

std::string value_of(const std::string& written) {
  const auto found = parse_toml("x = " + written);
  REQUIRE(found.size() == 1);
  return found[0].value;
}

/// Valid UTF-8, as a strict reader takes it: here only what toml_string may have written.
bool is_ascii_but_for(const std::string& text, const std::string& allowed) {
  for (std::size_t k = 0; k < text.size(); ++k)
    if (static_cast<unsigned char>(text[k]) >= 0x80) {
      if (text.compare(k, allowed.size(), allowed) != 0) return false;
      k += allowed.size() - 1;
    }
  return true;
}

}  // namespace

TEST_CASE("any text comes back from its line, byte by byte") {
  for (const std::string text : {"",
                                 " ",
                                 "run #1.csv",
                                 "\"",
                                 "'",
                                 "\"'\\",
                                 "a = b",
                                 "[x]",
                                 "{",
                                 "tab\there",
                                 "two\nlines\r\n",
                                 "  leading",
                                 "trailing  ",
                                 "\\x41",
                                 "\\",
                                 "\x01\x1f\x7f",
                                 "caf\xc3\xa9",
                                 "\xe2\x88\x82L",
                                 "\xf0\x9f\x8d\x8e",
                                 "\xff\xfe",
                                 "\xc3",
                                 "\xed\xa0\x80",
                                 "\xc0\xaf",
                                 "\xf5\x80\x80\x80",
                                 "\xe9t\xe9.csv",
                                 "#",
                                 "1e3",
                                 "true"}) {
    CAPTURE(text);
    CHECK(value_of(tools::toml_string(text)) == text);
  }
  autodiff::Random random(1);
  const std::string odd = "\"'\\\n\r\t #=[]{},\x7f\x80\xc3\xa9\xe2\x82\xac\xf0\xff";
  for (int k = 0; k < 20'000; ++k) {
    std::string text;
    for (auto left = random.below(12); left > 0; --left)
      text += random.uniform() < 0.5 ? odd[static_cast<std::size_t>(
                                           random.below(static_cast<autodiff::Index>(odd.size())))]
                                     : static_cast<char>(1 + random.below(255));
    const auto found = parse_toml("a=1\nx=" + tools::toml_string(text) + " # said\nb = 2\n");
    REQUIRE(found.size() == 3);
    REQUIRE(found[1].value == text);
    REQUIRE(found[2].line == 3);
  }
}

TEST_CASE("what is written is UTF-8 whatever the text, and legible where it was") {
  CHECK(tools::toml_string("caf\xc3\xa9") == "\"caf\xc3\xa9\"");
  CHECK(tools::toml_string("caf\xe9") == "\"caf\\xe9\"");
  CHECK(tools::toml_string("\b\t\n\f\r\"\\") == R"("\b\t\n\f\r\"\\")");
  CHECK(tools::toml_string("a\nb\x01") == "\"a\\nb\\u0001\"");
  for (int first = 0x80; first < 0x100; ++first)
    for (int second = 1; second < 0x100; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const bool is_character = first >= 0xc2 && first < 0xe0 && second >= 0x80 && second < 0xc0;
      REQUIRE(is_ascii_but_for(tools::toml_string(text), is_character ? text : "none"));
    }
}

TEST_CASE("the first and the last character of every length are written as they are, and read") {
  struct Case {
    std::string bytes, escaped;
  };
  for (const Case& c : std::vector<Case>{{" ", "u0020"},
                                         {"~", "u007e"},
                                         {"\xc2\x80", "u0080"},
                                         {"\xdf\xbf", "u07ff"},
                                         {"\xe0\xa0\x80", "u0800"},
                                         {"\xed\x9f\xbf", "uD7FF"},
                                         {"\xee\x80\x80", "uE000"},
                                         {"\xef\xbf\xbf", "uffff"},
                                         {"\xf0\x90\x80\x80", "U00010000"},
                                         {"\xf4\x8f\xbf\xbf", "U0010ffff"}}) {
    CAPTURE(c.escaped);
    CHECK(tools::toml_string(c.bytes + 'x') == '"' + c.bytes + "x\"");
    CHECK(value_of("\"\\" + c.escaped + '"') == c.bytes);
  }
  CHECK(tools::toml_string("\x1f") == R"("\u001f")");
  CHECK(tools::toml_string("\x7f") == R"("\u007f")");
}

TEST_CASE("bytes that are no character are written a byte each, and read again") {
  for (const std::string text :
       {"\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    std::string expected;
    for (const unsigned char byte : text) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      expected += escaped;
    }
    CHECK(tools::toml_string(text + 'y') == '"' + expected + "y\"");
    CHECK(value_of('"' + expected + '"') == text);
  }
  for (const char* none : {"\\ud800", "\\udfff", "\\u0000", "\\x00", "\\U00110000"})
    CHECK(complaint(std::string("a = \"") + none + "\"") ==
          "line 1: an escape sequence stands for no character");
}

TEST_CASE("the ways of TOML to write a value") {
  CHECK(value_of("'C:\\new'") == "C:\\new");
  CHECK(value_of(R"("\u00e9\U0001F34E\t\"")") == "\xc3\xa9\xf0\x9f\x8d\x8e\t\"");
  CHECK(value_of(R"("\b\t\n\f\r\"\\")") == "\b\t\n\f\r\"\\");
  CHECK(value_of("[8, 8,16]") == "8,8,16");
  CHECK(value_of("[ 8, 8, ]") == "8,8");
  CHECK(value_of("1e-3# small") == "1e-3");
  const auto found = parse_toml("\xef\xbb\xbf# first\r\n\r\n  lr=0.1\r\nbatch = 4");
  REQUIRE(found.size() == 2);
  CHECK(found[0].key == "lr");
  CHECK(found[0].value == "0.1");
  CHECK(found[0].line == 3);
  CHECK(found[1].key == "batch");
}

TEST_CASE("what is no option's line is refused with its number") {
  for (const std::string bad : {"word",
                                "t,theta,omega",
                                "{\"lr\": 1}",
                                "<xml/>",
                                "[section]",
                                "[[table]]",
                                "= 3",
                                "a b = 3",
                                "a.b = 3",
                                "\"a\" = 3",
                                "a =",
                                "a = # none",
                                "a = \"open",
                                "a = 'open",
                                "a = 1 2",
                                "a = \"x\" y",
                                "a = [1, 2",
                                "a = [1 2]",
                                "a = {b = 1}",
                                "a = \"\\q\"",
                                "a = \"\\x4\"",
                                "a = \"\\xzz\"",
                                "a = \"\\u12\"",
                                "a = \"\\ud800\"",
                                "a = \"\\U00110000\"",
                                "a = \"\\u0000\"",
                                "a = \"\"\"x\"\"\"",
                                "a = \"\\",
                                "\x7f\x45LF",
                                "good = 2"}) {
    CAPTURE(bad);
    const std::string said = complaint("# remark\ngood = 1\n" + bad + "\nlast = 1\n");
    CHECK(said.starts_with("line 3: "));
  }
  for (const char* escape : {"\\q", "\\x4\"", "\\xzz", "\\u12\"", "\\u00g0", "\\U0000000"})
    CHECK(complaint("a = \"" + std::string(escape) + "\"\n") ==
          "line 1: " + std::string(escape, 2) + " begins no escape sequence");
  CHECK(complaint("a = 1\nb = 2\na = 1\n") == "line 3: a is there twice, first in line 1");
  CHECK(complaint(std::string(100'000, 'x')).size() < 200);
}
