// Algebra on a tape, and equal nodes shared.
//
//     constants are computed now, x + -0 is x, a slice of a stack is its part, an operation on
//     repeated columns is done on one and repeated, ...
//
// Every rule gives the same bits as what it replaces, signs of zeros, NaN and Inf included. So a
// rule may move, share and leave out work, but never regroup a sum or a product: c (d x) is not (c
// d) x, which may overflow where the other does not.
//
// There is one exception. An exact 0 times anything is 0, as an absent adjoint is, even where the
// other factor is Inf or NaN or negative.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autodiff/tape.h"

namespace autodiff {

/// Records nodes on one tape in their simplest form, and no node twice.
class Simplifier {
 public:
  explicit Simplifier(Tape& to) : to_(to) {}

  /// What stands for op(a, b); b is empty for operations with one input.
  Var record(const OpDef& op, Var a, Var b = {}, Attributes attributes = {});
  Var constant(Matrix value);

 private:
  // What stands for op(a, b) by one kind of rule; empty where none applies.
  Var constants(const OpDef& op, Var a, Var b, Attributes attributes);
  Var arithmetic(const OpDef& op, Var a, Var b, Attributes attributes);
  Var matrices(const OpDef& op, Var a, Var b);
  Var repeated_columns(const OpDef& op, Var a, Var b, Attributes attributes);
  Var rows(const OpDef& op, Var a, Var b, Attributes attributes);

  Var filled(Shape shape, Scalar value);
  Var plus(Var x, double c);
  Var times(Var x, double c);
  Var slice(Var x, Index begin, Index count);
  /// Rows of a node: its id, the first of them, and how many.
  using Rows = std::array<Index, 3>;
  /// What slice() looks for; the stacks that it passed on the way go to `passed`.
  Var rows_of(Var x, Index begin, Index count, std::vector<Rows>& passed);
  Var transposed(Var x);
  bool transposes_for_free(Var x) const;

  /// The node op(a, b), recorded if it is not there yet.
  Var shared(const OpDef& op, Var a, Var b, Attributes attributes);
  void grow_table();

  /// A stack of stacks of rows.
  struct Pile {
    int slices = 0;                            ///< how often it was sliced so far
    std::vector<std::pair<Index, Var>> parts;  ///< the row after each part's last, and the part
  };
  const Pile& pile(Var x);

  Tape& to_;
  std::unordered_map<std::size_t, std::vector<Var>> constants_;  // by the hash of their bytes
  /// A node's place in the table. The hash stands here, too: a look at the node itself costs a
  /// cache miss.
  struct Entry {
    std::uint32_t hash = 0;
    int id = -1;  ///< -1: none
  };
  std::vector<Entry> table_;  // by hash, with open addressing
  std::size_t entries_ = 0;
  std::vector<char> free_sum_;               // of every node: a sum that transposes for free?
  std::unordered_map<int, Var> transposed_;  // what was made of such sums
  std::unordered_map<int, Pile> piles_;
  struct Hash {
    std::size_t operator()(const Rows& rows) const;
  };
  std::unordered_map<Rows, Var, Hash> slices_;  // what was found of stacks
};

}  // namespace autodiff
