// Random numbers that are the same everywhere.
//
// The standard fixes the engine std::mt19937_64 bit for bit, but leaves the distributions to each
// library; so the distributions are written here.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "autodiff/matrix.h"

namespace autodiff {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// Uniform on [low, high): the 53 upper bits of a draw, as a fraction.
  double uniform(double low = 0, double high = 1);
  /// Normal with mean 0 and deviation 1.
  double normal();
  /// One of 0, ..., size - 1.
  Index below(Index size);
  /// 0, ..., size - 1 in random order.
  std::vector<Index> permutation(Index size);

  Matrix uniform_matrix(Index rows, Index cols, double low, double high);
  Matrix normal_matrix(Index rows, Index cols, double deviation = 1);

  /// Where in its sequence it is, as text; `set_state` takes that again.
  std::string state() const;
  /// Throws std::invalid_argument, and stays as it was, for what no `state` gave.
  void set_state(const std::string& text);

 private:
  std::mt19937_64 engine_;
};

}  // namespace autodiff
