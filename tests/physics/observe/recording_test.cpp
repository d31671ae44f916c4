// What is estimated of motions that were measured, with a law and without: held against the truth
// that the measurements were made from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/random.h"
#include "physics/integrate/roll_out.h"
#include "physics/observe/refine.h"
#include "physics/systems/table.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Random;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;
using physics::best_fit;
using physics::Estimate;
using physics::estimate;
using physics::interpolate;
using physics::LocalFit;
using physics::Motion;
using physics::Noise;
using physics::noise_of;
using physics::Recording;
using physics::refine;

namespace {

constexpr double gravity = 9.8;

// ---------------------------------------------------------------- times and noise

VectorXd times(Index rows, double interval, bool even) {
  Random random(1);
  VectorXd t(rows);
  for (Index k = 0; k < rows; ++k)
    t[k] = interval * (static_cast<double>(k) + (even ? 0 : random.uniform(0, 0.5)));
  return t;
}

MatrixXd noise(Random& random, Index rows, Index cols, double deviation) {
  return random.normal_matrix(rows, cols).cast<double>() * deviation;
}

double deviation(const MatrixXd& errors) {
  return std::sqrt(errors.squaredNorm() / static_cast<double>(errors.size()));
}

bool same_bits(const MatrixXd& a, const MatrixXd& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), sizeof(double) * static_cast<std::size_t>(a.size())) == 0;
}
bool same_bits(const Estimate& a, const Estimate& b) {
  return same_bits(a.states, b.states) && same_bits(a.accelerations, b.accelerations);
}

// ---------------------------------------------------------------- polynomials and sines

/// Two polynomials of that degree, around t = 2: their derivative of some order at t.
MatrixXd polynomials(const VectorXd& t, int degree, int order) {
  const double coefficients[2][5]{{1.5, -0.7, 0.9, -1.1, 0.8}, {-0.3, 1.2, 0.4, 0.6, -1.3}};
  MatrixXd y = MatrixXd::Zero(2, t.size());
  for (Index i = 0; i < 2; ++i)
    for (int power = order; power <= degree; ++power) {
      double c = coefficients[i][power];
      for (int d = 0; d < order; ++d) c *= power - d;
      y.row(i).array() += c * (t.transpose().array() - 2).pow(power - order);
    }
  return y;
}

void check_polynomials(const Recording& r, const LocalFit& fit, int degree, double tolerance) {
  const Estimate e = estimate(r, fit);
  REQUIRE(e.states.cols() == r.size());
  CHECK((e.states.topRows(2) - polynomials(r.t, degree, 0)).cwiseAbs().maxCoeff() < tolerance);
  CHECK((e.states.bottomRows(2) - polynomials(r.t, degree, 1)).cwiseAbs().maxCoeff() < tolerance);
  CHECK((e.accelerations - polynomials(r.t, degree, 2)).cwiseAbs().maxCoeff() < tolerance);
}

/// sin(3 t) at 100 rows a second, for 5 s.
Recording sine(double noise_of_q) {
  Recording r{times(500, 0.01, true), {}};
  Random random(2);
  r.q = (3 * r.t).array().sin().transpose().matrix() + noise(random, 1, r.size(), noise_of_q);
  return r;
}

// ---------------------------------------------------------------- pendulums

/// Of length 1; in plain numbers, which are doubles whatever the engine's are.
Motion pendulum(double g) {
  return Motion::of_accelerations(1, [g](const MatrixXd& states, Eigen::Ref<MatrixXd> a) {
    a = -g * states.topRows(1).array().sin();
  });
}

struct Measured {
  std::vector<Recording> recordings;
  std::vector<Estimate> truth;
};

/// What is measured of three pendulums of length 1; of their velocities only with noise_of_v >= 0.
Measured pendulums(double noise_of_q, bool even = true, double noise_of_v = -1, Index rows = 300,
                   double interval = 0.02) {
  const Motion motion = pendulum(gravity);
  const MatrixXd starts{{1.2, -0.5, 2.4}, {0.3, 3, 0}};
  const VectorXd t = times(rows, interval, even);
  Random random(5);
  Measured found;
  for (const physics::Solution& s :
       roll_out(motion, starts, (t.array() - t[0]).matrix(), {.rtol = 1e-10, .atol = 1e-10})) {
    found.truth.push_back({s.y, motion(s.y).bottomRows(1)});
    Recording r{t, s.y.topRows(1) + noise(random, 1, rows, noise_of_q)};
    if (noise_of_v >= 0) r.v = s.y.bottomRows(1) + noise(random, 1, rows, noise_of_v);
    found.recordings.push_back(std::move(r));
  }
  return found;
}

std::vector<Estimate> estimates_of(const std::vector<Recording>& recordings) {
  const LocalFit fit = best_fit(recordings);
  std::vector<Estimate> all;
  for (const Recording& r : recordings) all.push_back(estimate(r, fit));
  return all;
}

/// How far off: coordinates, velocities and accelerations of all recordings.
struct Errors {
  double q, v, a;
};
Errors errors_of(const std::vector<Estimate>& estimates, const std::vector<Estimate>& truth) {
  REQUIRE(estimates.size() == truth.size());
  double q = 0, v = 0, a = 0, count = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    REQUIRE(estimates[i].states.cols() == truth[i].states.cols());
    const MatrixXd states = estimates[i].states - truth[i].states;
    const Index n = states.rows() / 2;
    q += states.topRows(n).squaredNorm();
    v += states.bottomRows(n).squaredNorm();
    a += (estimates[i].accelerations - truth[i].accelerations).squaredNorm();
    count += static_cast<double>(n * states.cols());
  }
  return {std::sqrt(q / count), std::sqrt(v / count), std::sqrt(a / count)};
}

// ---------------------------------------------------------------- an oscillator that is driven

constexpr double stiffness = 4;

/// q'' = -4 q + u.
const Motion oscillator(1, 1,
                        [](const RowVectorXd&, const MatrixXd& states, const MatrixXd& u,
                           MatrixXd& rates) {
                          rates.row(0) = states.row(1);
                          rates.row(1) = -stiffness * states.row(0) + u;
                        });

MatrixXd drive(const VectorXd& t) { return 6 * (5 * t).array().sin().transpose().matrix(); }

Measured oscillators(double noise_of_q) {
  const VectorXd t = times(400, 0.01, false);
  const Motion driven = oscillator.controlled_by(
      [](const RowVectorXd& at, const MatrixXd&, MatrixXd& u) { u = drive(at.transpose()); });
  const physics::Solution s = physics::rk45(
      [&](double at, const VectorXd& y) {
        return VectorXd(driven(RowVectorXd::Constant(1, at), MatrixXd(y)).col(0));
      },
      Eigen::Vector2d(1, 0), t[0], t[t.size() - 1], {.rtol = 1e-10, .atol = 1e-10}, t);
  Random random(6);
  return {{{t, s.y.topRows(1) + noise(random, 1, t.size(), noise_of_q), {}, drive(t)}},
          {{s.y, driven(t.transpose(), s.y).bottomRows(1)}}};
}

}  // namespace

// ---------------------------------------------------------------- estimate

TEST_CASE("estimates are exact for polynomials of degree 4, at the ends too") {
  for (const bool even : {true, false}) {
    CAPTURE(even);
    const VectorXd t = times(14, 0.25, even);
    for (const Index neighbours : {2, 3, 5, 100}) {  // the last are more than there are
      CAPTURE(neighbours);
      check_polynomials({t, polynomials(t, 4, 0)}, {neighbours}, 4, 1e-10);
    }
  }
}

TEST_CASE("measured velocities stand as they are, and accelerations are their rates") {
  for (const bool even : {true, false}) {
    CAPTURE(even);
    const VectorXd t = times(14, 0.25, even);
    // The coordinates do not belong to the velocities, for them to be told apart.
    const MatrixXd q = MatrixXd::Constant(2, t.size(), 7), v = polynomials(t, 4, 0);
    const Estimate e = estimate({t, q, v}, {3});
    CHECK(same_bits(e.states.topRows(2), q));
    CHECK(same_bits(e.states.bottomRows(2), v));
    CHECK((e.accelerations - polynomials(t, 4, 1)).cwiseAbs().maxCoeff() < 1e-10);
  }
}

TEST_CASE("many recordings are estimated as one by one, whether their times are alike or not") {
  const auto recording = [](Index rows, double interval, bool even) {
    const VectorXd t = times(rows, interval, even);
    return Recording{t, polynomials(t, 4, 0)};
  };
  const std::vector<Recording> recordings{recording(14, 0.25, true), recording(14, 0.25, false),
                                          recording(30, 0.25, true), recording(14, 0.1, true),
                                          recording(4, 0.25, true)};
  for (const Index neighbours : {2, 5}) {
    const std::vector<Estimate> all = estimate(recordings, {neighbours});
    REQUIRE(all.size() == recordings.size());
    for (std::size_t k = 0; k < all.size(); ++k) {
      const Estimate alone = estimate(recordings[k], {neighbours});
      CHECK((all[k].states - alone.states).cwiseAbs().maxCoeff() < 1e-12);
      CHECK((all[k].accelerations - alone.accelerations).cwiseAbs().maxCoeff() < 1e-10);
    }
  }
}

TEST_CASE("short recordings give what their rows allow") {
  for (Index rows = 2; rows <= 6; ++rows) {
    CAPTURE(rows);
    const VectorXd t = times(rows, 0.25, false);
    const int degree = std::min(4, static_cast<int>(rows) - 1);
    const Recording r{t, polynomials(t, degree, 0)};
    check_polynomials(r, {3}, degree, 1e-9);
    const int narrow = rows == 4 ? 2 : degree;  // from a neighbour on each side
    check_polynomials({t, polynomials(t, narrow, 0)}, best_fit(std::vector{r}), narrow, 1e-9);
    const Noise noise = noise_of(std::vector{r}, {3});
    // No noise shows, but who divides by it shall not divide by 0.
    for (const VectorXd& one : {noise.q, noise.v}) {
      CHECK(one.minCoeff() > 0);
      CHECK(one.maxCoeff() < 1e-2);
    }
  }
}

TEST_CASE("what rests or moves uniformly has no acceleration, not even a rounding") {
  for (const bool even : {true, false}) {
    const VectorXd t = times(40, 0.01, even);
    MatrixXd q(3, 40);
    q.row(0).setConstant(1e6 / 3);
    q.row(1) = 0.1 + 0.3 * t.transpose().array();
    q.row(2) = 1e6 + 1e-6 * (3 * t.transpose().array()).sin();  // moves, by ten digits less
    for (const Index neighbours : {2, 3, 4, 6, 12}) {
      CAPTURE(neighbours);
      const Estimate found = estimate({t, q}, {neighbours});
      CHECK((found.states.row(3).array() == 0).all());
      CHECK((found.states.row(4).array() - 0.3).abs().maxCoeff() < 1e-10);
      CHECK((found.accelerations.topRows(2).array() == 0).all());
      CHECK((found.states.row(5).array() != 0).any());
    }
  }
}

TEST_CASE("the best fit of recordings that are shorter than its usual ones is as narrow as they") {
  for (const auto& [rows, neighbours] : {std::pair(2, 1), {3, 1}, {4, 1}, {5, 2}, {6, 2}, {7, 3}}) {
    const VectorXd t = times(rows, 0.25, true);
    const Recording r{t, polynomials(t, 1, 0)};
    CHECK(best_fit(std::vector{r, r, r}).neighbours == neighbours);
  }
}

TEST_CASE("a single row stands still") {
  const VectorXd t = VectorXd::Constant(1, 3.5);
  const MatrixXd q{{2.}, {-1.}}, v{{0.3}, {0.4}};
  const Estimate alone = estimate({t, q}, {3}), with_velocity = estimate({t, q, v}, {3});
  CHECK((alone.states.topRows(2) - q).cwiseAbs().maxCoeff() < 1e-15);
  CHECK((alone.states.bottomRows(2).array() == 0).all());
  CHECK((alone.accelerations.array() == 0).all());
  CHECK(same_bits(with_velocity.states.bottomRows(2), v));
  CHECK((with_velocity.accelerations.array() == 0).all());
}

TEST_CASE("recordings of unlike coordinates are refused, and fits of any width are not") {
  const VectorXd t = times(20, 0.1, true);
  const std::vector<Recording> unlike{{t, MatrixXd::Zero(1, 20)}, {t, MatrixXd::Zero(3, 20)}};
  CHECK_THROWS_AS(best_fit(unlike), std::invalid_argument);
  CHECK_THROWS_AS(noise_of(unlike, {3}), std::invalid_argument);
  for (const Index neighbours : {Index{-1}, Index{0}, std::numeric_limits<Index>::max()})
    CHECK(estimate(unlike[0], {neighbours}).accelerations.isZero());
}

TEST_CASE("a recording whose parts do not fit is refused with its sizes") {
  const VectorXd t = times(5, 0.1, true);
  const std::pair<Recording, const char*> wrong[]{
      {{t, MatrixXd::Zero(2, 4)}, "[recording] 5 times, q 2x4, v 0x0, controls of 0 times"},
      {{t, MatrixXd::Zero(2, 5), MatrixXd::Zero(2, 6)}, "5 times, q 2x5, v 2x6,"},
      {{t, MatrixXd::Zero(2, 5), MatrixXd::Zero(1, 5)}, "5 times, q 2x5, v 1x5,"},
      {{t, MatrixXd::Zero(2, 5), {}, MatrixXd::Zero(1, 3)}, "controls of 3 times"},
      {{VectorXd(), MatrixXd()}, "0 times, q 0x0"}};
  for (const auto& one : wrong) {
    const Recording& r = one.first;
    CHECK_THROWS_WITH_AS(estimate(r, {3}), doctest::Contains(one.second), std::invalid_argument);
    CHECK_THROWS_WITH_AS(best_fit(std::vector{r}), doctest::Contains(one.second),
                         std::invalid_argument);
  }
}

// ---------------------------------------------------------------- interpolate

TEST_CASE(
    "interpolated accelerations are exact for polynomials of degree 2m - 1, at the ends too") {
  for (const Index m : {2, 3, 5})
    for (const bool even : {true, false}) {
      const VectorXd t = times(12, 0.1, even);
      const auto degree = static_cast<double>(2 * m - 1);
      const Recording r{.t = t,
                        .q = t.array().pow(degree).matrix().transpose(),
                        .v = (degree * t.array().pow(degree - 1)).matrix().transpose()};
      const Estimate e = interpolate(r, m);
      const Eigen::ArrayXd truth = degree * (degree - 1) * t.array().pow(degree - 2);
      CAPTURE(m);
      CHECK((e.accelerations.row(0).transpose().array() - truth).abs().maxCoeff() < 1e-9);
      CHECK(e.states.rows() == 2);
      CHECK(same_bits(e.states.row(0), r.q));
      CHECK(same_bits(e.states.row(1), r.v));
    }
}

TEST_CASE("halving the time step, interpolated accelerations gain their order") {
  const auto error = [](double h) {
    const VectorXd t = VectorXd::LinSpaced(5, 0, 4 * h);
    const Estimate e = physics::interpolate({.t = t,
                                             .q = t.array().sin().matrix().transpose(),
                                             .v = t.array().cos().matrix().transpose()});
    return (e.accelerations.row(0).transpose().array() + t.array().sin()).abs().maxCoeff();
  };
  CHECK(error(0.4) / error(0.2) > 200);  // 2^8
}

TEST_CASE("what cannot be interpolated is refused") {
  const Recording no_velocities{.t = Eigen::Vector2d(0, 1), .q = Eigen::RowVector2d(0, 1)};
  const Recording one{.t = VectorXd::Zero(1), .q = MatrixXd::Zero(1, 1), .v = MatrixXd::Zero(1, 1)};
  for (const Recording& r : {no_velocities, one})
    CHECK_THROWS_WITH_AS(interpolate(r), doctest::Contains("[interpolate] needs two states"),
                         std::invalid_argument);
}

// ---------------------------------------------------------------- the fit that suits, and noise

TEST_CASE("the best fit takes the more neighbours, the more noise there is") {
  const auto neighbours = [](double noise_of_q) {
    return best_fit(std::vector{sine(noise_of_q)}).neighbours;
  };
  const Index none = neighbours(0), little = neighbours(1e-4), much = neighbours(1e-2);
  CHECK(none == 3);
  CHECK(little >= 12);
  CHECK(much > little);
}

TEST_CASE("the best fit sees at most half of a recording, and there is one where there are none") {
  // It is all noise, of many coordinates: the wider a fit, the better.
  Random random(3);
  const auto neighbours = [&](Index rows) {
    return best_fit(std::vector{Recording{times(rows, 0.01, true), noise(random, 30, rows, 1)}})
        .neighbours;
  };
  CHECK(neighbours(20) == 4);
  CHECK(neighbours(40) == 8);
  CHECK(neighbours(200) == 48);
  CHECK(best_fit({}).neighbours == 3);
}

TEST_CASE("velocities are fitted where they were measured, whatever the coordinates are") {
  Recording r = sine(1);
  r.v = sine(0).q;
  CHECK(best_fit(std::vector{r}).neighbours == 3);
  std::swap(r.q, r.v);
  CHECK(best_fit(std::vector{r}).neighbours > 12);
}

TEST_CASE("noise is found from what was measured alone") {
  for (const bool even : {true, false}) {
    CAPTURE(even);
    const VectorXd t = times(1500, 0.01, even);
    const MatrixXd q = t.array().sin().transpose(), v = t.array().cos().transpose();
    MatrixXd both(2, t.size());
    Random random(4);
    both << q + noise(random, 1, t.size(), 1e-3), 5 * q + noise(random, 1, t.size(), 4e-2);
    MatrixXd rates(2, t.size());
    rates << v, 5 * v;
    const Recording r{t, both};
    // The fit is narrow enough to follow the sine: all that is wrong comes from noise.
    const LocalFit fit{8};
    const Noise found = noise_of(std::vector{r}, fit);
    CHECK(found.q[0] == doctest::Approx(1e-3).epsilon(0.1));
    CHECK(found.q[1] == doctest::Approx(4e-2).epsilon(0.1));
    const MatrixXd wrong = estimate(r, fit).states.bottomRows(2) - rates;
    CHECK(found.v[0] == doctest::Approx(deviation(wrong.row(0))).epsilon(0.3));
    CHECK(found.v[1] == doctest::Approx(deviation(wrong.row(1))).epsilon(0.3));
    const auto off = [&](const Recording& of, Index i) {
      const VectorXd truth = (i == 0 ? -1 : -5) * t.array().sin();
      return deviation(estimate(of, fit).accelerations.row(i) - truth.transpose());
    };
    CHECK(found.a[0] == doctest::Approx(off(r, 0)).epsilon(0.3));
    CHECK(found.a[1] == doctest::Approx(off(r, 1)).epsilon(0.3));

    const Recording with_velocities{t, both, rates + noise(random, 2, t.size(), 0.02)};
    const Noise of_velocities = noise_of(std::vector{with_velocities}, fit);
    CHECK(of_velocities.a[1] == doctest::Approx(off(with_velocities, 1)).epsilon(0.3));
    CHECK(of_velocities.q[1] == doctest::Approx(4e-2).epsilon(0.1));
    CHECK(of_velocities.v[0] == doctest::Approx(0.02).epsilon(0.1));
    CHECK(of_velocities.v[1] == doctest::Approx(0.02).epsilon(0.1));
  }
}

TEST_CASE("noise is that of all recordings, those left out that are too short to tell") {
  Random random(7);
  const auto recording = [&](Index rows, double size) {
    return Recording{times(rows, 0.01, true), noise(random, 1, rows, size)};
  };
  const std::vector<Recording> recordings{recording(3, 100), recording(800, 1), recording(5, 100),
                                          recording(800, 2)};
  CHECK(noise_of(recordings, {3}).q[0] == doctest::Approx(std::sqrt(2.5)).epsilon(0.1));
}

TEST_CASE("some rows tell the noise of a long recording") {
  Random random(8);
  Recording r{times(20000, 0.01, true), {}};
  r.q = r.t.array().sin().transpose().matrix() + noise(random, 1, r.size(), 1e-3);
  CHECK(noise_of(std::vector{r}, {6}).q[0] == doctest::Approx(1e-3).epsilon(0.1));
}

// ---------------------------------------------------------------- with a law

TEST_CASE("the true law makes accelerations several times better, with noise and without") {
  for (const bool even : {true, false}) {
    CAPTURE(even);
    for (const double size : {0., 1e-3}) {
      CAPTURE(size);
      const Measured data = pendulums(size, even);
      const std::vector<Estimate> before = estimates_of(data.recordings);
      const std::vector<Estimate> after =
          refine(data.recordings, before, pendulum(gravity), {.window = 128}, 1);
      const Errors was = errors_of(before, data.truth), is = errors_of(after, data.truth);
      CHECK(is.a < was.a / 2.5);
      CHECK(is.v < was.v / 2);
      CHECK(is.q < 0.9 * was.q);
    }
  }
}

/// Positions of double pendulums at 100 rows a second, wherever a start of the region leads. Within
/// a window errors of a start grow tenfold and more.
Measured double_pendulums(double noise_of_q) {
  const physics::System system = make_system(physics::find_system("double_pendulum"));
  const Motion motion = motion_of(system);
  Random random(9);
  const VectorXd t = VectorXd::LinSpaced(301, 0, 3);
  Measured found;
  for (const physics::Solution& s :
       roll_out(motion, random_starts(system, random, 8), t, {.rtol = 1e-10, .atol = 1e-10})) {
    found.truth.push_back({s.y, motion(s.y).bottomRows(2)});
    found.recordings.push_back({t, s.y.topRows(2) + noise(random, 2, t.size(), noise_of_q)});
  }
  return found;
}

TEST_CASE("a path begins where it comes nearest, though the estimates there are far off" *
          in_double_only) {
  const Motion law = motion_of(make_system(physics::find_system("double_pendulum")));
  for (const double size : {1e-3, 1e-2}) {
    CAPTURE(size);
    const Measured data = double_pendulums(size);
    std::vector<Estimate> found = estimates_of(data.recordings);
    const Errors raw = errors_of(found, data.truth);
    const auto again = [&] {
      found = refine(data.recordings, found, law, {.window = 64}, 1);
      return errors_of(found, data.truth);
    };
    again();
    const Errors second = again();
    CHECK(second.v < raw.v / 3);
    CHECK(second.a < raw.a / 3.5);
    for (int round = 3; round <= 6; ++round) CHECK(again().a < 1.02 * second.a);
  }
}

TEST_CASE("a step that leads away from what was measured is not taken" * in_double_only) {
  // From so far off some steps land anywhere.
  const Motion law = motion_of(make_system(physics::find_system("double_pendulum")));
  const Measured data = double_pendulums(1e-3);
  for (const double off : {3., 10., 30.}) {
    CAPTURE(off);
    std::vector<Estimate> wrong = estimates_of(data.recordings);
    for (Estimate& one : wrong) one.states.bottomRows(2).array() += off;
    const Errors was = errors_of(wrong, data.truth);
    const Errors is = errors_of(refine(data.recordings, wrong, law, {.window = 64}, 1), data.truth);
    CHECK(is.v < was.v / 20);
  }
}

TEST_CASE("a law on the tape serves as one in plain numbers does") {
  const Measured data = pendulums(1e-3);
  const std::vector<Estimate> before = estimates_of(data.recordings);
  const Motion on_tape =
      motion_of(make_system(physics::find_system("pendulum"), {{"l", 1}, {"g", gravity}}));
  const auto error = [&](const Motion& law) {
    return errors_of(refine(data.recordings, before, law, {.window = 128}, 1), data.truth).a;
  };
  CHECK(error(on_tape) < errors_of(before, data.truth).a / 2.5);
  CHECK(error(on_tape) == doctest::Approx(error(pendulum(gravity))).epsilon(1e5 * rounding));
}

TEST_CASE("every row is refined, from the first to the last, whatever the window") {
  for (const Index window : {16, 37, 99, 100, 1000}) {
    CAPTURE(window);
    Measured data = pendulums(0, false, -1, 100);
    // One recording is shorter, between those that are equally long.
    Recording& second = data.recordings[1];
    second = {VectorXd(second.t.head(60)), MatrixXd(second.q.leftCols(60))};
    data.truth[1].accelerations = MatrixXd(data.truth[1].accelerations.leftCols(60));
    const std::vector<Estimate> before = estimates_of(data.recordings);
    const std::vector<Estimate> after =
        refine(data.recordings, before, pendulum(gravity), {.window = window}, 1);
    for (std::size_t i = 0; i < after.size(); ++i) {
      const auto wrong = [&](const Estimate& e) {
        return MatrixXd((e.accelerations - data.truth[i].accelerations).cwiseAbs());
      };
      CHECK((after[i].accelerations.array() != before[i].accelerations.array()).all());
      CHECK(wrong(after[i]).maxCoeff() < 0.1 * wrong(before[i]).maxCoeff());
    }
  }
}

TEST_CASE("a law cannot be followed over no times, in no steps, or beside estimates of others") {
  const Measured data = pendulums(0);
  const std::vector<Estimate> before = estimates_of(data.recordings);
  const auto refused = [&](const physics::Stride& stride, std::span<const Estimate> estimates,
                           const char* words) {
    CHECK_THROWS_WITH_AS(refine(data.recordings, estimates, pendulum(gravity), stride, 1),
                         doctest::Contains(words), std::invalid_argument);
  };
  refused({.window = 0}, before, "windows of 0 times");
  refused({.window = 9, .substeps = 0}, before, "0 steps from one to the next");
  refused({.window = 9}, std::span(before).first(2), "3 recordings, 2 estimates");
  std::vector<Estimate> cut = before;
  cut[1].states = MatrixXd(cut[1].states.leftCols(5));
  refused({.window = 9}, cut, "estimates 2x5");
}

TEST_CASE("estimates without accelerations cannot be refined") {
  const Measured data = pendulums(0, false, -1, 50);
  std::vector<Estimate> before = estimates_of(data.recordings);
  before[1].accelerations.conservativeResize(1, 3);
  CHECK_THROWS_WITH_AS(refine(data.recordings, before, pendulum(gravity), {.window = 8}, 1),
                       doctest::Contains("and 1x3: the law has"), std::invalid_argument);
}

TEST_CASE("a law that is wrong does little harm, and some good where it is nearly right") {
  for (const double size : {0., 1e-3}) {
    CAPTURE(size);
    const Measured data = pendulums(size);
    const std::vector<Estimate> before = estimates_of(data.recordings);
    const double was = errors_of(before, data.truth).a;
    const auto with_gravity = [&](double g) {
      return errors_of(refine(data.recordings, before, pendulum(g), {.window = 64}, 1), data.truth)
          .a;
    };
    CHECK(with_gravity(9) < was);
    CHECK(with_gravity(7) < 2 * was);
    CHECK(with_gravity(0) < 2 * was);
    CHECK(with_gravity(9) > with_gravity(gravity));
  }
}

TEST_CASE("what is left is fitted to as many neighbours as are asked for, or more") {
  const Measured data = pendulums(1e-2);
  const std::vector<Estimate> before = estimates_of(data.recordings);
  const auto with = [&](Index neighbours) {
    return refine(data.recordings, before, pendulum(gravity),
                  {.window = 20, .neighbours = neighbours}, 1);
  };
  // In windows of 20 the fit itself takes 4 at most; the true law leaves noise alone, so more help.
  const std::vector<Estimate> none = with(0), few = with(2), many = with(9);
  CHECK(same_bits(few[0], none[0]));
  CHECK(errors_of(many, data.truth).a < errors_of(none, data.truth).a / 3);
}

TEST_CASE("where the law runs away, estimates stay as they were") {
  const Measured data = pendulums(1e-3);
  const std::vector<Estimate> before = estimates_of(data.recordings);
  const Motion nowhere(1,
                       [](const MatrixXd&, MatrixXd& rates) { rates.setConstant(std::nan("")); });
  const std::vector<Estimate> after = refine(data.recordings, before, nowhere, {.window = 128}, 1);
  REQUIRE(after.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(same_bits(after[i], before[i]));

  // Only the third pendulum swings that far, and does so within every window.
  const Motion walled(1, [truth = pendulum(gravity)](const MatrixXd& states, MatrixXd& rates) {
    rates = truth(states);
    for (Index s = 0; s < states.cols(); ++s)
      if (std::abs(states(0, s)) > 2) rates.col(s).setConstant(std::nan(""));
  });
  const std::vector<Estimate> partly = refine(data.recordings, before, walled, {.window = 128}, 1);
  const auto error = [&](const std::vector<Estimate>& e, std::size_t i) {
    return deviation(e[i].accelerations - data.truth[i].accelerations);
  };
  CHECK(same_bits(partly[2], before[2]));
  for (const std::size_t i : {0, 1}) CHECK(error(partly, i) < 0.5 * error(before, i));
}

TEST_CASE("a law is refined with to the same bits on any number of threads") {
  // Windows of 4 rows are several hundred, which are shared out; and one recording is shorter.
  Measured data = pendulums(1e-3, false);
  Recording& last = data.recordings.back();
  last = {VectorXd(last.t.head(3)), MatrixXd(last.q.leftCols(3))};
  const std::vector<Estimate> before = estimates_of(data.recordings);
  for (const Index window : {4, 64}) {
    CAPTURE(window);
    const auto refined = [&](int threads) {
      return refine(data.recordings, before, pendulum(gravity), {.window = window}, threads);
    };
    const std::vector<Estimate> one = refined(1), two = refined(2);
    for (std::size_t i = 0; i < one.size(); ++i) {
      CHECK(one[i].states.allFinite());
      CHECK(same_bits(one[i], two[i]));
    }
    CHECK(!same_bits(one[0], before[0]));
  }
}

TEST_CASE("a law is followed under the controls that there were") {
  // With noise, beside which the straight lines between the controls' values do not count.
  const Measured data = oscillators(1e-3);
  const std::vector<Estimate> before = estimates_of(data.recordings);
  const auto error = [&](const std::vector<Recording>& recordings) {
    return errors_of(refine(recordings, before, oscillator, {.window = 128}, 1), data.truth).a;
  };
  std::vector<Recording> left_alone = data.recordings;
  left_alone[0].controls.setZero();
  const double driven = error(data.recordings);
  CHECK(driven < errors_of(before, data.truth).a / 2);
  CHECK(driven < error(left_alone) / 2);
}

TEST_CASE("measured velocities stand beside a law, and their rates become better with it") {
  const Measured data = pendulums(1e-2, true, 1e-3);
  const std::vector<Estimate> before = estimates_of(data.recordings);
  const std::vector<Estimate> after =
      refine(data.recordings, before, pendulum(gravity), {.window = 128}, 1);
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK((after[i].states.topRows(1) - data.recordings[i].q).cwiseAbs().maxCoeff() < 1e-13);
    CHECK((after[i].states.bottomRows(1) - data.recordings[i].v).cwiseAbs().maxCoeff() < 1e-13);
  }
  CHECK(errors_of(after, data.truth).a < 0.8 * errors_of(before, data.truth).a);
}

TEST_CASE("where rows are far apart, a law is followed in several steps") {
  const Measured data = pendulums(0, true, -1, 60, 0.12);
  const std::vector<Estimate> before = estimates_of(data.recordings);
  const auto error = [&](Index substeps) {
    return errors_of(refine(data.recordings, before, pendulum(gravity),
                            {.window = 16, .substeps = substeps}, 1),
                     data.truth)
        .a;
  };
  CHECK(error(1) < errors_of(before, data.truth).a);
  CHECK(error(4) < error(1));
}

TEST_CASE("a law is followed at the times that there were") {
  const Measured data = oscillators(1e-3);
  const std::vector<Estimate> before = estimates_of(data.recordings);
  std::vector<Recording> without = data.recordings;
  without[0].controls.resize(0, 0);
  const auto error = [&](double late) {
    const Motion timed =
        oscillator.controlled_by([late](const RowVectorXd& t, const MatrixXd&, MatrixXd& u) {
          u = drive(t.transpose().array() - late);
        });
    return errors_of(refine(without, before, timed, {.window = 128}, 1), data.truth).a;
  };
  CHECK(error(0) < errors_of(before, data.truth).a / 2);
  CHECK(error(0) < error(0.4) / 2);
}

TEST_CASE("a law without the controls that there were is refused") {
  const Measured data = oscillators(0);
  CHECK_THROWS_AS(
      refine(data.recordings, estimates_of(data.recordings), pendulum(gravity), {.window = 32}, 1),
      std::invalid_argument);
}

// ---------------------------------------------------------------- spreads, and what is least

TEST_CASE("spreads are the standard deviations over all estimates, 1 where nothing varies") {
  const std::vector<Estimate> two{{MatrixXd{{1, 3}, {2, 2}}, MatrixXd()},
                                  {MatrixXd{{5}, {2}}, MatrixXd()}};
  const VectorXd spreads = physics::spreads_of(two);
  CHECK(spreads[0] == doctest::Approx(std::sqrt(8. / 3)));
  CHECK(spreads[1] == 1);
  // What stands still is no rounding error; small motion far from 0 is motion.
  const Estimate far{MatrixXd{{0.1, 0.1, 0.1}, {1e6, 1e6 + 1e-3, 1e6 - 1e-3}}, MatrixXd()};
  const VectorXd of_far = physics::spreads_of(std::span(&far, 1));
  CHECK(of_far[0] == 1);
  CHECK(of_far[1] == doctest::Approx(1e-3 * std::sqrt(2. / 3)).epsilon(1e-6));
}

TEST_CASE("noise is never less than some digits of the spread, fewer where nothing was fitted") {
  const auto least = [](Index rows, bool velocities) {
    Recording r{VectorXd::LinSpaced(rows, 0, 2), {}};
    r.q = r.t.array().square().transpose();
    if (velocities) r.v = 2 * r.t.transpose();
    const Noise noise = noise_of(std::vector{r}, {3});
    const VectorXd spreads = physics::spreads_of(std::vector{estimate(r, {3})});
    return std::pair(noise.q[0] / spreads[0], noise.v[0] / spreads[1]);
  };
  for (const bool velocities : {false, true}) {
    const auto fitted = least(30, velocities), unfitted = least(5, velocities);
    for (const double part : {fitted.first, fitted.second}) {
      CHECK(part > 1e-9);
      CHECK(part < 1e-7);
    }
    for (const double part : {unfitted.first, unfitted.second}) {
      CHECK(part > 1e-5);
      CHECK(part < 1e-3);
    }
  }
  CHECK(noise_of({}, {3}).q.size() == 0);
}

TEST_CASE("of long recordings, some rows of each tell the noise") {
  Random random(10);
  std::vector<Recording> recordings;
  for (const auto& part : {std::pair<Index, double>{6001, 1}, {4, 100}, {5999, 2}, {6003, 3}})
    recordings.push_back(
        {times(part.first, 0.01, true), noise(random, 1, part.first, part.second)});
  CHECK(noise_of(recordings, {3}).q[0] == doctest::Approx(std::sqrt(14. / 3)).epsilon(0.05));
}

TEST_CASE("the best fit sees at most half of the recording of middle length") {
  const auto neighbours = [](const std::vector<Index>& lengths) {
    Random random(11);
    std::vector<Recording> all;
    for (const Index rows : lengths)
      all.push_back({times(rows, 0.01, true), noise(random, 30, rows, 1)});
    return best_fit(all).neighbours;
  };
  CHECK(neighbours({20, 20, 200}) == 4);
  CHECK(neighbours({200, 20, 200}) == 48);
}

TEST_CASE("states to go through are two at least, and as many as there are at most") {
  const VectorXd t = Eigen::Vector3d(0, 0.3, 1);
  const Recording cubic{.t = t,
                        .q = t.array().pow(3).matrix().transpose(),
                        .v = (3 * t.array().square()).matrix().transpose()};
  CHECK_THROWS_WITH_AS(interpolate(cubic, 1),
                       "[interpolate] needs two states at least with their velocities, and has 3 "
                       "times, 3 velocities, 1 states to go through",
                       std::invalid_argument);
  for (const Index m : {2, 3, 9})
    CHECK((interpolate(cubic, m).accelerations - 6 * t.transpose()).cwiseAbs().maxCoeff() < 1e-12);
}
