#include "tools/bench/scaling.h"

#include <algorithm>
#include <ctime>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "physics/euler_lagrange.h"
#include "tools/app/text.h"
#include "tools/bench/allocations.h"

using autodiff::Program;
using autodiff::Tape;
using autodiff::Var;

namespace tools {
namespace {

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Of one run of the program, all leaves a half.
double seconds_of_a_run(const Program& program, const Tape& tape) {
  constexpr double shortest = 0.01;  // measured [s]
  autodiff::Workspace workspace(program);
  std::vector<autodiff::Matrix> values;
  for (const autodiff::Leaf& leaf : tape.leaves()) {
    const autodiff::Shape shape = tape.node(leaf.id).shape;
    values.push_back(autodiff::Matrix::Constant(shape.rows, shape.cols, 0.5));
  }
  for (std::size_t k = 0; k < values.size(); ++k)
    workspace.bind(tape.leaves()[k].name, values[k].data());
  program.run(workspace);
  long runs = 0;
  const double start = processor_seconds();
  while (processor_seconds() < start + shortest) program.run(workspace), ++runs;
  return (processor_seconds() - start) / static_cast<double>(runs);
}

Var weight(Tape& tape, int k) { return tape.parameter(4, 4, 'w' + std::to_string(k)); }

/// A classical Runge-Kutta step of x' = W₂ tanh(W₁ x + b₁) + b₂, four numbers wide.
Var rk4_step(Tape& tape, Var x, double h) {
  const Var w1 = tape.parameter(16, 4, "w1"), b1 = tape.parameter(16, 1, "b1");
  const Var w2 = tape.parameter(4, 16, "w2"), b2 = tape.parameter(4, 1, "b2");
  const auto rate = [&](Var at) { return matmul(w2, tanh(matmul(w1, at) + b1)) + b2; };
  const Var k1 = rate(x), k2 = rate(x + k1 * (h / 2)), k3 = rate(x + k2 * (h / 2)),
            k4 = rate(x + k3 * h);
  return x + (k1 + 2 * k2 + 2 * k3 + k4) * (h / 6);
}

}  // namespace

std::vector<GrowingGraph> growing_graphs() {
  return {
      {"scaling/chain", 5000,
       [](Tape& tape, int n) {
         const Var x = tape.input(4, 4, "x");
         Var y = x;
         for (int k = 0; k < n; ++k) y = tanh(y);
         return std::vector{grad(sum(y), x)};
       }},
      {"scaling/sum", 5000,
       [](Tape& tape, int n) {
         const Var x = tape.input(4, 4, "x");
         Var y = x;
         for (int k = 0; k < n; ++k) y = y + sin(shift(x, k));
         return std::vector{grad(sum(y), x)};
       }},
      {"scaling/one_weight", 2000,
       [](Tape& tape, int n) {
         Var y = tape.input(4, 2, "x");
         for (int k = 0; k < n; ++k) y = tanh(matmul(weight(tape, 0), y));
         return std::vector{grad(sum(y), weight(tape, 0))};
       }},
      {"scaling/residual", 2000,
       [](Tape& tape, int n) {
         Var y = tape.input(4, 2, "x");
         std::vector<Var> weights;
         for (int k = 0; k < n; ++k) {
           weights.push_back(weight(tape, k));
           y = y + tanh(matmul(weights.back(), y));
         }
         return autodiff::grad(sum(y), weights);
       }},
      {"scaling/replaced_rows", 2000,
       [](Tape& tape, int n) {
         const Var x = tape.input(6, 1, "x");
         Var y = x;
         for (int k = 0; k < n; ++k) {
           const Var fresh = tanh(row(y, 2) + row(y, 3));
           y = stack_rows(stack_rows(slice_rows(y, 0, 3), fresh), slice_rows(y, 4, 2));
         }
         return std::vector{grad(sum(y), x)};
       }},
      {"scaling/growing_stack", 2000,
       [](Tape& tape, int n) {
         Var y = tape.input(1, 1, "x"), all = stack_rows(y, sin(y));
         for (int k = 0; k < n; ++k) {
           all = stack_rows(all, y);
           y = sin(row(all, 0) + row(all, 1) + y);
         }
         return std::vector{y};
       }},
      {"scaling/rows_one_by_one", 2000,
       [](Tape& tape, int n) {
         const Var x = tape.input(n, 4, "x");
         Var y = sin(row(x, 0));
         for (int i = 1; i < n; ++i) y = y + sin(row(x, i));
         return std::vector{grad(sum(y), x)};
       }},
      {"scaling/stacked_jacobian", 2000,
       [](Tape& tape, int n) {
         const Var x = tape.input(2, 4, "x");
         std::vector<Var> rows;
         for (int i = 0; i < n; ++i) rows.push_back(sin(row(x, i % 2) * (i + 1.0)));
         return std::vector{jacobian(stack_rows(rows), x)};
       }},
      {"scaling/rk4_rollout", 100,
       [](Tape& tape, int n) {
         Var x = tape.input(4, 1, "x");
         for (int k = 0; k < n; ++k) x = rk4_step(tape, x, 0.01);
         const Var loss = sum(x * x);
         std::vector<Var> outputs =
             grad(loss, {tape.parameter(16, 4, "w1"), tape.parameter(16, 1, "b1"),
                         tape.parameter(4, 16, "w2"), tape.parameter(4, 1, "b2")});
         outputs.push_back(loss);
         return outputs;
       }},
      {"scaling/jacobian", 64,
       [](Tape& tape, int n) {
         const Var x = tape.input(n, 8, "x"), w = tape.parameter(n, n, "w");
         return std::vector{jacobian(tanh(matmul(w, x)), x)};
       },
       true},
      {"scaling/euler_lagrange", 16,
       [](Tape& tape, int n) {
         const Var q = tape.input(n, 8, "q"), v = tape.input(n, 8, "v");
         const Var kinetic = sum_rows(v * v * (2.0 + cos(q))) * 0.5;
         return std::vector{physics::euler_lagrange(kinetic - sum_rows(sin(q)), q, v)};
       },
       true},
      {"scaling/million_chain", 250'000,
       [](Tape& tape, int n) {
         const Var x = tape.input(1, 1, "x");
         Var y = x;
         for (int k = 0; k < n; ++k) y = sin(y);
         return std::vector{grad(sum(y), x)};
       }},
  };
}

std::vector<Scaling> measure_scaling(const GrowingGraph& graph) {
  std::vector<Scaling> rows;
  for (const int factor : {1, 2, 4}) {
    Scaling row{.name = graph.name,
                .size = factor * graph.size,
                .nodes = 0,
                .seconds = 0,
                .bytes = 0,
                .run_seconds = 0};
    std::vector<double> seconds, run_seconds;
    for (int repeat = 0; repeat < 3; ++repeat) {
      const double start = processor_seconds();
      const long before = allocated_bytes();
      forget_peak();
      Tape tape;
      const std::vector<Var> outputs = graph.record(tape, row.size);
      const Program program(outputs);
      seconds.push_back(processor_seconds() - start);
      row.nodes = tape.size();
      row.bytes = static_cast<double>(peak_bytes() - before);
      run_seconds.push_back(seconds_of_a_run(program, tape));
    }
    std::sort(seconds.begin(), seconds.end());
    std::sort(run_seconds.begin(), run_seconds.end());
    row.seconds = seconds[1];
    row.run_seconds = run_seconds[1];
    if (!rows.empty()) {
      row.growth = row.seconds / rows.back().seconds;
      row.run_growth = row.run_seconds / rows.back().run_seconds;
    }
    rows.push_back(row);
  }
  return rows;
}

std::string scaling_head() {
  return format("\n%-26s %9s %9s %12s %9s %9s %9s %12s %9s\n", "record, derive, compile", "size",
                "nodes", "ms", "us/node", "bytes", "growth", "a run: ms", "growth");
}

std::string scaling_row(const Scaling& measured) {
  const double nodes = measured.nodes;
  const auto growth = [](double times) { return times > 0 ? format("%.2f", times) : "-"; };
  return format("%-26s %9d %9d %12.2f %9.2f %9.0f %9s %12.4f %9s\n", measured.name.c_str(),
                measured.size, measured.nodes, 1e3 * measured.seconds,
                1e6 * measured.seconds / nodes, measured.bytes / nodes,
                growth(measured.growth).c_str(), 1e3 * measured.run_seconds,
                growth(measured.run_growth).c_str());
}

}  // namespace tools
