#include "autodiff/chain.h"

#include "autodiff/vector.h"

namespace autodiff {
namespace {

/// Vectors that a step works on before the next step has its turn: enough to hide the delay of one
/// operation behind the others, few enough to stay in registers.
constexpr int block_vectors = vector_registers / 4;

/// Which entries of its operands a block of V vectors of y needs.
template <int V>
struct Block {
  Index begin;         ///< of y, and of every matrix of its shape
  Index column[V];     ///< of each vector: the entry of a row (Access::row)
  Index in_column[V];  ///< and where in that column it begins (Access::column)
};

/// Vector i of what an operand looks like over the block.
template <Access access, int V>
[[gnu::always_inline]] inline Vector vector_of(const Scalar* x, const Block<V>& block, int i) {
  if (access == Access::row) return x[block.column[i]] - Vector{};
  return load(x + (access == Access::column ? block.in_column[i] : block.begin + i * lanes));
}

/// Changes the registers by one step. z is read entry by entry.
template <Access access, int V>
[[gnu::always_inline]] inline void apply(ChainStep::Op op, Vector (&a)[V], const Scalar* x_data,
                                         const Scalar* z_data, Scalar c, const Block<V>& block) {
  const auto x = [&](int i) { return vector_of<access, V>(x_data, block, i); };
  const auto z = [&](int i) { return load(z_data + block.begin + i * lanes); };
  switch (op) {
    case ChainStep::load:
      for (int i = 0; i < V; ++i) a[i] = x(i);
      break;
    case ChainStep::add:
      for (int i = 0; i < V; ++i) a[i] += x(i);
      break;
    case ChainStep::subtract:
      for (int i = 0; i < V; ++i) a[i] -= x(i);
      break;
    case ChainStep::subtract_from:
      for (int i = 0; i < V; ++i) a[i] = x(i) - a[i];
      break;
    case ChainStep::multiply:
      for (int i = 0; i < V; ++i) a[i] *= x(i);
      break;
    case ChainStep::divide:
      for (int i = 0; i < V; ++i) a[i] /= x(i);
      break;
    case ChainStep::divide_into:
      for (int i = 0; i < V; ++i) a[i] = x(i) / a[i];
      break;
    case ChainStep::add_product:
      for (int i = 0; i < V; ++i) a[i] += x(i) * z(i);
      break;
    case ChainStep::subtract_product:
      for (int i = 0; i < V; ++i) a[i] -= x(i) * z(i);
      break;
    case ChainStep::product_from:
      for (int i = 0; i < V; ++i) a[i] = x(i) * z(i) - a[i];
      break;
    case ChainStep::scale:
      for (int i = 0; i < V; ++i) a[i] *= c;
      break;
    case ChainStep::shift:
      for (int i = 0; i < V; ++i) a[i] += c;
      break;
    case ChainStep::square:
      for (int i = 0; i < V; ++i) a[i] *= a[i];
      break;
    case ChainStep::reciprocal:
      for (int i = 0; i < V; ++i) a[i] = 1 / a[i];
      break;
  }
}

/// Calls f(begin, registers) for all blocks of V vectors of y. Returns where the next would begin.
/// plain: no step reads a row or a column.
template <int V, bool plain, class Function>
inline Index blocks(const Kernel& k, Index begin, const Function& f) {
  const Index size = k.a_shape.size(), rows = k.a_shape.rows;
  const ChainStep *const steps = k.steps, *const steps_end = steps + k.step_count;
  Block<V> block;
  Index column = 0, in_column = 0;
  if (!plain && begin > 0) column = begin / rows, in_column = begin % rows;
  for (block.begin = begin; block.begin + V * lanes <= size; block.begin += V * lanes) {
    if (!plain) {
      for (int i = 0; i < V; ++i) {
        block.column[i] = column;
        block.in_column[i] = in_column;
        in_column += lanes;
        const bool next = in_column == rows;
        in_column = next ? 0 : in_column;
        column += next;
      }
    }
    Vector a[V];
    for (const ChainStep* step = steps; step != steps_end; ++step) {
      if (plain || step->access == Access::entry)
        apply<Access::entry>(step->op, a, step->x, step->z, step->c, block);
      else if (step->access == Access::row)
        apply<Access::row>(step->op, a, step->x, step->z, step->c, block);
      else
        apply<Access::column>(step->op, a, step->x, step->z, step->c, block);
    }
    f(block.begin, a);
  }
  return block.begin;
}

/// The same for all full vectors, in as large blocks as fit.
template <bool plain, class Function>
inline Index all_blocks(const Kernel& k, const Function& f) {
  Index begin = blocks<block_vectors, plain>(k, 0, f);
  begin = blocks<block_vectors / 2, plain>(k, begin, f);
  return blocks<1, plain>(k, begin, f);
}

/// The entries from `begin` on, which fill no vector. The operands are copied into full ones, so
/// that nothing beyond their ends is read.
void rest(const Kernel& k, Index begin) {
  const Index count = k.y_shape.size() - begin;
  const Block<1> block{};
  alignas(64) Scalar x[lanes], z[lanes];
  Vector a[1];
  for (const ChainStep* step = k.steps; step != k.steps + k.step_count; ++step) {
    if (step->x) store(x, load_first(step->x + begin, count));
    if (step->z) store(z, load_first(step->z + begin, count));
    apply<Access::entry>(step->op, a, x, z, step->c, block);
  }
  store_first(k.y + begin, a[0], count);
}

}  // namespace

void run_chain(const Kernel& k) {
  Scalar* const y = k.y;
  const auto keep = [y](Index begin, const auto& a) {
    for (std::size_t i = 0; i < std::size(a); ++i) store(y + begin + i * lanes, a[i]);
  };
  const Index begin = k.attributes.i ? all_blocks<false>(k, keep) : all_blocks<true>(k, keep);
  if (begin < k.y_shape.size()) rest(k, begin);
}

void run_chain_sum_rows(const Kernel& k) {
  const Index per_column = k.a_shape.rows / lanes;
  Index left = per_column;
  Scalar* y = k.y;
  Vector sum{};
  const auto add_up = [&](Index, const auto& a) {
    for (std::size_t i = 0; i < std::size(a); ++i) {
      sum += a[i];
      if (--left > 0) continue;
      *y++ = sum_lanes(sum);
      left = per_column;
      sum = Vector{};
    }
  };
  k.attributes.i ? all_blocks<false>(k, add_up) : all_blocks<true>(k, add_up);
}

}  // namespace autodiff
