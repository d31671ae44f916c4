// Which build this is, as far as the bits of its results depend on it.
#pragma once

#include <string>

namespace tools {

/// As "double, GCC 12.2.0, AVX-512, FMA, Eigen 3.4.0". Results of builds with the same text have
/// the same bits; others may not, for a compiler orders and contracts sums as its vectors are wide.
std::string this_build();

/// The first word of such a text: the number type.
std::string precision_of(const std::string& build);

}  // namespace tools
