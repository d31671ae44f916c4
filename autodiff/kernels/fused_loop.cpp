#include "autodiff/kernels/fused_loop.h"

#include "autodiff/kernels/vector.h"

namespace autodiff {
namespace {

/// Vectors that a step works on before the next step has its turn: enough to hide the delay of one
/// operation behind the others, few enough to stay in registers.
constexpr int block_vectors = vector_registers / 4;

/// Where a block of V vectors of y lies, of which P in a row belong to one column: V is a multiple
/// of P, and where that is V itself, a column may go on in the next block. P = 0: columns do not
/// matter.
template <int V, int P>
struct Block {
  Index begin;      ///< its first entry, in y and every matrix of its shape
  Index column;     ///< of that entry
  Index in_column;  ///< its row there

  void next(Index rows) {
    begin += V * lanes;
    if constexpr (P > 0 && P < V) {
      column += V / P;
    } else if constexpr (P > 0) {
      in_column += V * lanes;
      if (in_column == rows) in_column = 0, ++column;
    }
  }
};

/// p, of which the compiler is to know nothing: else it keeps an address in a register for every
/// vector of a block, runs out of registers and moves addresses more than it computes.
inline const Scalar* opaque(const Scalar* p) {
  asm("" : "+r"(p));
  return p;
}

/// Where an operand's values for the block begin.
template <Access access, int V, int P>
[[gnu::always_inline]] inline const Scalar* first_of(const Scalar* x, const Block<V, P>& block) {
  if constexpr (access == Access::row) return opaque(x + block.column);
  if constexpr (access == Access::column) return opaque(x + block.in_column);
  return opaque(x + block.begin);
}

/// Vector i of an operand whose values begin at x.
template <Access access, int P>
[[gnu::always_inline]] inline Vector vector_of(const Scalar* x, int i) {
  if constexpr (access == Access::row) return x[i / P] - Vector{};
  if constexpr (access == Access::column) return load(x + i % P * lanes);
  return load(x + i * lanes);
}

/// Changes the registers by one step. z is read entry by entry.
template <Access access, int V, int P>
[[gnu::always_inline]] inline void apply(LoopStep::Op op, Vector (&a)[V], const Scalar* x_data,
                                         const Scalar* z_data, Scalar c, const Block<V, P>& block) {
  const Scalar* const x_first = first_of<access>(x_data, block);
  const Scalar* const z_first = first_of<Access::entry>(z_data, block);
  const auto x = [&](int i) { return vector_of<access, P>(x_first, i); };
  const auto z = [&](int i) { return load(z_first + i * lanes); };
  switch (op) {
    case LoopStep::load:
      for (int i = 0; i < V; ++i) a[i] = x(i);
      break;
    case LoopStep::add:
      for (int i = 0; i < V; ++i) a[i] += x(i);
      break;
    case LoopStep::subtract:
      for (int i = 0; i < V; ++i) a[i] -= x(i);
      break;
    case LoopStep::subtract_from:
      for (int i = 0; i < V; ++i) a[i] = x(i) - a[i];
      break;
    case LoopStep::multiply:
      for (int i = 0; i < V; ++i) a[i] *= x(i);
      break;
    case LoopStep::divide:
      for (int i = 0; i < V; ++i) a[i] /= x(i);
      break;
    case LoopStep::divide_into:
      for (int i = 0; i < V; ++i) a[i] = x(i) / a[i];
      break;
    case LoopStep::add_product:
      for (int i = 0; i < V; ++i) a[i] += x(i) * z(i);
      break;
    case LoopStep::subtract_product:
      for (int i = 0; i < V; ++i) a[i] -= x(i) * z(i);
      break;
    case LoopStep::product_from:
      for (int i = 0; i < V; ++i) a[i] = x(i) * z(i) - a[i];
      break;
    case LoopStep::scale:
      for (int i = 0; i < V; ++i) a[i] *= c;
      break;
    case LoopStep::shift:
      for (int i = 0; i < V; ++i) a[i] += c;
      break;
    case LoopStep::square:
      for (int i = 0; i < V; ++i) a[i] *= a[i];
      break;
    case LoopStep::divide_by:
      for (int i = 0; i < V; ++i) a[i] /= c;
      break;
    case LoopStep::divide_number:
      for (int i = 0; i < V; ++i) a[i] = c / a[i];
      break;
  }
}

/// Calls f(begin, registers) for all blocks of y from `begin` on. Returns where the next would
/// begin.
template <int V, int P, class Function>
inline Index blocks(const Kernel& k, Index begin, const Function& f) {
  const Index size = k.a_shape.size(), rows = k.a_shape.rows;
  const LoopStep *const steps = k.steps, *const steps_end = steps + k.step_count;
  Block<V, P> block{begin, 0, 0};
  if (P > 0 && begin > 0) block.column = begin / rows, block.in_column = begin % rows;
  for (; block.begin + V * lanes <= size; block.next(rows)) {
    Vector a[V];
    for (const LoopStep* step = steps; step != steps_end; ++step) {
      if (P == 0 || step->access == Access::entry)
        apply<Access::entry>(step->op, a, step->x, step->z, step->c, block);
      else if (step->access == Access::row)
        apply<P == 0 ? Access::entry : Access::row>(step->op, a, step->x, step->z, step->c, block);
      else
        apply<P == 0 ? Access::entry : Access::column>(step->op, a, step->x, step->z, step->c,
                                                       block);
    }
    f(block.begin, a);
  }
  return block.begin;
}

/// The same for all full vectors, in blocks as large as fit: where rows or columns are read, of
/// some columns each, or of a part of one.
template <class Function>
inline Index all_blocks(const Kernel& k, const Function& f) {
  constexpr int V = block_vectors;
  if (!k.attributes.i) {
    const Index begin = blocks<V / 2, 0>(k, blocks<V, 0>(k, 0, f), f);
    return blocks<1, 0>(k, begin, f);
  }
  const Index per_column = k.a_shape.rows / lanes;
  Index begin = 0;
  if (per_column == 1)
    begin = blocks<V / 2, 1>(k, blocks<V, 1>(k, begin, f), f);
  else if (per_column == 2)
    begin = blocks<V / 2, 2>(k, blocks<V, 2>(k, begin, f), f);
  else if (per_column % V == 0)
    begin = blocks<V, V>(k, begin, f);
  else if (V >= 6 && per_column % 6 == 0)
    begin = blocks<6, 6>(k, begin, f);
  else if (per_column % 3 == 0)
    begin = blocks<3, 3>(k, begin, f);
  else if (per_column % 4 == 0)
    begin = blocks<4, 4>(k, begin, f);
  else if (per_column % 5 == 0)
    begin = blocks<5, 5>(k, begin, f);
  else if (per_column % 7 == 0)
    begin = blocks<7, 7>(k, begin, f);
  return blocks<1, 1>(k, begin, f);
}

/// The entries from `begin` on, which fill no vector. The operands are copied into full ones, so
/// that nothing beyond their ends is read.
void rest(const Kernel& k, Index begin) {
  const Index count = k.y_shape.size() - begin;
  const Block<1, 0> block{};
  alignas(64) Scalar x[lanes], z[lanes];
  Vector a[1];
  for (const LoopStep* step = k.steps; step != k.steps + k.step_count; ++step) {
    if (step->x) store(x, load_first(step->x + begin, count));
    if (step->z) store(z, load_first(step->z + begin, count));
    apply<Access::entry>(step->op, a, x, z, step->c, block);
  }
  store_first(k.y + begin, a[0], count);
}

}  // namespace

void run_loop(const Kernel& k) {
  Scalar* const y = k.y;
  const auto keep = [y](Index begin, const auto& a) {
    Scalar* const first = const_cast<Scalar*>(opaque(y + begin));
    for (std::size_t i = 0; i < std::size(a); ++i) store(first + i * lanes, a[i]);
  };
  const Index begin = all_blocks(k, keep);
  if (begin < k.y_shape.size()) rest(k, begin);
}

void run_loop_sum_rows(const Kernel& k) {
  const Index per_column = k.a_shape.rows / lanes;
  Index left = per_column;
  Scalar* y = k.y;
  Vector sum = minus_zeros();
  const auto add_up = [&](Index, const auto& a) {
    for (std::size_t i = 0; i < std::size(a); ++i) {
      sum += a[i];
      if (--left > 0) continue;
      *y++ = sum_lanes(sum);
      left = per_column;
      sum = minus_zeros();
    }
  };
  all_blocks(k, add_up);
}

}  // namespace autodiff
