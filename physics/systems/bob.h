// A bob on a rod that swings in space, in either kind of coordinates: x, y, z with the constraint
// |r|² = l², or the angles of two gimbals.
#pragma once

#include "autodiff/ops.h"

namespace physics {

/// The bob's place from its pivot, z upwards, by angles: α swings the rod along x, β tilts it
/// towards y; 2 x N -> 3 x N. Straight below they are as good as any; the rod along y, β = π/2, is
/// where α has no meaning.
inline autodiff::Var bob_at(autodiff::Var angles, double l) {
  const autodiff::Var alpha = row(angles, 0), beta = row(angles, 1), level = l * cos(beta);
  return stack_rows(std::array{level * sin(alpha), l * sin(beta), -level * cos(alpha)});
}

}  // namespace physics
