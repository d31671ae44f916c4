// Which nodes lie between these and those?
//
// A derivative of y with respect to x concerns the nodes that y depends on and that depend on x, no
// others. They are looked for downwards from y, and never below the lowest x: the cost is in
// proportion to what is found there, however long the tape is.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "autodiff/tape.h"

namespace autodiff {

/// A node of a part of a tape.
struct Step {
  int id;
  std::array<int, 2> inputs;  ///< the node's inputs, as positions in that part; -1 for the others
};

/// All nodes that the outputs need, in the order of recording, the outputs among them.
std::vector<Step> ancestors(const Tape& tape, std::span<const int> outputs);

/// The nodes that depend on one of the xs and that y depends on, y and the xs among them.
struct Reach {
  std::vector<Step> steps;  ///< in the order of recording: y, if it depends on any x, is the last
  std::vector<int> xs;      ///< the position of each x; -1 where y does not depend on it
};

/// All handles are of one tape, and none is empty.
Reach reach(Var y, std::span<const Var> xs);

/// Does y depend on one of the xs?
inline bool depends(Var y, std::span<const Var> xs) { return !reach(y, xs).steps.empty(); }

}  // namespace autodiff
