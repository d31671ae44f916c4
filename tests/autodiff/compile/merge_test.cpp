// Products that become one, and results that lie in one another: slices and stacks of columns.
#include "autodiff/compile/merge.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "autodiff/check/print.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"

using namespace autodiff;

namespace {

/// How many nodes of that name the optimised tape has.
int count(const Program& program, const std::string& op) {
  int found = 0;
  for (int id = 0; id < program.tape().size(); ++id)
    found += program.tape().node(id).op->name == op;
  return found;
}

Matrix leaf_value(const Node& node) {
  const auto seed = static_cast<std::uint64_t>(node.attributes.i);
  return Random(seed).uniform_matrix(node.shape.rows, node.shape.cols, -1, 1);
}

/// The outputs one after the other; each node is computed alone, into a matrix of its own.
std::vector<Scalar> node_by_node(const Tape& tape, std::span<const Var> outputs) {
  std::vector<Matrix> values;
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    const auto [a, b] = node.inputs;
    Matrix y = node.op == &constant_op ? tape.constant_value(node) : leaf_value(node);
    if (node.op->arity > 0)
      node.op->forward({.a = values[a].data(),
                        .b = b < 0 ? nullptr : values[b].data(),
                        .y = y.data(),
                        .a_shape = tape.node(a).shape,
                        .b_shape = b < 0 ? Shape{} : tape.node(b).shape,
                        .y_shape = node.shape,
                        .attributes = node.attributes});
    values.push_back(std::move(y));
  }
  std::vector<Scalar> all;
  for (const Var& y : outputs)
    all.insert(all.end(), values[y.id()].data(), values[y.id()].data() + y.shape().size());
  return all;
}

/// Runs twice, so that the second sees what the first left behind.
std::vector<Scalar> run(const Tape& tape, std::span<const Var> outputs, ProgramOptions options) {
  const Program program(outputs, options);
  Workspace workspace(program);
  std::vector<Matrix> values;
  for (const Leaf& leaf : tape.leaves()) {
    values.push_back(leaf_value(tape.node(leaf.id)));
    workspace.bind(leaf.name, values.back().data());
  }
  for (int i = 0; i < 2; ++i) program.run(workspace);
  return {workspace.values().begin(), workspace.values().end()};
}

/// Every way to compute the outputs gives the same bits.
void check_all_ways(const Tape& tape, std::span<const Var> outputs) {
  const std::vector<Scalar> plain = node_by_node(tape, outputs);
  for (int ways = 0; ways < 8; ++ways) {
    const bool optimize = ways & 1, merge = ways & 2, fuse = ways & 4;
    INFO("optimize ", optimize, ", merge ", merge, ", fuse ", fuse);
    ProgramOptions options{.simplify = optimize, .merge = merge, .fuse = fuse, .reuse = false};
    INFO(listing(Program(outputs, options).tape()));
    const std::vector<Scalar> apart = run(tape, outputs, options);
    REQUIRE(apart.size() == plain.size());
    CHECK(apart == plain);
    CHECK(std::none_of(apart.begin(), apart.end(), [](Scalar v) { return std::isnan(v); }));
    options.reuse = true;
    CHECK(run(tape, outputs, options) == apart);
    options.poison = true;
    CHECK(run(tape, outputs, options) == apart);
  }
}
void check_all_ways(const Tape& tape, std::initializer_list<Var> outputs) {
  check_all_ways(tape, std::span(outputs.begin(), outputs.size()));
}

}  // namespace

TEST_CASE("products with one left factor become one") {
  Tape tape;
  const Var a = tape.parameter(5, 5, "a"), b = tape.parameter(5, 5, "b");
  const Var x = tape.input(5, 3, "x"), y = tape.input(5, 2, "y"), z = tape.input(5, 1, "z");
  const auto products = [&](std::initializer_list<Var> outputs) {
    check_all_ways(tape, outputs);
    return count(Program(outputs), "matmul");
  };
  CHECK(products({matmul(a, x), matmul(a, y)}) == 1);
  CHECK(products({matmul(a, x), tanh(matmul(a, tanh(y))), matmul(a, z)}) == 1);
  CHECK(products({matmul(a, x), matmul(b, y)}) == 2);
  CHECK(products({matmul(a, matmul(a, x))}) == 2);
  CHECK(products({matmul(a, sin(matmul(a, x))), matmul(a, y)}) == 2);
  // Two layers, each with three columns of work.
  const auto layers = [&](Var v) { return matmul(b, tanh(matmul(a, v))); };
  CHECK(products({layers(x), layers(y), layers(z)}) == 2);
  // Either pair could be merged, but not both: each would wait for the other.
  const Var ax = matmul(a, x), bax = matmul(b, ax), by = matmul(b, y), aby = matmul(a, by);
  CHECK(products({bax, aby}) <= 4);
  CHECK(products({sum(bax), matmul(a, tanh(bax)), aby, matmul(b, tanh(aby)), matmul(a, z)}) <= 7);
  CHECK(count(Program({matmul(a, x), matmul(a, y)}, {.merge = false}), "matmul") == 2);
}

TEST_CASE("the first terms of a sum become one if they are products") {
  Tape tape;
  std::vector<Var> g, a;
  for (int i = 0; i < 4; ++i) {
    g.push_back(tape.input(3, 2, "g" + std::to_string(i)));
    a.push_back(tape.input(4, 2, "a" + std::to_string(i)));
  }
  const Var other = tape.input(3, 4, "other");
  const auto product = [&](int i, int j) { return matmul(g[i], transpose(a[j])); };
  const Var p0 = product(0, 0), p1 = product(1, 1), p2 = product(2, 2), p3 = product(3, 3);
  const auto check = [&](const std::vector<Var>& outputs, int alone, int sums) {
    check_all_ways(tape, outputs);
    const Program program(outputs);
    INFO(listing(program.tape()));
    CHECK(count(program, "matmul_nt") == alone);
    CHECK(count(program, "matmul_nt_sum") == sums);
  };
  check({p0 + p1}, 0, 1);
  check({p3 + p0 + p2 + p1 + other}, 0, 1);
  check({p3 + p0 + other + p2 + p1}, 2, 1);
  check({p3 + p0 + (p2 + p1)}, 0, 2);
  check({other + p2 + p1}, 2, 0);
  check({p0 + p0}, 1, 0);
  check({p0 + product(0, 1) + product(1, 0)}, 0, 1);
  check({p0 + p1 + p2, tanh(p0)}, 3, 0);  // a term with a reader beside the sum
  const Var part = p0 + p1;
  check({part + p2, part}, 1, 1);

  // The gradient of weights that are used several times.
  const Var w = tape.parameter(3, 4, "w");
  Var loss = sum(w);
  for (const Var& x : a) loss = loss + sum(tanh(matmul(w, x)));
  check({loss, grad(loss, w)}, 0, 1);

  // Of different widths, and wide enough to be fast alone.
  const auto of_width = [&](Index cols) {
    const std::string name = std::to_string(tape.size());
    return matmul(tape.input(3, cols, "g" + name), transpose(tape.input(4, cols, "a" + name)));
  };
  check({of_width(1) + of_width(5)}, 2, 0);
  check({of_width(64) + of_width(64)}, 2, 0);
}

TEST_CASE("slices and stacks of columns lie in one another") {
  Tape tape;
  const Var x = tape.input(8, 3, "x"), y = tape.input(8, 2, "y"), w = tape.parameter(8, 4, "w"),
            c = tape.constant(Random(1).uniform_matrix(8, 3, -1, 1));
  const Var t = tanh(x), e = exp(y), xy = stack_cols(x, y), te = stack_cols(t, e);
  const auto cut = [](Var v, Index begin, Index count) { return slice_cols(v, begin, count); };
  const std::vector<std::vector<Var>> cases{
      {cut(x, 1, 2), cut(w, 2, 1), cut(c, 1, 1)},  // of leaves, as outputs
      {sin(cut(x, 1, 2)) * cut(w, 2, 2), cut(c, 2, 1) + cut(w, 3, 1)},
      {te},                                // a stack that is an output
      {te, t, e},                          // and so are its parts
      {te, cut(te, 1, 3), cut(te, 0, 3)},  // and parts of it
      {t, stack_cols(t, x), sin(t)},       // one part is an output, one a leaf
      {stack_cols(t, t)},                  // a part twice
      {stack_cols(te, t), stack_cols(t, te)},
      {stack_cols(stack_cols(e, t), stack_cols(t, e))},
      {stack_cols(stack_cols(te, w), stack_cols(c, te)), matmul(transpose(te), te)},
      {sin(cut(cut(te, 1, 4), 1, 2))},  // a slice of a slice
      {sin(cut(cut(xy, 1, 4), 1, 2)), cos(xy)},
      {stack_cols(cut(te, 3, 2), cut(te, 0, 3))},  // turned round
      {stack_cols(cut(t, 0, 2), cut(t, 2, 1)), sin(stack_cols(cut(t, 0, 2), cut(t, 2, 1)))},
      {exp(stack_cols(cut(exp(t), 1, 2), exp(cut(t, 1, 2))))},
      {cut(stack_cols(te, sin(te)), 4, 3), cut(stack_cols(te, sin(te)), 5, 5)},
      {stack_cols(te, tanh(te)), stack_cols(tanh(te), te)},
      {stack_cols(sum_rows(te), sum_rows(xy) * sum_rows(te))},
      {matmul(te, broadcast_rows(transpose(sum_cols(w)), 5)), stack_cols(te + xy, te * xy)},
      {pad_cols(t, 1, 5) + te, pad_cols(cut(te, 1, 3), 0, 5) * xy},
  };
  for (std::size_t k = 0; k < cases.size(); ++k) {
    INFO("case ", k);
    check_all_ways(tape, cases[k]);
  }
}

TEST_CASE("views cost nothing") {
  Tape tape;
  const Var x = tape.input(8, 3, "x"), y = tape.input(8, 2, "y");
  const Var all = stack_cols(tanh(x), exp(y));
  const auto instructions = [](Var v) { return Program({v}, {.fuse = false}).instructions(); };
  CHECK(instructions(sin(slice_cols(x, 1, 2))) == 1);
  CHECK(instructions(sin(slice_cols(slice_cols(x, 1, 2), 1, 1))) == 1);
  CHECK(instructions(all) == 2);
  CHECK(instructions(sin(all)) == 3);
  CHECK(instructions(slice_cols(tanh(x), 1, 2)) == 2);  // an output is copied
  CHECK(instructions(stack_cols(all, tanh(all))) == 3);
  CHECK(instructions(stack_cols(x, exp(y))) == 2);  // a leaf is copied
}

TEST_CASE("nothing overwrites memory of which a view is still read") {
  Tape tape;
  const Var x = tape.input(8, 12, "x"), row = tape.input(1, 12, "row");
  const Var t = tanh(x), first = slice_cols(t, 0, 6), last = slice_cols(t, 6, 6);
  const Var turned = stack_cols(last, first);
  check_all_ways(tape, {sin(t) + turned});
  check_all_ways(tape, {t * turned, exp(t * turned) + turned});
  check_all_ways(tape, {sin(t) * broadcast_cols(slice_cols(t, 3, 1), 12)});
  for (Index j = 0; j < 12; ++j) {
    const Var column = broadcast_cols(slice_cols(t, j, 1), 12);
    check_all_ways(tape, {sin(t * column + t), sin(column / (t + 2.0))});
    check_all_ways(tape, {sin(t * column + t)});
  }
  check_all_ways(tape, {stack_cols(exp(first) + last, first - last) * sin(t)});
  const Var s = stack_cols(tanh(first), sin(last));
  check_all_ways(tape, {exp(slice_cols(s, 1, 2)) + slice_cols(s, 2, 2), sin(slice_cols(s, 0, 2))});
  const Var r = tanh(row) * row;
  check_all_ways(tape, {t * broadcast_rows(r, 8) +
                        broadcast_rows(stack_cols(slice_cols(r, 6, 6), slice_cols(r, 0, 6)), 8)});
}

TEST_CASE("softplus and sigmoid of the same are one instruction, with the same bits") {
  Tape tape;
  const Var x = tape.input(9, 5, "x"), y = tape.input(9, 5, "y");
  const std::array pair{softplus(x), sigmoid(x)};
  for (const Var& one : pair) CHECK(count(Program({one, tanh(x)}), "softplus_family") == 0);
  CHECK(count(Program({softplus(x), sigmoid(y)}), "softplus_family") == 0);
  CHECK(count(Program(pair), "softplus_family") == 1);
  const Program both({sin(pair[0]) + cos(pair[1])}, {.fuse = false});
  CHECK(both.instructions() == 4);
  CHECK(run(tape, pair, {}) == run(tape, pair, {.simplify = false}));
  check_all_ways(tape, pair);
  check_all_ways(tape, {sigmoid(x), softplus(x), softplus(sigmoid(x)), sigmoid(sigmoid(x))});
  check_all_ways(tape, {stack_cols(sigmoid(x), softplus(x)), stack_cols(softplus(x), sigmoid(x))});
}
