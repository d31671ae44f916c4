#include "autodiff/compile/fuse.h"

#include <algorithm>
#include <array>

#include "autodiff/compile/rebuild.h"
#include "autodiff/kernels/vector.h"
#include "autodiff/ops.h"

namespace autodiff {
namespace {

/// A longer loop would keep as many results waiting for it as it has steps.
constexpr std::size_t most_steps = 32;

bool fits_loop(const Node& node) {
  static constexpr std::array ops{&add_op,   &sub_op,   &mul_op,       &div_op,        &neg_op,
                                  &scale_op, &shift_op, &divide_by_op, &divide_into_op};
  if (node.op == &pow_op) return node.attributes.c == 2 || node.attributes.c == -1;
  return std::find(ops.begin(), ops.end(), node.op) != ops.end();
}

class LoopFinder {
 public:
  LoopFinder(const Tape& tape, std::span<const int> outputs)
      : tape_(tape), readers_(count_readers(tape, outputs)), joined_(tape.size(), false) {}

  std::vector<std::optional<LoopPlan>> find() {
    std::vector<std::optional<LoopPlan>> loops(tape_.size());
    for (int id = tape_.size() - 1; id >= 0; --id) {
      const Node& node = tape_.node(id);
      if (joined_[id] || readers_[id] == 0) continue;
      if (node.op == &sum_rows_op && in_whole_vectors(tape_.node(node.inputs[0])) &&
          joins(node.inputs[0])) {
        joined_[node.inputs[0]] = true;
        loops[id] = loop_up_to(node.inputs[0]);
        loops[id]->sum_rows = true;
      } else if (fits_loop(node)) {
        LoopPlan loop = loop_up_to(id);
        // A single operation on whole matrices stays what it is.
        if (loop.nodes > 1 || loop.reads_broadcast()) loops[id] = std::move(loop);
      }
    }
    return loops;
  }

 private:
  static bool in_whole_vectors(const Node& node) { return node.shape.rows % lanes == 0; }

  /// May the node join the loop of the one that reads it?
  bool joins(int id) const { return readers_[id] == 1 && fits_loop(tape_.node(id)); }
  bool product_joins(int id) const { return joins(id) && tape_.node(id).op == &mul_op; }
  /// Would the loop go on below it?
  bool goes_on(int id) const {
    const auto& inputs = tape_.node(id).inputs;
    return joins(inputs[0]) || (inputs[1] >= 0 && joins(inputs[1]));
  }

  using Step = LoopPlan::Step;

  /// How a loop may read the node: a broadcast as the row or the column that it repeats.
  Access access_to(int id) const {
    const Node& node = tape_.node(id);
    if (node.op == &broadcast_rows_op && in_whole_vectors(node)) return Access::row;
    if (node.op == &broadcast_cols_op && in_whole_vectors(node)) return Access::column;
    return Access::entry;
  }

  Step reading(LoopStep::Op op, int x, int z = -1) const {
    if (z >= 0 && access_to(x) == Access::entry) std::swap(x, z);
    const Access access = access_to(x);
    return {.op = op,
            .x = access == Access::entry ? x : tape_.node(x).inputs[0],
            .z = z,
            .access = access};
  }

  /// From the last node downwards, following one input at each node; the steps are found backwards.
  LoopPlan loop_up_to(int last) {
    LoopPlan plan;
    plan.shape = tape_.node(last).shape;
    for (int id = last; id >= 0;) id = step_down(id, plan);
    std::reverse(plan.steps.begin(), plan.steps.end());
    return plan;
  }

  /// Appends the last step of a loop that ends at `id`. Returns where the loop goes on, or -1
  /// after a load.
  int step_down(int id, LoopPlan& plan) {
    const Node& node = tape_.node(id);
    std::vector<Step>& steps = plan.steps;
    ++plan.nodes;
    const auto [l, r] = node.inputs;
    const auto go_on = [&](int input) {
      if (joins(input) && steps.size() < most_steps) {
        joined_[input] = true;
        return input;
      }
      steps.push_back(reading(LoopStep::load, input));
      return -1;
    };
    const auto product_of = [&](LoopStep::Op op, int input) {
      joined_[input] = true;
      ++plan.nodes;
      steps.push_back(reading(op, tape_.node(input).inputs[0], tape_.node(input).inputs[1]));
    };

    if (r < 0) {
      Step step{.op = LoopStep::scale, .c = node.attributes.c};
      if (node.op == &neg_op) step.c = -1;
      if (node.op == &shift_op) step.op = LoopStep::shift;
      if (node.op == &divide_by_op) step.op = LoopStep::divide_by;
      if (node.op == &divide_into_op) step.op = LoopStep::divide_number;
      if (node.op == &pow_op && node.attributes.c == 2) step.op = LoopStep::square;
      if (node.op == &pow_op && node.attributes.c == -1)
        step = {.op = LoopStep::divide_number, .c = 1};
      steps.push_back(step);
      return go_on(l);
    }
    const bool sum = node.op == &add_op, difference = node.op == &sub_op;
    if (sum || difference) {
      // l ± x z, and x z ± r; where both are products the loop goes on below the longer one.
      if (product_joins(r) && !(product_joins(l) && !goes_on(l) && goes_on(r))) {
        product_of(sum ? LoopStep::add_product : LoopStep::subtract_product, r);
        return go_on(l);
      }
      if (product_joins(l)) {
        product_of(sum ? LoopStep::add_product : LoopStep::product_from, l);
        return go_on(r);
      }
    }
    if (l == r && node.op == &mul_op) {
      steps.push_back({.op = LoopStep::square});
      return go_on(l);
    }
    const bool follow_right = !joins(l) && joins(r);
    const LoopStep::Op op = sum ? LoopStep::add
                            : difference
                                ? follow_right ? LoopStep::subtract_from : LoopStep::subtract
                            : node.op == &mul_op ? LoopStep::multiply
                            : follow_right       ? LoopStep::divide_into
                                                 : LoopStep::divide;
    steps.push_back(reading(op, follow_right ? l : r));
    return go_on(follow_right ? r : l);
  }

  const Tape& tape_;
  std::vector<int> readers_;  // an output counts as read once more: it stays in memory
  std::vector<char> joined_;  // computed within a loop that ends further up
};

}  // namespace

bool LoopPlan::reads_broadcast() const {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return step.access != Access::entry; });
}

std::vector<std::optional<LoopPlan>> find_loops(const Tape& tape, std::span<const int> outputs) {
  return LoopFinder(tape, outputs).find();
}

}  // namespace autodiff
