#include "autodiff/rebuild.h"

#include <numeric>
#include <unordered_map>

#include "autodiff/ops.h"

namespace autodiff {
namespace {

std::vector<char> mark_live(const Tape& tape, std::span<const int> outputs) {
  std::vector<char> live(tape.size(), false);
  for (const int id : outputs) live[id] = true;
  for (int id = tape.size() - 1; id >= 0; --id)
    for (const int input : tape.node(id).inputs)
      if (live[id] && input >= 0) live[input] = true;
  return live;
}

}  // namespace

OptimizedTape rebuild(const Tape& from, std::span<const int> outputs, const Image& record,
                      std::span<const int> order) {
  const std::vector<char> live = mark_live(from, outputs);
  OptimizedTape result{.tape = std::make_unique<Tape>(), .outputs = {}, .report = {}};
  Tape& to = *result.tape;
  std::vector<Var> image(from.size());
  std::unordered_map<std::string, Var> constants;  // by shape and bytes
  const auto shared_constant = [&](const Matrix& value) {
    std::string key = to_string(Shape{value.rows(), value.cols()});
    key.append(reinterpret_cast<const char*>(value.data()), value.size() * sizeof(Scalar));
    Var& known = constants[key];
    if (!known) known = to.constant(value);
    return known;
  };
  for (int k = 0; k < from.size(); ++k) {
    const int id = order.empty() ? k : order[k];
    const Node& node = from.node(id);
    if (node.op == &input_op)  // all leaves are kept, so that their indices stay
      image[id] = to.input(node.shape.rows, node.shape.cols, from.leaf_name(node));
    else if (node.op == &parameter_op)
      image[id] = to.parameter(node.shape.rows, node.shape.cols, from.leaf_name(node));
    else if (live[id] && node.op == &constant_op)
      image[id] = shared_constant(from.constant_value(node));
    else if (live[id])
      image[id] = record(to, id, image);
  }
  for (const int id : outputs) result.outputs.push_back(image[id].id());
  return result;
}

Var record_again(Tape& to, const Node& node, Var a, Var b) {
  if (node.op->arity == 2) return to.record(*node.op, {a, b}, node.attributes);
  return to.record(*node.op, {a}, node.attributes);
}

std::vector<int> count_readers(const Tape& tape, std::span<const int> outputs) {
  const std::vector<char> live = mark_live(tape, outputs);
  std::vector<int> readers(tape.size(), 0);
  for (int id = 0; id < tape.size(); ++id)
    for (const int input : tape.node(id).inputs)
      if (live[id] && input >= 0) ++readers[input];
  for (const int id : outputs) ++readers[id];
  return readers;
}

}  // namespace autodiff
