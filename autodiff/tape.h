// The tape: *what* is to be computed.
//
// A Tape is an append-only list of nodes. A node names an operation, the earlier nodes it reads and
// the shape of its result; it holds no value. Because a node can only read what was recorded before
// it, ids are in topological order by construction: to differentiate and to compile need not look
// for one, nothing recurses, and a chain of a million nodes is as safe as a chain of ten.
//
//     Tape tape;
//     Var x = tape.input(4, 32, "x");          // 4 features, 32 samples
//     Var w = tape.parameter(16, 4, "w");      // the same for every sample
//     Var y = tanh(matmul(w, x));              // recorded, not computed
//
// A Program (compile/program.h) computes it, `grad` (grad.h) appends its derivative to the same
// tape.
#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "autodiff/matrix.h"

namespace autodiff {

class Tape;

/// A handle on one node: which tape, which node. Two words, copied freely, never an expression
/// template, so `auto y = a * b` is safe. The tape must outlive it.
class Var {
 public:
  /// An empty handle: "no value here". As an adjoint it means zero.
  Var() = default;
  /// Throws std::invalid_argument where the tape has no such node.
  Var(Tape& tape, int id);

  explicit operator bool() const { return tape_ != nullptr; }
  bool operator==(const Var&) const = default;

  Tape& tape() const {
    if (!tape_) throw std::invalid_argument("[tape] an empty Var is on no tape");
    return *tape_;
  }
  int id() const { return id_; }
  Shape shape() const;
  Index rows() const { return shape().rows; }
  Index cols() const { return shape().cols; }

 private:
  Tape* tape_ = nullptr;
  int id_ = -1;
};

/// What an operation needs to know beside its inputs. Each operation says what it keeps here.
struct Attributes {
  Index i = 0;
  Index j = 0;
  double c = 0;
  bool operator==(const Attributes&) const = default;
};

struct OpDef;

/// One operation on the tape.
struct Node {
  const OpDef* op;            ///< autodiff/op.h
  std::array<int, 2> inputs;  ///< ids of earlier nodes; -1 beyond the operation's arity
  Shape shape;
  Attributes attributes;
};

/// A leaf whose value is bound when a program runs.
struct Leaf {
  std::string name;
  int id;  ///< its node
};

/// All leaves of a tape, in order and by name. Programs share it: it outlives the tape, and tells
/// it from every other.
struct LeafTable {
  struct Named {
    Index first = -1;    ///< the first leaf of that name
    Index second = -1;   ///< the next one, where there is one
    int parameter = -1;  ///< the node of the parameter among them; there is at most one
  };
  std::vector<Leaf> leaves;
  std::unordered_map<std::string, Named> by_name;
};

class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;  // handles point at it
  Tape& operator=(const Tape&) = delete;

  /// A value that differs from sample to sample; its columns are cut into shards.
  Var input(Index rows, Index cols, std::string name);
  /// A value shared by all samples. Asking again for the same name gives the same node.
  /// Throws std::invalid_argument when it has another shape there.
  Var parameter(Index rows, Index cols, const std::string& name);
  /// A value fixed now.
  Var constant(Matrix value);
  Var constant(Scalar value) { return constant(Matrix::Constant(1, 1, value)); }
  /// A matrix of zeros or any other single value.
  Var filled(Shape shape, Scalar value);

  /// Appends a node and returns its handle. Throws std::invalid_argument when a handle is empty or
  /// of another tape, when the shapes do not fit, or when the result has too many entries.
  Var record(const OpDef& op, std::initializer_list<Var> inputs, Attributes attributes = {});

  /// Makes room for so many nodes. Recording goes on beyond them.
  void reserve(int nodes) { nodes_.reserve(nodes); }

  int size() const { return static_cast<int>(nodes_.size()); }
  const Node& node(int id) const { return nodes_[id]; }
  const std::vector<Leaf>& leaves() const { return table_->leaves; }
  std::shared_ptr<const LeafTable> leaf_table() const { return table_; }
  /// The value of a constant node.
  const Matrix& constant_value(const Node& node) const { return constants_[node.attributes.i]; }
  /// The name of an input or parameter node.
  const std::string& leaf_name(const Node& node) const {
    return table_->leaves[node.attributes.i].name;
  }

 private:
  Var add_leaf(const OpDef& kind, Shape shape, std::string name);
  Var append(Node node);

  std::vector<Node> nodes_;
  std::shared_ptr<LeafTable> table_ = std::make_shared<LeafTable>();
  std::vector<Matrix> constants_;
};

inline Var::Var(Tape& tape, int id) : tape_(&tape), id_(id) {
  if (id < 0 || id >= tape.size())
    throw std::invalid_argument("[tape] there is no node %" + std::to_string(id) + " among " +
                                std::to_string(tape.size()));
}

inline Shape Var::shape() const {
  if (!tape_) throw std::invalid_argument("[shape] an empty Var has no shape");
  return tape_->node(id_).shape;
}

}  // namespace autodiff
