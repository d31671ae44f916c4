// Products that become one larger product, with the same bits.
//
// The multiply-adds stay the same, but a product of few columns is over before the processor has
// warmed to it, and the left factor has to come from memory again for the next. So
//
//     A b₁, A b₂, ...                    A [b₁ b₂ ...], and each takes its columns
//     g₁ a₁ᵀ + g₂ a₂ᵀ + ...              one pass over [g₁ g₂ ...] and [a₁ a₂ ...]
//
// In a network's step the columns of the first are a layer's values and its tangents along every
// direction; the second is the gradient of its weights. Program places what is put side by side
// where it is needed from the start, and reads a slice of columns where it lies: neither costs a
// copy.
#pragma once

#include <span>

#include "autodiff/compile/rebuild.h"

namespace autodiff {

CompiledTape merge_products(const Tape& tape, std::span<const int> outputs);
CompiledTape merge_sums_of_products(const Tape& tape, std::span<const int> outputs);

}  // namespace autodiff
