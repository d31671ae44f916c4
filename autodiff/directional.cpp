#include "autodiff/directional.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "autodiff/accumulator.h"
#include "autodiff/grad.h"
#include "autodiff/reach.h"

namespace autodiff {
namespace {

Var sum_of(Var total, Var term) { return total && term ? total + term : total ? total : term; }

/// The same, where each may be some rows or columns among zeros.
Var sum_of_parts(Var a, Var b) {
  Accumulator sum;
  sum.add(a);
  sum.add(b);
  return sum.total();
}

/// Are rows begin, ..., begin + count - 1 of t known to be zero? They are looked for in what t was
/// made of, down to a constant. So a direction along one coordinate ends where another is cut out.
bool known_zero(Var t, Index begin, Index count) {
  // A slice at each level of a long chain would walk down all of it, each time.
  constexpr int most_scaled = 32;
  int scaled = 0;
  Tape& tape = t.tape();
  for (;;) {
    const Node& node = tape.node(t.id());
    const auto input = [&](int k) { return Var(tape, node.inputs[k]); };
    if (node.op == &constant_op)
      return tape.constant_value(node).middleRows(begin, count).isZero(/*prec=*/0);
    if (node.op == &pad_rows_op) {
      const Index first = node.attributes.i, last = first + input(0).rows();
      if (begin + count <= first || begin >= last) return true;
      if (begin < first || begin + count > last) return false;
      begin -= first;
    } else if (node.op == &slice_rows_op) {
      begin += node.attributes.i;
    } else if (node.op == &stack_rows_op && begin >= input(0).rows()) {
      begin -= input(0).rows();
      t = input(1);
      continue;
    } else if (node.op == &stack_rows_op) {
      if (begin + count > input(0).rows()) return false;
    } else {
      const bool keeps_zeros = node.op == &broadcast_cols_op || node.op == &scale_op ||
                               node.op == &neg_op || node.op == &divide_by_op;
      if (!keeps_zeros || ++scaled > most_scaled) return false;
    }
    t = input(0);
  }
}

/// A node with its inputs, and the derivatives that its rule gives.
struct Local {
  Node node;
  Var a, b, y;

  explicit Local(Var of)
      : node(of.tape().node(of.id())),
        a(of.tape(), node.inputs[0]),
        b(node.op->arity == 2 ? Var(of.tape(), node.inputs[1]) : Var()),
        y(of) {}

  Var input(int k) const { return k == 0 ? a : b; }

  /// The share of the adjoint g that goes to input k, (∂y/∂input k)ᵀ g. Empty if zero.
  Var share(Var g, int k) const {
    if (!node.op->vjp)
      throw std::invalid_argument("[directional] " + std::string(node.op->name) +
                                  " has no derivative rule");
    return node.op->vjp({a, b, y, g, node.attributes}, k);
  }

  /// (∂y/∂input k) t. Empty if zero.
  Var tangent(Var t, int k) const {
    if (node.op->elementwise) return share(t, k);  // a diagonal Jacobian is its own transpose
    if (node.op == &slice_rows_op && known_zero(t, node.attributes.i, node.shape.rows)) return {};
    // The share of u is Jᵀ u, whatever u is: its derivative with respect to u is J.
    const Var u = t.tape().filled(y.shape(), 0);
    const Var jt_u = share(u, k);
    return jt_u ? vjp(jt_u, t, std::array{u}).front() : Var();
  }

  /// f̄ · f''(a, b) [t, ·]: for each input, the derivative of Σ_k f̄ · (∂y/∂input k) t_k. Empty if
  /// zero. The node is recorded anew so that nothing else depends on its inputs.
  std::array<Var, 2> curvature(Var adjoint, const std::array<Var, 2>& t) const {
    if (node.op->linear) return {};
    Tape& tape = y.tape();
    const int arity = node.op->arity;
    const std::array own{scale(a, 1), arity == 2 ? scale(b, 1) : Var()};
    const std::span inputs = std::span(own).first(arity);
    const Local again(arity == 2 ? tape.record(*node.op, {own[0], own[1]}, node.attributes)
                                 : tape.record(*node.op, {own[0]}, node.attributes));
    std::array<Var, 2> result;
    Var phi;
    for (int k = 0; k < arity; ++k)
      if (const Var share = t[k] ? again.share(adjoint, k) : Var(); share && depends(share, inputs))
        phi = sum_of(phi, sum(share * t[k]));
    for (int k = 0; k < arity; ++k)
      if (phi && depends(phi, inputs.subspan(k, 1))) result[k] = grad(phi, own[k]);
    return result;
  }
};

/// The tangents of one node along those directions in which it has one.
class Tangents {
 public:
  /// Empty where it has none.
  Var along(int direction) const {
    const auto found = std::lower_bound(all_.begin(), all_.end(), direction, before);
    return found != all_.end() && found->first == direction ? found->second : Var();
  }
  void add(int direction, Var t) {
    if (!t) return;
    const auto place = std::lower_bound(all_.begin(), all_.end(), direction, before);
    if (place != all_.end() && place->first == direction)
      place->second = sum_of_parts(place->second, t);
    else
      all_.emplace(place, direction, t);
  }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  using Entry = std::pair<int, Var>;
  static bool before(const Entry& entry, int direction) { return entry.first < direction; }
  std::vector<Entry> all_;  // by direction
};

/// The tangents of all steps, upwards from the xs to y.
std::vector<Tangents> push_forward(const Reach& between, Tape& tape,
                                   std::span<const Direction> directions) {
  std::vector<Tangents> tangents(between.steps.size());
  std::vector<char> is_x(between.steps.size(), false);
  for (std::size_t x = 0; x < between.xs.size(); ++x) {
    if (between.xs[x] < 0) continue;
    is_x[between.xs[x]] = true;
    for (std::size_t d = 0; d < directions.size(); ++d)
      tangents[between.xs[x]].add(static_cast<int>(d), directions[d][x]);
  }
  for (std::size_t s = 0; s < between.steps.size(); ++s) {
    if (is_x[s]) continue;
    const auto& [id, inputs] = between.steps[s];
    const Local local(Var(tape, id));
    for (int k = 0; k < 2; ++k)
      if (inputs[k] >= 0)
        for (const auto& [d, t] : tangents[inputs[k]]) tangents[s].add(d, local.tangent(t, k));
  }
  return tangents;
}

/// Sums terms of different heights, each height by itself, so that rows are added up only once.
class RowSums {
 public:
  void add(Var term) {
    for (Var& known : by_rows_)
      if (known.rows() == term.rows()) {
        known = known + term;
        return;
      }
    by_rows_.push_back(term);
  }
  /// The sum of all rows: 1 x N. Empty if there is none.
  Var total() const {
    Var all;
    for (const Var& part : by_rows_) all = sum_of(all, sum_rows(part));
    return all;
  }

 private:
  std::vector<Var> by_rows_;
};

/// Throws std::invalid_argument, in the function's name.
void validate(const char* function, Var y, std::span<const Var> xs,
              std::span<const Direction> directions) {
  const auto refuse = [&](const std::string& what) {
    throw std::invalid_argument('[' + std::string(function) + "] " + what);
  };
  if (!y) refuse("y is an empty Var");
  for (const Var& x : xs) {
    if (!x) refuse("an x is an empty Var");
    if (&x.tape() != &y.tape()) refuse("x belongs to another tape");
  }
  for (const Direction& direction : directions) {
    if (direction.size() != xs.size())
      refuse("a direction has " + std::to_string(direction.size()) + " parts for " +
             std::to_string(xs.size()) + " xs");
    for (std::size_t k = 0; k < xs.size(); ++k) {
      if (direction[k] && &direction[k].tape() != &y.tape())
        refuse("a direction's part belongs to another tape");
      if (direction[k] && direction[k].shape() != xs[k].shape())
        refuse("a direction's part is " + to_string(direction[k].shape()) + ", its x " +
               to_string(xs[k].shape()));
    }
  }
}

void validate(Var y, std::span<const Direction> directions,
              std::span<const std::pair<int, int>> pairs) {
  const auto refuse = [](const std::string& what) {
    throw std::invalid_argument("[second_derivatives] " + what);
  };
  if (y.rows() != 1) refuse("y must have one row, a scalar a sample");
  const auto known = [&](int i) { return i >= 0 && i < static_cast<int>(directions.size()); };
  for (const auto& [i, j] : pairs)
    if (!known(i) || !known(j))
      refuse("pair (" + std::to_string(i) + ", " + std::to_string(j) + ") of " +
             std::to_string(directions.size()) + " directions");
}

/// Throws std::invalid_argument where a sample does not stay in its column on the way from the xs.
void require_columns(const Reach& between, const Tape& tape) {
  for (const Step& step : between.steps) {
    const Node& node = tape.node(step.id);
    const bool begins = step.inputs[0] < 0 && step.inputs[1] < 0;  // an x
    const bool by_fixed = (node.op == &matmul_op || node.op == &matmul_tn_op) && step.inputs[0] < 0;
    if (!begins && !node.op->elementwise && !node.op->columnwise && !by_fixed)
      throw std::invalid_argument("[second_derivatives] %" + std::to_string(step.id) + " is a " +
                                  node.op->name +
                                  ": a sample has to stay in its column between xs and y");
  }
}

}  // namespace

Var jvp(Var y, std::span<const Var> xs, const Direction& direction) {
  validate("jvp", y, xs, std::span(&direction, 1));
  for (std::size_t k = 0; k < xs.size(); ++k)
    if (y == xs[k]) return direction[k] ? direction[k] : y.tape().filled(y.shape(), 0);
  const Reach between = reach(y, xs);
  const Var tangent =
      between.steps.empty()
          ? Var()
          : push_forward(between, y.tape(), std::span(&direction, 1)).back().along(0);
  return tangent ? tangent : y.tape().filled(y.shape(), 0);
}

Var jvp(Var y, Var x, Var direction) { return jvp(y, std::array{x}, {direction}); }

SecondDerivatives second_derivatives(Var y, std::span<const Var> xs,
                                     std::span<const Direction> directions,
                                     std::span<const std::pair<int, int>> pairs) {
  validate("second_derivatives", y, xs, directions);
  validate(y, directions, pairs);
  Tape& tape = y.tape();
  const Reach between = reach(y, xs);
  require_columns(between, tape);

  // Tangents before adjoints: beside the values that they go with, for merge.h.
  const std::vector<Tangents> tangents = push_forward(between, tape, directions);
  std::vector<Var> nodes(xs.begin(), xs.end());
  for (const Step& step : between.steps) nodes.emplace_back(tape, step.id);
  std::vector<Var> first = grad(sum(y), nodes);
  const std::vector<Var> adjoints(first.begin() + static_cast<long>(xs.size()), first.end());
  first.resize(xs.size());

  // A direction and all its partners, before the next: what is kept for it is then gone.
  std::vector<std::vector<std::pair<int, std::size_t>>> partners(directions.size());  // j, pair
  for (std::size_t p = 0; p < pairs.size(); ++p)
    partners[pairs[p].first].emplace_back(pairs[p].second, p);
  std::vector<Var> second(pairs.size());
  for (std::size_t i = 0; i < directions.size(); ++i) {
    if (partners[i].empty()) continue;
    std::vector<RowSums> sums(partners[i].size());
    for (std::size_t s = 0; s < between.steps.size(); ++s) {
      const int id = between.steps[s].id;
      const std::array<int, 2>& inputs = between.steps[s].inputs;
      const auto tangents_of = [&](int direction) {
        std::array<Var, 2> of_inputs;
        for (int k = 0; k < 2; ++k)
          if (inputs[k] >= 0) of_inputs[k] = tangents[inputs[k]].along(direction);
        return of_inputs;
      };
      const std::array<Var, 2> along_i = tangents_of(static_cast<int>(i));
      if (!along_i[0] && !along_i[1]) continue;
      const std::array<Var, 2> curved = Local(Var(tape, id)).curvature(adjoints[s], along_i);
      if (!curved[0] && !curved[1]) continue;
      for (std::size_t p = 0; p < partners[i].size(); ++p) {
        const std::array<Var, 2> along_j = tangents_of(partners[i][p].first);
        for (int k = 0; k < 2; ++k)
          if (curved[k] && along_j[k]) sums[p].add(curved[k] * along_j[k]);
      }
    }
    for (std::size_t p = 0; p < partners[i].size(); ++p)
      second[partners[i][p].second] = sums[p].total();
  }
  for (Var& entry : second)
    if (!entry) entry = tape.filled(y.shape(), 0);
  return {first, second};
}

}  // namespace autodiff
