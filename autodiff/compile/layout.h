// What a program's instructions are, and which results need no memory of their own, before any has
// a place.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "autodiff/compile/fuse.h"
#include "autodiff/tape.h"

namespace autodiff {

/// What one instruction computes and reads, in terms of nodes.
struct Unit {
  int id;
  std::optional<LoopPlan> loop = {};
  std::vector<int> reads = {};  ///< each node once
  /// Of a part of a stack of rows, all that it reads: the row of the stack where it begins.
  std::optional<Index> row = {};
};

/// A slice of columns is read where it lies; and a part of a stack of columns is computed in its
/// place in the stack.
class Layout {
 public:
  /// is_output: for each node; outputs have places of their own.
  Layout(const Tape& tape, const std::vector<char>& is_output);

  /// In whose memory the node lies, often its own, and how far from where that begins.
  int owner(int id) const { return owner_[id]; }
  Index offset(int id) const { return offset_[id]; }
  /// Does `part` already lie at `offset` inside `stack`?
  bool in_place(int stack, int part, Index offset) const {
    return owner_[part] == owner_[stack] && offset_[part] == offset_[stack] + offset;
  }

 private:
  void put_into(int stack, int part, Index offset, const std::vector<char>& is_output);

  const Tape& tape_;
  std::vector<int> owner_;
  std::vector<Index> offset_;
};

/// The tape's nodes as units, in order, without what no unit reads. fuse: with loops.
std::vector<Unit> units_of(const Tape& tape, std::span<const int> outputs, const Layout& layout,
                           bool fuse);

/// May the unit's result take the place of this input, of whose memory it reads no other part?
bool may_overwrite(const Tape& tape, const Layout& layout, const Unit& unit, int input);

}  // namespace autodiff
