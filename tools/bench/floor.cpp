#include "tools/bench/floor.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "autodiff/kernels/elementary.h"
#include "autodiff/random.h"

namespace tools {
namespace {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Node;
using autodiff::Scalar;
using autodiff::Shape;

bool is_product(const Node& node) { return std::string_view(node.op->name).starts_with("matmul"); }

/// One for each entry of the input, whatever is made of it.
bool is_exponential(const Node& node) {
  constexpr std::array<std::string_view, 7> names{
      "exp", "log", "tanh", "sigmoid", "sigmoid_slope", "softplus", "softplus_family"};
  return std::find(names.begin(), names.end(), node.op->name) != names.end();
}

/// Places side by side in a piece of memory, and from its start again where it ends.
class Ring {
 public:
  Ring(Scalar* begin, Index size) : begin_(begin), size_(size) {}

  static Index padded(Index size) { return (size + line - 1) / line * line; }

  Scalar* take(Index size) {
    if (next_ + padded(size) > size_) next_ = 0;
    next_ += padded(size);
    return begin_ + next_ - padded(size);
  }

 private:
  static constexpr Index line = 64 / sizeof(Scalar);  // the cache's, and the widest vector's

  Scalar* begin_;
  Index size_, next_ = 0;
};

}  // namespace

// What is read lies in one ring and what is written in another, so that the same numbers go in at
// each run. Together they are as large as the program's arena, whose places serve many results one
// after the other, and the leaves beside it.
Floor::Floor(const autodiff::Program& program) {
  const autodiff::Tape& tape = program.tape();
  const auto input = [&](const Node& node, int k) { return tape.node(node.inputs[k]); };
  Index half = Ring::padded(program.arena_size() / 2), leaves = 0;
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (node.op->arity == 0) leaves += Ring::padded(node.shape.size());
    if (!is_product(node) && !is_exponential(node)) continue;
    for (int k = 0; k < node.op->arity; ++k)
      half = std::max(half, Ring::padded(input(node, k).shape.size()));
    half = std::max(half, Ring::padded(node.shape.size()));
  }
  arena_ = autodiff::Random(1).uniform_matrix(leaves + 2 * half, 1, -1, 1);
  Ring read(arena_.data(), leaves + half), written(arena_.data() + leaves + half, half);

  std::unordered_map<int, const Scalar*> places;  // of what is read, by node
  const auto place = [&](int id) {
    const auto [known, fresh] = places.try_emplace(id);
    if (fresh) known->second = read.take(tape.node(id).shape.size());
    return known->second;
  };
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (is_exponential(node)) {
      const Index size = input(node, 0).shape.size();
      work_.push_back({.m = size,
                       .n = 1,
                       .k = 0,
                       .a_transposed = false,
                       .b_transposed = false,
                       .a = place(node.inputs[0]),
                       .b = nullptr,
                       .y = written.take(size)});
      exponentials_ += static_cast<double>(size);
    } else if (is_product(node)) {
      // The shapes tell what is transposed, save where a factor is square.
      const std::string_view name = node.op->name;
      const Shape a = input(node, 0).shape, b = input(node, 1).shape;
      const auto [m, n] = node.shape;
      const Index k = a.size() / m;
      work_.push_back({.m = m,
                       .n = n,
                       .k = k,
                       .a_transposed = a != Shape{m, k} || name.starts_with("matmul_t"),
                       .b_transposed = b != Shape{k, n} || name.starts_with("matmul_nt"),
                       .a = place(node.inputs[0]),
                       .b = place(node.inputs[1]),
                       .y = written.take(m * n)});
      multiply_adds_ += static_cast<double>(m * n * k);
    }
  }
}

void Floor::multiply(const Work& work) {
  using In = Eigen::Map<const Matrix, Eigen::Aligned64>;
  const auto [m, n, k, a_transposed, b_transposed, a_data, b_data, y_data] = work;
  const In a(a_data, a_transposed ? k : m, a_transposed ? m : k);
  const In b(b_data, b_transposed ? n : k, b_transposed ? k : n);
  Eigen::Map<Matrix, Eigen::Aligned64> y(y_data, m, n);
  if (a_transposed && b_transposed)
    y.noalias() = a.transpose() * b.transpose();
  else if (a_transposed)
    y.noalias() = a.transpose() * b;
  else if (b_transposed)
    y.noalias() = a * b.transpose();
  else
    y.noalias() = a * b;
}

void Floor::run() {
  for (const Work& work : work_) {
    if (work.k > 0) {
      multiply(work);
      continue;
    }
    const Scalar* x = work.a;
    Scalar* y = work.y;
#pragma omp simd
    for (Index i = 0; i < work.m; ++i) y[i] = autodiff::vexp(x[i]);
  }
}

}  // namespace tools
