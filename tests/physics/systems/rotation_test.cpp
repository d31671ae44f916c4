// Rigid bodies in Euler angles: the heavy top and the free body.
#include <doctest/doctest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>

#include "physics/integrate/roll_out.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Random;
using physics::find_system;
using physics::make_system;
using physics::System;

namespace {

constexpr physics::Rk45Options finely{.rtol = 1e-11, .atol = 1e-12};
constexpr double pi = std::numbers::pi;

physics::Solution roll(const System& s, const Eigen::VectorXd& start,
                       const Eigen::VectorXd& times) {
  const physics::Solution one = roll_out(motion_of(s), start, times, finely)[0];
  REQUIRE(one.ok());
  return one;
}

/// The body's axes in space, its columns, by Eigen's rotations: z-x-z.
Eigen::Matrix3d axes(const Eigen::Vector3d& angles) {
  return (Eigen::AngleAxisd(angles[0], Eigen::Vector3d::UnitZ()) *
          Eigen::AngleAxisd(angles[1], Eigen::Vector3d::UnitX()) *
          Eigen::AngleAxisd(angles[2], Eigen::Vector3d::UnitZ()))
      .toRotationMatrix();
}

/// The angular velocity around the body's own axes: Rᵀ R' is its cross product. R' by differences.
Eigen::Vector3d body_rates(const Eigen::VectorXd& state) {
  const double h = 1e-4;
  const auto at = [&](double step) { return axes(state.head(3) + step * state.tail(3)); };
  const Eigen::Matrix3d rate = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  const Eigen::Matrix3d cross = at(0).transpose() * rate;
  return {cross(2, 1), cross(0, 2), cross(1, 0)};
}

}  // namespace

TEST_CASE("top: it precesses evenly at the slow and at the fast rate, and at no other" *
          in_double_only) {
  const double m = 0.8, l = 0.25, I1 = 0.15, I3 = 0.08, g = 9.8;
  const System s =
      make_system(find_system("top"), {{"m", m}, {"l", l}, {"I1", I1}, {"I3", I3}, {"g", g}});
  // I1 cos θ Ω² - I3 ω3 Ω + m g l = 0 (Goldstein, Classical Mechanics, 5.7).
  const double theta = 0.9, omega3 = 25, cosine = std::cos(theta);
  const double root = std::sqrt(I3 * I3 * omega3 * omega3 - 4 * I1 * cosine * m * g * l);
  const auto times = Eigen::VectorXd::LinSpaced(51, 0, 5);
  const auto nodding = [&](double Omega) {
    Eigen::VectorXd start(6);
    start << 0, theta, 0, Omega, 0, omega3 - Omega * cosine;
    const auto one = roll(s, start, times);
    return std::pair((one.y.row(1).array() - theta).abs().maxCoeff(),
                     std::abs(one.y(0, 50) - 5 * Omega));
  };
  for (const double sign : {-1., 1.}) {
    const double Omega = (I3 * omega3 + sign * root) / (2 * I1 * cosine);
    CAPTURE(Omega);
    CHECK(nodding(Omega).first < 1e-7);
    CHECK(nodding(Omega).second < 1e-6);
    CHECK(nodding(1.3 * Omega).first > 1e-3);
  }
}

TEST_CASE("top: both momenta are what they should be, and conserved" * in_double_only) {
  const System s = make_system(find_system("top"));
  CHECK(ignorable_coordinates(s) == std::vector<Index>{0, 2});
  const double I1 = 0.2, I3 = 0.1;
  Random random(1);
  const auto one =
      roll(s, random_starts(s, random, 1), Eigen::VectorXd::LinSpaced(11, 0, s.duration));
  const Eigen::MatrixXd p = momenta_of(s)(one.y);
  for (Index k = 0; k < 11; ++k) {
    const double theta = one.y(1, k);
    const double spin = I3 * (one.y(5, k) + one.y(3, k) * std::cos(theta));
    CHECK(p(2, k) == doctest::Approx(spin));
    CHECK(p(0, k) == doctest::Approx(I1 * std::pow(std::sin(theta), 2) * one.y(3, k) +
                                     spin * std::cos(theta)));
    CHECK(p(0, k) == doctest::Approx(p(0, 0)).epsilon(1e-9));
    CHECK(p(2, k) == doctest::Approx(p(2, 0)).epsilon(1e-9));
  }
}

TEST_CASE("top: without gravity and spin it is a free rod: its tip runs along a great circle" *
          in_double_only) {
  const System s = make_system(find_system("top"), {{"g", 0}, {"l", 1}});
  Eigen::VectorXd start(6);
  start << 0.4, 1.2, 0, 0.5, 0.8, -0.5 * std::cos(1.2);  // ω3 = 0
  const auto one = roll(s, start, Eigen::VectorXd::LinSpaced(11, 0, 3));
  const physics::StateFunction tip(3, 0,
                                   [&](physics::Var, physics::Var q, physics::Var, physics::Var) {
                                     return s.picture.points(q);
                                   });
  const Eigen::MatrixXd r = tip(one.y);
  const Eigen::Vector3d first = r.col(0), second = r.col(3);
  const Eigen::Vector3d normal = first.cross(second).normalized();
  CHECK((normal.transpose() * r).cwiseAbs().maxCoeff() < 1e-8);
  CHECK((r.colwise().norm().array() - 1).abs().maxCoeff() < 1e-12);
}

TEST_CASE("rigid_body: the body's rates obey Euler's equations, by another way to those rates" *
          in_double_only) {
  const Eigen::Vector3d I(1, 1.6, 2.3);
  const System s =
      make_system(find_system("rigid_body"), {{"I1", I[0]}, {"I2", I[1]}, {"I3", I[2]}});
  Random random(2);
  const Eigen::MatrixXd starts = random_starts(s, random, 5);
  const double h = 1e-3;
  for (Index k = 0; k < 5; ++k) {
    const auto one = roll(s, starts.col(k), Eigen::VectorXd::LinSpaced(5, 0, 4 * h));
    const auto rates = [&](Index j) { return body_rates(one.y.col(j)); };
    const Eigen::Vector3d change = (8 * (rates(3) - rates(1)) - (rates(4) - rates(0))) / (12 * h);
    const Eigen::Vector3d w = rates(2), torque_free = -w.cross(I.cwiseProduct(w));
    CHECK((I.cwiseProduct(change) - torque_free).norm() < 1e-6 * (1 + torque_free.norm()));
    CHECK(energy_of(s)(one.y.col(2))(0) ==
          doctest::Approx(0.5 * I.dot(w.cwiseProduct(w))).epsilon(1e-9));
  }
}

TEST_CASE("rigid_body: its angular momentum stands still in space" * in_double_only) {
  const Eigen::Vector3d I(1, 1.5, 2.1);
  const System s = make_system(find_system("rigid_body"));
  Random random(3);
  const auto one =
      roll(s, random_starts(s, random, 1), Eigen::VectorXd::LinSpaced(21, 0, 2 * s.duration));
  const auto momentum = [&](Index k) -> Eigen::Vector3d {
    return axes(one.y.col(k).head(3)) * I.cwiseProduct(body_rates(one.y.col(k)));
  };
  for (Index k = 0; k < 21; ++k)
    CHECK((momentum(k) - momentum(0)).norm() < 1e-7 * momentum(0).norm());
  CHECK(ignorable_coordinates(s) == std::vector<Index>{0});
  // φ turns around the vertical: its momentum is the vertical part.
  CHECK(momenta_of(s)(one.y)(0, 7) == doctest::Approx(momentum(7)[2]));
}

TEST_CASE("rigid_body: around the middle axis it tumbles, around the others it does not" *
          in_double_only) {
  const System s = make_system(find_system("rigid_body"));
  // Spinning around axis k, a little off; in angles where that axis stands level: the spin is J.
  const auto strays = [&](const Eigen::Vector3d& omega, double psi) {
    Eigen::VectorXd start(6);
    const double theta =
        pi / 2;  // then ω1 = φ' sin ψ + θ' cos ψ, ω2 = φ' cos ψ - θ' sin ψ, ω3 = ψ'
    start << 0, theta, psi, omega[0] * std::sin(psi) + omega[1] * std::cos(psi),
        omega[0] * std::cos(psi) - omega[1] * std::sin(psi), omega[2];
    const auto one = roll(s, start, Eigen::VectorXd::LinSpaced(401, 0, 20));
    double least = 1;
    for (Index k = 0; k < 401; ++k) {
      const Eigen::Vector3d now = body_rates(one.y.col(k));
      least = std::min(least, now.dot(omega) / (now.norm() * omega.norm()));
    }
    return least;
  };
  CHECK((body_rates((Eigen::VectorXd(6) << 0.3, pi / 2, 0.4, 1, 2, 3).finished()) -
         Eigen::Vector3d(std::sin(0.4) + 2 * std::cos(0.4), std::cos(0.4) - 2 * std::sin(0.4), 3))
            .norm() < 1e-9);
  CHECK(strays({3, 0.03, 0.03}, 0.2) > 0.99);
  CHECK(strays({0.03, 0.03, 3}, 0.2) > 0.99);
  CHECK(strays({0.03, 3, 0.03}, 0.2) < -0.9);  // it turns over
}

TEST_CASE("rigid_body: the picture is the body's three axes" * in_double_only) {
  const System s = make_system(find_system("rigid_body"));
  const physics::StateFunction tips(3, 0,
                                    [&](physics::Var, physics::Var q, physics::Var, physics::Var) {
                                      return s.picture.points(q);
                                    });
  Random random(4);
  const Eigen::MatrixXd states = random_starts(s, random, 10), points = tips(states);
  for (Index k = 0; k < 10; ++k)
    CHECK((points.col(k).reshaped(3, 3) - axes(states.col(k).head(3))).norm() < 1e-12);
}

TEST_CASE("top and rigid_body: their motions stay away from the vertical, where angles fail" *
          in_double_only) {
  for (const char* name : {"top", "rigid_body"}) {
    INFO(name);
    const System s = make_system(find_system(name));
    Random random(5);
    const auto times = Eigen::VectorXd::LinSpaced(401, 0, 4 * s.duration);
    double least = pi, least_rate = INFINITY, most_rate = -INFINITY;
    for (const auto& one :
         roll_out(motion_of(s), random_starts(s, random, 100), times, {.rtol = 1e-8})) {
      REQUIRE(one.ok());
      least = std::min({least, one.y.row(1).minCoeff(), pi - one.y.row(1).maxCoeff()});
      least_rate = std::min(least_rate, one.y(5, 0));
      most_rate = std::max(most_rate, one.y(5, 0));
    }
    CHECK(least > (name == std::string("top") ? 0.5 : 0.3) - 1e-6);
    CHECK(least_rate < 0.5 * s.region.low[5]);  // yet spins of all kinds are there
    CHECK(most_rate > 0.5 * s.region.high[5]);
  }
}

TEST_CASE("rigid_body: typical is whose third axis never comes within 0.7 of the vertical's angle" *
          in_double_only) {
  // By Euler's equations: the third axis's angle from the angular momentum, which stands still at
  // an angle from the vertical, lies between its least and its most over some turns.
  for (const Eigen::Vector3d& I :
       {Eigen::Vector3d(1, 1.5, 2.1), Eigen::Vector3d(2.1, 1, 1.5), Eigen::Vector3d(3, 2, 1),
        Eigen::Vector3d(1, 2, 1), Eigen::Vector3d(1, 1, 2), Eigen::Vector3d(2, 2, 2)}) {
    CAPTURE(I);
    const System s =
        make_system(find_system("rigid_body"), {{"I1", I[0]}, {"I2", I[1]}, {"I3", I[2]}});
    Random random(6);
    const Eigen::MatrixXd states = random_states(random, s.region, 200);
    Eigen::MatrixXd rates(3, states.cols());
    for (Index k = 0; k < states.cols(); ++k) rates.col(k) = body_rates(states.col(k));
    const auto euler = [&](const auto&, const Eigen::MatrixXd& w, Eigen::MatrixXd& change) {
      for (Index k = 0; k < w.cols(); ++k) {
        const Eigen::Vector3d one = w.col(k);
        change.col(k) = -one.cross(I.cwiseProduct(one)).cwiseQuotient(I);
      }
    };
    const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(2001, 0, 60);
    const auto turns = physics::rk45_batch(euler, rates, 0, 60, {.rtol = 1e-8}, times);
    int typical = 0, told = 0;
    for (Index k = 0; k < states.cols(); ++k) {
      const Eigen::MatrixXd momenta = I.asDiagonal() * turns[static_cast<std::size_t>(k)].y;
      const Eigen::ArrayXXd angles =
          (momenta.row(2).array() / momenta.colwise().norm().array()).acos();
      const Eigen::Vector3d start = axes(states.col(k).head(3)) * momenta.col(0);
      const double gamma = std::acos(start[2] / start.norm());
      double nearest = INFINITY;  // of both ends of the vertical to the angles that are passed
      for (const double end : {gamma, pi - gamma})
        nearest =
            std::min(nearest, std::max({angles.minCoeff() - end, end - angles.maxCoeff(), 0.}));
      if (std::abs(nearest - 0.7) < 0.01) continue;  // the times may miss the very least
      ++told;
      typical += s.typical(states.col(k)) ? 1 : 0;
      CHECK(s.typical(states.col(k)) == (nearest > 0.7));
    }
    CHECK(told > 180);
    CHECK(typical > 5);
    CHECK(typical < told - 5);
  }
}
