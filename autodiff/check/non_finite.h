// Where did the NaN come from?
//
// A program tells only that its output is not finite. Here the tape is computed node by node, in
// the order of recording, and the first node whose value is not finite is named: all its inputs are
// finite, so it is the operation that went wrong.
#pragma once

#include <optional>
#include <span>
#include <utility>

#include "autodiff/tape.h"

namespace autodiff {

/// The first node with a NaN or an Inf among those that the outputs need; none if all are finite.
/// Slow: for a diagnosis, not for a loop. A program has the bits of its tape, so that what was not
/// finite there is not finite here.
std::optional<Var> first_non_finite(std::span<const Var> outputs,
                                    std::span<const std::pair<Var, Matrix>> bindings);

}  // namespace autodiff
