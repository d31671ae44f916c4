// What an operation is: its name, how it computes, and the rule of its derivative.
//
// They are in the folder ops, one operation one block. An OpDef of a user's own is as good as
// those: Tape::record takes it, and check/gradcheck.h holds its rule against differences.
#pragma once

#include <span>

#include "autodiff/tape.h"

namespace autodiff {

struct LoopStep;

/// Pointers and shapes for one call of an operation's `forward`: y = op(a, b).
struct Kernel {
  void (*forward)(const Kernel&) = nullptr;
  const Scalar* a = nullptr;
  const Scalar* b = nullptr;
  Scalar* y = nullptr;
  Scalar* scratch = nullptr;  ///< OpDef::scratch elements that nobody else uses meanwhile
  Shape a_shape = {}, b_shape = {}, y_shape = {};
  Attributes attributes = {};
  const LoopStep* steps = nullptr;  ///< of a fused loop (kernels/fused_loop.h); empty for all else
  int step_count = 0;
};

/// What a derivative rule sees: handles only, so that it can only record more operations.
struct Vjp {
  Var a, b;  ///< the inputs (b is empty for one-input operations)
  Var y;     ///< the output
  Var g;     ///< the adjoint of y: d(final scalar)/dy, of y's shape
  Attributes attributes;
};

/// An operation: its name, its flags and its plain functions.
struct OpDef {
  const char* name;
  int arity = 0;
  /// Entry i of the output needs only entry i of the inputs, so the output may take the place of an
  /// input that nobody reads any more.
  bool elementwise = false;
  /// Column s of the output needs only column s of the inputs (as elementwise implies).
  bool columnwise = false;
  bool commutative = false;
  /// The output is linear in all inputs together, up to a constant: second derivatives are zero.
  bool linear = false;
  /// The shape of the output. Throws std::invalid_argument when the inputs do not fit.
  Shape (*shape)(const OpDef&, std::span<const Shape> inputs, const Attributes&) = nullptr;
  /// Computes the output. Validates nothing, allocates nothing.
  void (*forward)(const Kernel&) = nullptr;
  /// Vector-Jacobian product: the adjoint of input number `which`. Empty means zero.
  Var (*vjp)(const Vjp&, int which) = nullptr;
  /// How many elements of scratch memory `forward` needs, or none.
  Index (*scratch)(std::span<const Shape> inputs) = nullptr;
};

/// Throws std::invalid_argument, in the operation's name, for more entries than memory has
/// addresses.
void require_countable(const OpDef& op, Shape shape);

/// Throws std::invalid_argument for an operation without `forward`, which can be recorded and
/// derived, but not computed.
void require_forward(const OpDef& op);

/// The three kinds of leaf. Their attribute i is the index into Tape::leaves, or that of
/// Tape::constant_value.
extern const OpDef input_op, parameter_op, constant_op;

}  // namespace autodiff
