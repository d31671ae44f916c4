// Programs: what the optimiser leaves out, where results are put, and what a workspace refuses.
#include "autodiff/compile/program.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <new>

#include "autodiff/check/print.h"
#include "autodiff/compile/passes.h"
#include "autodiff/grad.h"
#include "autodiff/parallel.h"
#include "autodiff/random.h"
#include "tests/precision.h"

#ifndef __has_feature  // Clang's way to tell of its sanitizers
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__) || \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_ALLOCATIONS 0
#else
#define COUNTS_ALLOCATIONS 1
#include <sys/wait.h>
#include <unistd.h>
#endif

#if COUNTS_ALLOCATIONS
// Every way to memory, operator new included, goes through these and is counted on its thread.
namespace {
thread_local long allocations = 0;
}
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t size) noexcept { return ++allocations, __libc_malloc(size); }
void* calloc(std::size_t n, std::size_t size) noexcept {
  return ++allocations, __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t size) noexcept { return ++allocations, __libc_realloc(p, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return ++allocations, __libc_memalign(alignment, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return ++allocations, __libc_memalign(alignment, size);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t size) noexcept {
  *p = memalign(alignment, size);
  return *p ? 0 : 12;  // ENOMEM
}
}
#endif

using namespace autodiff;

namespace {

std::vector<Scalar> run(const Program& program,
                        std::initializer_list<std::pair<Var, const Matrix*>> bindings) {
  Workspace workspace(program);
  for (const auto& [leaf, value] : bindings) workspace.bind(leaf, *value);
  program.run(workspace);
  return {workspace.values().begin(), workspace.values().end()};
}

/// How many instructions it takes to compute y.
int cost(Var y) { return Program({y}, {.fuse = false}).instructions(); }

/// A network's loss with a second derivative inside, and its gradient: what training replays.
struct Network {
  Tape tape;
  Var x = tape.input(4, 16, "x"), w = tape.parameter(24, 4, "w"), v = tape.parameter(1, 24, "v");
  std::vector<Var> outputs;
  Matrix x_value, w_value, v_value;

  Network() {
    const Var y = matmul(v, softplus(matmul(w, x)));
    const Var loss = mean(pow(hessian(y, x), 2)) + mean(sin(y));
    outputs = grad(loss, {w, v});
    outputs.push_back(loss);
    Random random(8);
    x_value = random.normal_matrix(4, 16);
    w_value = random.normal_matrix(24, 4);
    v_value = random.normal_matrix(1, 24);
  }
  std::vector<Scalar> run(ProgramOptions options) const {
    return ::run(Program(outputs, options), {{x, &x_value}, {w, &w_value}, {v, &v_value}});
  }
};

}  // namespace

TEST_CASE("dead nodes are dropped") {
  Tape tape;
  const Var x = tape.input(3, 4, "x");
  const Var y = tanh(x);
  sum(exp(y) * y);
  CHECK(Program({y}, {.simplify = false}).instructions() == 1);
  CHECK(Program({y}).instructions() == 1);
}

TEST_CASE("equal nodes are shared") {
  Tape tape;
  const Var x = tape.input(3, 4, "x"), y = tape.input(3, 4, "y");
  CHECK(cost(tanh(x) * tanh(x)) == 2);
  CHECK(cost((x + y) / (y + x)) == 2);
  CHECK(cost((x - y) / (y - x)) == 3);
  CHECK(cost(scale(x, 2) / scale(x, 3)) == 3);
  CHECK(cost(sum(sin(x)) + sum(sin(x))) == 4);
  const Matrix m = Matrix::Identity(3, 4);
  CHECK(cost((x + tape.constant(m)) * (x + tape.constant(m))) == 2);
}

TEST_CASE("each rule of the optimiser keeps the value, and leaves so many instructions") {
  Tape tape;
  const Var x = tape.input(3, 4, "x"), y = tape.input(3, 4, "y");
  const Var zero = tape.filled({3, 4}, 0), one = tape.filled({3, 4}, 1),
            two = tape.filled({3, 4}, 2), fixed = tape.constant(Matrix::Random(3, 4));
  const Var column = sum_cols(x), line = sum_rows(x), t = tanh(x), e = exp(x);
  const std::pair<Var, int> rules[] = {
      // Against known numbers; 1 where only a copy of x is left.
      {x + zero, 1},
      {zero + x, 1},
      {x + two, 1},
      {two + x, 1},
      {x - zero, 1},
      {zero - x, 2},  // -x + 0: 0 - 0 is not -0
      {two - x, 2},
      {x - two, 1},
      {x * zero, 1},
      {zero * x, 1},
      {x * one, 1},
      {one * x, 1},
      {x * two, 1},
      {two * x, 1},
      {x / two, 1},
      {x / one, 1},
      {x / tape.filled({3, 4}, 3), 1},  // and not by x times a rounded third
      {x + tape.filled({3, 4}, -0.0), 1},
      {tape.filled({3, 4}, 3) / x, 1},
      {x / 2., 1},
      {x / 1., 1},
      {stop_gradient(t), 1},
      {scale(x, 1), 1},
      {scale(x, 0), 1},
      {shift(x, 0), 1},
      {pow(x, 1), 1},
      {pow(t, 0), 1},
      {t * zero, 1},
      {x + two * sin(two), 1},
      {x * sin(exp(fixed) + two), 1},
      {x + 0 * exp(x), 1},
      // Signs and factors that meet.
      {x + (-y), 1},
      {(-x) + y, 1},
      {x - (-y), 1},
      {-(-t), 1},
      {-(3 * x), 1},
      {scale(-x, 3), 1},
      {2 * (3 * x), 2},  // and not 6 x, which overflows later
      {shift(shift(x, 2), 3), 2},
      // Transposes and products.
      {transpose(transpose(t)), 1},
      {transpose(sum(x)), 2},
      {matmul(x, transpose(y)), 1},
      {transpose(matmul(x, transpose(y))), 1},
      {matmul(column, tape.constant(3)), 2},
      // Sums and repetitions.
      {sum_cols(broadcast_cols(column, 5)), 3},
      {sum_rows(broadcast_rows(line, 5)), 3},
      {sum_cols(broadcast_cols(tape.constant(Matrix::Random(3, 1)), 5)), 1},
      {sum_rows(line), 1},
      {sum_cols(column), 1},
      {broadcast_rows(line, 1), 1},
      {broadcast_cols(column, 1), 1},
      {matmul(fixed, broadcast_cols(transpose(line), 3)), 3},
      // Rows.
      {slice_rows(t, 0, 3), 1},
      {slice_rows(slice_rows(x, 1, 2), 1, 1), 1},
      {slice_rows(pad_rows(t, 2, 9), 2, 3), 1},
      {slice_rows(pad_rows(t, 2, 9), 3, 1), 2},
      {slice_rows(pad_rows(t, 2, 9), 0, 2), 1},
      {slice_rows(pad_rows(t, 2, 9), 5, 2), 1},
      {slice_rows(pad_rows(t, 2, 9), 4, 2), 3},
      {slice_rows(pad_rows(t, 2, 9), 1, 2), 3},
      {pad_rows(pad_rows(t, 2, 9), 1, 12), 2},
      {slice_rows(stack_rows(t, e), 0, 3), 1},
      {slice_rows(stack_rows(t, e), 3, 3), 1},
      {slice_rows(stack_rows(t, e), 4, 2), 2},
      {slice_rows(stack_rows(t, e), 2, 2), 4},
      {stack_rows(row(x, 0), slice_rows(x, 1, 2)), 1},
      {stack_rows(slice_rows(x, 1, 2), row(x, 0)), 3},
      {stack_rows(row(x, 0), slice_rows(y, 1, 2)), 3},
  };
  const Matrix x_value = Matrix::Random(3, 4), y_value = Matrix::Random(3, 4);
  for (const auto& [result, instructions] : rules) {
    const std::string as_optimized = listing(*run_passes(std::array{result}, false, false).tape);
    INFO(as_optimized);
    CHECK(cost(result) == instructions);
    const std::vector<Scalar> plain =
        run(Program({result}, {.simplify = false, .fuse = false}), {{x, &x_value}, {y, &y_value}});
    const std::vector<Scalar> optimized = run(Program({result}), {{x, &x_value}, {y, &y_value}});
    CHECK(optimized == plain);
  }
}

TEST_CASE("what is the same for every sample is computed once") {
  Tape tape;
  const Var x = tape.input(3, 4, "x"), b = tape.parameter(3, 1, "b"), w = tape.parameter(2, 3, "w");
  const Var repeated = broadcast_cols(b, 4);
  const auto count = [](const Program& program, const std::string& op, Index cols) {
    int found = 0;
    for (int id = 0; id < program.tape().size(); ++id)
      found += program.tape().node(id).op->name == op && program.tape().node(id).shape.cols == cols;
    return found;
  };
  // On one column, repeated at the very end; beside x there is nothing to gain.
  const Var y = matmul(
      w, sin(exp(tanh(repeated)) * stack_rows(row(repeated, 0), slice_rows(repeated, 0, 2))));
  const Program program({sum_rows(y), x + repeated});
  INFO(listing(program.tape()));
  for (const char* op : {"tanh", "exp", "sin", "mul", "stack_rows", "matmul", "sum_rows"}) {
    INFO(op);
    CHECK(count(program, op, 1) == 1);
    CHECK(count(program, op, 4) == 0);
  }
  CHECK(count(program, "broadcast_cols", 4) == 2);
  CHECK(count(program, "add", 4) == 1);
}

TEST_CASE("the report tells what each pass did") {
  Tape tape;
  const Var x = tape.input(3, 4, "x");
  exp(x);  // dead
  const Var y = tanh(x * 1.0) * tanh(x);
  const std::string off = "extract   6 -> 5 nodes\n";
  CHECK(Program({y}, {.simplify = false, .fuse = false}).report() == off);
  CHECK(Program({y}, {.fuse = false}).report() ==
        off + "simplify  5 -> 3 nodes\n" + "simplify  3 -> 3 nodes\n" + "family    3 -> 3 nodes\n" +
            "sums      3 -> 3 nodes\n" + "products  3 -> 3 nodes\n" + "simplify  3 -> 3 nodes\n");
}

TEST_CASE("a leaf that no result needs need not be bound") {
  Tape tape;
  const Var x = tape.input(1, 1, "x"), y = tape.input(1, 1, "y");
  const Var z = x + y * tape.constant(0);
  const Matrix at = Matrix::Constant(1, 1, 3);
  CHECK(run(Program({z}), {{x, &at}}) == std::vector<Scalar>{3});
  CHECK_THROWS_WITH_AS(run(Program({z}, {.simplify = false}), {{x, &at}}),
                       "[run] 'y' has no value: bind it to the workspace first", std::logic_error);
  const Var first_unread = y * tape.constant(0) + x * tape.constant(0) + tape.input(1, 1, "needed");
  CHECK_THROWS_WITH_AS(run(Program({first_unread}), {}),
                       "[run] 'needed' has no value: bind it to the workspace first",
                       std::logic_error);
}

#if COUNTS_ALLOCATIONS
TEST_CASE("a pile of 100,000 rows is optimised without recursion") {
  for (const bool stack : {true, false}) {
    INFO("stacked ", stack);
    const pid_t child = fork();  // an overflow of its stack must not end the other tests
    if (child == 0) {
      Tape tape;
      const Var x = tape.input(1, 1, "x");
      Var y = x;
      for (int i = 0; i < 100000; ++i) y = stack ? stack_rows(y, x) : pad_rows(y, 0, y.rows() + 1);
      std::signal(SIGSEGV, SIG_DFL);
      _exit(Program({row(y, 0)}).instructions());
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK_MESSAGE(!WIFSIGNALED(status), "ended by signal ", WTERMSIG(status));
    CHECK(WEXITSTATUS(status) == 1);
  }
}
#endif

TEST_CASE("rows that are replaced again and again, or pile up, are found where they are") {
  Tape tape;
  const Var x = tape.input(6, 2, "x");
  std::vector<Var> outputs;
  for (const int period : {1, 2, 5}) {
    Var replaced = x, pile = stack_rows(row(x, 0), row(x, 1)), y = row(x, 2);
    for (int k = 0; k < 200; ++k) {
      const Index i = k / period % 2 == 0 ? 3 : k % 5;
      const Var fresh = tanh(row(replaced, (i + 1) % 6) * 0.5 + row(replaced, i));
      const Var above = slice_rows(replaced, 0, i == 0 ? 1 : i);
      replaced = i == 0 ? stack_rows(fresh, slice_rows(replaced, 1, 5))
                        : stack_rows(stack_rows(above, fresh), slice_rows(replaced, i + 1, 5 - i));
      pile = stack_rows(pile, y);
      y = sin(y + row(pile, k % 3) + row(pile, k));
    }
    outputs.insert(outputs.end(), {replaced, pile, y, slice_rows(replaced, 1, 3),
                                   slice_rows(pile, 40, 100), grad(sum(replaced), x)});
  }
  Random random(1);
  const Matrix values = random.uniform_matrix(6, 2, -1, 1);
  const Program plain(outputs, {.simplify = false, .merge = false, .fuse = false}),
      program(outputs);
  Workspace expected(plain), found(program);
  for (Workspace* workspace : {&expected, &found}) workspace->bind(x, values);
  plain.run(expected);
  program.run(found);
  for (int k = 0; k < static_cast<int>(outputs.size()); ++k)
    CHECK(expected.value(k) == found.value(k));
}

TEST_CASE("an operation of a user's own that cannot be is refused when it is recorded") {
  const auto same_shape = [](const OpDef&, std::span<const autodiff::Shape> in,
                             const autodiff::Attributes&) { return in[0]; };
  const auto copies = [](const autodiff::Kernel& k) { std::copy_n(k.a, k.a_shape.size(), k.y); };
  const OpDef good{.name = "good", .arity = 1, .shape = same_shape, .forward = copies},
      three{.name = "three", .arity = 3, .shape = same_shape, .forward = copies},
      none{.name = "none", .arity = 0, .shape = same_shape, .forward = copies},
      idle{.name = "idle", .arity = 1, .shape = same_shape},
      empty{.name = "empty",
            .arity = 1,
            .shape =
                [](const OpDef&, std::span<const autodiff::Shape>, const autodiff::Attributes&) {
                  return autodiff::Shape{0, 3};
                },
            .forward = copies};
  Tape tape;
  const Var x = tape.constant(Matrix::Ones(2, 2));
  CHECK(evaluate(tape.record(good, {x})) == Matrix::Ones(2, 2));
  using Error = std::invalid_argument;
  CHECK_THROWS_WITH_AS(tape.record(three, {x, x, x}), doctest::Contains("[three] has 3 inputs"),
                       Error);
  CHECK_THROWS_WITH_AS(tape.record(none, {}), doctest::Contains("one or two"), Error);
  for (const bool simplify : {true, false})
    for (const Var of : {x, tape.input(2, 2, "y")})
      CHECK_THROWS_WITH_AS(Program({tape.record(idle, {of})}, {.simplify = simplify}),
                           "[idle] has no forward: it cannot be computed", Error);
  CHECK_THROWS_WITH_AS(tape.record(empty, {x}), doctest::Contains("its shape is (0x3)"), Error);
  for (const auto& [first, last] : {std::pair(-1, 1), {0, 3}, {1, 1}, {2, 1}, {0, 0}})
    CHECK_THROWS_AS(tape.record(autodiff::softplus_family_op, {x}, {.i = first, .j = last}), Error);
}

TEST_CASE("neither the optimiser nor the use of memory changes the results") {
  const Network network;
  const std::vector<Scalar> plain = network.run({.simplify = false, .fuse = false, .reuse = false});
  CHECK(network.run({.simplify = false, .fuse = false}) == plain);
  CHECK(network.run({.simplify = false, .fuse = false, .poison = true}) == plain);
  const std::vector<Scalar> optimized = network.run({});
  CHECK(network.run({.reuse = false}) == optimized);
  CHECK(network.run({.poison = true}) == optimized);
  for (std::size_t i = 0; i < plain.size(); ++i)
    CHECK(optimized[i] == doctest::Approx(plain[i]).epsilon(5e4 * rounding));
  CHECK(Program(network.outputs).instructions() <
        Program(network.outputs, {.simplify = false}).instructions());
}

TEST_CASE("an operation of entries alone takes the place of what it reads last") {
  Tape tape;
  const Var x = tape.input(8, 8, "x"), two = sin(exp(x)), three = tanh(two);
  CHECK(Program({three}, {.fuse = false}).arena_size() ==
        Program({two}, {.fuse = false}).arena_size());
}

TEST_CASE("a long chain reuses its places") {
  Tape tape;
  const Var x = tape.input(8, 8, "x");
  Var y = x;
  for (int i = 0; i < 500; ++i) y = tanh(matmul(y, transpose(x)));
  const Program tight({y}), wide({y}, {.reuse = false});
  CHECK(wide.arena_size() >= 1000 * 64);
  CHECK(tight.arena_size() <= 4 * 64);
}

TEST_CASE("results do not depend on how the bound data are aligned") {
  const Network network;
  const Program program(network.outputs);
  const std::vector<Scalar> expected = network.run({});
  for (std::size_t shift = 1; shift < 8; ++shift) {
    std::vector<Scalar> x(64 + 8), w(96 + 8);
    std::copy_n(network.x_value.data(), 64, x.data() + shift);
    std::copy_n(network.w_value.data(), 96, w.data() + shift);
    Workspace workspace(program);
    workspace.bind(network.x, x.data() + shift);
    workspace.bind(network.w, w.data() + shift);
    workspace.bind(network.v, network.v_value);
    program.run(workspace);
    CHECK(std::equal(expected.begin(), expected.end(), workspace.values().begin()));
  }
}

#if COUNTS_ALLOCATIONS
namespace {

/// What a Lagrangian network's training step replays: accelerations that solve the Euler-Lagrange
/// equations of a learnt L(q, v), and the gradients of their error.
ShardRecording record_lagrangian(Tape& tape, Index width) {
  const Var q = tape.input(2, width, "q"), v = tape.input(2, width, "v"),
            target = tape.input(2, width, "target");
  const Var w = tape.parameter(32, 6, "w"), b = tape.parameter(32, 1, "b"),
            u = tape.parameter(32, 32, "u"), out = tape.parameter(1, 32, "out");
  const Var state = stack_rows(q, v), angle = slice_rows(state, 0, 2);
  const Var features = stack_rows(std::array{cos(angle), sin(angle), slice_rows(state, 2, 2)});
  const Var hidden = softplus(matmul(w, features) + broadcast_cols(b, width));
  const Var lagrangian = matmul(out, softplus(matmul(u, hidden))) + 2.5 * sum_rows(v * v);
  const std::vector<Var> slope = grad(sum(lagrangian), {q, v});
  const Var mass = jacobian(slope[1], v), coriolis = hessian_vector_product(lagrangian, v, q);
  const Var a = sample_solve(mass, slope[0] - coriolis);
  const Var loss = sum(pow(a - target, 2));
  ShardRecording recording{{q, v, target}, {loss}, {a}};
  for (const Var& gradient : grad(loss, {w, b, u, out})) recording.summed.push_back(gradient);
  return recording;
}

}  // namespace

TEST_CASE("the counter sees every way to memory") {
  const auto counts = [](const auto& allocate) {
    const long before = allocations;
    allocate();
    return allocations > before;
  };
  static void* volatile kept;  // so that no allocation is optimised away
  CHECK(counts([] { kept = new double, delete static_cast<double*>(kept); }));
  CHECK(counts([] { kept = new double[9], delete[] static_cast<double*>(kept); }));
  CHECK(counts([] { kept = std::malloc(9), std::free(kept); }));
  CHECK(counts([] { kept = std::calloc(9, 9), std::free(kept); }));
  CHECK(counts([] { kept = std::realloc(nullptr, 9), std::free(kept); }));
  CHECK(counts([] { Matrix::Random(3, 3).eval(); }));
  CHECK(counts([] {
    kept = ::operator new(99, std::align_val_t(64));
    ::operator delete(kept, std::align_val_t(64));
  }));
}

TEST_CASE("a replay allocates nothing") {
  // Large enough for Eigen's products to want packing buffers, were they used.
  Tape tape;
  const Var x = tape.input(128, 256, "x"), w = tape.parameter(128, 128, "w");
  const Var y = matmul(w, tanh(matmul(w, x)));
  const Program large({sum(y), grad(sum(y * y), w)});
  Tape lagrangian_tape;
  const ShardRecording step = record_lagrangian(lagrangian_tape, 48);
  std::vector<Var> outputs = step.summed;
  outputs.push_back(step.per_sample.front());
  const Program lagrangian(outputs);
  ShardedProgram sharded({.samples = 48, .shard_width = 20}, record_lagrangian);

  const Matrix values = Random(1).normal_matrix(128, 256);
  Workspace large_workspace(large), workspace(lagrangian);
  for (const char* name : {"x", "w"}) large_workspace.bind(name, values.data());
  for (const char* name : {"q", "v", "target", "w", "b", "u", "out"})
    workspace.bind(name, values.data());
  for (int k = 0; k < 3; ++k) sharded.bind_input(k, values.data());
  for (const char* name : {"w", "b", "u", "out"}) sharded.bind_parameter(name, values.data());

  sharded.run();  // starts the threads
  const long before = allocations;
  for (int i = 0; i < 2; ++i) {
    large.run(large_workspace);
    lagrangian.run(workspace);
    sharded.run();
    large_workspace.bind(x, values);
  }
  CHECK(allocations == before);
  CHECK(std::isfinite(workspace.value(0)(0, 0)));
  CHECK(sharded.summed()[0] == doctest::Approx(workspace.value(0)(0, 0)).epsilon(1e5 * rounding));
}
#endif

TEST_CASE("outputs may be leaves, constants and one another, and lie side by side") {
  Tape tape;
  const Var x = tape.input(1, 3, "x"), c = tape.constant(Matrix{{7.0, 8.0}});
  const Var y = 2 * x;
  for (const bool optimize : {false, true}) {
    const Program program({x, y, y, c, x, 3 * y}, {.simplify = optimize});
    const Matrix at{{1.0, 2.0, 3.0}};
    CHECK(run(program, {{x, &at}}) ==
          std::vector<Scalar>{1, 2, 3, 2, 4, 6, 2, 4, 6, 7, 8, 1, 2, 3, 6, 12, 18});
  }
}

TEST_CASE("new data may be bound, rewritten in place, and bound in several workspaces") {
  auto tape = std::make_unique<Tape>();
  const Var x = tape->input(2, 1, "x"), w = tape->parameter(1, 2, "w");
  const Program program({matmul(w, x)});
  Matrix x1{{1.0}, {2.0}}, x2{{5.0}, {6.0}};
  const Matrix weights{{1.0, 10.0}};
  Workspace first(program), second(program);
  first.bind(x, x1);
  first.bind(w, weights);
  second.bind("x", x2.data());
  second.bind("w", weights.data());
  tape.reset();  // a program stands on its own
  Workspace moved(std::move(first));
  const auto value = [&](Workspace& workspace) {
    program.run(workspace);
    return workspace.value(0)(0, 0);
  };
  CHECK(value(moved) == 21);
  CHECK(value(second) == 65);
  x1(0) = 3;
  CHECK(value(moved) == 23);
  moved.bind("x", x2.data());
  CHECK(value(moved) == 65);
}

TEST_CASE("misuse is told in words") {
  Tape tape, other;
  const Var x = tape.input(2, 3, "x"), unread = tape.input(1, 1, "unread");
  const Var foreign = other.input(2, 3, "x"), y = tanh(x);
  const Matrix right = Matrix::Zero(2, 3), wrong = Matrix::Zero(3, 2);
  using Error = std::invalid_argument;
  const Program program({y});
  Workspace workspace(program);
  CHECK_THROWS_WITH_AS(program.run(workspace),
                       "[run] 'x' has no value: bind it to the workspace first", std::logic_error);
  CHECK_THROWS_WITH_AS(workspace.bind(x, wrong), "[bind] 'x' is (2x3), the matrix (3x2)", Error);
  CHECK_THROWS_WITH_AS(workspace.bind(y, right),
                       "[bind] %2 is a tanh: only inputs and parameters can be bound", Error);
  CHECK_THROWS_WITH_AS(workspace.bind(foreign, right),
                       "[bind] the Var belongs to another tape than the program", Error);
  CHECK_THROWS_AS(workspace.bind(Var(), right), Error);
  CHECK_THROWS_WITH_AS(workspace.bind(x, nullptr), "[bind] the values of 'x' are a null pointer",
                       Error);
  CHECK_THROWS_AS(Var().tape(), Error);
  for (const int id : {-1, 3, 12345})
    CHECK_THROWS_WITH_AS(Var(tape, id), doctest::Contains("[tape] there is no node %"), Error);
  CHECK_THROWS_AS(tape.record(put_rows_op, {x}), Error);
  CHECK_THROWS_AS(tape.record(input_op, {}), Error);
  CHECK_THROWS_AS(tape.record(matmul_nt_sum_op, {x, x}), Error);
  CHECK_THROWS_AS(tape.record(matmul_nt_sum_op, {x, x}, {.i = 2}), Error);
  Workspace moved(program);
  const Workspace kept = std::move(moved);
  const auto of_moved = [&](const auto& use) {
    CHECK_THROWS_WITH_AS(use(), "[workspace] it was moved from, and has no program",
                         std::logic_error);
  };
  of_moved([&] { moved.value(0); });
  of_moved([&] { moved.values(); });
  of_moved([&] { moved.bind(x, right); });
  of_moved([&] { moved.bind("x", right.data()); });
  CHECK_THROWS_AS(program.run(moved), std::logic_error);
  static_assert(!std::is_constructible_v<Workspace, Program>, "a temporary would be gone");
  static_assert(!std::is_copy_constructible_v<Program> && !std::is_move_constructible_v<Program>);
  CHECK_THROWS_WITH_AS(workspace.bind("y", right.data()), "[bind] the tape has no leaf named 'y'",
                       Error);
  tape.input(2, 3, "x"), tape.input(2, 3, "later");  // of no concern to a program that was made
  Workspace before(program);
  CHECK_NOTHROW(before.bind("x", right.data()));
  CHECK_THROWS_WITH_AS(before.bind("later", right.data()),
                       "[bind] the tape has no leaf named 'later' from before the program was made",
                       Error);
  const Matrix one = Matrix::Zero(1, 1);
  workspace.bind(unread, one);  // read by nobody, and no reason to complain
  CHECK_THROWS_AS(program.run(workspace), std::logic_error);
  workspace.bind(x, right);
  CHECK_NOTHROW(program.run(workspace));
  CHECK_THROWS_AS(workspace.value(1), std::out_of_range);
  CHECK_THROWS_AS(workspace.value(-1), std::out_of_range);

  const Program again({y});
  CHECK_THROWS_WITH_AS(again.run(workspace), "[run] the workspace was made for another program",
                       std::logic_error);
  tape.input(2, 3, "twin"), tape.parameter(2, 3, "twin");
  const Program twins({y});
  CHECK_THROWS_WITH_AS(Workspace(twins).bind("twin", right.data()),
                       "[bind] the tape has several leaves named 'twin': bind them by their Vars",
                       Error);

  const Program two_leaves({x + tape.input(2, 3, "z")});
  Workspace half_bound(two_leaves);
  half_bound.bind(x, right);
  half_bound.bind(x, right);  // twice the same is not both
  CHECK_THROWS_WITH_AS(two_leaves.run(half_bound), doctest::Contains("'z'"), std::logic_error);

  CHECK_THROWS_WITH_AS(Program(std::vector<Var>()), "[program] no outputs", Error);
  CHECK_THROWS_WITH_AS(Program({x, Var()}), "[program] an output is an empty Var", Error);
  CHECK_THROWS_WITH_AS(Program({x, foreign}), "[program] the outputs belong to different tapes",
                       Error);
  CHECK_THROWS_AS(evaluate(y), std::logic_error);
  CHECK_THROWS_WITH_AS(tape.input(0, 1, "z"),
                       "[input] 'z' is (0x1): it needs at least one row and one column", Error);
  tape.parameter(2, 1, "w");
  CHECK(tape.parameter(2, 1, "w") == tape.parameter(2, 1, "w"));
  CHECK_THROWS_WITH_AS(tape.parameter(1, 2, "w"),
                       "[parameter] 'w' is (2x1) on this tape already, not (1x2)", Error);
}

TEST_CASE("numbers that memory has no room for are told in words") {
  Tape tape;
  const Var x = tape.input(Index(1) << 40, Index(1) << 12, "x");
  const Program program({exp(x)});
  if (COUNTS_ALLOCATIONS)  // a sanitizer's allocator ends the program instead
    CHECK_THROWS_WITH_AS(Workspace{program},
                         doctest::Contains("[workspace] there is no memory for"),
                         std::length_error);
  const Var y = tape.input(Index(1) << 40, (Index(1) << 22) / sizeof(Scalar), "y");
  CHECK_THROWS_WITH_AS(Program({exp(y), sin(y), cos(y)}, {.reuse = false}),
                       doctest::Contains("more memory than there are addresses"),
                       std::length_error);
}

TEST_CASE("a leaf recorded after the program was made is refused") {
  Tape tape;
  const Var x = tape.input(1, 1, "x");
  const Program program({tanh(x)});
  Workspace workspace(program);
  std::vector<Var> late;
  for (int i = 0; i < 20; ++i) late.push_back(tape.input(1, 1, "late " + std::to_string(i)));
  const Matrix one = Matrix::Ones(1, 1);
  CHECK_THROWS_AS(workspace.bind(late.back(), one), std::invalid_argument);
}
