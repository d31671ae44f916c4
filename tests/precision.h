// What the tests may ask of the engine's number type, double or float.
#pragma once

#include <doctest/doctest.h>

#include <limits>

#include "autodiff/matrix.h"

/// What one operation may be off by, relative to its result. Tolerances are multiples of it.
inline constexpr double rounding = std::numeric_limits<autodiff::Scalar>::epsilon();

/// For what needs all the digits of double, as differences of second derivatives do:
/// TEST_CASE("..." * in_double_only).
inline const doctest::skip in_double_only(sizeof(autodiff::Scalar) < sizeof(double));
