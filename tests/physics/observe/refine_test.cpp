// Following a law, where it should come out exactly: the law is linear, so that one step of Gauss
// and Newton finds the nearest start, and measurements lie too far apart for polynomials to tell.
#include "physics/observe/refine.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "physics/integrate/roll_out.h"

using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;
using physics::Estimate;
using physics::Index;
using physics::Motion;
using physics::Recording;
using physics::refine;

namespace {

/// Two springs that pull at each other, pushed by two controls and by what grows with time.
const Motion springs(2, 2,
                     [](const RowVectorXd& t, const MatrixXd& s, const MatrixXd& u,
                        MatrixXd& rates) {
                       rates.topRows(2) = s.bottomRows(2);
                       rates.row(2) = -4 * s.row(0) + s.row(1) + u.row(0) + 3 * t;
                       rates.row(3) = s.row(0) - 2 * s.row(1) - 0.5 * u.row(1) - t;
                     });

/// Straight lines in time.
MatrixXd controls_at(const RowVectorXd& t) {
  MatrixXd u(2, t.size());
  u << 6 - 4 * t.array(), 5 * t.array() - 2;
  return u;
}

struct Measured {
  std::vector<Recording> recordings;
  std::vector<Estimate> truth;
};

/// Half a second apart and more, on three motions of those lengths.
Measured measured(bool velocities, const std::vector<Index>& lengths = {30, 11, 17}) {
  const Motion driven = springs.controlled_by(
      [](const RowVectorXd& t, const MatrixXd&, MatrixXd& u) { u = controls_at(t); });
  Measured found;
  for (const Index length : lengths) {
    VectorXd t(length);
    for (Index k = 0; k < length; ++k)
      t[k] = 0.5 * static_cast<double>(k) + 0.1 * std::sin(static_cast<double>(k * length));
    const double far = static_cast<double>(length) / 10;
    const MatrixXd y =
        roll_out(driven, Eigen::Vector4d(far, -1, 0, far), t, {.rtol = 1e-12, .atol = 1e-12})
            .front()
            .y;
    found.truth.push_back({y, driven(t.transpose(), y).bottomRows(2)});
    found.recordings.push_back({t, y.topRows(2), {}, controls_at(t.transpose())});
    if (velocities) found.recordings.back().v = y.bottomRows(2);
  }
  return found;
}

/// The truth with a good deal added, at each time something else.
std::vector<Estimate> spoilt(std::vector<Estimate> truth) {
  for (Estimate& one : truth)
    for (Index k = 0; k < one.states.cols(); ++k) {
      one.states.col(k).array() += 0.3 * std::sin(static_cast<double>(k));
      one.accelerations.col(k).array() += 1;
    }
  return truth;
}

double farthest(const MatrixXd& a, const MatrixXd& b) {
  REQUIRE(a.cols() == b.cols());
  return (a - b).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("what a linear law says is found exactly, however far off the estimates were") {
  for (const bool velocities : {false, true})
    for (const Index window : {5, 8, 9, 1000}) {
      CAPTURE(velocities);
      CAPTURE(window);
      const Measured data = measured(velocities);
      const std::vector<Estimate> before = spoilt(data.truth);
      for (const int threads : {1, 3}) {
        const std::vector<Estimate> found =
            refine(data.recordings, before, springs, {.window = window, .substeps = 30}, threads);
        REQUIRE(found.size() == 3);
        for (std::size_t r = 0; r < 3; ++r) {
          CHECK(farthest(found[r].states, data.truth[r].states) < 1e-5);
          CHECK(farthest(found[r].accelerations, data.truth[r].accelerations) < 1e-4);
        }
      }
    }
}

TEST_CASE("in windows of one time, accelerations are the law's at the estimates that there were") {
  const Measured data = measured(false);
  const std::vector<Estimate> before = spoilt(data.truth);
  const std::vector<Estimate> found = refine(data.recordings, before, springs, {.window = 1}, 1);
  for (std::size_t r = 0; r < 3; ++r) {
    MatrixXd rates;
    springs(data.recordings[r].t.transpose(), before[r].states, data.recordings[r].controls, rates);
    CHECK(farthest(found[r].accelerations, rates.bottomRows(2)) < 1e-12);
    CHECK(farthest(found[r].states.topRows(2), data.recordings[r].q) < 1e-12);
    CHECK(farthest(found[r].states.bottomRows(2), before[r].states.bottomRows(2)) < 1e-12);
  }
}

TEST_CASE("where a start cannot be told from so few times, it stays where it was") {
  // Two times have as many coordinates as a start has numbers.
  const Measured data = measured(false);
  const std::vector<Estimate> found =
      refine(data.recordings, data.truth, springs, {.window = 2, .substeps = 30}, 1);
  for (std::size_t r = 0; r < 3; ++r)
    CHECK(farthest(found[r].accelerations, data.truth[r].accelerations) < 1e-5);
}

TEST_CASE("windows begin each half of their length, the middle of each is used") {
  // Of 8 times: they begin at 0, 4, 8, 12, 16 and 18. Nobody comes from time 9 to time 10, so that
  // those that begin at 4 and 8 are lost, whose middles are 6 to 9 and 10 to 13.
  const Measured data = measured(false, {26});
  const VectorXd& t = data.recordings[0].t;
  const Motion torn(
      2, 2, [&](const RowVectorXd& at, const MatrixXd& s, const MatrixXd& u, MatrixXd& rates) {
        springs(at, s, u, rates);
        for (Index k = 0; k < s.cols(); ++k)
          if (at[k] > t[9] + 0.01 && at[k] < t[10] - 0.01) rates.col(k).setConstant(std::nan(""));
      });
  const std::vector<Estimate> before = spoilt(data.truth);
  const Estimate found =
      refine(data.recordings, before, torn, {.window = 8, .substeps = 30}, 1).front();
  for (Index k = 0; k < 26; ++k) {
    CAPTURE(k);
    const double moved = farthest(found.accelerations.col(k), before[0].accelerations.col(k));
    const bool lost = k >= 6 && k <= 13;
    CHECK((moved == 0) == lost);
    if (!lost)
      CHECK(farthest(found.accelerations.col(k), data.truth[0].accelerations.col(k)) < 1e-4);
  }
}

TEST_CASE("the law is followed from each estimate's own recording, many windows at once") {
  // More windows than are followed side by side, in recordings of two lengths.
  std::vector<Index> lengths(40, 21);
  lengths[7] = lengths[20] = 6;
  const Measured data = measured(false, lengths);
  const std::vector<Estimate> found =
      refine(data.recordings, spoilt(data.truth), springs, {.window = 7, .substeps = 20}, 2);
  for (std::size_t r = 0; r < lengths.size(); ++r)
    CHECK(farthest(found[r].accelerations, data.truth[r].accelerations) < 1e-3);
}

TEST_CASE("what does not fit to the law is refused with both sizes") {
  const Measured data = measured(false);
  const auto refused = [&](const std::vector<Recording>& recordings,
                           std::span<const Estimate> before, const physics::Stride& stride,
                           const char* message) {
    CHECK_THROWS_WITH_AS(refine(recordings, before, springs, stride, 1), message,
                         std::invalid_argument);
  };
  refused(data.recordings, std::span(data.truth).first(2), {.window = 9},
          "[refine] 3 recordings, 2 estimates, windows of 9 times, 1 steps from one to the next");
  std::vector<Recording> wrong = data.recordings;
  wrong[1].q = MatrixXd(wrong[1].q.topRows(1));
  refused(wrong, data.truth, {.window = 9},
          "[refine] a recording of 1 coordinates and 2 controls, estimates 4x11 and 2x11: the law "
          "has 2 and "
          "2");
  for (const Index controls : {0, 1, 3}) {
    CAPTURE(controls);
    wrong = data.recordings;
    wrong[2].controls = MatrixXd::Zero(controls, controls > 0 ? 17 : 0);
    CHECK_THROWS_WITH_AS(refine(wrong, data.truth, springs, {.window = 9}, 1),
                         doctest::Contains("[refine] a recording of 2 coordinates and "),
                         std::invalid_argument);
  }
  std::vector<Estimate> low = data.truth;
  low[0].states = MatrixXd(low[0].states.topRows(2));
  refused(data.recordings, low, {.window = 9},
          "[refine] a recording of 2 coordinates and 2 controls, estimates 2x30 and 2x30: the law "
          "has 2 and "
          "2");
  CHECK(refine({}, {}, springs, {.window = 1}, 1).empty());
}
