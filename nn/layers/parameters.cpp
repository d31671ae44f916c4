#include "nn/layers/parameters.h"

#include <stdexcept>

namespace nn {

Parameter Parameters::add(const std::string& name, Index rows, Index cols) {
  const Shape shape{rows, cols};
  if (rows < 1 || cols < 1)
    throw std::invalid_argument("[parameters] '" + name + "' is " + to_string(shape) +
                                ": it needs at least one row and one column");
  autodiff::require_countable(autodiff::parameter_op, shape);
  if (!names_.insert(name).second)
    throw std::invalid_argument("[parameters] the name '" + name + "' is taken");
  list_.push_back({name, {rows, cols}, size()});
  values_.resize(values_.size() + rows * cols);
  return list_.back();
}

autodiff::MatrixMap Parameters::matrix(const Parameter& parameter) {
  if (parameter.offset < 0 || parameter.offset + parameter.shape.size() > size())
    throw std::invalid_argument("[parameters] '" + parameter.name + "' is of another model");
  return {values_.data() + parameter.offset, parameter.shape.rows, parameter.shape.cols};
}

std::vector<NamedMatrix> Parameters::named() {
  std::vector<NamedMatrix> all;
  for (const Parameter& parameter : list_) all.push_back({parameter.name, matrix(parameter)});
  return all;
}

std::vector<Var> Parameters::on(Tape& tape) const {
  std::vector<Var> leaves;
  for (const Parameter& parameter : list_) leaves.push_back(parameter.on(tape));
  return leaves;
}

std::vector<std::pair<Var, Matrix>> Parameters::bindings(Tape& tape) const {
  std::vector<std::pair<Var, Matrix>> pairs;
  for (const Parameter& p : list_)
    pairs.emplace_back(p.on(tape), autodiff::ConstMatrixMap(values_.data() + p.offset, p.shape.rows,
                                                            p.shape.cols));
  return pairs;
}

void Parameters::bind(autodiff::ShardedProgram& program) const {
  for (const Parameter& p : list_) program.bind_parameter(p.name, values_.data() + p.offset);
}

void Parameters::bind(autodiff::Workspace& workspace) const {
  for (const Parameter& p : list_) workspace.bind(p.name, values_.data() + p.offset);
}

}  // namespace nn
