// Laws of motion and functions of states: what they are given, what they refuse, and their bits.
#include "physics/motion.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "autodiff/parallel.h"
#include "autodiff/random.h"
#include "physics/state_function.h"

using namespace physics;
using autodiff::Matrix;
using autodiff::Random;
using Error = std::invalid_argument;

namespace {

/// A mass on a spring that a control pushes, with a stiffness that time changes:
/// x'' = -(1 + t) x + 2 u1 - u2.
Motion pushed_spring() {
  return {1, 2,
          [](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states, const Eigen::MatrixXd& u,
             Eigen::MatrixXd& rates) {
            rates.row(0) = states.row(1);
            rates.row(1) =
                -(1 + t.array()) * states.row(0).array() + 2 * u.row(0).array() - u.row(1).array();
          }};
}

StateFunction::Recorder entangled() {
  return [](Var t, Var q, Var v, Var u) {
    const Var w = q.tape().constant(Random(3).uniform_matrix(5, 4, -1, 1));
    return softplus(matmul(w, stack_rows(sin(q), exp(v)))) * broadcast_rows(cos(t) + tanh(u), 5);
  };
}

}  // namespace

TEST_CASE("a law of motion gets time, states and controls") {
  const Motion motion = pushed_spring();
  CHECK(motion.coordinates() == 1);
  CHECK(motion.controls() == 2);
  const Eigen::MatrixXd states{{1, 2, 3}, {4, 5, 6}}, u{{0, 1, 0}, {0, 0, 1}};
  const Eigen::RowVectorXd t{{0, 1, 2}};
  Eigen::MatrixXd rates;
  motion(t, states, u, rates);
  CHECK(rates == Eigen::MatrixXd{{4, 5, 6}, {-1, -2, -10}});
  CHECK(motion(t, states) == Eigen::MatrixXd{{4, 5, 6}, {-1, -4, -9}});  // controls are 0
  CHECK(motion(states) == Eigen::MatrixXd{{4, 5, 6}, {-1, -2, -3}});     // and so is time
  CHECK(motion(Eigen::MatrixXd(2, 0)).cols() == 0);
}

TEST_CASE("a motion that a rule controls has no controls left, and the rule sees time and states") {
  const Motion motion = pushed_spring().controlled_by(
      [](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states, Eigen::MatrixXd& u) {
        CHECK(u == Eigen::MatrixXd::Zero(2, states.cols()));
        u.row(0) = t;
        u.row(1) = states.row(1);
      });
  CHECK(motion.controls() == 0);
  const Eigen::MatrixXd states{{1, 2}, {4, 5}};
  const Eigen::RowVectorXd t{{0, 3}};
  CHECK(motion(t, states) == Eigen::MatrixXd{{4, 5}, {-1 - 4, -8 + 6 - 5}});
}

TEST_CASE("accelerations alone make a motion") {
  const Motion motion = Motion::of_accelerations(
      2, [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> accelerations) {
        accelerations = -3 * states.topRows(2);
      });
  const Eigen::MatrixXd states{{1}, {2}, {3}, {4}};
  CHECK(motion(states) == Eigen::MatrixXd{{3}, {4}, {-3}, {-6}});
  const Motion timeless(1, [](const Eigen::MatrixXd& s, Eigen::MatrixXd& rates) { rates = 2 * s; });
  CHECK(timeless(Eigen::MatrixXd{{1}, {5}}) == Eigen::MatrixXd{{2}, {10}});
}

TEST_CASE("a motion refuses shapes that do not fit") {
  const Motion motion = pushed_spring();
  const Eigen::MatrixXd states(2, 3), u(2, 3);
  const Eigen::RowVectorXd t(3);
  Eigen::MatrixXd rates;
  CHECK_THROWS_WITH_AS(motion(t, Eigen::MatrixXd(3, 3), u, rates),
                       "[motion] states 3x3, times 1x3 and controls 2x3: with 1 coordinates and 2 "
                       "controls they must be 2xN, 1xN and 2xN",
                       Error);
  CHECK_THROWS_AS(motion(Eigen::RowVectorXd(2), states, u, rates), Error);
  CHECK_THROWS_AS(motion(t, states, Eigen::MatrixXd(1, 3), rates), Error);
  CHECK_THROWS_AS(motion(t, states, Eigen::MatrixXd(2, 2), rates), Error);
  CHECK_THROWS_AS(motion(Eigen::MatrixXd(1, 3)), Error);
  CHECK_THROWS_AS(Motion(0, 0, Motion::Law()), Error);
  CHECK_THROWS_WITH_AS(Motion(1, 0, Motion::Law()), "[motion] no law is given", Error);
  CHECK_THROWS_WITH_AS(Motion(1, Motion::TimelessLaw()), "[motion] no law is given", Error);
  const Motion wrong(1, [](const Eigen::MatrixXd&, Eigen::MatrixXd& r) { r.setZero(1, 1); });
  CHECK_THROWS_WITH_AS(wrong(states), "[motion] the law made rates 1x1 of states 2x3", Error);
}

TEST_CASE("a function of states gets time, coordinates, velocities and controls") {
  const StateFunction all(2, 1, [](Var t, Var q, Var v, Var u) {
    return stack_rows(std::array{u, t, v, q});
  });
  CHECK(all.rows() == 6);
  for (const Index count : {1, 5, 20}) {
    Random random(1);
    const Eigen::MatrixXd states = random.uniform_matrix(4, count, -1, 1).cast<double>();
    const Eigen::MatrixXd u = random.uniform_matrix(1, count, -1, 1).cast<double>();
    const Eigen::RowVectorXd t = random.uniform_matrix(1, count, -1, 1).cast<double>();
    Eigen::MatrixXd result(6, count), expected(6, count);
    all(t, states, u, result);
    expected << u, t, states.bottomRows(2), states.topRows(2);
    CHECK(result == expected);
    expected.topRows(2).setZero();
    CHECK(all(states) == expected);  // at time 0, controls at 0
  }
  CHECK(all(Eigen::MatrixXd(4, 0)).cols() == 0);
}

TEST_CASE("a function of states binds what else it reads") {
  Matrix stiffness{{2}};
  const StateFunction force(
      1, 0, [](Var, Var q, Var, Var) { return matmul(q.tape().parameter(1, 1, "k"), q); },
      [&](autodiff::Workspace& workspace) { workspace.bind("k", stiffness.data()); });
  const Eigen::MatrixXd states{{1, 2}, {0, 0}};
  CHECK(force(states) == Eigen::MatrixXd{{2, 4}});
  stiffness(0) = 3;
  CHECK(force(states) == Eigen::MatrixXd{{3, 6}});
}

TEST_CASE("a state's bits depend neither on its company, nor on the width, nor on threads") {
  const StateFunction f(2, 1, entangled());
  const Index count = 37;
  Random random(2);
  const Eigen::MatrixXd states = random.uniform_matrix(4, count, -2, 2).cast<double>();
  const Eigen::MatrixXd u = random.uniform_matrix(1, count, -2, 2).cast<double>();
  const Eigen::RowVectorXd t = random.uniform_matrix(1, count, -2, 2).cast<double>();
  Eigen::MatrixXd all(5, count);
  f(t, states, u, all);
  CHECK(all.allFinite());
  const auto same = [&](const StateFunction& g, Index begin, Index size) {
    Eigen::MatrixXd some(5, size);
    g(t.middleCols(begin, size), states.middleCols(begin, size), u.middleCols(begin, size), some);
    return some == all.middleCols(begin, size);
  };
  for (const Index size : {1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 30})
    for (Index begin = 0; begin + size <= count; begin += 7) {
      CAPTURE(size);
      CHECK(same(f, begin, size));
    }
  for (const Index width : {1, 2, 3, 7, 16, 33, 64}) {
    CAPTURE(width);
    CHECK(same(StateFunction(2, 1, entangled(), {}, width), 0, count));
  }
  std::vector<char> right(64, false);
  autodiff::parallel_for(64, 4, [&](Index k) { right[k] = same(f, k % 20, 17); });
  CHECK(std::ranges::count(right, true) == 64);
}

TEST_CASE("a function of states refuses shapes that do not fit") {
  const StateFunction f(2, 1, entangled());
  const Eigen::MatrixXd states(4, 3), u(1, 3);
  const Eigen::RowVectorXd t(3);
  Eigen::MatrixXd result(5, 3), low(4, 3), narrow(5, 2);
  CHECK_THROWS_WITH_AS(f(t, Eigen::MatrixXd(3, 3), u, result),
                       "[state_function] 3 times, states 3x3 and controls 1x3 of 2 coordinates and "
                       "1 controls",
                       Error);
  CHECK_THROWS_AS(f(Eigen::RowVectorXd(2), states, u, result), Error);
  CHECK_THROWS_AS(f(t, states, Eigen::MatrixXd(2, 3), result), Error);
  CHECK_THROWS_AS(f(t, states, Eigen::MatrixXd(1, 2), result), Error);
  CHECK_THROWS_AS(f(t, states, u, low), Error);
  CHECK_THROWS_AS(f(t, states, u, narrow), Error);
  CHECK_THROWS_AS(StateFunction(0, 1, entangled()), Error);
  CHECK_THROWS_AS(StateFunction(2, -1, entangled()), Error);
  CHECK_THROWS_AS(StateFunction(2, 1, entangled(), {}, 0), Error);
  CHECK_THROWS_WITH_AS(StateFunction(2, 0, [](Var, Var q, Var, Var) { return sum(q); }),
                       "[state_function] recorded (1x1) of 16 states: a column each", Error);
}

TEST_CASE("a state function that was moved from says so") {
  StateFunction before(2, 1, entangled());
  const StateFunction behind = std::move(before);
  CHECK(behind.rows() > 0);
  CHECK_THROWS_WITH_AS(before.rows(), "[state_function] it was moved from", std::logic_error);
  CHECK_THROWS_AS(before(Eigen::MatrixXd::Zero(4, 2)), std::logic_error);
}

TEST_CASE("a motion needs a coordinate, and no fewer controls than none") {
  const Motion::Law law = [](auto&&...) {};
  CHECK_THROWS_WITH_AS(Motion(0, 2, law),
                       "[motion] 0 coordinates and 2 controls: there is at least one coordinate",
                       Error);
  CHECK_THROWS_AS(Motion(1, -1, law), Error);
  CHECK_NOTHROW(Motion(1, 0, law));
  CHECK_THROWS_WITH_AS(
      StateFunction(1, -1, entangled()),
      "[state_function] 1 coordinates, -1 controls, 16 columns: the first and last are positive",
      Error);
  const Motion wide(1, [](const Eigen::MatrixXd&, Eigen::MatrixXd& r) { r.setZero(2, 4); });
  CHECK_THROWS_WITH_AS(wide(Eigen::MatrixXd(2, 3)), "[motion] the law made rates 2x4 of states 2x3",
                       Error);
}
