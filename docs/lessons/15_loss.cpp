// Lesson 15: what a Lagrangian network minimises (25 minutes)
//
// A Lagrangian network is a multilayer perceptron whose output is taken for L(q, v). What L is has
// never been measured, and nobody tells it. What is known are accelerations. So its L goes through
// lesson 12, and the accelerations that come out are compared with the known ones:
//
//     weights -> L -> M a = ∂L/∂q - C v -> a -> mean of |a - known a|
//
// This one number is the loss. Training needs its gradient with respect to the weights. It goes
// back through the mean, through the solve (lesson 9), through second derivatives of the network
// (lesson 6) and through all its layers (lessons 7 and 8): a third derivative, and `grad` records
// it like any other.
//
// A state is a column (q; v): n coordinates above their n velocities.
//
// Task: record the loss: cut the states into q and v, ask the model for the accelerations, and take
// the mean of the absolute errors over all entries. `slice_rows(x, begin, count)`, `abs` and `mean`
// do what their names say.
#include <array>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
#include "docs/lessons/lesson.h"
#include "nn/learning/loss.h"
#include "nn/learning/training_step.h"
#include "nn/models/lagrangian_network.h"
using namespace autodiff;

namespace {

/// The loss of a batch: (states: 2n x N, known accelerations: n x N) -> 1 x 1.
Var loss_of(const nn::Model& model, Var states, Var known) {
  const Index n = model.coordinates();
  // >>> your code
  return 0 * mean(known);
  // <<<
}

/// A law with nothing to learn: a = -4 q.
class Spring : public nn::Model {
 public:
  Index coordinates() const override { return 1; }
  Var acceleration(Var q, Var, Var) const override { return -4 * q; }
};

TEST_CASE("the loss of a spring") {
  Tape tape;
  const Var states = tape.constant(Matrix{{1, 2}, {7, 8}});  // q = 1 and 2
  const Var known = tape.constant(Matrix{{-5, -5}});         // errors: 1 and -3
  check_equal("The mean of |1| and |-3|", evaluate(loss_of(Spring(), states, known))(0), 2,
              "(If it is -1, the signs cancel. If it is 25, q and v are mixed up.)");
}

TEST_CASE("its gradient, of 64 states of two angles") {
  Random random(1);
  nn::LagrangianNetwork model({.hidden = {8, 8}, .kinetic_prior = 1});
  model.initialise(random);
  const Matrix states = random.uniform_matrix(4, 64, -1, 1);
  const Matrix known = random.uniform_matrix(2, 64, -5, 5);

  Tape tape;
  const Var loss = loss_of(model, tape.constant(states), tape.constant(known));
  const Program program(nn::loss_and_gradients(loss, model.parameters()));
  Workspace workspace(program);
  model.parameters().bind(workspace);
  program.run(workspace);

  nn::TrainingStep library(model, nn::l1_loss, {64, 64, 1});
  check_equal("The loss", workspace.values()[0], library.run(states.data(), known.data()), "",
              1e-9);
  double difference = 0;
  for (Index i = 0; i < model.parameters().size(); ++i)
    difference += std::abs(workspace.values()[1 + i] - library.gradient()[i]);
  check_equal("The distance of the gradient from the library's", difference, 0, "", 1e-9);
}

// Predict, then run: a Lagrangian network for two angles has two hidden layers of 4. An angle
// enters as (cos, sin), a velocity as it is, and each layer has weights and a bias. How many
// numbers does it learn?
// >>> your prediction
const double parameters = not_yet;
// <<<

TEST_CASE("predict: the size of a network") {
  const nn::LagrangianNetwork model({.hidden = {4, 4}, .angles = {true, true}});
  check_prediction(parameters, static_cast<double>(model.parameters().size()));
}

}  // namespace
