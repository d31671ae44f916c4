#include "autodiff/compile/merge.h"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autodiff/ops.h"

namespace autodiff {
namespace {

/// The matrices side by side, from left to right.
Var side_by_side(std::span<const Var> parts) {
  Var all = parts.front();
  for (const Var& part : parts.subspan(1)) all = stack_cols(all, part);
  return all;
}

// ---------------------------------------------------------------- A b₁, A b₂, ...

bool can_merge(const Node& node) { return node.op == &matmul_op || node.op == &matmul_tn_op; }

/// Products that become one, in the order of recording. Two at least.
using Group = std::vector<int>;

/// For the nodes first, ..., last: how many of the `counted` nodes lie on the longest way to each,
/// itself among them. Counted nodes with the same number do not depend on each other.
template <class Counted>
void count_on_longest_way(const Tape& tape, int first, int last, const Counted& counted,
                          std::vector<int>& depth) {
  for (int id = first; id <= last; ++id) {
    depth[id] = 0;
    for (const int input : tape.node(id).inputs)
      if (input >= first) depth[id] = std::max(depth[id], depth[input]);
    if (counted(id)) ++depth[id];
  }
}

/// Looking between two products for what depends on what pays up to so many nodes a product.
constexpr int longest_search = 512;

/// Products with the same left factor, taken as it is or transposed, that do not depend on each
/// other.
std::vector<Group> find_groups(const Tape& tape, std::span<const int> outputs) {
  const std::vector<int> readers = count_readers(tape, outputs);
  const auto merges = [&](int id) { return readers[id] > 0 && can_merge(tape.node(id)); };
  const auto factor = [&](int id) {
    return std::pair(tape.node(id).inputs[0], tape.node(id).op == &matmul_tn_op);
  };
  std::vector<int> products;
  for (int id = 0; id < tape.size(); ++id)
    if (merges(id)) products.push_back(id);
  std::stable_sort(products.begin(), products.end(),
                   [&](int p, int q) { return factor(p) < factor(q); });
  std::vector<int> depth(tape.size()), depth_of_factor(tape.size());
  count_on_longest_way(tape, 0, tape.size() - 1, merges, depth);

  std::vector<Group> groups;
  for (auto first = products.begin(); first != products.end();) {
    const auto other = [&](int id) { return factor(id) != factor(*first); };
    const auto last = std::find_if(first, products.end(), other);
    const std::vector<int>* by = &depth;  // products of any factor: more of them, known already
    if (last - first > 1 && *std::prev(last) - *first <= longest_search * (last - first)) {
      const auto of_factor = [&](int id) { return merges(id) && !other(id); };
      count_on_longest_way(tape, *first, *std::prev(last), of_factor, depth_of_factor);
      by = &depth_of_factor;
    }
    std::stable_sort(first, last, [&](int p, int q) { return (*by)[p] < (*by)[q]; });
    while (first != last) {
      const auto end = std::find_if(first, last, [&](int p) { return (*by)[p] != (*by)[*first]; });
      if (end - first > 1) groups.emplace_back(first, end);
      first = end;
    }
  }
  return groups;
}

/// The nodes in an order in which each group can be computed at once: of those that have all they
/// need, the oldest first, a group counting as its first product. Nodes are left out where groups
/// wait for each other.
std::vector<int> schedule(const Tape& tape, std::span<const Group> groups) {
  std::vector<int> first_of(tape.size());  // of each node's group
  for (int id = 0; id < tape.size(); ++id) first_of[id] = id;
  std::unordered_map<int, const Group*> group_of;
  for (const Group& group : groups) {
    group_of[group.front()] = &group;
    for (const int id : group) first_of[id] = group.front();
  }

  std::vector<int> readers_end(tape.size() + 1, 0), missing(tape.size(), 0);
  const auto for_each_edge = [&](const auto& f) {
    for (int id = 0; id < tape.size(); ++id)
      for (const int input : tape.node(id).inputs)
        if (input >= 0) f(first_of[input], first_of[id]);
  };
  for_each_edge([&](int from, int to) { ++readers_end[from], ++missing[to]; });
  for (int id = 1; id <= tape.size(); ++id) readers_end[id] += readers_end[id - 1];
  std::vector<int> readers(readers_end.back());  // of node id: up to readers_end[id], from the last
  for_each_edge([&](int from, int to) { readers[--readers_end[from]] = to; });

  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int id = 0; id < tape.size(); ++id)
    if (first_of[id] == id && missing[id] == 0) ready.push(id);
  std::vector<int> order;
  while (!ready.empty()) {
    const int id = ready.top();
    ready.pop();
    const auto group = group_of.find(id);
    if (group == group_of.end())
      order.push_back(id);
    else
      order.insert(order.end(), group->second->begin(), group->second->end());
    for (int k = readers_end[id]; k < readers_end[id + 1]; ++k)
      if (--missing[readers[k]] == 0) ready.push(readers[k]);
  }
  return order;
}

/// The same of all nodes. Groups that wait for each other are dissolved.
std::vector<int> full_schedule(const Tape& tape, std::vector<Group>& groups) {
  std::vector<int> order = schedule(tape, groups);
  if (static_cast<int>(order.size()) == tape.size()) return order;
  std::vector<char> done(tape.size(), false);
  for (const int id : order) done[id] = true;
  std::erase_if(groups, [&](const Group& group) { return !done[group.front()]; });
  return schedule(tape, groups);
}

/// Which factors stand side by side already, in sums of products.
class KnownOrders {
 public:
  explicit KnownOrders(const Tape& tape) {
    for (int id = 0; id < tape.size(); ++id)
      if (tape.node(id).op == &matmul_nt_sum_op)
        for (int k = 0; k < 2; ++k) {
          int part = tape.node(id).inputs[k], place = 0;
          for (; tape.node(part).op == &stack_cols_op; part = tape.node(part).inputs[0])
            places_[k][tape.node(part).inputs[1]] = {id, --place};
          places_[k][part] = {id, --place};
        }
  }

  /// The factors in the order in which they stand there as neighbours, or as they were.
  std::vector<int> ordered(const std::vector<int>& factors) const {
    for (const auto& place_of : places_) {
      std::vector<std::tuple<int, int, int>> places;  // sum, place in it, factor
      for (const int factor : factors)
        if (const auto known = place_of.find(factor); known != place_of.end())
          places.emplace_back(known->second.first, known->second.second, factor);
      if (places.size() < factors.size()) continue;
      std::sort(places.begin(), places.end());
      const auto [first_sum, first_place, first] = places.front();
      const auto [last_sum, last_place, last] = places.back();
      if (first_sum != last_sum || last_place - first_place + 1 != std::ssize(places)) continue;
      std::vector<int> as_there;
      for (const auto& [sum, place, factor] : places) as_there.push_back(factor);
      return as_there;
    }
    return factors;
  }

 private:
  std::array<std::unordered_map<int, std::pair<int, int>>, 2> places_;  // of left and right factors
};

}  // namespace

CompiledTape merge_products(const Tape& tape, std::span<const int> outputs) {
  std::vector<Group> groups = find_groups(tape, outputs);
  const std::vector<int> order = full_schedule(tape, groups);
  const KnownOrders known_orders(tape);
  struct Merged {
    Var product;
    std::unordered_map<int, Index> columns;  // where each right factor's product begins
  };
  std::vector<Merged> merged(groups.size());
  std::unordered_map<int, std::size_t> group_of;
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (const int id : groups[g]) group_of[id] = g;

  return rebuild(
      tape, outputs,
      [&](Tape& to, int id, const std::vector<Var>& image) {
        const Node& node = tape.node(id);
        const auto group = group_of.find(id);
        if (group == group_of.end()) return record_again(to, tape, node, image);
        auto& [product, columns] = merged[group->second];
        if (!product) {
          std::vector<int> rights;
          for (const int member : groups[group->second])
            rights.push_back(tape.node(member).inputs[1]);
          std::vector<Var> parts;
          Index width = 0;
          for (const int right : known_orders.ordered(rights)) {
            parts.push_back(image[right]);
            columns[right] = width;
            width += parts.back().cols();
          }
          product = to.record(*node.op, {image[node.inputs[0]], side_by_side(parts)});
        }
        return slice_cols(product, columns.at(node.inputs[1]), node.shape.cols);
      },
      order);
}

// ---------------------------------------------------------------- g₁ a₁ᵀ + g₂ a₂ᵀ + ...

namespace {

/// Wider products keep the processor busy by themselves.
constexpr Index widest_part = 16;

}  // namespace

// A sum is recorded from left to right, ((p₁ + p₂) + p₃) + ...: while its terms are products they
// become one, and the others are added as they were. The parts stand from right to left, as
// matmul_nt_sum adds them: the sweep that recorded the sum went backwards, so that the factors
// stand in the order in which they were computed, and in which merge_products puts them, too.
CompiledTape merge_sums_of_products(const Tape& tape, std::span<const int> outputs) {
  const std::vector<int> readers = count_readers(tape, outputs);
  const auto width = [&](int product) {
    return tape.node(tape.node(product).inputs[0]).shape.cols;
  };
  const auto is_part = [&](int id) {
    return readers[id] == 1 && tape.node(id).op == &matmul_nt_op && width(id) <= widest_part;
  };
  std::vector<int> last_part(tape.size(), -1);    // of a sum of parts, its right term
  std::vector<char> goes_on(tape.size(), false);  // a sum of parts to which one more is added
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (node.op != &add_op || readers[id] == 0 || !is_part(node.inputs[1])) continue;
    const int left = node.inputs[0];
    const bool sum = last_part[left] >= 0 && readers[left] == 1;
    if (!sum && !is_part(left)) continue;
    if (width(sum ? last_part[left] : left) != width(node.inputs[1])) continue;
    last_part[id] = node.inputs[1];
    goes_on[left] = sum;
  }

  return rebuild(tape, outputs, [&](Tape& to, int id, const std::vector<Var>& image) {
    if (last_part[id] < 0) return record_again(to, tape, tape.node(id), image);
    if (goes_on[id]) return Var();  // the sum that it begins records it
    std::vector<Var> left, right;
    const auto put = [&](int part) {
      left.push_back(image[tape.node(part).inputs[0]]);
      right.push_back(image[tape.node(part).inputs[1]]);
    };
    int rest = id;
    do {
      put(last_part[rest]);
      rest = tape.node(rest).inputs[0];
    } while (goes_on[rest]);
    put(rest);
    return to.record(matmul_nt_sum_op, {side_by_side(left), side_by_side(right)},
                     {.i = width(last_part[id])});
  });
}

}  // namespace autodiff
