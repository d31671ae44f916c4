// Lesson 08: a broadcast and its sum (15 minutes)
//
// A layer adds its bias b, one column, to every sample: b is repeated as often as there are
// samples. Many languages do so silently. Here one writes it down, `broadcast_cols(b, 32)`, because
// the gradient must not forget it:
//
//     y_is = b_i  for each sample s          share of b, entry i  =  Σ_s g_is
//
// Each entry of b is read once a sample. What is read often gets the sum of what comes back: this
// is fan-out again, in one operation. And the other way round: a sum over the samples hands its own
// adjoint to each of them, and that is a broadcast. So the two are partners, each is the other's
// rule, and both can be differentiated as often as one likes.
//
// Task: write the rule of the broadcast. As it stands it takes the first sample for all.
#include "autodiff/check/gradcheck.h"
#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "docs/lessons/lesson.h"
using namespace autodiff;

namespace {

// The library's broadcast with a rule of your own.
const OpDef spread_op{
    .name = "spread",
    .arity = 1,
    .shape =
        [](const OpDef&, std::span<const Shape> inputs, const Attributes& width) {
          return broadcast_cols_op.shape(broadcast_cols_op, inputs, width);
        },
    .forward = [](const Kernel& k) { broadcast_cols_op.forward(k); },
    // >>> your code
    .vjp = [](const Vjp& d, int) { return slice_cols(d.g, 0, 1); },
    // <<<
};

/// n x 1 -> n x samples
Var spread(Var b, Index samples) { return b.tape().record(spread_op, {b}, {.i = samples}); }

TEST_CASE("a bias for three samples") {
  Tape tape;
  const Var b = tape.constant(Matrix{{1}, {2}});
  const Var weights = tape.constant(Matrix{{1, 10, 100}, {2, 20, 200}});
  const Matrix share = evaluate(grad(sum(spread(b, 3) * weights), b));
  check_equal("The share of b_0, whose samples hand back 1, 10 and 100,", share(0), 111,
              "(If it is 1, two samples of three are forgotten.)");
  check_equal("The share of b_1, whose samples hand back 2, 20 and 200,", share(1), 222);
}

TEST_CASE("a layer, to third order") {
  const auto layer = [](Tape&, std::span<const Var> x) {
    return tanh(matmul(x[0], x[1]) + spread(x[2], 3));
  };
  const auto report = gradcheck(layer, {Matrix{{0.1, 0.2}, {0.3, -0.4}},
                                        Matrix{{1, 2, 3}, {4, 5, 6}} / 10, Matrix{{0.5}, {-0.5}}});
  CHECK_MESSAGE(report.ok(), "Differences find another derivative than your rule.\n" << report);
}

// Predict, then run: a bias of 4 entries, all 0, is spread over 32 samples, and m is the mean of
// all 128 entries. What is dm/db_0?
// >>> your prediction
const double share_of_one_entry = not_yet;
// <<<

TEST_CASE("predict: a bias beneath a mean") {
  Tape tape;
  const Var b = tape.filled({4, 1}, 0);
  check_prediction(share_of_one_entry, evaluate(grad(mean(broadcast_cols(b, 32)), b))(0));
}

}  // namespace
