// An expression of x and y as people write it, "sin(x*y) + x^3", recorded on a tape.
//
//     sum     = product { ("+" | "-") product }
//     product = sign { ("*" | "/") sign }
//     sign    = { "-" | "+" } power
//     power   = value [ "^" sign ]                                  so -x^2 is -(x^2)
//     value   = number | "x" | "y" | "pi" | "e" | "(" sum ")" | function "(" sum { "," sum } ")"
#pragma once

#include <string>

#include "autodiff/tape.h"

namespace playground {

struct Recorded {
  autodiff::Var value;
  std::string code;  ///< the C++ that records it: "sin(x * y) + pow(x, 3)"
};

/// A number as C++ reads it, in as few digits as tell it from every other.
std::string digits(double number);

/// Throws std::invalid_argument that tells where it cannot be read, and what could stand there.
Recorded record(const std::string& text, autodiff::Var x, autodiff::Var y);

}  // namespace playground
