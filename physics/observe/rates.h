// Do measured velocities tell how measured coordinates change?
#pragma once

#include <optional>
#include <span>

#include "physics/observe/recording.h"

namespace physics {

/// Changes of a coordinate, held against what a velocity adds up to over the same times.
struct RateFit {
  double factor;  ///< by which the coordinate changes faster than the velocity says; 0: that is 0
  double explained;  ///< part of the changes' mean square that factor times velocity explains, to 1
};

/// Of coordinate i and velocity j, in the least-squares sense. Of the spans of 1, 2, 4, ... 64
/// rows, the one that explains most, since noise of positions hides short changes. Nothing where
/// the coordinate rests, or where rows are too far apart to add velocities up. `angle`: q and q +
/// 2π are the same place. Recordings without velocities throw std::invalid_argument.
std::optional<RateFit> rate_fit(std::span<const Recording> recordings, Index i, Index j,
                                bool angle);

}  // namespace physics
