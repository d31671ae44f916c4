// The parameters of a model: named matrices in one flat array.
//
// Modules declare theirs when they are made and record them by name; an optimiser sees the flat
// array and a gradient of the same length; a file of weights is the list of names and shapes.
#pragma once

#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "autodiff/parallel.h"

namespace nn {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Scalar;
using autodiff::Shape;
using autodiff::Tape;
using autodiff::Var;

/// One named matrix, and where it begins in the flat array (column-major).
struct Parameter {
  std::string name;
  Shape shape;
  Index offset;

  /// Its leaf on a tape; the same leaf each time.
  Var on(Tape& tape) const { return tape.parameter(shape.rows, shape.cols, name); }
};

/// A matrix of a file: of weights, or of what an optimiser remembers.
struct NamedMatrix {
  std::string name;
  autodiff::MatrixMap values;
};

class Parameters {
 public:
  /// Adds a matrix of zeros. Throws std::invalid_argument when the name is taken or there is no
  /// entry.
  Parameter add(const std::string& name, Index rows, Index cols);

  const std::vector<Parameter>& list() const { return list_; }
  Index size() const { return static_cast<Index>(values_.size()); }
  std::span<Scalar> values() { return values_; }
  std::span<const Scalar> values() const { return values_; }
  autodiff::MatrixMap matrix(const Parameter& parameter);
  /// All of them, in the order of the flat array.
  std::vector<NamedMatrix> named();

  /// All leaves, in the order of the flat array.
  std::vector<Var> on(Tape& tape) const;
  /// All leaves with their current values, for `evaluate`.
  std::vector<std::pair<Var, Matrix>> bindings(Tape& tape) const;
  /// Lets a program read the current values. Adding parameters afterwards would move them.
  void bind(autodiff::ShardedProgram& program) const;
  void bind(autodiff::Workspace& workspace) const;

 private:
  std::vector<Parameter> list_;
  std::unordered_set<std::string> names_;
  std::vector<Scalar> values_;
};

}  // namespace nn
