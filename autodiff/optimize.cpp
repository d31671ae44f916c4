#include "autodiff/optimize.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "autodiff/ops.h"

namespace autodiff {
namespace {

/// Records on the new tape what stands for a node of the old one; a and b are its inputs there.
using Rule = std::function<Var(Tape& to, const Node& node, Var a, Var b)>;

Var record_again(Tape& to, const Node& node, Var a, Var b) {
  if (node.op->arity == 2) return to.record(*node.op, {a, b}, node.attributes);
  return to.record(*node.op, {a}, node.attributes);
}

/// Records the part of `from` that the outputs need on a new tape, node by node, as the rule says.
OptimizedTape rebuild(const Tape& from, std::span<const int> outputs, const Rule& rule) {
  std::vector<char> live(from.size(), false);
  for (const int id : outputs) live[id] = true;
  for (int id = from.size() - 1; id >= 0; --id)
    for (const int input : from.node(id).inputs)
      if (live[id] && input >= 0) live[input] = true;

  OptimizedTape result{.tape = std::make_unique<Tape>(), .outputs = {}, .report = {}};
  std::vector<Var> image(from.size());
  std::unordered_map<std::string, Var> constants;  // by shape and bytes: equal ones become one
  const auto shared_constant = [&](Tape& to, const Matrix& value) {
    std::string key = to_string(Shape{value.rows(), value.cols()});
    key.append(reinterpret_cast<const char*>(value.data()), value.size() * sizeof(Scalar));
    Var& known = constants[key];
    if (!known) known = to.constant(value);
    return known;
  };
  for (int id = 0; id < from.size(); ++id) {
    const Node& node = from.node(id);
    Tape& to = *result.tape;
    if (node.op == &input_op)  // all leaves are kept, so that their indices stay
      image[id] = to.input(node.shape.rows, node.shape.cols, from.leaf_name(node));
    else if (node.op == &parameter_op)
      image[id] = to.parameter(node.shape.rows, node.shape.cols, from.leaf_name(node));
    else if (live[id] && node.op == &constant_op)
      image[id] = shared_constant(to, from.constant_value(node));
    else if (live[id])
      image[id] = rule(to, node, image[node.inputs[0]],
                       node.op->arity == 2 ? image[node.inputs[1]] : Var());
  }
  for (const int id : outputs) result.outputs.push_back(image[id].id());
  return result;
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

/// Products and transposes; sums of what was repeated.
Var simplify_matrices(Tape& to, const Node& node, Var a, Var b) {
  const OpDef* op = node.op;
  if (op == &transpose_op) {
    if (a.shape() == Shape{1, 1}) return a;
    if (is(a, transpose_op)) return input_of(a);
    if (is(a, matmul_nt_op)) return to.record(matmul_nt_op, {input_of(a, 1), input_of(a)});
  } else if (op == &matmul_op) {
    if (is(b, transpose_op)) return to.record(matmul_nt_op, {a, input_of(b)});
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

OptimizedTape optimize(std::span<const Var> outputs, bool all) {
  std::vector<int> ids;
  for (const Var& y : outputs) ids.push_back(y.id());
  OptimizedTape result = rebuild(outputs.front().tape(), ids, record_again);
  int size_before = outputs.front().tape().size();
  std::string report;
  const auto tell = [&](const std::string& pass) {
    report += pass + ' ' + std::to_string(size_before) + " -> " +
              std::to_string(result.tape->size()) + " nodes\n";
    size_before = result.tape->size();
  };
  const auto pass = [&](const std::string& name, const Rule& rule) {
    result = rebuild(*result.tape, result.outputs, rule);
    tell(name);
  };

  tell("drop_dead");
  if (all) {
    pass("share    ", share_rule());
    pass("simplify ", simplify);
    pass("share    ", share_rule());
    pass("simplify ", simplify);  // sees more once equal nodes are one
    pass("share    ", share_rule());
  }
  make_outputs_distinct(result);
  result.report = std::move(report);
  return result;
}

}  // namespace autodiff
