// Minibatches, and a network of one's own learning from them in a dozen lines.
#include "nn/learning/minibatches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "autodiff/compile/program.h"
#include "nn/layers/initialise.h"
#include "nn/learning/loss.h"
#include "nn/optimisers/sgd.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::Var;

TEST_CASE("an epoch goes once through the samples, in a new order each time") {
  Random random(1);
  nn::Minibatches batches(10, 3, random);
  CHECK(batches.per_epoch() == 3);
  std::vector<std::vector<Index>> epochs(4);
  for (int k = 0; k < 12; ++k) {
    const std::span<const Index> some = batches.next();
    CHECK(some.size() == 3);
    CHECK(batches.epoch() == k / 3);
    epochs[static_cast<std::size_t>(k / 3)].insert(epochs[static_cast<std::size_t>(k / 3)].end(),
                                                   some.begin(), some.end());
  }
  for (const std::vector<Index>& epoch : epochs) {
    CHECK(std::set<Index>(epoch.begin(), epoch.end()).size() == 9);
    CHECK(*std::min_element(epoch.begin(), epoch.end()) >= 0);
    CHECK(*std::max_element(epoch.begin(), epoch.end()) < 10);
  }
  CHECK(epochs[0] != epochs[1]);
  Random again(1);
  nn::Minibatches same(10, 3, again);
  const std::span<const Index> first = same.next();
  CHECK(std::equal(first.begin(), first.end(), epochs[0].begin()));
}

TEST_CASE("a batch may be all samples, and not more") {
  Random random(1);
  nn::Minibatches all(4, 4, random);
  CHECK(all.next().size() == 4);
  CHECK(all.next().size() == 4);
  CHECK(all.epoch() == 1);
  CHECK_THROWS_WITH_AS(nn::Minibatches(3, 4, random),
                       "[minibatches] 3 samples do not fill a batch of 4", std::invalid_argument);
  CHECK_THROWS_AS(nn::Minibatches(3, 0, random), std::invalid_argument);
}

TEST_CASE("columns are taken in the order asked for") {
  Matrix m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  Matrix expected(2, 4);
  expected << 3, 1, 1, 2, 6, 4, 4, 5;
  CHECK(nn::columns(m, std::vector<Index>{2, 0, 0, 1}) == expected);
}

TEST_CASE("a classifier with relu learns which quadrant a point lies in") {
  Random random(2);
  const Matrix points = random.uniform_matrix(2, 400, -1, 1);
  Matrix quadrant(1, points.cols());
  for (Index s = 0; s < points.cols(); ++s)
    quadrant(s) = static_cast<Scalar>((points(0, s) > 0 ? 1 : 0) + (points(1, s) > 0 ? 2 : 0));

  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "net", {2, 16, 4}, nn::activation("relu"));
  nn::initialise(mlp, parameters, random, nn::Initialiser::lecun);
  constexpr Index batch = 20;
  Tape tape;
  const Var x = tape.input(2, batch, "x"), y = tape.input(1, batch, "y");
  const Var loss = nn::cross_entropy_of_classes(mlp(x), y);
  const autodiff::Program program(nn::loss_and_gradients(loss, parameters));
  autodiff::Workspace workspace(program);
  parameters.bind(workspace);

  nn::Sgd sgd(parameters.size(), {.momentum = 0.9});
  nn::Minibatches batches(points.cols(), batch, random);
  double first = 0, last = 0;  // of ten steps each
  for (int step = 0; step < 400; ++step) {
    const std::span<const Index> some = batches.next();
    const Matrix x_batch = nn::columns(points, some), y_batch = nn::columns(quadrant, some);
    workspace.bind(x, x_batch);
    workspace.bind(y, y_batch);
    program.run(workspace);
    sgd.step(parameters.values(), workspace.values().subspan(1), 0.1);
    if (step < 10) first += workspace.value(0)(0, 0) / 10;
    if (step >= 390) last += workspace.value(0)(0, 0) / 10;
  }
  CHECK(first > 0.8);
  CHECK(last < 0.15);
}
