#include "tools/app/csv.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "autodiff/matrix.h"
#include "nn/files/utf8.h"

namespace tools {
namespace {

/// `low` is the place of the lower byte of each pair, 0 or 1; the mark is left out.
std::string from_utf16(const std::string& bytes, std::size_t low) {
  const auto unit = [&](std::size_t at) -> char32_t {
    return static_cast<unsigned char>(bytes[at + low]) |
           static_cast<unsigned char>(bytes[at + 1 - low]) << 8;
  };
  std::string text;
  for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
    char32_t c = unit(at);
    if (c >= 0xD800 && c < 0xDC00 && at + 3 < bytes.size()) {  // the first of a pair
      at += 2;
      c = 0x10000 + ((c - 0xD800) << 10) + ((unit(at) - 0xDC00) & 0x3FF);
    }
    nn::append_utf8(text, c);
  }
  if (bytes.size() % 2 != 0) throw IoError("it is UTF-16 that ends within a character");
  return text;
}

std::string as_utf8(const std::string& bytes) {
  if (bytes.starts_with("\xFF\xFE")) return from_utf16(bytes, 0);
  if (bytes.starts_with("\xFE\xFF")) return from_utf16(bytes, 1);
  return bytes.starts_with("\xEF\xBB\xBF") ? bytes.substr(3) : bytes;
}

/// Blanks that do not break or are thin, and the minus sign, as a keyboard has them.
std::string plain(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, char>, 4> typographic{
      {{"\u00A0", ' '}, {"\u2009", ' '}, {"\u202F", ' '}, {"\u2212", '-'}}};
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto* found = typographic.end();
    if (static_cast<unsigned char>(text[at]) >= 0x80)
      found = std::find_if(typographic.begin(), typographic.end(), [&](const auto& pair) {
        return text.compare(at, pair.first.size(), pair.first) == 0;
      });
    result += found == typographic.end() ? text[at] : found->second;
    at += found == typographic.end() ? 1 : found->first.size();
  }
  return result;
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string result(text.substr(0, longest));
  for (char& c : result)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return '\'' + result + (text.size() > longest ? "...'" : "'");
}

CsvReader::CsvReader(const std::string& bytes) : text_(plain(as_utf8(bytes))) {
  if (bytes.starts_with("\x1F\x8B")) throw IoError("it is compressed by gzip; unpack it first");
  if (bytes.starts_with("PK\x03\x04"))
    throw IoError("it is a ZIP archive, as a spreadsheet's own format is; save it as CSV");
  if (text_.ends_with('\x1A')) text_.pop_back();  // which some programs end a file with
  const std::size_t zero = text_.find('\0');
  if (zero == std::string::npos) return;
  std::string_view ignored;
  while (at_ <= zero && next_line(ignored)) {
  }
  refuse(
      "there is a NUL byte: this is no text, or UTF-16 without its byte order mark; save it as "
      "CSV in UTF-8");
}

void CsvReader::refuse(const std::string& what) const {
  throw IoError("line " + std::to_string(line_) + ": " + what);
}

bool CsvReader::is_blank(char c) const {
  return c == ' ' || c == '\v' || c == '\f' || (c == '\t' && separator_ != '\t');
}

bool CsvReader::next_line(std::string_view& line) {
  if (at_ >= text_.size()) return false;
  const std::size_t end = std::min(text_.find_first_of("\r\n", at_), text_.size());
  line = std::string_view(text_).substr(at_, end - at_);
  at_ = end + 1 + (text_.compare(end, 2, "\r\n") == 0 ? 1 : 0);
  ++line_;
  return true;
}

bool CsvReader::next(std::vector<std::string>& cells) {
  for (std::string_view line; next_line(line);) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t\v\f"), line.size());
    if (begin == line.size()) continue;
    if (line[begin] == '#') {
      comment_before_ |= width_ == 0;
      comments_ += width_ == 0 ? 0 : 1;
      continue;
    }
    constexpr std::string_view separators = ";,|\t ";
    if (width_ == 0 && line.size() == 5 && line.starts_with("sep=") &&
        separators.find(line[4]) != separators.npos) {
      separator_ = line[4];
      continue;
    }
    // The first of them that is there: names of columns have none in them, but for a blank.
    for (const char candidate : separators)
      if (separator_ == '\0' && (candidate == ' ' || line.find(candidate) != line.npos))
        separator_ = candidate;
    cells = cells_of(line);
    while (!cells.empty() && cells.size() > width_ && cells.back().empty()) cells.pop_back();
    if (std::all_of(cells.begin(), cells.end(), [](const auto& cell) { return cell.empty(); }))
      continue;
    if (width_ == 0) width_ = cells.size();
    if (cells.size() != width_) {
      std::string by(1, separator_);
      if (separator_ == '\t') by = "a tab";
      if (separator_ == ' ') by = "blanks";
      refuse(
          std::to_string(cells.size()) + " values, the first line names " + std::to_string(width_) +
          " columns (separated by " + by +
          (separator_ == ',' ? "; decimal commas need semicolons or tabs between columns)" : ")"));
    }
    return true;
  }
  return false;
}

std::vector<std::string> CsvReader::cells_of(std::string_view line) const {
  std::vector<std::string> cells;
  for (std::size_t at = 0;; ++at) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (separator_ == ' ' && at >= line.size()) return cells;
    std::string cell;
    if (at < line.size() && line[at] == '"') {
      cell = quoted_cell(line, at);
    } else {
      const std::size_t begin = at;
      while (at < line.size() && line[at] != separator_ &&
             !(separator_ == ' ' && is_blank(line[at])))
        ++at;
      std::size_t end = at;
      while (end > begin && is_blank(line[end - 1])) --end;
      cell = line.substr(begin, end - begin);
    }
    cells.push_back(std::move(cell));
    if (at >= line.size()) return cells;
  }
}

/// `at` goes from the opening quote to what stands behind the closing one.
std::string CsvReader::quoted_cell(std::string_view line, std::size_t& at) const {
  std::string cell;
  for (++at; at < line.size(); ++at) {
    const bool quote = line[at] == '"';
    const bool doubled = quote && at + 1 < line.size() && line[at + 1] == '"';
    if (quote && !doubled) {
      ++at;
      while (at < line.size() && is_blank(line[at]) && separator_ != ' ') ++at;
      if (at < line.size() && line[at] != separator_ && !is_blank(line[at]))
        refuse("text behind the closing quote of " + shown(cell));
      const std::size_t begin = cell.find_first_not_of(" \t");
      return begin == cell.npos ? "" : cell.substr(begin, cell.find_last_not_of(" \t") + 1 - begin);
    }
    cell += line[at];
    if (doubled) ++at;  // "" stands for one quote
  }
  refuse("a quote is opened and not closed: " + shown(cell));
}

double CsvReader::number(const std::string& cell, const std::string& column) {
  const auto wrong = [&](const std::string& why) {
    refuse(shown(cell) + " in the column " + column + why);
  };
  if (cell.empty()) wrong(" is empty: a row without a value has to go");
  std::string digits = cell;
  if (const std::size_t mark = cell.find_first_of(".,"); mark != cell.npos) {
    const bool comma = cell[mark] == ',';
    if (comma && separator_ == ',') wrong(" is no number: beside commas it is written 1234.5");
    if (cell.find_first_of(".,", mark + 1) != cell.npos)
      wrong(" is no number: thousands are not separated, as in 1234.5");
    if (mark_ != '\0' && mark_ != cell[mark])
      wrong(std::string(" has a decimal ") + (comma ? "comma" : "point") + ", line " +
            std::to_string(mark_line_) + " has a " + (comma ? "point" : "comma") +
            ": one of them for all");
    if (mark_ == '\0') mark_line_ = line_;
    mark_ = cell[mark];
    digits[mark] = '.';
  }
  char* end = nullptr;
  const double value = std::strtod(digits.c_str(), &end);
  // strtod alone also takes 0x10, nan and inf.
  if (digits.find_first_not_of("+-.0123456789eE") != digits.npos || *end != '\0')
    wrong(" is no number; numbers look like 12, -0.5 or 1.5e-3");
  constexpr double largest = 1e100;  // so that differences and squares are finite, too
  if (!(std::abs(value) < largest && std::isfinite(static_cast<autodiff::Scalar>(value))))
    wrong(" is too large for a number here");
  return value;
}

}  // namespace tools
