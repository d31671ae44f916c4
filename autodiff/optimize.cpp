#include "autodiff/optimize.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "autodiff/merge.h"
#include "autodiff/ops.h"
#include "autodiff/rebuild.h"

namespace autodiff {
namespace {

/// What stands for a node, given what stands for its inputs.
using Rule = std::function<Var(Tape& to, const Node& node, Var a, Var b)>;

OptimizedTape rebuild_by_rule(const Tape& from, std::span<const int> outputs, const Rule& rule) {
  return rebuild(from, outputs, [&](Tape& to, int id, const std::vector<Var>& image) {
    const Node& node = from.node(id);
    return rule(to, node, image[node.inputs[0]],
                node.op->arity == 2 ? image[node.inputs[1]] : Var());
  });
}

// ---------------------------------------------------------------- simplify

const Node& node_of(Var x) { return x.tape().node(x.id()); }
const Attributes& attributes_of(Var x) { return node_of(x).attributes; }
bool is(Var x, const OpDef& op) { return x && node_of(x).op == &op; }
Var input_of(Var x, int k = 0) { return {x.tape(), node_of(x).inputs[k]}; }

/// The number that all entries of x are known to have, if there is one.
std::optional<double> single_value(Var x) {
  while (is(x, broadcast_cols_op) || is(x, broadcast_rows_op)) x = input_of(x);
  if (!is(x, constant_op)) return {};
  const Matrix& value = x.tape().constant_value(node_of(x));
  if (!(value.array() == value(0, 0)).all()) return {};
  return value(0, 0);
}

/// All inputs are constant: compute the node now. Equal columns are kept as one, repeated.
Var fold_constants(Tape& to, const Node& node, Var a, Var b) {
  if (node.op == &broadcast_cols_op || !is(a, constant_op) || (b && !is(b, constant_op))) return {};
  const auto data = [&](Var x) { return x ? to.constant_value(node_of(x)).data() : nullptr; };
  const std::array<Shape, 2> shapes{a.shape(), b ? b.shape() : Shape{}};
  std::vector<Scalar> scratch(node.op->scratch ? node.op->scratch(shapes) : 0);
  Matrix value(node.shape.rows, node.shape.cols);
  node.op->forward({node.op->forward, data(a), data(b), value.data(), scratch.data(), shapes[0],
                    shapes[1], node.shape, node.attributes});

  const Matrix first = value.col(0);
  if (value.cols() > 1 && value == first.replicate(1, value.cols()))
    return broadcast_cols(to.constant(first), value.cols());
  return to.constant(std::move(value));
}

Var simplify(Tape& to, const Node& node, Var a, Var b);

/// f(x repeated) = f(x), repeated: work on one column instead of one for each sample.
Var hoist_broadcast(Tape& to, const Node& node, Var a, Var b) {
  const auto repeated = [](Var x) { return is(x, broadcast_cols_op); };
  Node narrow = node;
  narrow.shape.cols = 1;
  if (node.op == &matmul_op && repeated(b))
    return broadcast_cols(simplify(to, narrow, a, input_of(b)), node.shape.cols);
  const bool columnwise = node.op->elementwise || node.op->columnwise;
  if (!columnwise || !repeated(a) || (b && !repeated(b))) return {};
  return broadcast_cols(simplify(to, narrow, input_of(a), b ? input_of(b) : Var()),
                        node.shape.cols);
}

/// Sums, differences, products and quotients with a known number, and double signs.
Var simplify_arithmetic(Tape& to, const Node& node, Var a, Var b) {
  const OpDef* op = node.op;
  const auto left = single_value(a);
  const auto right = single_value(b);
  const double c = node.attributes.c;
  const auto number_of = [](Var x) { return attributes_of(x).c; };

  if (op == &add_op) {
    if (left) return *left == 0 ? b : shift(b, *left);
    if (right) return *right == 0 ? a : shift(a, *right);
    if (is(b, neg_op)) return a - input_of(b);
    if (is(a, neg_op)) return b - input_of(a);
    if (is(a, sum_rows_op) && is(b, sum_rows_op) && input_of(a).rows() == input_of(b).rows())
      return sum_rows(input_of(a) + input_of(b));
  } else if (op == &sub_op) {
    if (left) return *left == 0 ? -b : shift(-b, *left);
    if (right) return *right == 0 ? a : shift(a, -*right);
    if (is(b, neg_op)) return a + input_of(b);
  } else if (op == &mul_op) {
    if (left == 0.0 || right == 0.0) return to.filled(node.shape, 0);
    if (left) return *left == 1 ? b : scale(b, *left);
    if (right) return *right == 1 ? a : scale(a, *right);
  } else if (op == &div_op) {
    if (right && *right != 0) return *right == 1 ? a : scale(a, 1 / *right);
  } else if (op == &neg_op) {
    if (is(a, neg_op)) return input_of(a);
    if (is(a, scale_op)) return scale(input_of(a), -number_of(a));
  } else if (op == &scale_op) {
    if (c == 1) return a;
    if (c == 0) return to.filled(node.shape, 0);
    if (is(a, neg_op)) return scale(input_of(a), -c);
    if (is(a, scale_op)) return scale(input_of(a), c * number_of(a));
  } else if (op == &shift_op) {
    if (c == 0) return a;
    if (is(a, shift_op)) return shift(input_of(a), c + number_of(a));
  } else if (op == &pow_op) {
    if (c == 1) return a;
    if (c == 0) return to.filled(node.shape, 1);
  }
  return {};
}

Var transposed(Tape& to, Var a) {
  return simplify(to, {&transpose_op, {}, {a.cols(), a.rows()}, {}}, a, Var());
}

/// Products and transposes; sums of what was repeated.
Var simplify_matrices(Tape& to, const Node& node, Var a, Var b) {
  const OpDef* op = node.op;
  if (op == &transpose_op) {
    if (a.shape() == Shape{1, 1}) return a;
    if (is(a, transpose_op)) return input_of(a);
    if (is(a, matmul_nt_op)) return to.record(matmul_nt_op, {input_of(a, 1), input_of(a)});
    if (is(a, add_op))  // most often of products, and then none of it remains
      return simplify(to, {&add_op, {}, node.shape, {}}, transposed(to, input_of(a)),
                      transposed(to, input_of(a, 1)));
  } else if (op == &matmul_op) {
    if (is(b, transpose_op)) return to.record(matmul_nt_op, {a, input_of(b)});
    // A large factor is copied by the product anyway, and can be turned round on the way.
    if (is(a, transpose_op) && a.shape().size() > 64 * 64)
      return to.record(matmul_tn_op, {input_of(a), b});
    if (b.shape() == Shape{1, 1} && single_value(b)) return scale(a, *single_value(b));
  } else if (op == &sum_cols_op && is(a, broadcast_cols_op)) {
    return scale(input_of(a), static_cast<double>(a.cols()));
  } else if (op == &sum_rows_op && is(a, broadcast_rows_op)) {
    return scale(input_of(a), static_cast<double>(a.rows()));
  }
  const bool sums_or_repeats = op == &sum_rows_op || op == &sum_cols_op ||
                               op == &broadcast_rows_op || op == &broadcast_cols_op;
  return sums_or_repeats && node.shape == a.shape() ? a : Var();
}

/// Rows begin, ..., begin + count - 1 of x, looked for in what x was sliced, padded or stacked
/// from.
Var simplified_slice(Var x, Index begin, Index count) {
  for (;;) {
    const Index first = is(x, pad_rows_op) ? attributes_of(x).i : 0;
    if (is(x, slice_rows_op)) {
      begin += attributes_of(x).i;
      x = input_of(x);
    } else if (is(x, pad_rows_op) && begin >= first &&
               begin + count <= first + input_of(x).rows()) {
      begin -= first;
      x = input_of(x);
    } else if (is(x, pad_rows_op) &&
               (begin + count <= first || begin >= first + input_of(x).rows())) {
      return x.tape().filled({count, x.cols()}, 0);
    } else if (is(x, stack_rows_op) && begin + count <= input_of(x).rows()) {
      x = input_of(x);
    } else if (is(x, stack_rows_op) && begin >= input_of(x).rows()) {
      begin -= input_of(x).rows();
      x = input_of(x, 1);
    } else {
      return count == x.rows() ? x : slice_rows(x, begin, count);
    }
  }
}

/// Slices of what was sliced, padded or stacked, and stacks of adjacent slices.
Var simplify_rows(Tape&, const Node& node, Var a, Var b) {
  if (node.op == &slice_rows_op) return simplified_slice(a, node.attributes.i, node.shape.rows);
  if (node.op != &stack_rows_op || !is(a, slice_rows_op) || !is(b, slice_rows_op)) return {};
  const Index begin = attributes_of(a).i;
  const bool adjacent = input_of(a) == input_of(b) && begin + a.rows() == attributes_of(b).i;
  return adjacent ? simplified_slice(input_of(a), begin, node.shape.rows) : Var();
}

/// The first rule that fits, or the node as it was.
Var simplify(Tape& to, const Node& node, Var a, Var b) {
  for (const auto rule :
       {fold_constants, simplify_arithmetic, simplify_matrices, hoist_broadcast, simplify_rows})
    if (const Var y = rule(to, node, a, b)) return y;
  return record_again(to, node, a, b);
}

// ---------------------------------------------------------------- share

/// Two nodes with equal keys compute the same.
struct Key {
  const OpDef* op;
  int a, b;
  Attributes attributes;
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash = std::hash<const void*>()(key.op);
    for (const std::size_t part :
         {static_cast<std::size_t>(key.a), static_cast<std::size_t>(key.b),
          static_cast<std::size_t>(key.attributes.i), static_cast<std::size_t>(key.attributes.j),
          std::hash<double>()(key.attributes.c)})
      hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
    return hash;
  }
};

/// A rule that remembers what it recorded, and records nothing twice.
Rule share_rule() {
  return [seen = std::unordered_map<Key, Var, KeyHash>()](Tape& to, const Node& node, Var a,
                                                          Var b) mutable {
    Key key{node.op, a.id(), b.id(), node.attributes};
    if (node.op->commutative && key.a > key.b) std::swap(key.a, key.b);
    Var& known = seen[key];
    if (!known) known = record_again(to, node, a, b);
    return known;
  };
}

// ---------------------------------------------------------------- pair

/// softplus x and sigmoid x, where both are wanted, from one exponential.
OptimizedTape pair_softplus_sigmoid(const Tape& tape, std::span<const int> outputs) {
  const std::vector<int> readers = count_readers(tape, outputs);
  std::vector<char> softplus(tape.size(), false), sigmoid(tape.size(), false);
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (readers[id] == 0) continue;
    if (node.op == &softplus_op) softplus[node.inputs[0]] = true;
    if (node.op == &sigmoid_op) sigmoid[node.inputs[0]] = true;
  }
  std::unordered_map<int, Var> pairs;
  return rebuild(tape, outputs, [&](Tape& to, int id, const std::vector<Var>& image) {
    const Node& node = tape.node(id);
    const int x = node.inputs[0];
    if ((node.op != &softplus_op && node.op != &sigmoid_op) || !softplus[x] || !sigmoid[x])
      return record_again(to, node, image[x], node.op->arity == 2 ? image[node.inputs[1]] : Var());
    Var& pair = pairs[x];
    if (!pair) pair = to.record(softplus_sigmoid_op, {image[x]});
    const Index cols = node.shape.cols;
    return slice_cols(pair, node.op == &softplus_op ? 0 : cols, cols);
  });
}

/// Every output needs a place of its own: leaves and repeated outputs are copied.
void make_outputs_distinct(OptimizedTape& result) {
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

OptimizedTape optimize(std::span<const Var> outputs, bool simplified, bool merged) {
  std::vector<int> ids;
  for (const Var& y : outputs) ids.push_back(y.id());
  OptimizedTape result = rebuild_by_rule(outputs.front().tape(), ids, record_again);
  int size_before = outputs.front().tape().size();
  std::string report;
  const auto tell = [&](const std::string& pass) {
    report += pass + ' ' + std::to_string(size_before) + " -> " +
              std::to_string(result.tape->size()) + " nodes\n";
    size_before = result.tape->size();
  };
  const auto pass = [&](const std::string& name, const Rule& rule) {
    result = rebuild_by_rule(*result.tape, result.outputs, rule);
    tell(name);
  };

  tell("drop_dead");
  if (simplified) {
    pass("share    ", share_rule());
    pass("simplify ", simplify);
    pass("share    ", share_rule());
    pass("simplify ", simplify);  // sees more once equal nodes are one
    pass("share    ", share_rule());
    result = pair_softplus_sigmoid(*result.tape, result.outputs);
    tell("pair     ");
  }
  if (merged) {
    result = merge_sums_of_products(*result.tape, result.outputs);
    tell("sums     ");
    result = merge_products(*result.tape, result.outputs);
    tell("products ");
    pass("share    ", share_rule());
  }
  make_outputs_distinct(result);
  result.report = std::move(report);
  return result;
}

}  // namespace autodiff
