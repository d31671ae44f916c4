// What was measured of a motion, seen with the help of a law of motion that is nearly right.
#pragma once

#include "physics/motion.h"
#include "physics/observe/recording.h"

namespace physics {

/// How a law is followed.
struct Stride {
  Index window;          ///< over so many times
  Index substeps = 1;    ///< Runge-Kutta steps from one to the next
  Index neighbours = 0;  ///< polynomials of what is left take so many on each side, or more
};

/// Better estimates than polynomials alone give. The law is followed over windows, from where the
/// path comes nearest to what was measured. What is left between the two is small and smooth, and
/// so its polynomials may be fitted to more neighbours than those of the motion itself: less noise
/// comes through, and less of the motion's own higher derivatives is lost.
///
/// The nearest start is looked for by one step of Gauss and Newton from the estimates so far, which
/// costs 2n + 2 paths for one; a step that leads away is not taken. Windows begin each half of
/// their length, and the middle of each is used. `before`: the estimates so far, of every
/// recording; where the law runs away they stay. Throws std::invalid_argument where shapes do not
/// fit.
std::vector<Estimate> refine(std::span<const Recording> recordings,
                             std::span<const Estimate> before, const Motion& law,
                             const Stride& stride, int threads);

}  // namespace physics
