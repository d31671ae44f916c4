// A tape for the eye: as a listing that reads like the recording,
//
//     %0 = input x              4x32
//     %1 = parameter w          16x4
//     %2 = matmul %1 %0         16x32
//
// and as Graphviz (`dot -Tsvg`). A handle prints as its line: `std::cout << y` gives
// "%2 = matmul %1 %0 (16x32)".
#pragma once

#include <iosfwd>
#include <string>

#include "autodiff/tape.h"

namespace autodiff {

/// The operation with what it keeps: "scale 0.5", "slice_rows 2 1", "input x", "constant 1".
std::string label(const Tape& tape, const Node& node);
std::string listing(const Tape& tape);
std::string graphviz(const Tape& tape);
std::ostream& operator<<(std::ostream& out, Var v);

}  // namespace autodiff
