// Random numbers that are the same everywhere.
//
// The standard fixes the engine std::mt19937_64 bit for bit, but leaves the distributions to each
// library; so the distributions are written here.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/matrix.h"

namespace autodiff {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// Uniform on [low, high): the 53 upper bits of a draw, as a fraction.
  double uniform(double low = 0, double high = 1) {
    return low + (high - low) * (static_cast<double>(engine_() >> 11) * 0x1p-53);
  }

  /// Normal with mean 0 and deviation 1 (Box and Muller 1958). 1 - u lies in (0, 1].
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

  /// One of 0, ..., size - 1. The bias of the remainder is below size / 2^64.
  Index below(Index size) {
    if (size < 1)
      throw std::invalid_argument("[random] there is no number below " + std::to_string(size));
    return static_cast<Index>(engine_() % static_cast<std::uint64_t>(size));
  }

  /// 0, ..., size - 1 in random order (Fisher and Yates).
  std::vector<Index> permutation(Index size) {
    std::vector<Index> order(size);
    std::iota(order.begin(), order.end(), Index(0));
    for (Index i = size - 1; i > 0; --i) std::swap(order[i], order[below(i + 1)]);
    return order;
  }

  Matrix uniform_matrix(Index rows, Index cols, double low, double high) {
    Matrix m(rows, cols);
    for (Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<Scalar>(uniform(low, high));
    return m;
  }
  Matrix normal_matrix(Index rows, Index cols, double deviation = 1) {
    Matrix m(rows, cols);
    for (Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<Scalar>(deviation * normal());
    return m;
  }

  /// Where in its sequence it is, as text; `set_state` takes that again.
  std::string state() const {
    std::ostringstream text;
    text << engine_;
    return text.str();
  }
  /// Throws std::invalid_argument, and stays as it was, for what no `state` gave.
  void set_state(const std::string& text) {
    std::istringstream stream(text), words(text);
    std::mt19937_64 read;
    // One library writes where it stands behind the 312 words, and believes it when it reads.
    std::uint64_t word = 0, position = 0, count = 0;
    for (; words >> word; ++count) position = count < engine_.state_size ? 0 : word;
    if (!(stream >> read) || text.find_first_not_of("0123456789 ") != std::string::npos ||
        count > engine_.state_size + 1 || position > engine_.state_size)
      throw std::invalid_argument("[random] the text is no generator's state");
    engine_ = read;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace autodiff
