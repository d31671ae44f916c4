// Classification: a point in the plane belongs to one of three rings around the origin. A network
// with relu tells which; it learns by cross-entropy, a minibatch at a time.
#include <cstdio>

#include "autodiff/compile/program.h"
#include "nn/layers/initialise.h"
#include "nn/learning/loss.h"
#include "nn/learning/minibatches.h"
#include "nn/optimisers/sgd.h"
using autodiff::Index, autodiff::Matrix, autodiff::Random, autodiff::Tape, autodiff::Var;

/// 0, 1 or 2: the ring of each point.
Matrix rings_of(const Matrix& points) {
  const auto radius = points.colwise().norm().array();
  return (radius > 0.5).cast<autodiff::Scalar>() + (radius > 0.9).cast<autodiff::Scalar>();
}

int main() {
  constexpr Index batch = 32;
  Random random(1);
  const Matrix points = random.uniform_matrix(2, 2000, -1, 1), rings = rings_of(points);

  nn::Parameters parameters;
  const nn::Mlp network(parameters, "net", {2, 32, 32, 3}, nn::activation("relu"));
  initialise(network, parameters, random, nn::Initialiser::lecun);

  Tape tape;
  const Var x = tape.input(2, batch, "x"), ring = tape.input(1, batch, "ring");
  const Var loss = nn::cross_entropy_of_classes(network(x), ring);
  const autodiff::Program program(nn::loss_and_gradients(loss, parameters));
  autodiff::Workspace workspace(program);
  parameters.bind(workspace);

  nn::Sgd sgd(parameters.size(), {.momentum = 0.9});
  nn::Minibatches batches(points.cols(), batch, random);
  for (int step = 0; step < 10000; ++step) {
    const std::span<const Index> some = batches.next();
    const Matrix x_batch = nn::columns(points, some), ring_batch = nn::columns(rings, some);
    workspace.bind(x, x_batch);
    workspace.bind(ring, ring_batch);
    program.run(workspace);
    if (step == 0) std::printf("loss at first: %.1f\n", workspace.value(0)(0, 0));
    sgd.step(parameters.values(), workspace.values().subspan(1), 0.05);
  }

  // Points that it has not seen. The class with the largest output is the answer.
  const Matrix fresh = random.uniform_matrix(2, 1000, -1, 1), truth = rings_of(fresh);
  Tape asked;
  const Matrix scores = evaluate(network(asked.constant(fresh)), parameters.bindings(asked));
  int right = 0;
  for (Index s = 0; s < fresh.cols(); ++s) {
    Index answer;
    scores.col(s).maxCoeff(&answer);
    right += answer == static_cast<Index>(truth(s));
  }
  std::printf("more than 95 of 100 fresh points are right: %s\n", right > 950 ? "yes" : "no");
}
