#include "autodiff/curvature.h"

#include <array>
#include <stdexcept>
#include <string>

#include "autodiff/grad.h"

namespace autodiff {
namespace {

/// Which nodes up to y depend on one of the xs. Only nodes from the first x on are looked at.
std::vector<char> mark_dependent(Var y, std::span<const Var> xs) {
  const Tape& tape = y.tape();
  std::vector<char> dependent(y.id() + 1, false);
  for (const Var& x : xs)
    if (x && x.id() <= y.id()) dependent[x.id()] = true;
  for (int id = 0; id <= y.id(); ++id)
    for (const int input : tape.node(id).inputs)
      if (input >= 0 && dependent[input]) dependent[id] = true;
  return dependent;
}

/// The nodes between the xs and y, in order: they depend on an x, and y depends on them.
std::vector<Var> nodes_between(Var y, std::span<const Var> xs) {
  Tape& tape = y.tape();
  const std::vector<char> dependent = mark_dependent(y, xs);
  std::vector<char> needed(y.id() + 1, false);
  needed[y.id()] = true;
  for (int id = y.id(); id >= 0; --id)
    for (const int input : tape.node(id).inputs)
      if (needed[id] && input >= 0) needed[input] = true;
  for (const Var& x : xs)
    if (x.id() <= y.id()) needed[x.id()] = false;  // the ends are not between
  std::vector<Var> between;
  for (int id = 0; id <= y.id(); ++id)
    if (needed[id] && dependent[id]) between.emplace_back(tape, id);
  return between;
}

Var sum_of(Var total, Var term) { return total && term ? total + term : total ? total : term; }

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
  Var share(Var g, int k) const { return node.op->vjp({a, b, y, g, node.attributes}, k); }

  /// (∂y/∂input k) t.
  Var tangent(Var t, int k) const {
    if (node.op->elementwise) return share(t, k);  // a diagonal Jacobian is its own transpose
    // The share of u is Jᵀ u, whatever u is: its derivative with respect to u is J.
    const Var u = t.tape().filled(y.shape(), 0);
    const Var jt_u = share(u, k);
    return jt_u ? vjp(jt_u, t, std::array{u}).front() : Var();
  }

  /// f̄ · f''(a, b) [t, ·]: for each input, the derivative of Σ_k f̄ · (∂y/∂input k) t_k. Empty if
  /// zero. The node is recorded anew so that nothing else depends on its inputs.
  std::array<Var, 2> curvature(Var adjoint, const std::array<Var, 2>& t) const {
    Tape& tape = y.tape();
    const Var a2 = scale(a, 1), b2 = b ? scale(b, 1) : Var();
    const Local again(b ? tape.record(*node.op, {a2, b2}, node.attributes)
                        : tape.record(*node.op, {a2}, node.attributes));
    std::array<Var, 2> result;
    Var phi;
    for (int k = 0; k < node.op->arity; ++k) {
      const Var share = t[k] ? again.share(adjoint, k) : Var();
      if (share && mark_dependent(share, std::array{a2, b2})[share.id()])
        phi = sum_of(phi, sum(share * t[k]));
    }
    if (!phi) return result;
    for (int k = 0; k < node.op->arity; ++k)
      if (mark_dependent(phi, std::array{again.input(k)})[phi.id()])
        result[k] = grad(phi, again.input(k));
    return result;
  }
};

}  // namespace

SecondDerivatives second_derivatives(Var y, std::span<const Var> xs,
                                     std::span<const Direction> directions,
                                     std::span<const std::pair<int, int>> pairs) {
  if (!y || y.rows() != 1)
    throw std::invalid_argument("[second_derivatives] y must have one row, a scalar a sample");
  for (const Direction& direction : directions)
    if (direction.size() != xs.size())
      throw std::invalid_argument("[second_derivatives] a direction has " +
                                  std::to_string(direction.size()) + " parts for " +
                                  std::to_string(xs.size()) + " xs");
  const auto known = [&](int i) { return i >= 0 && i < static_cast<int>(directions.size()); };
  for (const auto& [i, j] : pairs)
    if (!known(i) || !known(j))
      throw std::invalid_argument("[second_derivatives] pair (" + std::to_string(i) + ", " +
                                  std::to_string(j) + ") of " + std::to_string(directions.size()) +
                                  " directions");
  const std::vector<Var> between = nodes_between(y, xs);

  std::vector<Var> ends_and_nodes(xs.begin(), xs.end());
  ends_and_nodes.insert(ends_and_nodes.end(), between.begin(), between.end());
  const std::vector<Var> adjoints = grad(sum(y), ends_and_nodes);

  // tangents[d][id]: upwards, from the xs to y.
  std::vector<std::vector<Var>> tangents;
  for (const Direction& direction : directions) {
    std::vector<Var>& t = tangents.emplace_back(y.id() + 1);
    for (std::size_t k = 0; k < xs.size(); ++k)
      if (xs[k].id() <= y.id()) t[xs[k].id()] = direction.at(k);
    for (const Var& node : between) {
      const Local local(node);
      for (int k = 0; k < local.node.op->arity; ++k)
        if (const Var t_k = t[local.node.inputs[k]])
          t[node.id()] = sum_of(t[node.id()], local.tangent(t_k, k));
    }
  }

  std::vector<Var> second(pairs.size());
  for (std::size_t n = 0; n < between.size(); ++n) {
    const Local local(between[n]);
    const auto inputs_of = [&](const std::vector<Var>& t) {
      return std::array{t[local.a.id()], local.b ? t[local.b.id()] : Var()};
    };
    std::vector<std::array<Var, 2>> curved(directions.size());
    for (std::size_t d = 0; d < directions.size(); ++d) {
      bool first_of_pair = false;
      for (const auto& [i, j] : pairs) first_of_pair |= i == static_cast<int>(d);
      if (first_of_pair)
        curved[d] = local.curvature(adjoints[xs.size() + n], inputs_of(tangents[d]));
    }
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      const auto [i, j] = pairs[p];
      const std::array<Var, 2> s = inputs_of(tangents[j]);
      for (int k = 0; k < 2; ++k)
        if (curved[i][k] && s[k]) second[p] = sum_of(second[p], sum_rows(curved[i][k] * s[k]));
    }
  }
  for (Var& entry : second)
    if (!entry) entry = y.tape().filled(y.shape(), 0);
  return {{adjoints.begin(), adjoints.begin() + static_cast<long>(xs.size())}, second};
}

}  // namespace autodiff
