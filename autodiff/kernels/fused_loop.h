// Several elementwise operations as one instruction: a fused loop.
//
// A multiplication of two matrices entry by entry costs the processor a quarter of a cycle a
// number; fetching the two and putting the result back costs three times as much, and calling the
// instruction costs more than that again where matrices are as small as 16 x 4. So neighbours that
// only touch the same entry are done in one go: a *fused loop* loads a few vectors into registers,
// lets every step change them there, and stores what comes out.
//
//     y = m ∘ p + n ∘ r - s      acc = m;  acc *= p;  acc += n ∘ r;  acc -= s;  y = acc
//
// A loop rounds after every step, as the operations by themselves do: n ∘ r is a number before it
// is added (so the file is compiled without contraction into fused multiply-adds, see
// CMakeLists.txt). It costs nothing, since a loop waits for memory, and a program keeps the bits
// of its tape.
//
// compile/fuse.h finds the loops in a tape.
#pragma once

#include "autodiff/op.h"

namespace autodiff {

/// How a step reads a matrix while y's entry (i, s) is computed: entry (i, s) of a matrix of y's
/// shape, entry s of a row (1 x N, what broadcast_rows reads), or entry i of a column (n x 1, what
/// broadcast_cols reads).
enum class Access : unsigned char { entry, row, column };

/// One step; a is the register that goes from step to step.
struct LoopStep {
  enum Op : unsigned char {
    load,              ///< a = x
    add,               ///< a + x
    subtract,          ///< a - x
    subtract_from,     ///< x - a
    multiply,          ///< a x
    divide,            ///< a / x
    divide_into,       ///< x / a
    add_product,       ///< a + x z
    subtract_product,  ///< a - x z
    product_from,      ///< x z - a
    scale,             ///< c a
    shift,             ///< a + c
    square,            ///< a²
    divide_by,         ///< a / c
    divide_number,     ///< c / a
  };
  Op op;
  Access access = Access::entry;  ///< how x is read; z is read entry by entry
  const Scalar* x = nullptr;
  const Scalar* z = nullptr;
  Scalar c = 0;
};

/// y = the loop k.steps, k.step_count of them. Where a step reads a row or a column, the rows of y
/// must be a multiple of the vector's lanes.
void run_loop(const Kernel& k);

/// y = the sums of the loop's columns: 1 x N, of a loop that is k.a_shape. Its rows must be a
/// multiple of the lanes.
void run_loop_sum_rows(const Kernel& k);

}  // namespace autodiff
