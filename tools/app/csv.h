// A table of cells: text as spreadsheets, instruments and scripts write it.
//
// All of these are read alike: cells between commas, semicolons, tabs, | or blanks (the first row
// tells which); cells in double quotes; separators left over at the end of rows; lines that end as
// on Linux, Windows or an old Mac; UTF-8 with a byte order mark or without, UTF-16 with one. Empty
// rows and lines that begin with # are skipped; so is Excel's "sep=;".
//
// What has no one reading throws IoError, with the line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/app/program.h"

namespace tools {

class CsvReader {
 public:
  explicit CsvReader(const std::string& bytes);

  /// Reads the next row. The first one decides how many cells all have. False: there is none left.
  bool next(std::vector<std::string>& cells);

  /// The cell as a number, as -1.5e-3. With other separators than commas a decimal comma is taken,
  /// if it stands in all numbers of the file. `column` is for messages.
  double number(const std::string& cell, const std::string& column);

  long line() const { return line_; }  ///< of the row last read, counted from 1
  /// So many lines below the first row began with #, so far.
  std::size_t comments() const { return comments_; }
  /// A line before the first row began with #: some programs name the columns there.
  bool comment_before() const { return comment_before_; }

  /// Throws IoError that begins with the line.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  bool next_line(std::string_view& line);
  std::vector<std::string> cells_of(std::string_view line) const;
  std::string quoted_cell(std::string_view line, std::size_t& at) const;
  bool is_blank(char c) const;

  std::string text_;  // UTF-8, without what other alphabets write for a blank or a minus
  std::size_t at_ = 0;
  long line_ = 0;
  char separator_ = '\0';  // ' ': any number of blanks and tabs
  std::size_t width_ = 0;
  bool comment_before_ = false;
  std::size_t comments_ = 0;
  char mark_ = '\0';    // the decimal mark: a point or a comma
  long mark_line_ = 0;  // where it was first seen
};

/// The text for a message: short, in quotes, and without characters that steer a terminal.
std::string shown(std::string_view text);

}  // namespace tools
