#include "autodiff/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace autodiff {

double Random::uniform(double low, double high) {
  return low + (high - low) * (static_cast<double>(engine_() >> 11) * 0x1p-53);
}

// Box and Muller 1958. 1 - u lies in (0, 1].
double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

// The bias of the remainder is below size / 2^64.
Index Random::below(Index size) {
  if (size < 1)
    throw std::invalid_argument("[random] there is no number below " + std::to_string(size));
  return static_cast<Index>(engine_() % static_cast<std::uint64_t>(size));
}

// Fisher and Yates.
std::vector<Index> Random::permutation(Index size) {
  std::vector<Index> order(size);
  std::iota(order.begin(), order.end(), Index(0));
  for (Index i = size - 1; i > 0; --i) std::swap(order[i], order[below(i + 1)]);
  return order;
}

Matrix Random::uniform_matrix(Index rows, Index cols, double low, double high) {
  Matrix m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<Scalar>(uniform(low, high));
  return m;
}

Matrix Random::normal_matrix(Index rows, Index cols, double deviation) {
  Matrix m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<Scalar>(deviation * normal());
  return m;
}

std::string Random::state() const {
  std::ostringstream text;
  text << engine_;
  return text.str();
}

void Random::set_state(const std::string& text) {
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

}  // namespace autodiff
