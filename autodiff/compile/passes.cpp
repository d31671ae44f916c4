#include "autodiff/compile/passes.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autodiff/compile/merge.h"
#include "autodiff/compile/simplify.h"
#include "autodiff/ops.h"

namespace autodiff {
namespace {

CompiledTape simplify(const Tape& tape, std::span<const int> outputs) {
  std::optional<Simplifier> simplifier;
  return rebuild(tape, outputs, [&](Tape& to, int id, const std::vector<Var>& image) {
    if (!simplifier) simplifier.emplace(to);
    const Node& node = tape.node(id);
    if (node.op == &constant_op) return simplifier->constant(tape.constant_value(node));
    const auto [a, b] = node.inputs;
    return simplifier->record(*node.op, image[a], b < 0 ? Var() : image[b], node.attributes);
  });
}

/// softplus x, sigmoid x and sigmoid_slope x, where several are wanted, from one exponential.
CompiledTape join_softplus_family(const Tape& tape, std::span<const int> outputs) {
  struct Family {
    Index first = 2, last = 0;  // of its members that are wanted
    Var joined;
  };
  const auto member = [](const Node& node) -> Index {
    return node.op == &softplus_op        ? 0
           : node.op == &sigmoid_op       ? 1
           : node.op == &sigmoid_slope_op ? 2
                                          : -1;
  };
  const std::vector<int> readers = count_readers(tape, outputs);
  std::unordered_map<int, Family> families;  // by their x
  for (int id = 0; id < tape.size(); ++id) {
    const Index part = member(tape.node(id));
    if (readers[id] == 0 || part < 0) continue;
    Family& family = families[tape.node(id).inputs[0]];
    family.first = std::min(family.first, part);
    family.last = std::max(family.last, part);
  }
  return rebuild(tape, outputs, [&](Tape& to, int id, const std::vector<Var>& image) {
    const Node& node = tape.node(id);
    const Index part = member(node), cols = node.shape.cols;
    const auto known = part < 0 ? families.end() : families.find(node.inputs[0]);
    if (known == families.end() || known->second.first == known->second.last)
      return record_again(to, tape, node, image);
    Family& family = known->second;
    if (!family.joined)
      family.joined = to.record(softplus_family_op, {image[node.inputs[0]]},
                                {.i = family.first, .j = family.last});
    return slice_cols(family.joined, (part - family.first) * cols, cols);
  });
}

/// Every output needs a place of its own: leaves and repeated outputs are copied.
void make_outputs_distinct(CompiledTape& result) {
  std::vector<char> taken(result.tape->size(), false);
  for (int& id : result.outputs) {
    const bool leaf = result.tape->node(id).op->arity == 0;
    if (leaf || taken[id])
      id = result.tape->record(copy_op, {Var(*result.tape, id)}).id();
    else
      taken[id] = true;
  }
}

}  // namespace

CompiledTape run_passes(std::span<const Var> outputs, bool simplified, bool merged) {
  std::vector<int> ids;
  for (const Var& y : outputs) ids.push_back(y.id());
  const Tape& source = outputs.front().tape();
  CompiledTape result = extract(source, ids);
  const auto tell = [&result](const std::string& pass, int before) {
    result.report += pass + ' ' + std::to_string(before) + " -> " +
                     std::to_string(result.tape->size()) + " nodes\n";
  };
  const auto run = [&](const std::string& name, const auto& pass) {
    const int before = result.tape->size();
    CompiledTape next = pass(*result.tape, result.outputs);
    result.tape = std::move(next.tape);
    result.outputs = std::move(next.outputs);
    tell(name, before);
  };

  tell("extract  ", source.size());
  if (simplified) {
    run("simplify ", simplify);
    run("simplify ", simplify);  // sees more once a node's readers are simple, too
    run("family   ", join_softplus_family);
  }
  if (merged) {
    run("sums     ", merge_sums_of_products);
    run("products ", merge_products);
    run("simplify ", simplify);
  }
  make_outputs_distinct(result);
  return result;
}

}  // namespace autodiff
