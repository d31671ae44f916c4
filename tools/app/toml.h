// The part of TOML in which options are written: lines `key = value`, comments, one key once.
//
//     # Widths of the hidden layers
//     hidden = "64,64"
//     lr = 0.01
//
// A text comes back from its line bit for bit, whatever it holds. TOML is UTF-8; bytes of a file's
// name that are not are written \xHH, a byte each.
#pragma once

#include <string>
#include <vector>

namespace tools {

struct Assignment {
  std::string key, value;  ///< a text without its quotes; of an array its values, with commas
  long line;               ///< counted from 1
};

/// Throws std::invalid_argument that names the line, and says what is wrong with it.
std::vector<Assignment> parse_toml(const std::string& text);

/// The text in quotes.
std::string toml_string(const std::string& text);

}  // namespace tools
