#include "autodiff/compile/simplify.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string_view>

#include "autodiff/ops.h"

namespace autodiff {
namespace {

const Node& node_of(Var x) { return x.tape().node(x.id()); }
const Attributes& attributes_of(Var x) { return node_of(x).attributes; }
bool is(Var x, const OpDef& op) { return x && node_of(x).op == &op; }
Var input_of(Var x, int k = 0) { return {x.tape(), node_of(x).inputs[k]}; }
const Matrix& value_of(Var constant) { return constant.tape().constant_value(node_of(constant)); }

/// Equal bits: 0 and -0 differ.
bool same_bits(const Scalar* a, const Scalar* b, Index count) {
  return std::memcmp(a, b, static_cast<std::size_t>(count) * sizeof(Scalar)) == 0;
}
std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }
bool is_minus_zero(double x) { return bits(x) == bits(-0.0); }

/// A hash with one more part.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t part) {
  hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 32;
}

/// The number that all entries of x are known to have, if there is one.
std::optional<double> single_value(Var x) {
  while (is(x, broadcast_cols_op) || is(x, broadcast_rows_op)) x = input_of(x);
  if (!is(x, constant_op)) return {};
  const Matrix& value = value_of(x);
  for (Index i = 1; i < value.size(); ++i)
    if (!same_bits(value.data(), value.data() + i, 1)) return {};
  return value(0, 0);
}

/// Is a / c the same as a · (1/c), bit for bit? It is for a power of two with an inverse.
bool inverts_exactly(double c) {
  int exponent = 0;
  return std::abs(std::frexp(c, &exponent)) == 0.5 && std::isnormal(static_cast<Scalar>(1 / c)) &&
         std::isnormal(static_cast<Scalar>(c));
}

}  // namespace

Var Simplifier::record(const OpDef& op, Var a, Var b, Attributes attributes) {
  if (const Var y = constants(op, a, b, attributes)) return y;
  if (const Var y = arithmetic(op, a, b, attributes)) return y;
  if (const Var y = matrices(op, a, b)) return y;
  if (const Var y = repeated_columns(op, a, b, attributes)) return y;
  if (const Var y = rows(op, a, b, attributes)) return y;
  return shared(op, a, b, attributes);
}

Var Simplifier::constant(Matrix value) {
  const auto* bytes = reinterpret_cast<const char*>(value.data());
  const std::string_view text(bytes, static_cast<std::size_t>(value.size()) * sizeof(Scalar));
  std::vector<Var>& alike = constants_[std::hash<std::string_view>()(text)];
  for (const Var known : alike) {
    const Matrix& other = value_of(known);
    if (other.rows() == value.rows() && other.cols() == value.cols() &&
        same_bits(other.data(), value.data(), value.size()))
      return known;
  }
  return alike.emplace_back(to_.constant(std::move(value)));
}

// All inputs are constant: the node is computed now. Equal columns are kept as one, repeated.
Var Simplifier::constants(const OpDef& op, Var a, Var b, Attributes attributes) {
  if (op.arity == 0 || &op == &broadcast_cols_op || (b && !is(b, constant_op))) return {};
  Matrix spread;  // a sum over repeated columns is added up as it would be
  if (&op == &sum_cols_op && is(a, broadcast_cols_op) && is(input_of(a), constant_op))
    spread = value_of(input_of(a)).replicate(1, a.cols());
  else if (!is(a, constant_op))
    return {};
  require_forward(op);
  const std::array<Shape, 2> shapes{a.shape(), b ? b.shape() : Shape{}};
  const Shape shape = op.shape(op, std::span(shapes).first(op.arity), attributes);
  std::vector<Scalar> scratch(op.scratch ? op.scratch(shapes) : 0);
  Matrix value(shape.rows, shape.cols);
  op.forward({.forward = op.forward,
              .a = spread.size() > 0 ? spread.data() : value_of(a).data(),
              .b = b ? value_of(b).data() : nullptr,
              .y = value.data(),
              .scratch = scratch.data(),
              .a_shape = shapes[0],
              .b_shape = shapes[1],
              .y_shape = shape,
              .attributes = attributes});

  bool repeats = shape.cols > 1;
  for (Index s = 1; repeats && s < shape.cols; ++s)
    repeats = same_bits(value.data(), value.col(s).data(), shape.rows);
  if (!repeats) return constant(std::move(value));
  return record(broadcast_cols_op, constant(value.col(0)), {}, {.i = shape.cols});
}

Var Simplifier::filled(Shape shape, Scalar value) {
  const Var row =
      record(broadcast_rows_op, constant(Matrix::Constant(1, 1, value)), {}, {.i = shape.rows});
  return record(broadcast_cols_op, row, {}, {.i = shape.cols});
}

Var Simplifier::plus(Var x, double c) {
  return is_minus_zero(c) ? x : record(shift_op, x, {}, {.c = c});
}

Var Simplifier::times(Var x, double c) { return c == 1 ? x : record(scale_op, x, {}, {.c = c}); }

// Sums, differences, products and quotients with a known number, and double signs.
Var Simplifier::arithmetic(const OpDef& op, Var a, Var b, Attributes attributes) {
  const double c = attributes.c;
  if (&op == &neg_op) {
    if (is(a, neg_op)) return input_of(a);
    if (is(a, scale_op)) return times(input_of(a), -attributes_of(a).c);
  } else if (&op == &scale_op) {
    if (c == 1) return a;
    if (c == 0) return filled(a.shape(), 0);
    if (is(a, neg_op)) return times(input_of(a), -c);
  } else if (&op == &shift_op) {
    if (is_minus_zero(c)) return a;
  } else if (&op == &divide_by_op) {
    if (c == 1) return a;
    if (inverts_exactly(c)) return times(a, 1 / c);
  } else if (&op == &stop_gradient_op) {
    return a;  // there is no derivative any more to keep out
  } else if (&op == &pow_op) {
    if (c == 1) return a;
    if (c == 0) return filled(a.shape(), 1);
  }
  if (op.arity < 2) return {};

  const auto left = single_value(a), right = single_value(b);
  if (&op == &add_op) {
    if (left) return plus(b, *left);
    if (right) return plus(a, *right);
    if (is(b, neg_op)) return record(sub_op, a, input_of(b));
    if (is(a, neg_op)) return record(sub_op, b, input_of(a));
  } else if (&op == &sub_op) {
    if (left) return plus(record(neg_op, b), *left);
    if (right) return plus(a, -*right);
    if (is(b, neg_op)) return record(add_op, a, input_of(b));
  } else if (&op == &mul_op) {
    if (left == 0.0 || right == 0.0) return filled(a.shape(), 0);
    if (left) return times(b, *left);
    if (right) return times(a, *right);
  } else if (&op == &div_op) {
    if (left) return record(divide_into_op, b, {}, {.c = *left});
    if (right) return record(divide_by_op, a, {}, {.c = *right});
  }
  return {};
}

// Products and transposes; sums and repetitions of one row or column.
Var Simplifier::matrices(const OpDef& op, Var a, Var b) {
  if (&op == &transpose_op) {
    if (a.shape() == Shape{1, 1}) return a;
    if (is(a, transpose_op)) return input_of(a);
    if (is(a, matmul_nt_op)) return record(matmul_nt_op, input_of(a, 1), input_of(a));
    if (is(a, add_op) && transposes_for_free(a)) return transposed(a);
  } else if (&op == &matmul_op) {
    if (is(b, transpose_op)) return record(matmul_nt_op, a, input_of(b));
    // A large factor is copied by the product anyway, and can be turned round on the way.
    if (is(a, transpose_op) && a.shape().size() > 64 * 64)
      return record(matmul_tn_op, input_of(a), b);
    if (b.shape() == Shape{1, 1} && single_value(b)) return times(a, *single_value(b));
  } else if ((&op == &sum_rows_op && a.rows() == 1) || (&op == &sum_cols_op && a.cols() == 1)) {
    return a;
  }
  return {};
}

/// Does the transpose of x cost nothing? A product is turned round by exchanging its factors, and a
/// sum of such by turning round its terms.
bool Simplifier::transposes_for_free(Var x) const {
  if (is(x, add_op)) {
    const auto id = static_cast<std::size_t>(x.id());
    return id < free_sum_.size() && free_sum_[id];
  }
  return is(x, transpose_op) || is(x, matmul_nt_op) || is(x, constant_op) ||
         x.shape() == Shape{1, 1};
}

// Terms before their sums, with a list of what is still to do. Each sum is turned round once.
Var Simplifier::transposed(Var x) {
  std::vector<Var> open{x};
  const auto turned = [&](Var term) {
    if (!is(term, add_op) || term.shape() == Shape{1, 1}) return record(transpose_op, term);
    const auto known = transposed_.find(term.id());
    if (known == transposed_.end()) open.push_back(term);
    return known == transposed_.end() ? Var() : known->second;
  };
  while (!open.empty()) {
    const Var sum = open.back();
    const Var left = turned(input_of(sum)), right = turned(input_of(sum, 1));
    if (!left || !right) continue;
    transposed_[sum.id()] = record(add_op, left, right);
    open.pop_back();
  }
  return transposed_[x.id()];
}

// f(x repeated) = f(x), repeated: the work of one column instead of one for each sample.
Var Simplifier::repeated_columns(const OpDef& op, Var a, Var b, Attributes attributes) {
  if (&op == &broadcast_rows_op && attributes.i == 1) return a;
  if (&op == &broadcast_cols_op) return attributes.i == 1 ? a : Var();
  const auto repeated = [](Var x) { return is(x, broadcast_cols_op); };
  const auto repeat = [&](Var column, Index cols) {
    return record(broadcast_cols_op, column, {}, {.i = cols});
  };
  if (&op == &matmul_op && repeated(b)) return repeat(record(op, a, input_of(b)), b.cols());
  const bool columnwise = op.elementwise || op.columnwise;
  if (!columnwise || !repeated(a) || (b && !repeated(b))) return {};
  return repeat(record(op, input_of(a), b ? input_of(b) : Var(), attributes), a.cols());
}

// The parts of a long pile of stacks, each with the row after its last. They are listed once a
// pile, when it is sliced for the second time.
const Simplifier::Pile& Simplifier::pile(Var x) {
  Pile& pile = piles_[x.id()];
  if (++pile.slices == 1 || !pile.parts.empty()) return pile;
  std::vector<Var> open{x};
  Index end = 0;
  while (!open.empty()) {
    const Var part = open.back();
    open.pop_back();
    if (is(part, stack_rows_op)) {
      open.push_back(input_of(part, 1));
      open.push_back(input_of(part));
    } else {
      pile.parts.emplace_back(end += part.rows(), part);
    }
  }
  return pile;
}

std::size_t Simplifier::Hash::operator()(const Rows& rows) const {
  std::uint64_t hash = 0;
  for (const Index part : rows) hash = mixed(hash, static_cast<std::uint64_t>(part));
  return hash;
}

// Every stack on the way remembers where its rows were found: where rows are replaced again and
// again, and others read in between, the next slice does not go down all of that once more.
Var Simplifier::slice(Var x, Index begin, Index count) {
  std::vector<Rows> passed;
  const Var found = rows_of(x, begin, count, passed);
  for (const Rows& rows : passed) slices_.emplace(rows, found);
  return found;
}

// Rows begin, ..., begin + count - 1 of x, looked for in what x was sliced, padded or stacked from.
Var Simplifier::rows_of(Var x, Index begin, Index count, std::vector<Rows>& passed) {
  constexpr int short_way = 16;  // through a pile, part by part
  int stacks = 0;                // passed in a row, from the top of a pile
  Var top;
  Index row = 0;  // of the pile, where the slice begins
  for (;;) {
    if (!is(x, stack_rows_op)) {
      stacks = 0;
    } else {
      const Rows here{x.id(), begin, count};
      if (const auto known = slices_.find(here); known != slices_.end()) return known->second;
      passed.push_back(here);
      if (stacks++ == 0) {
        top = x;
        row = begin;
      } else if (stacks == short_way) {
        const auto& parts = pile(top).parts;
        const auto part =
            std::upper_bound(parts.begin(), parts.end(), row,
                             [](Index wanted, const auto& p) { return wanted < p.first; });
        if (part != parts.end() && row + count <= part->first) {
          x = part->second;
          begin = row - (part->first - x.rows());
        }
      }
    }
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
      return filled({count, x.cols()}, 0);
    } else if (is(x, stack_rows_op) && begin + count <= input_of(x).rows()) {
      x = input_of(x);
    } else if (is(x, stack_rows_op) && begin >= input_of(x).rows()) {
      begin -= input_of(x).rows();
      x = input_of(x, 1);
    } else {
      return count == x.rows() ? x : shared(slice_rows_op, x, {}, {.i = begin, .j = count});
    }
  }
}

// Slices of what was sliced, padded or stacked, and stacks of adjacent slices.
Var Simplifier::rows(const OpDef& op, Var a, Var b, Attributes attributes) {
  if (&op == &slice_rows_op) return slice(a, attributes.i, attributes.j);
  if (&op == &pad_rows_op && is(a, pad_rows_op))
    return record(op, input_of(a), {}, {.i = attributes.i + attributes_of(a).i, .j = attributes.j});
  if (&op != &stack_rows_op || !is(a, slice_rows_op) || !is(b, slice_rows_op)) return {};
  const Index begin = attributes_of(a).i;
  const bool adjacent = input_of(a) == input_of(b) && begin + a.rows() == attributes_of(b).i;
  return adjacent ? slice(input_of(a), begin, a.rows() + b.rows()) : Var();
}

namespace {

/// Two nodes with equal keys compute the same.
struct Key {
  const OpDef* op;
  int a, b;
  Attributes attributes;

  Key(const OpDef& of, int first, int second, Attributes kept)
      : op(&of), a(first), b(second), attributes(kept) {
    if (op->commutative && a > b) std::swap(a, b);
  }
  bool operator==(const Key& other) const {
    return op == other.op && a == other.a && b == other.b && attributes.i == other.attributes.i &&
           attributes.j == other.attributes.j && bits(attributes.c) == bits(other.attributes.c);
  }
  std::uint32_t hash() const {
    std::uint64_t hash = std::hash<const void*>()(op);
    for (const std::uint64_t part : {static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b),
                                     static_cast<std::uint64_t>(attributes.i),
                                     static_cast<std::uint64_t>(attributes.j), bits(attributes.c)})
      hash = mixed(hash, part);
    return static_cast<std::uint32_t>(hash);
  }
};

Key key_of(const Node& node) { return {*node.op, node.inputs[0], node.inputs[1], node.attributes}; }

}  // namespace

Var Simplifier::shared(const OpDef& op, Var a, Var b, Attributes attributes) {
  if (2 * entries_ >= table_.size()) grow_table();
  const Key key(op, a.id(), b.id(), attributes);
  const std::uint32_t hash = key.hash();
  std::size_t at = hash & (table_.size() - 1);
  for (; table_[at].id >= 0; at = (at + 1) & (table_.size() - 1))
    if (table_[at].hash == hash && key_of(to_.node(table_[at].id)) == key)
      return {to_, table_[at].id};

  const Var y =
      op.arity == 2 ? to_.record(op, {a, b}, attributes) : to_.record(op, {a}, attributes);
  table_[at] = {hash, y.id()};
  ++entries_;
  if (&op == &add_op && transposes_for_free(a) && transposes_for_free(b)) {
    free_sum_.resize(y.id() + 1, false);
    free_sum_[y.id()] = true;
  }
  return y;
}

void Simplifier::grow_table() {
  std::vector<Entry> old(std::max<std::size_t>(64, 2 * table_.size()));
  old.swap(table_);
  for (const Entry& entry : old) {
    if (entry.id < 0) continue;
    std::size_t at = entry.hash & (table_.size() - 1);
    while (table_[at].id >= 0) at = (at + 1) & (table_.size() - 1);
    table_[at] = entry;
  }
}

}  // namespace autodiff
