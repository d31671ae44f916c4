// Lesson 11: Adam (20 minutes)
//
// Gradient descent steps against the gradient: p -= rate · g. One rate for all is a poor choice. A
// weight with large gradients overshoots, while another with small ones hardly moves.
//
// Adam (Kingma and Ba 2015) gives each parameter a step size of its own. It keeps two running
// means: m of the gradient, and v of its square. Each step forgets a little of the old, and takes
// in a little of the new:
//
//     m = β1 m + (1 - β1) g          v = β2 v + (1 - β2) g²
//
// and moves by   p -= rate · m̂ / (√v̂ + ε).   Where the gradient keeps its sign, m̂ and √v̂ are
// alike and the step is as long as the rate, however small the gradient is. Where the sign
// alternates, m̂ is near zero and the parameter rests. ε only keeps the division finite.
//
// Both means begin at 0, so they are too small at first. m̂ = m / (1 - β1^t) and v̂ = v / (1 - β2^t)
// correct that after t steps. Below, `m_rate` is rate / (1 - β1^t), and `v_correction` is
// 1 / (1 - β2^t).
//
// Task: write the three updates, of m[i], of v[i] and of p[i].
#include <cmath>
#include <vector>

#include "autodiff/random.h"
#include "docs/lessons/lesson.h"
#include "nn/optimisers/adam.h"

namespace {

double root(double x) { return std::sqrt(x); }

class Adam {
 public:
  explicit Adam(std::size_t size) : m(size, 0.), v(size, 0.) {}

  void step(std::vector<double>& p, const std::vector<double>& gradient, double rate) {
    ++t;
    const double m_rate = rate / (1 - std::pow(beta1, t));
    const double v_correction = 1 / (1 - std::pow(beta2, t));
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double g = gradient[i];
      // >>> your code
      p[i] -= rate * g;
      // <<<
    }
  }

 private:
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  std::vector<double> m, v;
  int t = 0;
};

TEST_CASE("the first step is as long as the rate") {
  std::vector<double> p{0, 0};
  Adam adam(2);
  adam.step(p, {1000, -0.01}, 0.1);
  check_equal("Where the gradient is 1000 and the rate 0.1, the first step", p[0], -0.1,
              "(If it is -100, this is plain gradient descent.)", 1e-5);
  check_equal("Where the gradient is -0.01 and the rate 0.1, the first step", p[1], 0.1, "", 1e-5);
}

TEST_CASE("a gradient that alternates") {
  std::vector<double> p{0};
  Adam adam(1);
  for (int k = 0; k < 1000; ++k) adam.step(p, {k % 2 == 0 ? 1. : -1.}, 0.1);
  const double before = p[0];
  adam.step(p, {1}, 0.1);
  check_equal("After a thousand gradients 1, -1, 1, ... the next step, the rate being 0.1,",
              std::abs(p[0] - before), 0.1 / 19,
              "(If it is 0.1, m keeps nothing of the gradients before.)", 1e-5);
}

TEST_CASE("a hundred steps, as the library takes them") {
  std::vector<double> p{1, -2, 3}, right = p;
  Adam adam(3);
  nn::Adam library(3);
  autodiff::Random random(1);
  for (int k = 0; k < 100; ++k) {
    const std::vector<double> g{random.normal(), 100 * random.normal(), 1 + random.normal()};
    adam.step(p, g, 0.01);
    library.step(right, g, 0.01);
  }
  for (std::size_t i = 0; i < p.size(); ++i)
    check_equal("After 100 steps parameter " + std::to_string(i), p[i], right[i], "", 1e-9);
}

// Predict, then run: the gradient is 0.001 at every step, and the rate is 0.1. How far has the
// parameter moved after 10 steps, to one digit?
// >>> your prediction
const double moved = not_yet;
// <<<

TEST_CASE("predict: ten steps along a small gradient") {
  std::vector<double> p{0};
  nn::Adam library(1);
  for (int k = 0; k < 10; ++k) library.step(p, std::vector<double>{0.001}, 0.1);
  check_prediction(moved, std::abs(p[0]), 0.01);
}

}  // namespace
