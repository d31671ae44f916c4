// The floor under a program: how long its matrix products and exponentials take by themselves.
//
// A network's step cannot be faster than the multiply-adds it consists of. How fast those can be is
// measured, not guessed: the same products go through Eigen, whose matrix product is a good one,
// and as many exponentials through a vectorised loop. What a program needs beyond that (operations
// entry by entry, copies, solves, calls) the floor has for free.
#pragma once

#include <vector>

#include "autodiff/compile/program.h"

namespace tools {

class Floor {
 public:
  /// Of one replay of the program.
  explicit Floor(const autodiff::Program& program);

  void run();

  double multiply_adds() const { return multiply_adds_; }  ///< of the products
  double exponentials() const { return exponentials_; }

 private:
  using Index = autodiff::Index;

  /// y = a b, m x k by k x n, either of them perhaps stored as its transpose; or, where k is 0,
  /// the exponentials of m numbers.
  struct Work {
    Index m, n, k;
    bool a_transposed, b_transposed;
    const autodiff::Scalar *a, *b;
    autodiff::Scalar* y;
  };

  void multiply(const Work& work);

  autodiff::Matrix arena_;  // one column
  std::vector<Work> work_;
  double multiply_adds_ = 0, exponentials_ = 0;
};

}  // namespace tools
