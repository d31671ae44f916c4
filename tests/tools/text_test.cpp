// Text for people: lines, quotes, names that nearly fit, and times in the unit that suits them.
#include "tools/app/text.h"

#include <doctest/doctest.h>

using tools::duration;
using tools::edit_distance;
using tools::in_quotes;
using tools::wrapped;

TEST_CASE("a duration has two or three digits, in the largest unit that has them") {
  constexpr double minute = 60, hour = 3600, day = 86400;
  CHECK(duration(0) == "0 s");
  CHECK(duration(25.4) == "25 s");
  CHECK(duration(99) == "99 s");
  CHECK(duration(12 * minute) == "12 min");
  CHECK(duration(99 * minute) == "99 min");
  CHECK(duration(3.5 * hour) == "3.5 h");
  CHECK(duration(47.9 * hour) == "47.9 h");
  CHECK(duration(2.1 * day) == "2.1 days");
  CHECK(duration(400 * day) == "400.0 days");
}

TEST_CASE("a duration is in the next unit from 100 s, 100 min and 48 h on, as it is printed") {
  CHECK(duration(99.4) == "99 s");
  CHECK(duration(99.6) == "2 min");
  CHECK(duration(100) == "2 min");
  CHECK(duration(99.4 * 60) == "99 min");
  CHECK(duration(99.6 * 60) == "1.7 h");
  CHECK(duration(47.94 * 3600) == "47.9 h");
  CHECK(duration(47.96 * 3600) == "2.0 days");
}

TEST_CASE("a text of any length is formatted whole") {
  const std::string long_one(5000, 'x');
  CHECK(tools::format("%s|%5.2f|%d%%", long_one.c_str(), 3.14159, -7) == long_one + "| 3.14|-7%");
  CHECK(tools::format("%s", "").empty());
}

TEST_CASE("lines are as long as fits and no longer, but for a word that is") {
  CHECK(wrapped("one two three", 7) == "one two\nthree");
  CHECK(wrapped("one two three", 6) == "one\ntwo\nthree");
  CHECK(wrapped("one two three", 13) == "one two three");
  CHECK(wrapped("a considerable word", 5) == "a\nconsiderable\nword");
  CHECK(wrapped(" blanks\n and\tlines  ", 80) == "blanks and lines");
  CHECK(wrapped("", 5).empty());
}

TEST_CASE("what is quoted is printable, and cut between two characters") {
  CHECK(in_quotes("run #1") == "'run #1'");
  CHECK(in_quotes("") == "''");
  CHECK(in_quotes("a\n\033[31m\x7f") == "'a??[31m?'");
  CHECK(in_quotes(std::string_view("\0", 1)) == "'?'");
  CHECK(in_quotes("θ̈1") == "'θ̈1'");
  const std::string sixty(60, 'x');
  CHECK(in_quotes(sixty) == "'" + sixty + "'");
  CHECK(in_quotes(sixty + "y") == "'" + sixty + "...'");
  CHECK(in_quotes(sixty.substr(1) + "θ") == "'" + sixty.substr(1) + "...'");
  CHECK(in_quotes(std::string(100, '\x80')) == "'...'");  // no character to cut behind
}

TEST_CASE("the distance of two names counts what is put in, left out and exchanged") {
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("learning-rat", "learning-rate") == 1);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("ab", "ba") == 2);
  CHECK(edit_distance("xabcdef", "abcdef") == 1);
  CHECK(edit_distance("abcxyz", "xyzabc") == 6);
  for (const char* a : {"epochs", "hidden", "h", ""})
    for (const char* b : {"epoch", "hiden", "seed"})
      CHECK(edit_distance(a, b) == edit_distance(b, a));
}
