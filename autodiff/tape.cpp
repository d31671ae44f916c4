#include "autodiff/tape.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "autodiff/ops.h"

namespace autodiff {

const OpDef input_op{.name = "input"};
const OpDef parameter_op{.name = "parameter"};
const OpDef constant_op{.name = "constant"};

void require_countable(const OpDef& op, Shape shape) {
  constexpr Index most = std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(Scalar));
  if (shape.rows > most / std::max<Index>(1, shape.cols))
    throw std::invalid_argument('[' + std::string(op.name) + "] the result would be " +
                                to_string(shape) + ": no memory has room for it");
}

void require_forward(const OpDef& op) {
  if (!op.forward)
    throw std::invalid_argument('[' + std::string(op.name) +
                                "] has no forward: it cannot be computed");
}

namespace {

void require_size(const char* kind, const std::string& name, Shape shape) {
  if (shape.rows < 1 || shape.cols < 1)
    throw std::invalid_argument('[' + std::string(kind) + "] '" + name + "' is " +
                                to_string(shape) + ": it needs at least one row and one column");
}

/// " (operand 1 is input 'x', operand 2 is parameter 'w')": the operands that have names.
std::string named_operands(std::initializer_list<Var> inputs) {
  std::string names;
  int count = 0;
  for (const Var& input : inputs) {
    ++count;
    const Node& node = input.tape().node(input.id());
    if (node.op != &input_op && node.op != &parameter_op) continue;
    names += (names.empty() ? " (" : ", ") + ("operand " + std::to_string(count)) + " is " +
             node.op->name + " '" + input.tape().leaf_name(node) + '\'';
  }
  return names.empty() ? names : names + ')';
}

}  // namespace

Var Tape::input(Index rows, Index cols, std::string name) {
  return add_leaf(input_op, {rows, cols}, std::move(name));
}

Var Tape::parameter(Index rows, Index cols, const std::string& name) {
  const auto known = table_->by_name.find(name);
  const int id = known == table_->by_name.end() ? -1 : known->second.parameter;
  if (id < 0) {
    const Var added = add_leaf(parameter_op, {rows, cols}, name);
    table_->by_name[name].parameter = added.id();
    return added;
  }
  const Shape shape = nodes_[id].shape;
  if (shape != Shape{rows, cols})
    throw std::invalid_argument("[parameter] '" + name + "' is " + to_string(shape) +
                                " on this tape already, not " + to_string(Shape{rows, cols}));
  return {*this, id};
}

Var Tape::constant(Matrix value) {
  const Shape shape{value.rows(), value.cols()};
  require_size("constant", "", shape);
  constants_.push_back(std::move(value));
  return append({.op = &constant_op,
                 .inputs = {-1, -1},
                 .shape = shape,
                 .attributes = {.i = static_cast<Index>(constants_.size()) - 1}});
}

Var Tape::filled(Shape shape, Scalar value) { return broadcast(constant(value), shape); }

Var Tape::record(const OpDef& op, std::initializer_list<Var> inputs, Attributes attributes) {
  Node node{.op = &op, .inputs = {-1, -1}, .shape = {}, .attributes = attributes};
  if (!op.shape)
    throw std::invalid_argument('[' + std::string(op.name) +
                                "] has no shape of its own: it cannot be recorded");
  if (op.arity < 1 || op.arity > 2)
    throw std::invalid_argument('[' + std::string(op.name) + "] has " + std::to_string(op.arity) +
                                " inputs: an operation has one or two");
  if (static_cast<int>(inputs.size()) != op.arity)
    throw std::invalid_argument('[' + std::string(op.name) + "] takes " + std::to_string(op.arity) +
                                " operands, not " + std::to_string(inputs.size()));
  std::array<Shape, 2> shapes;
  int count = 0;
  for (const Var& input : inputs) {
    const auto operand = [&] {
      return '[' + std::string(op.name) + "] operand " + std::to_string(count + 1);
    };
    if (!input) throw std::invalid_argument(operand() + " is an empty Var");
    if (&input.tape() != this) throw std::invalid_argument(operand() + " belongs to another tape");
    node.inputs[count] = input.id();
    shapes[count++] = input.shape();
  }
  try {
    node.shape = op.shape(op, std::span(shapes).first(count), attributes);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(error.what() + named_operands(inputs));
  }
  if (node.shape.rows < 1 || node.shape.cols < 1)
    throw std::invalid_argument(
        '[' + std::string(op.name) + "] its shape is " + to_string(node.shape) +
        ": it needs at least one row and one column" + named_operands(inputs));
  return append(node);
}

Var Tape::add_leaf(const OpDef& kind, Shape shape, std::string name) {
  require_size(kind.name, name, shape);
  const auto index = std::ssize(table_->leaves);
  const Var added =
      append({.op = &kind, .inputs = {-1, -1}, .shape = shape, .attributes = {.i = index}});
  LeafTable::Named& named = table_->by_name[name];
  Index& place = named.first < 0 ? named.first : named.second;
  if (place < 0) place = index;
  table_->leaves.push_back({std::move(name), added.id()});
  return added;
}

Var Tape::append(Node node) {
  require_countable(*node.op, node.shape);
  nodes_.push_back(node);
  return {*this, size() - 1};
}

}  // namespace autodiff
