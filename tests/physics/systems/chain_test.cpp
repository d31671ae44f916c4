// The chain of n links: against the pendulum, the double pendulum's closed form, the equations of
// motion of n links by hand, and bobs in the plane that rods hold together.
#include <cmath>
#include <map>

#include "autodiff/compile/program.h"
#include "autodiff/kernels/decompositions.h"
#include "physics/systems/double_pendulum.h"
#include "physics/systems/table.h"
#include "tests/physics/systems/moving.h"

using autodiff::Random;
using physics::Index;
using physics::System;
using physics::Var;

namespace {

System chain_of(Index n, std::map<std::string, double> set = {}) {
  set["n"] = static_cast<double>(n);
  return make_system(physics::find_system("chain"), set);
}

/// Other masses and lengths for every link.
struct Links {
  std::map<std::string, double> set{{"g", 9.8}};
  Eigen::VectorXd m, l;

  Links(Index n, Random& random) : m(n), l(n) {
    for (Index i = 0; i < n; ++i) {
      set["m" + std::to_string(i + 1)] = m[i] = random.uniform(0.3, 2);
      set["l" + std::to_string(i + 1)] = l[i] = random.uniform(0.3, 2);
    }
  }
};

/// The Euler-Lagrange equations by hand. With M_ij the mass that hangs below both joints i and j,
///     Σ_j M_ij l_i l_j (cos(θ_i - θ_j) θ_j'' + sin(θ_i - θ_j) θ_j'²) = -M_ii g l_i sin θ_i
Eigen::MatrixXd by_hand(const Links& links, const Eigen::MatrixXd& states) {
  const Index n = links.m.size();
  Eigen::MatrixXd accelerations(n, states.cols());
  for (Index s = 0; s < states.cols(); ++s) {
    Eigen::MatrixXd mass(n, n);
    Eigen::VectorXd force(n);
    for (Index i = 0; i < n; ++i) {
      force[i] = -links.m.tail(n - i).sum() * 9.8 * links.l[i] * std::sin(states(i, s));
      for (Index j = 0; j < n; ++j) {
        const double below = links.m.tail(n - std::max(i, j)).sum() * links.l[i] * links.l[j];
        const double angle = states(i, s) - states(j, s), rate = states(n + j, s);
        mass(i, j) = below * std::cos(angle);
        force[i] -= below * std::sin(angle) * rate * rate;
      }
    }
    accelerations.col(s) = autodiff::least_squares(mass, force);
  }
  return accelerations;
}

}  // namespace

TEST_CASE("chain: one link is the pendulum, two are the double pendulum" * in_double_only) {
  Random random(1);
  const System one = chain_of(1, {{"l", 0.6}, {"m", 2}}),
               two = chain_of(2, {{"m2", 0.5}, {"l1", 0.7}});
  const System pendulum = make_system(physics::find_system("pendulum"), {{"l", 0.6}, {"m", 2}});
  Eigen::MatrixXd states = random_starts(one, random, 20);
  CHECK(distance(motion_of(one)(states), motion_of(pendulum)(states)) < 1e-12);
  CHECK(distance(energy_of(one)(states), energy_of(pendulum)(states)) < 1e-12);

  const physics::DoublePendulum closed{.m1 = 1, .m2 = 0.5, .l1 = 0.7, .l2 = 1};
  states = random_starts(two, random, 200);
  Eigen::MatrixXd expected(2, 200);
  closed.accelerations(states, expected);
  CHECK(distance(motion_of(two)(states).bottomRows(2), expected) < 1e-10);
  for (Index s = 0; s < 200; ++s)
    CHECK(energy_of(two)(states.col(s))(0) ==
          doctest::Approx(closed.energy(states.col(s).data())).epsilon(1e-12));
}

TEST_CASE("chain: n links with masses and lengths of their own, by hand" * in_double_only) {
  Random random(2);
  for (const Index n : {3, 5, 32}) {
    CAPTURE(n);
    const Links links(n, random);
    const System system = chain_of(n, links.set);
    const Eigen::MatrixXd states = random_starts(system, random, 10);
    const Eigen::MatrixXd expected = by_hand(links, states);
    CHECK(distance(motion_of(system)(states).bottomRows(n), expected) <
          1e-11 * expected.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("chain: bobs in the plane, bound by rods, move alike" * in_double_only) {
  const Index n = 3;
  Random random(3);
  const Links links(n, random);
  const System angles = chain_of(n, links.set);
  System plane;  // x1, y1, x2, y2, ...
  plane.coordinates.resize(2 * n);
  plane.lagrangian = [=](Var q, Var v) {
    Var lagrangian = sum_rows(v) * 0.;
    for (Index i = 0; i < n; ++i)
      lagrangian = lagrangian + 0.5 * links.m[i] * sum_rows(pow(slice_rows(v, 2 * i, 2), 2)) -
                   links.m[i] * 9.8 * row(q, 2 * i + 1);
    return lagrangian;
  };
  plane.constraints = [=](Var q) {
    std::vector<Var> rods;
    for (Index i = 0; i < n; ++i) {
      const Var bob = slice_rows(q, 2 * i, 2);
      const Var rod = i == 0 ? bob : bob - slice_rows(q, 2 * i - 2, 2);
      rods.push_back(sum_rows(rod * rod) - links.l[i] * links.l[i]);
    }
    return stack_rows(rods);
  };
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(21, 0, 2);
  const Eigen::MatrixXd starts = random_starts(angles, random, 3);
  for (const Eigen::VectorXd& start : starts.colwise()) {
    Eigen::VectorXd same = Eigen::VectorXd::Zero(4 * n);
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j <= i; ++j) {
        const double l = links.l[j], sine = std::sin(start[j]), cosine = std::cos(start[j]);
        same.segment(2 * i, 2) += l * Eigen::Vector2d(sine, -cosine);
        same.segment(2 * n + 2 * i, 2) += l * start[n + j] * Eigen::Vector2d(cosine, sine);
      }
    const Eigen::MatrixXd positions = physics::StateFunction(n, 0, [&](Var, Var q, Var, Var) {
      return angles.picture.points(q);
    })(states_at(angles, start, times));
    CHECK(distance(states_at(plane, same, times).topRows(2 * n), positions) < 1e-6);
  }
}

TEST_CASE("chain: its program grows as its mass matrix, with the square of n") {
  const auto instructions = [](Index n) {
    const System system = chain_of(n);
    autodiff::Tape tape;
    const Var q = tape.input(n, 4, "q"), v = tape.input(n, 4, "v");
    const autodiff::Program program({euler_lagrange(mechanics_of(system, {}, q, v, {}), q, v)});
    return program.instructions();
  };
  const int few = instructions(16), many = instructions(32);
  CHECK(many < 4 * few);
}

TEST_CASE("a parameter of each may be set for all, or for one, and counts are whole") {
  const auto set = [](std::map<std::string, double> values) {
    return make_system(physics::find_system("chain"), values);
  };
  Random random(4);
  const Eigen::MatrixXd states = random_starts(set({{"n", 3}}), random, 5);
  const auto energies = [&](std::map<std::string, double> values) {
    return energy_of(set(std::move(values)))(states);
  };
  CHECK(energies({{"n", 3}, {"m2", 0.5}}) == energies({{"m", 0.5}, {"m1", 1}, {"m3", 1}}));
  CHECK(energies({{"n", 3}, {"m2", 0.5}}) != energies({{"n", 3}}));
  CHECK(energies({{"l", 2}}) == energies({{"l1", 2}, {"l2", 2}, {"l3", 2}}));
  CHECK(set({{"n", 7}}).n() == 7);
  CHECK(set({{"n", 7}}).coordinates[6].name == "theta7");

  using Error = std::invalid_argument;
  CHECK_THROWS_WITH_AS(
      set({{"n", 2}, {"m3", 1}}),
      "the system chain has no parameter 'm3'; it has n, m, m1 to m2, l, l1 to l2, g, "
      "friction, drive, drive_frequency",
      Error);
  CHECK_THROWS_AS(set({{"m0", 1}}), Error);
  CHECK_THROWS_AS(set({{"m01", 1}}), Error);
  CHECK_THROWS_WITH_AS(set({{"n", 2.5}}),
                       "n=2.5 is no whole number: it is the chain's number of links", Error);
  CHECK_THROWS_WITH_AS(set({{"n", 33}}),
                       "n=33 is out of range: the chain's number of links lies between 1 and 32",
                       Error);
  CHECK_THROWS_WITH_AS(set({{"m2", -1}}),
                       doctest::Contains("m2=-1 is out of range: the chain's mass of each bob"),
                       Error);
}
