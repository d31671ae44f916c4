// The first line of a file of motion: what its columns are (tools/app/data_file.h has the rules).
#pragma once

#include <string>
#include <vector>

#include "autodiff/matrix.h"

namespace tools {

/// Where each quantity stands: indices of columns, -1 for none.
struct Columns {
  std::vector<std::string> header;  ///< with plain primes, without suffixes
  std::vector<std::string> names, control_names;
  std::vector<bool> angles, degrees;
  autodiff::Index time = -1, trajectory = -1;
  std::vector<autodiff::Index> q, v, a;  ///< of each name
  std::vector<autodiff::Index> u;        ///< of each control

  /// Of the cells of the header. `comment_before`: a line before it began with #. Throws IoError
  /// that names the column which cannot be, or is missing, and says what would be right.
  Columns(const std::vector<std::string>& cells, bool comment_before);

  /// Are those of q, v or a in the file? All are, or none is.
  static bool has(const std::vector<autodiff::Index>& columns) { return columns[0] >= 0; }

  /// What a number of each column is multiplied by, to be in radians where it is an angle.
  std::vector<double> units() const;
};

}  // namespace tools
