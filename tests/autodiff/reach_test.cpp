// Which nodes lie between others; and that what is recorded, differentiated and compiled grows in
// proportion to the graph, whatever its shape and however long the tape around it.
#include "autodiff/reach.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "autodiff/compile/passes.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"

using namespace autodiff;

namespace {

std::vector<int> ids(const std::vector<Step>& steps) {
  std::vector<int> all;
  for (const Step& step : steps) all.push_back(step.id);
  return all;
}

/// A graph of a size: records it and returns what a program is to compute.
using Graph = std::function<std::vector<Var>(Tape&, int size)>;

struct Cost {
  int recorded, compiled, instructions;
  Index arena;
};

Cost cost_of(const Graph& graph, int size) {
  Tape tape;
  const std::vector<Var> outputs = graph(tape, size);
  const Program program(outputs);
  return {tape.size(), program.tape().size(), program.instructions(), program.arena_size()};
}

/// Twice the size costs at most `factor` times as much, of everything that is counted.
void check_growth(const std::string& name, const Graph& graph, int size, double factor = 2.2) {
  INFO(name);
  const Cost once = cost_of(graph, size), twice = cost_of(graph, 2 * size);
  CHECK(twice.recorded <= factor * once.recorded);
  CHECK(twice.compiled <= factor * once.compiled);
  CHECK(twice.instructions <= factor * once.instructions);
  CHECK(static_cast<double>(twice.arena) <= factor * static_cast<double>(once.arena));
}

}  // namespace

TEST_CASE("ancestors are what the outputs need, with their inputs' positions") {
  Tape tape;
  const Var x = tape.input(1, 1, "x"), y = tape.input(1, 1, "y");
  const Var a = sin(x), dead = cos(y), b = a * x;
  exp(dead);
  const std::vector<Step> steps = ancestors(tape, std::array{b.id()});
  CHECK(ids(steps) == std::vector<int>{x.id(), a.id(), b.id()});
  CHECK(steps[1].inputs == std::array{0, -1});
  CHECK(steps[2].inputs == std::array{1, 0});
  CHECK(ids(ancestors(tape, std::array{dead.id(), y.id()})) == std::vector<int>{y.id(), dead.id()});
}

TEST_CASE("reach finds what depends on x and what y depends on") {
  Tape tape;
  const Var x = tape.input(1, 1, "x"), w = tape.input(1, 1, "w");
  const Var a = sin(x), b = cos(w), c = a * b, beside = exp(a), y = c + w;
  const Reach between = reach(y, std::array{x, b, beside});
  CHECK(ids(between.steps) == std::vector<int>{x.id(), a.id(), b.id(), c.id(), y.id()});
  CHECK(between.xs == std::vector<int>{0, 2, -1});
  CHECK(between.steps[3].inputs == std::array{1, 2});
  CHECK(between.steps[4].inputs == std::array{3, -1});
  CHECK(reach(a, std::array{w}).steps.empty());
  CHECK(reach(a, std::array{y}).xs == std::vector<int>{-1});  // recorded later
  CHECK(reach(y, std::array{y}).xs == std::vector<int>{0});
  CHECK(reach(y, std::span<const Var>()).steps.empty());
  CHECK(depends(y, std::array{x}));
  CHECK_FALSE(depends(beside, std::array{w}));
}

TEST_CASE("a derivative records the same wherever on the tape it stands") {
  const auto recorded = [](int before) {
    Tape tape;
    const Var w = tape.parameter(3, 3, "w");
    Var x = tape.input(3, 2, "x");
    for (int k = 0; k < before; ++k) x = sin(x);
    const Var q = x * 1.0;  // what went before is no part of it
    const int size = tape.size();
    hessian(sum_rows(tanh(matmul(w, q))), q);
    return tape.size() - size;
  };
  CHECK(recorded(0) == recorded(1000));
}

TEST_CASE("costs grow in proportion to the graph, for every shape of it") {
  check_growth(
      "chain",
      [](Tape& tape, int n) {
        const Var x = tape.input(2, 2, "x");
        Var y = x;
        for (int k = 0; k < n; ++k) y = tanh(y);
        return std::vector{grad(sum(y), x)};
      },
      200);
  check_growth(
      "sum of terms",
      [](Tape& tape, int n) {
        const Var x = tape.input(4, 4, "x");
        Var y = x;
        for (int k = 0; k < n; ++k) y = y + sin(shift(x, k));
        return std::vector{grad(sum(y), x)};
      },
      200);
  check_growth(
      "one weight used many times",
      [](Tape& tape, int n) {
        const Var w = tape.parameter(4, 4, "w");
        Var h = tape.input(4, 2, "h");
        for (int k = 0; k < n; ++k) h = tanh(matmul(w, h));
        return std::vector{grad(sum(h), w)};
      },
      100);
  check_growth(
      "residual steps",
      [](Tape& tape, int n) {
        const Var w = tape.parameter(4, 4, "w");
        Var h = tape.input(4, 2, "h");
        for (int k = 0; k < n; ++k) h = h + tanh(matmul(w, h));
        return std::vector{grad(sum(h), w)};
      },
      100);
  check_growth(
      "many weights",
      [](Tape& tape, int n) {
        Var h = tape.input(4, 2, "h");
        std::vector<Var> weights;
        for (int k = 0; k < n; ++k) {
          weights.push_back(tape.parameter(4, 4, "w" + std::to_string(k)));
          h = tanh(matmul(weights.back(), h));
        }
        return grad(sum(h), weights);
      },
      100);
  check_growth(
      "a stack of rows, each cut out again",
      [](Tape& tape, int n) {
        const Var x = tape.input(1, 8, "x");
        Var stack = x;
        for (int k = 1; k < n; ++k) stack = stack_rows(stack, sin(shift(x, k)));
        Var y = sum(row(stack, 0));
        for (int k = 1; k < n; ++k) y = y + sum(row(stack, k) * row(stack, k - 1));
        return std::vector{y};
      },
      100);
  check_growth(
      "a pile of stacks, cut row by row",
      [](Tape& tape, int n) {
        const Var x = tape.input(1, 8, "x");
        Var pile = x;
        for (int k = 1; k < n; ++k) pile = stack_rows(shift(x, k), pile);
        Var y = sum(sin(row(pile, 0)));
        for (int k = 1; k < n; ++k) y = y + sum(sin(row(pile, k)));
        return std::vector{y};
      },
      100);
  // The results have n² entries.
  check_growth(
      "jacobian",
      [](Tape& tape, int n) {
        const Var x = tape.input(n, 8, "x"), w = tape.parameter(n, n, "w");
        return std::vector{jacobian(tanh(matmul(w, x)), x)};
      },
      16, 4.4);
}

TEST_CASE("a doubled sum is turned round once a doubling, and a long one without a call stack") {
  Tape tape;
  const Var y = tape.input(2, 2, "y"), z = tape.input(2, 2, "z");
  Var doubled = matmul(y, transpose(z)), summed = doubled;
  for (int k = 0; k < 60; ++k) doubled = doubled + doubled;
  for (int k = 0; k < 100'000; ++k) summed = summed + y;
  CHECK(Program({grad(sum(matmul(doubled, z)), z)}).instructions() < 200);
  CHECK(Program({grad(sum(matmul(summed, z)), z)}).instructions() < 20'000);
}

TEST_CASE("a program knows the leaves that it reads, and no others") {
  Tape tape;
  for (int k = 0; k < 100; ++k) tape.input(1, 1, "beside " + std::to_string(k));
  const Var x = tape.input(1, 1, "x"), w = tape.parameter(1, 1, "w");
  const Program program({sin(w) + x});
  CHECK(program.tape().leaves().size() == 2);
  Workspace workspace(program);
  const Scalar zero = 0, two = 2;
  workspace.bind("beside 7", &two);  // read by nobody
  workspace.bind("w", &zero);
  workspace.bind(x, &two);
  program.run(workspace);
  CHECK(workspace.value(0)(0, 0) == 2);
}

TEST_CASE("names of parameters are found at once, however many there are") {
  Tape tape;
  Var total = tape.constant(0);
  constexpr int many = 20'000;
  for (int k = 0; k < many; ++k) total = total + tape.parameter(1, 1, "w" + std::to_string(k)) * 2;
  for (int k = 0; k < many; ++k) tape.parameter(1, 1, "w" + std::to_string(k));
  const Program program({total});
  Workspace workspace(program);
  const Scalar one = 1;
  for (int k = 0; k < many; ++k) workspace.bind("w" + std::to_string(k), &one);
  program.run(workspace);
  CHECK(workspace.value(0)(0, 0) == 2 * many);
}
