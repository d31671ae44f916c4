// The adjoint of a node is the sum of what its readers hand it.
//
// A reader of one row hands that row's share among zeros (pad_rows, scatter_rows). Added up as they
// are, the shares of n such readers cost n matrices of n rows; put one above the other, n rows.
// So it is with columns, and with the tangents of a pile of rows.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "autodiff/ops.h"

namespace autodiff {

class Accumulator {
 public:
  /// All shares have the same shape.
  void add(Var share);
  /// What was added so far, recorded. Empty if nothing was: zero.
  Var total();

 private:
  /// Padded rows, or columns, that do not overlap, by where they begin.
  using Layer = std::map<Index, Var>;
  struct Parts {
    std::vector<Layer> padded;
    std::vector<Var> scattered;
  };

  Var total_;
  std::array<Parts, 2> parts_;  // rows, columns
};

}  // namespace autodiff
