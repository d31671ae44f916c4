#include "autodiff/compile/rebuild.h"

#include <algorithm>

#include "autodiff/op.h"
#include "autodiff/reach.h"

namespace autodiff {
namespace {

Var record_leaf(Tape& to, const Tape& from, const Node& node) {
  const auto [rows, cols] = node.shape;
  return node.op == &input_op ? to.input(rows, cols, from.leaf_name(node))
                              : to.parameter(rows, cols, from.leaf_name(node));
}

/// Which nodes the outputs need. The tape is one of our own, with little else on it.
std::vector<char> mark_live(const Tape& tape, std::span<const int> outputs) {
  std::vector<char> live(tape.size(), false);
  for (const int id : outputs) live[id] = true;
  for (int id = tape.size() - 1; id >= 0; --id)
    if (live[id])
      for (const int input : tape.node(id).inputs)
        if (input >= 0) live[input] = true;
  return live;
}

}  // namespace

CompiledTape extract(const Tape& from, std::span<const int> outputs) {
  const std::vector<Step> steps = ancestors(from, outputs);
  CompiledTape result{.tape = std::make_unique<Tape>(), .outputs = {}, .leaves = {}, .report = {}};
  Tape& to = *result.tape;
  to.reserve(static_cast<int>(steps.size()));
  for (const auto& [id, inputs] : steps) {  // a node's new id is its position in `steps`
    const Node& node = from.node(id);
    const auto input = [&to, &inputs = inputs](int k) {
      return inputs[k] < 0 ? Var() : Var(to, inputs[k]);
    };
    if (node.op->arity > 0 || node.op == &constant_op) {
      record_again(to, from, node, input(0), input(1));
    } else {
      record_leaf(to, from, node);
      result.leaves.push_back(node.attributes.i);
    }
  }
  for (const int id : outputs) {
    const auto at = std::lower_bound(steps.begin(), steps.end(), id,
                                     [](const Step& step, int wanted) { return step.id < wanted; });
    result.outputs.push_back(static_cast<int>(at - steps.begin()));
  }
  return result;
}

CompiledTape rebuild(const Tape& from, std::span<const int> outputs, const RecordImage& record,
                     std::span<const int> order) {
  CompiledTape result{.tape = std::make_unique<Tape>(), .outputs = {}, .leaves = {}, .report = {}};
  Tape& to = *result.tape;
  to.reserve(from.size());
  std::vector<Var> image(from.size());
  for (const Leaf& leaf : from.leaves())  // all are kept, so that their indices stay
    image[leaf.id] = record_leaf(to, from, from.node(leaf.id));

  const std::vector<char> live = mark_live(from, outputs);
  for (int k = 0; k < from.size(); ++k) {
    const int id = order.empty() ? k : order[k];
    if (live[id] && !image[id]) image[id] = record(to, id, image);
  }
  for (const int id : outputs) result.outputs.push_back(image[id].id());
  return result;
}

Var record_again(Tape& to, const Tape& from, const Node& node, Var a, Var b) {
  if (node.op == &constant_op) return to.constant(from.constant_value(node));
  if (node.op->arity == 2) return to.record(*node.op, {a, b}, node.attributes);
  return to.record(*node.op, {a}, node.attributes);
}

Var record_again(Tape& to, const Tape& from, const Node& node, const std::vector<Var>& image) {
  const auto [a, b] = node.inputs;
  return record_again(to, from, node, a < 0 ? Var() : image[a], b < 0 ? Var() : image[b]);
}

std::vector<int> count_readers(const Tape& tape, std::span<const int> outputs) {
  std::vector<int> readers(tape.size(), 0);
  const std::vector<char> live = mark_live(tape, outputs);
  for (int id = 0; id < tape.size(); ++id)
    for (const int input : tape.node(id).inputs)
      if (live[id] && input >= 0) ++readers[input];
  for (const int id : outputs) ++readers[id];
  return readers;
}

}  // namespace autodiff
