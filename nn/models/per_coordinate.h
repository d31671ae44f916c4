// A number for each coordinate, or one for all of them.
//
// Coordinates may have different units, as the r and θ of polar coordinates: what scales them has
// then a value for each. Where all values are the same, one is kept and recorded as a plain number,
// which costs no operation with a column.
#pragma once

#include <initializer_list>
#include <vector>

#include "autodiff/ops.h"

namespace nn {

class PerCoordinate {
 public:
  PerCoordinate(double for_all) : values_{for_all} {}
  /// Throws std::invalid_argument where there is no value.
  PerCoordinate(std::vector<double> values);
  PerCoordinate(std::initializer_list<double> values) : PerCoordinate(std::vector(values)) {}

  double operator[](autodiff::Index i) const { return values_[values_.size() == 1 ? 0 : i]; }
  /// One value, or as many as there are coordinates.
  const std::vector<double>& values() const { return values_; }
  double mean() const;
  bool operator==(const PerCoordinate&) const = default;

 private:
  std::vector<double> values_;
};

/// f of each value.
PerCoordinate map(const PerCoordinate& c, const auto& f) {
  std::vector<double> values;
  for (const double value : c.values()) values.push_back(f(value));
  return values;
}

// Row i of x, times or plus the value of coordinate i: n x N -> n x N. Nothing is recorded where
// that is x itself.
autodiff::Var times(autodiff::Var x, const PerCoordinate& c);
autodiff::Var plus(autodiff::Var x, const PerCoordinate& c);

/// Σ c_i x_i² of every sample: n x N -> 1 x N.
autodiff::Var sum_squares(autodiff::Var x, const PerCoordinate& c);

}  // namespace nn
