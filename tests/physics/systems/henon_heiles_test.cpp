// Hénon and Heiles: order below, chaos above.
#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <utility>

#include "physics/observe/lyapunov.h"
#include "physics/observe/poincare.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Random;
using physics::System;

namespace {

/// A state at x = 0 with this energy, x' > 0.
Eigen::Vector4d on_section(double energy, double y, double y_dot) {
  const double x_dot2 = 2 * energy - y * y + 2 * y * y * y / 3 - y_dot * y_dot;
  REQUIRE(x_dot2 > 0);
  return {0, y, std::sqrt(x_dot2), y_dot};
}

physics::LyapunovOptions over(double duration) {
  return {.interval = 2,
          .settle = 100,
          .duration = duration,
          .integrator = {.rtol = 1e-9, .atol = 1e-10}};
}

/// How the points of a section fill the plane (y, y'): of a grid of cells 0.02 wide, how many are
/// met for each point.
double cells_met(const Eigen::MatrixXd& section) {
  std::set<std::pair<long, long>> met;
  for (Index k = 0; k < section.cols(); ++k)
    met.insert({std::lround(section(1, k) / 0.02), std::lround(section(3, k) / 0.02)});
  return static_cast<double>(met.size()) / static_cast<double>(section.cols());
}

}  // namespace

TEST_CASE("henon_heiles: the equations of the paper, and energy 1/6 at the triangle's corners" *
          in_double_only) {
  const System s = make_system(physics::find_system("henon_heiles"));
  Random random(1);
  const Eigen::MatrixXd states = random_starts(s, random, 200);
  const Eigen::MatrixXd a = motion_of(s)(states).bottomRows(2);
  const Eigen::MatrixXd energies = energy_of(s)(states);
  for (Index k = 0; k < 200; ++k) {
    const double x = states(0, k), y = states(1, k);
    CHECK(a(0, k) == doctest::Approx(-x - 2 * x * y));
    CHECK(a(1, k) == doctest::Approx(-y - x * x + y * y));
    CHECK(energies(k) < 1. / 6);
    CHECK(std::abs(x) * std::sqrt(3) <= 1 - y);
    CHECK(y >= -0.5);
  }
  const Eigen::MatrixXd corners{{0, std::sqrt(3) / 2}, {1, -0.5}, {0, 0}, {0, 0}};
  CHECK((energy_of(s)(corners).array() - 1. / 6).abs().maxCoeff() < 1e-15);
  CHECK(motion_of(s)(corners).cwiseAbs().maxCoeff() < 1e-15);  // saddles: it may rest there
}

TEST_CASE("henon_heiles: Lyapunov exponents, 0 where motions are regular" * in_double_only) {
  const physics::Motion motion = motion_of(make_system(physics::find_system("henon_heiles")));
  // Of two regular motions the distance grows evenly: the estimate falls as ln(t)/t, to 0.007 here.
  Eigen::MatrixXd starts(4, 4);
  starts << on_section(1. / 12, 0.1, 0), on_section(1. / 12, -0.2, 0.1), on_section(1. / 8, 0.1, 0),
      on_section(1. / 8, 0.3, 0);
  const Eigen::VectorXd regular = lyapunov_exponents(motion, starts, over(1000));
  CAPTURE(regular);
  CHECK(regular.cwiseAbs().maxCoeff() < std::log(1000) / 1000);
  // Skokos, Bountis and Antonopoulos 2007 (Physica D 231, 30-54) give 0.047 for this one.
  const Eigen::Vector4d known = on_section(1. / 8, -0.25, 0);
  CHECK(known[2] == doctest::Approx(0.42).epsilon(0.01));
  const Eigen::VectorXd mixed = lyapunov_exponents(motion, known, over(4000));
  CHECK(mixed[0] == doctest::Approx(0.047).epsilon(0.2));
  // At 1/6 there is one chaotic sea, and one exponent of all in it. By another method, too: the
  // equations of a small difference (dx, dy), linear in it, integrated beside (x, y).
  starts << on_section(0.1666, 0.2, 0.2), on_section(0.1666, -0.25, 0),
      on_section(0.1666, 0.3, 0.2), on_section(0.1666, -0.1, 0.3);
  const Eigen::VectorXd chaotic = lyapunov_exponents(motion, starts, over(2000));
  const physics::Motion with_difference = physics::Motion::of_accelerations(
      4, [](const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> a) {
        const Eigen::ArrayXXd s = states.array();
        const auto x = s.row(0), y = s.row(1), dx = s.row(2), dy = s.row(3);
        a.row(0) = -x - 2 * x * y;
        a.row(1) = -y - x * x + y * y;
        a.row(2) = -dx - 2 * (dx * y + x * dy);
        a.row(3) = -dy - 2 * (x * dx - y * dy);
      });
  Eigen::MatrixXd both(8, 4);
  both << starts.topRows(2), Eigen::MatrixXd::Ones(2, 4), starts.bottomRows(2),
      Eigen::MatrixXd::Zero(2, 4);
  Eigen::VectorXd growth(4);
  const auto solutions = roll_out(with_difference, both, Eigen::Vector2d(0, 2000), {.rtol = 1e-9});
  for (Index k = 0; k < 4; ++k) {
    const Eigen::MatrixXd& y = solutions[k].y;
    REQUIRE(solutions[k].ok());
    const auto size = [&](Index at) { return y.col(at)(Eigen::Array4i(2, 3, 6, 7)).norm(); };
    growth[k] = std::log(size(1) / size(0)) / 2000;
  }
  CAPTURE(chaotic);
  CAPTURE(growth);
  CHECK(chaotic.minCoeff() > 0.8 * chaotic.maxCoeff());
  CHECK(chaotic.mean() == doctest::Approx(growth.mean()).epsilon(0.1));
  CHECK(chaotic.minCoeff() > 1.5 * mixed[0]);
}

TEST_CASE("henon_heiles: sections are curves where motions are regular, areas where chaotic" *
          in_double_only) {
  // Hénon and Heiles 1964, figures 4 to 6.
  const physics::Motion motion = motion_of(make_system(physics::find_system("henon_heiles")));
  const auto times = Eigen::VectorXd::LinSpaced(30001, 0, 3000);
  const auto fill = [&](double energy, double y, double y_dot) {
    const auto one =
        roll_out(motion, on_section(energy, y, y_dot), times, {.rtol = 1e-10, .atol = 1e-10})[0];
    REQUIRE(one.ok());
    const Eigen::MatrixXd section = poincare_section(motion, one, 0);
    REQUIRE(section.cols() > 300);
    return cells_met(section);
  };
  const Eigen::Vector4d met(fill(1. / 12, 0.1, 0), fill(1. / 12, -0.2, 0.1), fill(1. / 8, 0.1, 0),
                            fill(1. / 8, -0.25, 0));
  const double all = fill(0.1666, 0.2, 0.2);
  CAPTURE(met.transpose());
  CAPTURE(all);
  CHECK(met.head<3>().maxCoeff() < 0.3);
  CHECK(met[3] > 0.5);
  CHECK(all > 0.7);
}
