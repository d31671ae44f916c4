// Particles: bodies that attract each other, charges in fields, near the speed of light.
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

constexpr physics::Rk45Options finely{.rtol = 1e-12, .atol = 1e-12};
constexpr double pi = std::numbers::pi;

double largest(const Eigen::MatrixXd& m) { return m.cwiseAbs().maxCoeff(); }

physics::Solution roll(const System& s, const Eigen::VectorXd& start,
                       const Eigen::VectorXd& times) {
  const physics::Solution one = roll_out(motion_of(s), start, times, finely)[0];
  REQUIRE(one.ok());
  return one;
}

}  // namespace

TEST_CASE("bodies: two move around each other as kepler's planet around its sun" * in_double_only) {
  const double m1 = 2, m2 = 0.5, G = 0.8;
  const System pair =
      make_system(find_system("bodies"), {{"n", 2}, {"m1", m1}, {"m2", m2}, {"G", G}});
  const System planet = make_system(find_system("kepler"), {{"mu", G * (m1 + m2)}});
  const auto times = Eigen::VectorXd::LinSpaced(21, 0, 10);
  Eigen::VectorXd start(8);
  start << 0.3, 0.1, 1.3, 0.1, 0.1, -0.2, 0.1, 1.1;  // apart: (1, 0), with (0, 1.3)
  const auto two = roll(pair, start, times);
  const auto one = roll(planet, Eigen::Vector4d(1, 0, 0, 1.3), times);
  for (Index k = 0; k < times.size(); ++k) {
    const Eigen::Vector2d apart = two.y.col(k).segment(2, 2) - two.y.col(k).head(2);
    const double r = one.y(0, k), theta = one.y(1, k);
    CHECK((apart - r * Eigen::Vector2d(std::cos(theta), std::sin(theta))).norm() < 1e-8);
    const Eigen::Vector2d centre =
        (m1 * two.y.col(k).head(2) + m2 * two.y.col(k).segment(2, 2)) / (m1 + m2);
    const Eigen::Vector2d drift = Eigen::Vector2d(0.3 * m1 + 1.3 * m2, 0.1 * (m1 + m2)) +
                                  times[k] * Eigen::Vector2d(0.1 * (m1 + m2), -0.2 * m1 + 1.1 * m2);
    CHECK((centre - drift / (m1 + m2)).norm() < 1e-9);
  }
}

TEST_CASE("bodies: three run after each other on a figure-eight and come back" * in_double_only) {
  // A. Chenciner and R. Montgomery, Annals of Mathematics 152 (2000), initial conditions by C.
  // Simó.
  const System s = make_system(find_system("bodies"));
  const Eigen::Vector2d place(0.97000436, -0.24308753), speed(-0.93240737, -0.86473146);
  Eigen::VectorXd start(12);
  start << place, -place, 0, 0, -speed / 2, -speed / 2, speed;
  const double period = 6.32591398;
  const auto one = roll(s, start, Eigen::Vector3d(0, period / 3, period));
  CHECK(largest(one.y.col(2) - start) < 1e-6);
  // A third of a period later each is where another was.
  for (const Index of : {0, 6}) {
    CHECK(largest(one.y.col(1).segment(of, 2) - start.segment(of + 4, 2)) < 1e-6);
    CHECK(largest(one.y.col(1).segment(of + 2, 2) - start.segment(of, 2)) < 1e-6);
    CHECK(largest(one.y.col(1).segment(of + 4, 2) - start.segment(of + 2, 2)) < 1e-6);
  }
}

TEST_CASE("bodies: a ring turns for ever, in the plane and in space, and momenta are conserved" *
          in_double_only) {
  for (const double n : {2., 3., 5.})
    for (const double dimension : {2., 3.}) {
      CAPTURE(n);
      CAPTURE(dimension);
      const System s = make_system(find_system("bodies"), {{"n", n}, {"dimension", dimension}});
      const auto d = static_cast<Index>(dimension), count = static_cast<Index>(n);
      REQUIRE(s.n() == d * count);
      const Eigen::VectorXd ring = (s.region.low + s.region.high) / 2;
      // Half a turn brings each place to the other side of the centre.
      CHECK(largest(roll(s, ring, Eigen::Vector2d(0, s.duration)).y.col(1) + ring) < 1e-6);
      Random random(1);
      const auto one = roll(s, random_starts(s, random, 1), Eigen::Vector2d(0, s.duration));
      const auto total = [&](Index k) {  // momentum, and angular momentum in the plane
        Eigen::VectorXd sum = Eigen::VectorXd::Zero(d + 1);
        for (Index i = 0; i < count; ++i) {
          const Eigen::VectorXd r = one.y.col(k).segment(d * i, d);
          const Eigen::VectorXd v = one.y.col(k).segment(d * (count + i), d);
          sum.head(d) += v;
          sum[d] += r[0] * v[1] - r[1] * v[0];
        }
        return sum;
      };
      CHECK(largest(total(1) - total(0)) < 1e-9);
    }
}

TEST_CASE("bodies: masses of their own, as many as there are" * in_double_only) {
  const auto& family = find_system("bodies");
  CHECK_NOTHROW(make_system(family, {{"n", 4}, {"m4", 2}}));
  CHECK_THROWS_AS(make_system(family, {{"n", 3}, {"m4", 2}}), std::invalid_argument);
  CHECK_THROWS_AS(make_system(family, {{"n", 2.5}}), std::invalid_argument);
  // Heavier bodies fall less: the third law.
  const System s = make_system(family, {{"n", 2}, {"m", 3}, {"m2", 6}});
  Random random(2);
  const Eigen::MatrixXd a = motion_of(s)(random_starts(s, random, 10)).bottomRows(4);
  CHECK(largest(3 * a.topRows(2) + 6 * a.bottomRows(2)) < 1e-12 * largest(a));
}

TEST_CASE("bodies: its motions pass each other by" * in_double_only) {
  const System s = make_system(find_system("bodies"));
  Random random(3);
  const auto times = Eigen::VectorXd::LinSpaced(101, 0, s.duration);
  double nearest = 1, farthest = 0;
  for (const auto& one :
       roll_out(motion_of(s), random_starts(s, random, 200), times, {.rtol = 1e-8})) {
    REQUIRE(one.ok());
    for (const Index i : {0, 2, 4}) {
      const Eigen::MatrixXd apart = one.y.middleRows(i, 2) - one.y.middleRows((i + 2) % 6, 2);
      nearest = std::min(nearest, apart.colwise().norm().minCoeff());
      farthest = std::max(farthest, apart.colwise().norm().maxCoeff());
    }
  }
  CHECK(nearest > 0.1);
  CHECK(farthest < 4);
}

TEST_CASE("charged: in a uniform field it turns in circles of radius m v/(e B), at e B/m" *
          in_double_only) {
  const double m = 1.5, e = -2, B = 0.7, speed = 0.6;
  const System s = make_system(find_system("charged"), {{"m", m}, {"e", e}, {"B", B}, {"Ex", 0}});
  // m v' = e v × B: from v = (speed, 0, ...) the velocity turns with -e B/m.
  const double omega = -e * B / m, radius = speed / omega;
  Eigen::VectorXd start(6);
  start << 0.2, 0.3, 0.1, speed, 0, 0.25;
  const auto times = Eigen::VectorXd::LinSpaced(41, 0, 20);
  const auto one = roll(s, start, times);
  for (Index k = 0; k < times.size(); ++k) {
    const double angle = omega * times[k];
    const Eigen::Vector3d expected(0.2 + radius * std::sin(angle),
                                   0.3 + radius * (1 - std::cos(angle)), 0.1 + 0.25 * times[k]);
    CHECK((one.y.col(k).head(3) - expected).norm() < 1e-9);
  }
}

TEST_CASE("charged: across both fields it drifts with E x B/B², whatever it weighs" *
          in_double_only) {
  const double B = 2, Ex = 0.6;
  for (const double m : {0.5, 2.})
    for (const double e : {1., -3.}) {
      const System s =
          make_system(find_system("charged"), {{"m", m}, {"e", e}, {"B", B}, {"Ex", Ex}});
      Eigen::VectorXd start = Eigen::VectorXd::Zero(6);
      start[3] = 0.4;
      const double turn = 2 * pi * m / (std::abs(e) * B);
      const auto one = roll(s, start, Eigen::Vector2d(0, 5 * turn));
      const Eigen::Vector3d drift(0, -Ex / B, 0);  // (Ex, 0, 0) × (0, 0, B)/B²
      CHECK((one.y.col(1).head(3) - 5 * turn * drift).norm() < 1e-9);
      CHECK((one.y.col(1) - start).tail(3).norm() < 1e-9);
    }
}

TEST_CASE("charged: L has a term linear in v, the energy has none" * in_double_only) {
  const double m = 1.5, e = 0.7, Ex = 0.3, Ez = -0.4;
  const System s = make_system(find_system("charged"),
                               {{"m", m}, {"e", e}, {"B", 2}, {"Ex", Ex}, {"Ez", Ez}, {"D", 0.5}});
  Random random(4);
  const Eigen::MatrixXd states = random_starts(s, random, 30);
  const Eigen::MatrixXd h = energy_of(s)(states), p = momenta_of(s)(states);
  for (Index k = 0; k < 30; ++k) {
    const Eigen::Vector3d r = states.col(k).head(3), v = states.col(k).tail(3);
    CHECK(h(k) == doctest::Approx(0.5 * m * v.squaredNorm() - e * (Ex * r[0] + Ez * r[2])));
    const double potential = 1 + 0.5 / std::pow(r.norm(), 3);  // of A = this (-y, x, 0)
    CHECK(p(0, k) - m * v[0] == doctest::Approx(-e * potential * r[1]));
    CHECK(p(1, k) - m * v[1] == doctest::Approx(e * potential * r[0]));
  }
}

TEST_CASE("charged: the force in the dipole's field is e v x B, and that field is Størmer's" *
          in_double_only) {
  const double m = 2, e = 1.5, D = 0.8;
  const System s =
      make_system(find_system("charged"), {{"m", m}, {"e", e}, {"B", 0}, {"Ex", 0}, {"D", D}});
  Random random(5);
  const Eigen::MatrixXd states = random_starts(s, random, 30);
  const Eigen::MatrixXd a = motion_of(s)(states).bottomRows(3);
  for (Index k = 0; k < 30; ++k) {
    const Eigen::Vector3d r = states.col(k).head(3), v = states.col(k).tail(3);
    const double size = r.norm();
    const Eigen::Vector3d field =
        D * (3 * r[2] / std::pow(size, 5) * r - Eigen::Vector3d(0, 0, 1 / std::pow(size, 3)));
    CHECK((a.col(k) - e / m * v.cross(field)).norm() < 1e-12);
  }
  // The canonical momentum about the dipole's axis, m (x y' - y x') + e D (x² + y²)/r³.
  const auto one = roll(s, states.col(0), Eigen::VectorXd::LinSpaced(51, 0, s.duration));
  const auto about_axis = [&](Index k) {
    const Eigen::Vector3d r = one.y.col(k).head(3), v = one.y.col(k).tail(3);
    return m * (r[0] * v[1] - r[1] * v[0]) +
           e * D * (r[0] * r[0] + r[1] * r[1]) / std::pow(r.norm(), 3);
  };
  double least_turn = INFINITY, most_turn = -INFINITY;
  for (Index k = 0; k < one.t.size(); ++k) {
    CHECK(about_axis(k) == doctest::Approx(about_axis(0)).epsilon(1e-9));
    const double turn = one.y(0, k) * one.y(4, k) - one.y(1, k) * one.y(3, k);
    least_turn = std::min(least_turn, turn);
    most_turn = std::max(most_turn, turn);
  }
  CHECK(most_turn - least_turn > 0.01);  // which the kinetic part alone is not
}

TEST_CASE("relativistic: a constant force makes a hyperbola" * in_double_only) {
  const double m = 2, c = 3, g = 1.7;
  const System s = make_system(find_system("relativistic"), {{"m", m}, {"c", c}, {"g", g}});
  const auto times = Eigen::VectorXd::LinSpaced(21, 0, 10);
  const auto one = roll(s, Eigen::Vector2d::Zero(), times);
  for (Index k = 0; k < times.size(); ++k) {
    const double root = std::sqrt(1 + std::pow(g * times[k] / c, 2));
    CHECK(one.y(0, k) == doctest::Approx(c * c / g * (root - 1)).epsilon(1e-9));
    CHECK(one.y(1, k) == doctest::Approx(g * times[k] / root).epsilon(1e-9));
  }
  // Energy and momentum: E = m c² (γ - 1) - m g q, p = m γ v.
  Random random(6);
  const Eigen::MatrixXd states = random_starts(s, random, 20);
  const Eigen::MatrixXd h = energy_of(s)(states), p = momenta_of(s)(states);
  for (Index k = 0; k < 20; ++k) {
    const double v = states(1, k), gamma = 1 / std::sqrt(1 - v * v / (c * c));
    CHECK(h(k) == doctest::Approx(m * c * c * (gamma - 1) - m * g * states(0, k)));
    CHECK(p(k) == doctest::Approx(m * gamma * v));
  }
}

TEST_CASE("relativistic: the exponent tells Einstein's law from the published notebook's" *
          in_double_only) {
  const double g = -2.5;
  const auto accelerations = [&](double p, const Eigen::MatrixXd& states) -> Eigen::MatrixXd {
    const System s = make_system(find_system("relativistic"), {{"g", g}, {"p", p}});
    return motion_of(s)(states).bottomRows(1);
  };
  Random random(7);
  const Eigen::MatrixXd states =
      random_starts(make_system(find_system("relativistic")), random, 40);
  const Eigen::ArrayXXd v2 = states.row(1).array().square(), rest = 1 - v2;
  const auto agrees = [&](double p, const Eigen::ArrayXXd& expected) {
    return (accelerations(p, states).array() - expected).abs().maxCoeff() < 1e-12;
  };
  CHECK(agrees(0.5, g * rest.pow(1.5)));
  // notebooks/SpecialRelativity.ipynb of MilesCranmer/lagrangian_nns; with c = 1.
  CHECK(agrees(-0.5, g * rest.pow(2.5) / (1 + 2 * v2)));
  CHECK(agrees(1, 0 * rest + g));
  CHECK(agrees(0, g * rest.square() / (1 + v2)));  // the limit, -½ log(1 - v²)
}
