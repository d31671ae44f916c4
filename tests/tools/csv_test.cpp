// The same table in every dialect gives the same numbers.
#include "tools/app/csv.h"

#include <doctest/doctest.h>

#include "autodiff/random.h"
#include "tools/app/data_file.h"

using autodiff::Index;
using autodiff::Random;
using tools::CsvReader;

namespace {

using Cells = std::vector<std::vector<std::string>>;

Cells rows_of(const std::string& text) {
  CsvReader reader(text);
  Cells rows;
  for (std::vector<std::string> row; reader.next(row);) rows.push_back(row);
  return rows;
}

std::string with(std::string text, const std::string& what, const std::string& instead) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += instead.size())
    text.replace(at, what.size(), instead);
  return text;
}

/// Text in UTF-8 as UTF-16 with its byte order mark.
std::string utf16(const std::string& text, bool low_byte_first) {
  std::vector<unsigned> units{0xFEFF};
  for (std::size_t k = 0; k < text.size(); ++k) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    unsigned c = byte(k);
    const int more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    if (more > 0) c &= 0x3Fu >> more;
    for (int i = 0; i < more; ++i) c = c << 6 | (byte(++k) & 0x3Fu);
    if (c >= 0x10000) units.push_back(0xD800 + ((c - 0x10000) >> 10));
    units.push_back(c >= 0x10000 ? 0xDC00 + (c & 0x3FF) : c);
  }
  std::string bytes;
  for (const unsigned unit : units)
    for (const int k : {0, 1})
      bytes += static_cast<char>(low_byte_first == (k == 0) ? unit & 0xFF : unit >> 8);
  return bytes;
}

/// The table as some program may have written it.
std::string in_a_dialect(const Cells& table, Random& random) {
  const auto one_of = [&](const std::vector<std::string>& choices) {
    return choices[static_cast<std::size_t>(random.below(static_cast<Index>(choices.size())))];
  };
  const auto yes = [&] { return random.below(2) == 0; };
  const std::string separator = one_of({",", ";", "\t", " ", "|"}),
                    end = one_of({"\n", "\r\n", "\r"}),
                    prime = one_of({"'", "′", "’", "´", "`", "‘"}),
                    two_primes = one_of({"''", "″", "′′", "”", "’'"}),
                    mark = separator == "," ? "." : one_of({".", ","}),
                    minus = one_of({"-", "-", "−"}), plus = one_of({"", "+"}),
                    blank = one_of({"", " ", " "}), behind = yes() ? separator + separator : "";
  const bool quotes = yes(), comments = yes(), capital = yes();
  std::string text = separator == ";" && yes() ? "sep=;" + end : "";
  if (comments) text += "# \xE4 in another alphabet, and \"quotes" + end + end;
  for (std::size_t r = 0; r < table.size(); ++r) {
    for (std::size_t k = 0; k < table[r].size(); ++k) {
      std::string cell = table[r][k];
      if (r == 0) {
        cell = with(with(cell, "''", two_primes), "'", prime);
      } else {
        if (cell[0] != '-') cell.insert(0, plus);
        cell = with(with(cell, ".", mark), "-", minus);
        if (capital) cell = with(cell, "e", "E");
      }
      if (quotes) cell = '"' + with(cell, "\"", "\"\"") + '"';
      text += (k > 0 ? separator : "") + blank + cell + blank;
    }
    text += behind + (r + 1 < table.size() || yes() ? end : "");
    if (comments && r % 5 == 0 && r + 1 < table.size())
      text += "  # a remark" + end + (separator == " " ? "" : separator) + end;
  }
  switch (random.below(4)) {
    case 0:
      return comments ? text : utf16(text, true);  // a comment in Latin-1 is no UTF-16
    case 1:
      return comments ? text : utf16(text, false);
    case 2:
      return "\xEF\xBB\xBF" + text;
    default:
      return text;
  }
}

}  // namespace

TEST_CASE("the same data in any dialect give the same samples, bit for bit") {
  Random random(1);
  for (const Cells& header :
       {Cells{{"t", "x", "ψ:angle", "x'", "ψ'"}}, Cells{{"t", "x", "𝜃:degrees"}},
        Cells{{"x", "y", "x'", "y'", "x''", "y''"}}}) {
    Cells table = header;
    const bool time = header[0][0] == "t";
    for (int k = 0; k < 30; ++k) {
      table.emplace_back();
      for (std::size_t i = 0; i < header[0].size(); ++i) {
        const double value = i == 0 && time ? 0.1 * k : 0.01 * random.normal();
        char cell[40];
        std::snprintf(cell, sizeof cell, i % 2 == 0 ? "%.17e" : "%.17f", value);
        table.back().push_back(cell);
      }
    }
    std::string plain;
    for (const auto& row : table)
      for (std::size_t k = 0; k < row.size(); ++k)
        plain += row[k] + (k + 1 < row.size() ? "," : "\n");
    const tools::OwnData expected = tools::parse_data(plain, "plain");
    REQUIRE(expected.samples.size() == 30 - (time ? 2 * expected.fit.neighbours : 0));
    for (int round = 0; round < 300; ++round) {
      const std::string text = in_a_dialect(table, random);
      CAPTURE(text);
      const tools::OwnData data = tools::parse_data(text, "dialect");
      REQUIRE(data.names == expected.names);
      CHECK(data.angles == expected.angles);
      REQUIRE(data.samples.states == expected.samples.states);
      REQUIRE(data.samples.accelerations == expected.samples.accelerations);
    }
  }
}

TEST_CASE("cells are what stands between separators, quoted or not") {
  CHECK(rows_of("a,b\n1,2") == Cells{{"a", "b"}, {"1", "2"}});
  CHECK(rows_of(" a b \n1   2\n\t3\t4 ") == Cells{{"a", "b"}, {"1", "2"}, {"3", "4"}});
  CHECK(rows_of("a\t b c \n1\t2\n") == Cells{{"a", "b c"}, {"1", "2"}});
  CHECK(rows_of("a,b\n\"1,5\",\" say \"\"2\"\" \"\n") == Cells{{"a", "b"}, {"1,5", "say \"2\""}});
  CHECK(rows_of("\"a b\" c\n\"1\" \"2\"\n") == Cells{{"a b", "c"}, {"1", "2"}});
  CHECK(rows_of("a,b\n,2\n\"\",\n, ,\n3,\n") == Cells{{"a", "b"}, {"", "2"}, {"3", ""}});
  CHECK(rows_of("a,b,,\n1,2,,,,\n3,4\n") == Cells{{"a", "b"}, {"1", "2"}, {"3", "4"}});
  CHECK(rows_of("sep=x\n1\n") == Cells{{"sep=x"}, {"1"}});
  CHECK(rows_of("").empty());
  CHECK(rows_of("\n\r\n# x\n \t\n").empty());
}

TEST_CASE("lines are counted whatever ends them") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    CsvReader reader("#" + end + end + "a,b" + end + end + "1,2");
    std::vector<std::string> row;
    REQUIRE(reader.next(row));
    CHECK(reader.line() == 3);
    REQUIRE(reader.next(row));
    CHECK(reader.line() == 5);
    CHECK_FALSE(reader.next(row));
  }
}

TEST_CASE("a number is read to the last bit, down to zero") {
  CsvReader reader("a;b\n");
  std::vector<std::string> row;
  REQUIRE(reader.next(row));
  for (const auto& [text, value] : std::vector<std::pair<const char*, double>>{
           {"0.1", 0.1},
           {"+.5", 0.5},
           {"5.", 5},
           {"-0", 0},
           {"1e-400", 0},
           {"1E+2", 100},
           {"12345678901234567890", 12345678901234567890.0}})
    CHECK(reader.number(text, "a") == value);
  for (const char* text : {"", "0x1p3", "nan", "-inf", "infinity", "1e400", "1.2.3", "1 2", "1d5",
                           "e5", ".", "-", "+-1", "1e5.", "one"})
    CHECK_THROWS_AS(reader.number(text, "a"), tools::IoError);
}

TEST_CASE("what is shown of a cell is short and steers no terminal") {
  CHECK(tools::shown("abc") == "'abc'");
  CHECK(tools::shown("a\x1b[2Jb\n") == "'a?[2Jb?'");
  CHECK(tools::shown(std::string(1000, 'x')).size() < 50);
  CHECK(tools::shown(std::string(1000, 'x')).ends_with("x...'"));
  CHECK(tools::shown("\x1f \x7f") == "'? ?'");
}
