// Is a gradient right? gradcheck holds it against differences of function values. The first
// function here is sound. The second one hides a part of itself from the derivative, as mistakes
// do.
#include <cstdio>

#include "autodiff/check/gradcheck.h"
#include "autodiff/random.h"
using namespace autodiff;

/// The length of each column.
Var length(Tape&, std::span<const Var> x) { return sqrt(sum_rows(x[0] * x[0])); }

/// The same value, but the derivative takes the sum for a constant.
Var length_with_a_mistake(Tape&, std::span<const Var> x) {
  const Var squared = sum_rows(x[0] * x[0]);
  return squared / sqrt(stop_gradient(squared));
}

void print(const char* name, const GradcheckReport& report) {
  std::printf("%s: %s\n", name, report.ok() ? "right" : "wrong");
  if (report.ok()) return;
  const GradcheckReport::Worst& worst = report.worst[0];  // of first order
  std::printf("  at entry (%d, %d) grad says %.2f, differences say %.2f\n",
              static_cast<int>(worst.row), static_cast<int>(worst.col), worst.exact,
              worst.difference);
}

int main() {
  Random random(1);
  const Matrix x = random.uniform_matrix(3, 4, 0.5, 2);  // away from 0, where it has a kink
  print("length", gradcheck(length, {x}));
  print("length with a mistake", gradcheck(length_with_a_mistake, {x}));
}
