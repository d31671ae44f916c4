// What the blocks of the operations share.
//
// One operation is one block: the formula, its derivative, its three functions, and the function
// that records it. In the comments of this folder g is the adjoint of the output y, and "da" the
// adjoint that the operation sends to a.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>

#include "autodiff/ops.h"

namespace autodiff {

using Shapes = std::span<const Shape>;

[[noreturn]] inline void fail(const OpDef& op, const std::string& what) {
  throw std::invalid_argument('[' + std::string(op.name) + "] " + what);
}

/// The counts of two parts together.
inline Index added(const OpDef& op, Index first, Index second) {
  if (first > std::numeric_limits<Index>::max() - second)
    fail(op,
         std::to_string(first) + " + " + std::to_string(second) + " is more than can be counted");
  return first + second;
}

inline Shape same_shape(const OpDef& op, Shapes in, const Attributes&) {
  if (in.size() == 2 && in[0] != in[1])
    fail(op, to_string(in[0]) + " and " + to_string(in[1]) +
                 ": the shapes differ, and broadcasting is explicit (broadcast_rows, "
                 "broadcast_cols)");
  return in[0];
}

/// Records on the tape of the first operand.
inline Var record(const OpDef& op, std::initializer_list<Var> inputs, Attributes attributes = {}) {
  if (!*inputs.begin()) fail(op, "operand 1 is an empty Var");
  return inputs.begin()->tape().record(op, inputs, attributes);
}

/// y_i = f(a_i)
template <class Function>
void map(const Kernel& k, Function f) {
  const Index size = k.y_shape.size();
  const Scalar* a = k.a;
  Scalar* y = k.y;
#pragma omp simd
  for (Index i = 0; i < size; ++i) y[i] = f(a[i]);
}

/// y_i = f(a_i, b_i)
template <class Function>
void zip(const Kernel& k, Function f) {
  const Index size = k.y_shape.size();
  const Scalar *a = k.a, *b = k.b;
  Scalar* y = k.y;
#pragma omp simd
  for (Index i = 0; i < size; ++i) y[i] = f(a[i], b[i]);
}

/// The number that the operation keeps.
inline Scalar number_of(const Kernel& k) { return static_cast<Scalar>(k.attributes.c); }

/// Copies `rows` numbers from each column of a to each of y. Where they are few and known to the
/// compiler, they are moved in registers.
template <int fixed = 0>
void copy_columns(Index any, Index cols, const Scalar* a, Index a_stride, Scalar* y,
                  Index y_stride) {
  if constexpr (fixed == 0) {
    if (any == 1) return copy_columns<1>(any, cols, a, a_stride, y, y_stride);
    if (any == 2) return copy_columns<2>(any, cols, a, a_stride, y, y_stride);
    if (any == 4) return copy_columns<4>(any, cols, a, a_stride, y, y_stride);
  }
  for (Index s = 0; s < cols; ++s, a += a_stride, y += y_stride)
    std::copy_n(a, fixed > 0 ? fixed : any, y);
}

}  // namespace autodiff
