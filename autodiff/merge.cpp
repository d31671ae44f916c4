#include "autodiff/merge.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <vector>

#include "autodiff/ops.h"
#include "autodiff/rebuild.h"

namespace autodiff {
namespace {

/// The matrices side by side, from left to right.
Var side_by_side(std::span<const Var> parts) {
  Var all = parts.front();
  for (const Var& part : parts.subspan(1)) all = stack_cols(all, part);
  return all;
}

// ---------------------------------------------------------------- A b₁, A b₂, ...

/// Sets of nodes that are to be computed at the same time; every node is in one, most are alone.
class Groups {
 public:
  explicit Groups(const Tape& tape) : tape_(tape), group_of_(tape.size()) {
    for (int id = 0; id < tape.size(); ++id) group_of_[id] = id;  // named after its first node
  }

  void join(std::span<const int> ids) {
    for (const int id : ids) group_of_[id] = ids.front();
  }
  int group_of(int id) const { return group_of_[id]; }

  /// The nodes in an order in which each group can be computed at once: of the groups that have
  /// all they need, the one whose first node is oldest. Groups that wait for each other are
  /// dissolved.
  std::vector<int> schedule() {
    for (;;) {
      std::vector<int> order = try_schedule();
      if (static_cast<int>(order.size()) == tape_.size()) return order;
      std::vector<char> done(tape_.size(), false);
      for (const int id : order) done[id] = true;
      for (int id = 0; id < tape_.size(); ++id)
        if (!done[id]) group_of_[id] = id;
    }
  }

 private:
  std::vector<int> try_schedule() const {
    std::vector<std::vector<int>> members(tape_.size()), readers(tape_.size());
    std::vector<int> missing(tape_.size(), 0);
    for (int id = 0; id < tape_.size(); ++id) {
      members[group_of_[id]].push_back(id);
      for (const int input : tape_.node(id).inputs)
        if (input >= 0) {
          readers[group_of_[input]].push_back(group_of_[id]);
          ++missing[group_of_[id]];
        }
    }
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    for (int id = 0; id < tape_.size(); ++id)
      if (!members[id].empty() && missing[id] == 0) ready.push(id);
    std::vector<int> order;
    while (!ready.empty()) {
      const int group = ready.top();
      ready.pop();
      order.insert(order.end(), members[group].begin(), members[group].end());
      for (const int reader : readers[group])
        if (--missing[reader] == 0) ready.push(reader);
    }
    return order;
  }

  const Tape& tape_;
  std::vector<int> group_of_;
};

/// For each left factor, taken as it is or transposed, the products with it, in order.
std::map<std::pair<int, bool>, std::vector<int>> products_by_left(const Tape& tape,
                                                                  const std::vector<int>& readers) {
  std::map<std::pair<int, bool>, std::vector<int>> products;
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (readers[id] > 0 && (node.op == &matmul_op || node.op == &matmul_tn_op))
      products[{node.inputs[0], node.op == &matmul_tn_op}].push_back(id);
  }
  return products;
}

/// Products with one left factor, by how many of its products lie on the longest way to them: those
/// with the same number do not depend on each other.
std::map<int, std::vector<int>> by_depth(const Tape& tape, const std::vector<int>& products) {
  std::vector<int> depth(tape.size(), 0);
  std::map<int, std::vector<int>> levels;
  auto next = products.begin();
  for (int id = products.front(); next != products.end(); ++id) {
    for (const int input : tape.node(id).inputs)
      if (input >= 0) depth[id] = std::max(depth[id], depth[input]);
    if (id == *next) {
      levels[++depth[id]].push_back(id);
      ++next;
    }
  }
  return levels;
}

/// The parts of a chain of stack_cols, from left to right.
std::vector<int> parts_of(const Tape& tape, int id) {
  std::vector<int> parts;
  for (; tape.node(id).op == &stack_cols_op; id = tape.node(id).inputs[0])
    parts.push_back(tape.node(id).inputs[1]);
  parts.push_back(id);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace

OptimizedTape merge_products(const Tape& tape, std::span<const int> outputs) {
  const std::vector<int> readers = count_readers(tape, outputs);
  // Where the right factors stand side by side already, in a sum of products: in which order?
  std::map<std::set<int>, std::vector<int>> known_orders;
  for (int id = 0; id < tape.size(); ++id)
    if (readers[id] > 0 && tape.node(id).op == &stack_cols_op) {
      const std::vector<int> parts = parts_of(tape, id);
      known_orders[{parts.begin(), parts.end()}] = parts;
    }

  Groups groups(tape);
  for (const auto& [left, products] : products_by_left(tape, readers))
    for (const auto& [depth, level] : by_depth(tape, products))
      if (level.size() > 1) groups.join(level);
  const std::vector<int> order = groups.schedule();
  std::map<int, std::vector<int>> members;
  for (int id = 0; id < tape.size(); ++id) members[groups.group_of(id)].push_back(id);

  std::map<int, Var> merged;     // for each group, its product
  std::map<int, Index> columns;  // for each product, where it begins in that of its group
  return rebuild(
      tape, outputs,
      [&](Tape& to, int id, const std::vector<Var>& image) {
        const Node& node = tape.node(id);
        const int group = groups.group_of(id);
        if (members[group].size() == 1)
          return record_again(to, node, image[node.inputs[0]],
                              node.op->arity == 2 ? image[node.inputs[1]] : Var());
        if (!merged[group]) {
          std::vector<int> rights;
          for (const int member : members[group]) rights.push_back(tape.node(member).inputs[1]);
          const auto known = known_orders.find({rights.begin(), rights.end()});
          if (known != known_orders.end() && known->second.size() == rights.size())
            rights = known->second;
          std::vector<Var> parts;
          Index width = 0;
          for (const int right : rights) {
            parts.push_back(image[right]);
            for (const int member : members[group])
              if (tape.node(member).inputs[1] == right) columns[member] = width;
            width += parts.back().cols();
          }
          merged[group] = to.record(*node.op, {image[node.inputs[0]], side_by_side(parts)});
        }
        return slice_cols(merged[group], columns[id], node.shape.cols);
      },
      order);
}

// ---------------------------------------------------------------- g₁ a₁ᵀ + g₂ a₂ᵀ + ...

OptimizedTape merge_sums_of_products(const Tape& tape, std::span<const int> outputs) {
  const std::vector<int> readers = count_readers(tape, outputs);
  const auto read_once = [&](int id, const OpDef& op) {
    return readers[id] == 1 && tape.node(id).op == &op;
  };
  return rebuild(tape, outputs, [&](Tape& to, int id, const std::vector<Var>& image) {
    const Node& node = tape.node(id);
    const auto again = [&] {
      return record_again(to, node, image[node.inputs[0]],
                          node.op->arity == 2 ? image[node.inputs[1]] : Var());
    };
    if (node.op != &add_op) return again();

    // The terms of the whole sum, through all additions that only it reads.
    std::vector<int> products, others, open{node.inputs.begin(), node.inputs.end()};
    while (!open.empty()) {
      const int term = open.back();
      open.pop_back();
      if (read_once(term, add_op))
        open.insert(open.end(), tape.node(term).inputs.begin(), tape.node(term).inputs.end());
      else
        (read_once(term, matmul_nt_op) ? products : others).push_back(term);
    }
    if (products.size() < 2) return again();
    std::sort(others.begin(), others.end());
    // In the order of the right factors: a layer's values and tangents come in that order again
    // where they are multiplied by its weights, and so are put side by side only once.
    std::sort(products.begin(), products.end(), [&](int p, int q) {
      return std::pair(tape.node(p).inputs[1], p) < std::pair(tape.node(q).inputs[1], q);
    });
    std::vector<Var> left, right;
    for (const int product : products) {
      left.push_back(image[tape.node(product).inputs[0]]);
      right.push_back(image[tape.node(product).inputs[1]]);
    }
    Var sum = to.record(matmul_nt_op, {side_by_side(left), side_by_side(right)});
    for (const int other : others) sum = sum + image[other];
    return sum;
  });
}

}  // namespace autodiff
