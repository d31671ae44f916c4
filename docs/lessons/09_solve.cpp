// Lesson 09: the rule of a solve (25 minutes)
//
// The laws of motion end in M a = f: find the accelerations a from the mass matrix M and the force
// f. To learn a law one needs the derivative of that solve. Elimination is a long loop, yet its
// derivative takes two lines, because what is differentiated is the equation and not the loop.
//
// Move A and B a little in A Y = B:     dA Y + A dY = dB,   so   dY = A⁻¹ (dB - dA Y).
//
// The final scalar changes by the sum over all entries of G times dY. What stands beside dB in that
// sum is the share of B, and what stands beside dA is the share of A:
//
//     share of B  =  A⁻ᵀ G                (another solve, with the matrix transposed)
//     share of A  =  -(share of B) Yᵀ
//
// Here every sample, a column, has a matrix of its own, column by column: A is n² x N, and B and Y
// are n·k x N for k right-hand sides. Each of these works on all samples at once:
//
//     sample_solve(a, b)           A⁻¹ B
//     sample_transpose(a, rows)    Aᵀ of matrices that have so many rows
//     sample_matmul(a, b, inner)   A B, where `inner` is the number of A's columns and B's rows
//
// Task: write the rule. Mind that Yᵀ of a single right-hand side has the same entries as Y.
#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "docs/lessons/lesson.h"
using namespace autodiff;

namespace {

// The library's solve with a rule of your own.
const OpDef solution_op{
    .name = "solution",
    .arity = 2,
    .shape =
        [](const OpDef&, std::span<const Shape> inputs, const Attributes& none) {
          return sample_solve_op.shape(sample_solve_op, inputs, none);
        },
    .forward = [](const Kernel& k) { sample_solve_op.forward(k); },
    .vjp =
        [](const Vjp& d, int which) {
          const auto n = static_cast<Index>(std::sqrt(d.a.rows()));  // A is n x n
          const Index sides = d.b.rows() / n;                        // k
          // >>> your code
          return Var();
          // <<<
        },
    .scratch = [](std::span<const Shape> inputs) { return sample_solve_op.scratch(inputs); },
};

Var solution(Var a, Var b) { return a.tape().record(solution_op, {a, b}); }

TEST_CASE("a number: a y = b") {
  Tape tape;
  const Var a = tape.constant(2.), b = tape.constant(8.);
  const auto shares = grad(solution(a, b), {a, b});
  check_equal("dy/db of 2 y = 8, which is 1/a,", evaluate(shares[1])(0), 0.5);
  check_equal("dy/da of 2 y = 8, which is -y/a,", evaluate(shares[0])(0), -2);
}

TEST_CASE("a matrix: the share of the right-hand side") {
  Tape tape;
  const Var a = tape.constant(Matrix{{1}, {3}, {2}, {4}});  // [[1, 2], [3, 4]]
  const Var b = tape.constant(Matrix{{5}, {6}});
  const Matrix share = evaluate(grad(row(solution(a, b), 0), b));
  check_equal("dy_0/db_0 of [[1, 2], [3, 4]] y = b", share(0), -2);
  check_equal("dy_0/db_1 of [[1, 2], [3, 4]] y = b", share(1), 1,
              "(If it is 1.5, A is not transposed.)");
}

TEST_CASE("the rule, of several samples and right-hand sides, to third order") {
  const auto function = [](Tape&, std::span<const Var> x) { return solution(x[0], x[1]); };
  const Matrix a{{2, 3}, {0.5, -1}, {0.3, 1}, {1, 2}};
  for (const Index sides : {1, 2}) {
    const Matrix b = Random(1).uniform_matrix(2 * sides, 2, -1, 1);
    const auto report = gradcheck(function, {a, b});
    CHECK_MESSAGE(report.ok(), "With " << sides << " right-hand side(s), differences find another "
                                       << "derivative than your rule.\n"
                                       << report);
  }
}

// Predict, then run: a mass of 4 kg is pushed by 8 N, and a = f / m. By how much does the
// acceleration change for each kilogram more, to first order? It is da/dm [m/s² / kg].
// >>> your prediction
const double per_kilogram = not_yet;
// <<<

TEST_CASE("predict: a heavier mass") {
  Tape tape;
  const Var mass = tape.constant(4.), force = tape.constant(8.);
  check_prediction(per_kilogram, evaluate(grad(sample_solve(mass, force), mass))(0));
}

}  // namespace
