#include "physics/observe/rates.h"

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace physics {
namespace {

constexpr Index longest_span = 64;
/// Fewer spans tell nothing.
constexpr Index fewest_spans = 20;

/// Changes of q, and the trapezoids under v, from the first row on: T each.
struct Sums {
  Eigen::VectorXd q, v;
  Eigen::VectorXd unsure;  ///< of how many steps the changes may be off by whole turns
};

Sums sums_of(const Recording& r, Index i, Index j, bool angle) {
  const Index count = r.size();
  Sums sums{r.q.row(i).transpose(), Eigen::VectorXd::Zero(count), Eigen::VectorXd::Zero(count)};
  for (Index k = 1; k < count; ++k) {
    const double step = (r.t[k] - r.t[k - 1]) * (r.v(j, k - 1) + r.v(j, k)) / 2;
    sums.v[k] = sums.v[k - 1] + step;
    sums.unsure[k] = sums.unsure[k - 1] + (angle && std::abs(step) > std::numbers::pi ? 1 : 0);
  }
  return sums;
}

/// Do rows lie so near each other that between them little happens? As the velocities say, of which
/// every other one may be left out, or as the coordinate does, which hardly bends. Either is so for
/// a wave that advances by no more than a radian from row to row.
bool near_enough(std::span<const Recording> recordings, Index i, Index j) {
  double change = 0, whole = 0, bend = 0, slope = 0;
  for (const Recording& r : recordings)
    for (Index k = 1; k + 1 < r.size(); ++k) {
      const double before = r.t[k] - r.t[k - 1], behind = r.t[k + 1] - r.t[k];
      const double fine =
          before * (r.v(j, k - 1) + r.v(j, k)) + behind * (r.v(j, k) + r.v(j, k + 1));
      const double coarse = (before + behind) * (r.v(j, k - 1) + r.v(j, k + 1));
      change += (fine - coarse) * (fine - coarse);
      whole += fine * fine;
      const double rise = r.q(i, k) - r.q(i, k - 1), next = r.q(i, k + 1) - r.q(i, k);
      bend += (next / behind - rise / before) * (next / behind - rise / before);
      slope += (next / behind + rise / before) * (next / behind + rise / before);
    }
  return change <= 0.1 * whole || bend <= 0.3 * slope;
}

}  // namespace

std::optional<RateFit> rate_fit(std::span<const Recording> recordings, Index i, Index j,
                                bool angle) {
  std::vector<Sums> all;
  for (const Recording& r : recordings) {
    require_sense(r);
    if (r.v.size() == 0) throw std::invalid_argument("[rate_fit] there are no velocities");
    all.push_back(sums_of(r, i, j, angle));
  }
  if (!near_enough(recordings, i, j)) return std::nullopt;
  std::optional<RateFit> best;
  for (Index span = 1; span <= longest_span; span *= 2) {
    double qq = 0, qv = 0, vv = 0;
    Index count = 0;
    for (const Sums& sums : all)
      for (Index k = 0; k + span < sums.q.size(); k += (span + 1) / 2) {
        if (sums.unsure[k + span] != sums.unsure[k]) continue;
        const double q = sums.q[k + span] - sums.q[k], v = sums.v[k + span] - sums.v[k];
        qq += q * q;
        qv += q * v;
        vv += v * v;
        ++count;
      }
    if (count < fewest_spans || qq == 0) continue;
    const RateFit fit = vv > 0 ? RateFit{qv / vv, qv / qq * (qv / vv)} : RateFit{0, 0};
    if (!best || fit.explained > best->explained) best = fit;
  }
  return best;
}

}  // namespace physics
