// Many motions side by side: on how many threads does not matter, and what stopped is told.
#include "physics/integrate/roll_out.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>

using namespace physics;

namespace {

/// x'' = -x + t + u, from which one starts at x = t, x' = 1 and goes on so while u = 0.
const Motion timed(1, 1,
                   [](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
                      const Eigen::MatrixXd& u, Eigen::MatrixXd& rates) {
                     rates.row(0) = states.row(1);
                     rates.row(1) = -states.row(0) + t + u;
                   });

Solution stopped_at(const std::string& message) {
  Solution one;
  one.status = Rk45Status::too_many_steps;
  one.message = message;
  return one;
}

}  // namespace

TEST_CASE("trajectories begin at the first time, under no control") {
  const auto one = roll_out(timed, Eigen::Vector2d(3, 1), Eigen::Vector3d(3, 4, 7), {}).front();
  REQUIRE(one.ok());
  CHECK(one.t == Eigen::Vector3d(3, 4, 7));
  CHECK((one.y.row(0) - Eigen::RowVector3d(3, 4, 7)).cwiseAbs().maxCoeff() < 1e-5);
}

TEST_CASE("any number of threads gives the same bits, in the same order") {
  Eigen::MatrixXd starts(2, 7);
  for (Index s = 0; s < 7; ++s) starts.col(s) << 0.3 * static_cast<double>(s), 1;
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(5, 0, 4);
  const auto alone = roll_out(timed, starts, times, {});
  REQUIRE(alone.size() == 7);
  for (const int threads : {-1, 0, 2, 3, 7, 30}) {
    CAPTURE(threads);
    const auto shared = roll_out(timed, starts, times, {}, threads);
    REQUIRE(shared.size() == 7);
    for (std::size_t s = 0; s < 7; ++s) {
      CHECK(shared[s].y.col(0) == starts.col(static_cast<Index>(s)));
      CHECK(shared[s].y == alone[s].y);
    }
  }
}

TEST_CASE("what stopped early is told by number, ten of them in full") {
  std::vector<Solution> all(3);
  all[1] = stopped_at("t = 2: tired");
  CHECK(stopped_early(all) ==
        "1 of 3 trajectories stopped before their end:\n  number 2 at t = 2: tired");
  const auto lines = [](std::size_t count) {
    return stopped_early(std::vector<Solution>(count, stopped_at("t = 1: x")));
  };
  CHECK(lines(10).ends_with("\n  number 10 at t = 1: x"));
  CHECK(lines(11).ends_with("\n  number 10 at t = 1: x\n  and 1 more"));
}

TEST_CASE("trajectories that do not fit together are refused with both sizes") {
  std::vector<Solution> two(2);
  two[0].t = Eigen::Vector2d(0, 1);
  two[0].y = Eigen::MatrixXd::Zero(4, 2);
  two[1].y = Eigen::MatrixXd::Zero(2, 0);
  CHECK_THROWS_WITH_AS(points_of(two),
                       "[points_of] a trajectory of 0 states of 2 numbers at 0 times, the first "
                       "one's states have 4",
                       std::invalid_argument);
}
