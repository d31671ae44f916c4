#include "autodiff/compile/layout.h"

#include <algorithm>

#include "autodiff/compile/rebuild.h"
#include "autodiff/ops.h"

namespace autodiff {

Layout::Layout(const Tape& tape, const std::vector<char>& is_output)
    : tape_(tape), owner_(tape.size()), offset_(tape.size(), 0) {
  for (int id = 0; id < tape.size(); ++id) owner_[id] = id;
  for (int id = tape.size() - 1; id >= 0; --id)  // an outer stack before the inner
    if (tape.node(id).op == &stack_cols_op) {
      const auto [left, right] = tape.node(id).inputs;
      put_into(id, left, 0, is_output);
      put_into(id, right, tape.node(left).shape.size(), is_output);
    }
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (node.op != &slice_cols_op || is_output[id]) continue;
    owner_[id] = owner_[node.inputs[0]];
    offset_[id] = offset_[node.inputs[0]] + node.attributes.i * node.shape.rows;
  }
}

void Layout::put_into(int stack, int part, Index offset, const std::vector<char>& is_output) {
  const OpDef* op = tape_.node(part).op;
  const bool computed = op->arity > 0 && op != &slice_cols_op;
  if (!computed || is_output[part] || owner_[part] != part) return;
  owner_[part] = owner_[stack];
  offset_[part] = offset_[stack] + offset;
}

namespace {

/// The parts of a stack of rows, from the top, where a part that is a stack itself and that nobody
/// else reads is taken apart, too; each with the row where it begins.
std::vector<std::pair<int, Index>> parts_of(const Tape& tape, int stack,
                                            const std::vector<int>& readers) {
  std::vector<std::pair<int, Index>> parts, open{{stack, 0}};
  while (!open.empty()) {
    const auto [id, row] = open.back();
    open.pop_back();
    const Node& node = tape.node(id);
    if (node.op == &stack_rows_op && (id == stack || readers[id] == 1)) {
      open.emplace_back(node.inputs[1], row + tape.node(node.inputs[0]).shape.rows);
      open.emplace_back(node.inputs[0], row);
    } else {
      parts.emplace_back(id, row);
    }
  }
  return parts;
}

}  // namespace

std::vector<Unit> units_of(const Tape& tape, std::span<const int> outputs, const Layout& layout,
                           bool fuse) {
  std::vector<std::optional<LoopPlan>> loops(tape.size());
  if (fuse) loops = find_loops(tape, outputs);
  const std::vector<int> readers = count_readers(tape, outputs);
  std::vector<char> needed(tape.size(), false);
  for (const int id : outputs) needed[id] = true;

  std::vector<Unit> units;
  for (int id = tape.size() - 1; id >= 0; --id) {
    const Node& node = tape.node(id);
    if (!needed[id] || node.op->arity == 0) continue;
    if (node.op == &stack_rows_op) {
      const auto parts = parts_of(tape, id, readers);
      if (parts.size() > 2) {
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
          needed[part->first] = true;
          units.push_back({.id = id, .reads = {part->first}, .row = part->second});
        }
        continue;
      }
    }
    Unit unit{.id = id, .loop = std::move(loops[id])};
    const auto read = [&](int input) {
      if (input < 0) return;
      needed[input] = true;
      if (std::find(unit.reads.begin(), unit.reads.end(), input) == unit.reads.end())
        unit.reads.push_back(input);
    };
    if (unit.loop) {
      for (const LoopPlan::Step& step : unit.loop->steps) read(step.x), read(step.z);
    } else {
      for (const int input : node.inputs) read(input);
    }
    const bool slice = node.op == &slice_cols_op && layout.owner(id) != id;
    const bool stack = node.op == &stack_cols_op && layout.in_place(id, node.inputs[0], 0) &&
                       layout.in_place(id, node.inputs[1], tape.node(node.inputs[0]).shape.size());
    if (!slice && !stack) units.push_back(std::move(unit));
  }
  std::reverse(units.begin(), units.end());
  return units;
}

bool may_overwrite(const Tape& tape, const Layout& layout, const Unit& unit, int input) {
  const Node& node = tape.node(unit.id);
  if (tape.node(input).shape != node.shape) return false;
  for (const int read : unit.reads)
    if (layout.owner(read) == input && read != input) return false;
  if (!unit.loop) return node.op->elementwise;
  const auto by_entry = [&](const LoopPlan::Step& step) {
    return step.x != input || step.access == Access::entry;
  };
  return !unit.loop->sum_rows &&
         std::all_of(unit.loop->steps.begin(), unit.loop->steps.end(), by_entry);
}

}  // namespace autodiff
