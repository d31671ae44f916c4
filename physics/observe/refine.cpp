#include "physics/observe/refine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "autodiff/kernels/decompositions.h"
#include "autodiff/parallel.h"
#include "physics/integrate/runge_kutta.h"

namespace physics {
namespace {

/// A stretch of a recording that a law is followed over.
struct Stretch {
  std::size_t recording;
  Index begin, size;
};

/// As long as `window`, each half of it behind the one before; the last ends where the recording
/// does.
std::vector<Stretch> stretches_of(std::span<const Recording> recordings, Index window) {
  std::vector<Stretch> all;
  for (std::size_t r = 0; r < recordings.size(); ++r) {
    const Index size = std::min(window, recordings[r].size());
    for (Index begin = 0;; begin += std::max<Index>(1, size / 2)) {
      const Index last = recordings[r].size() - size;
      all.push_back({r, std::min(begin, last), size});
      if (begin >= last) break;
    }
  }
  return all;
}

/// The law's paths along some stretches of one size, from those starts (2n x stretches): for each
/// 2n x size.
std::vector<Eigen::MatrixXd> follow(std::span<const Recording> recordings, const Motion& law,
                                    std::span<const Stretch> stretches,
                                    const Eigen::MatrixXd& starts, Index substeps) {
  const Index count = starts.cols(), size = stretches.front().size, k = law.controls();
  Eigen::MatrixXd y = starts;
  std::vector<Eigen::MatrixXd> paths(stretches.size(), Eigen::MatrixXd(y.rows(), size));
  const auto keep = [&](Index point) {
    for (Index s = 0; s < count; ++s) paths[static_cast<std::size_t>(s)].col(point) = y.col(s);
  };
  keep(0);
  Eigen::RowVectorXd t(count), h(count);
  Eigen::MatrixXd u(k, count), after(k, count), rates(y.rows(), count);
  for (Index point = 1; point < size; ++point) {
    for (Index s = 0; s < count; ++s) {
      const Stretch& one = stretches[static_cast<std::size_t>(s)];
      const Recording& r = recordings[one.recording];
      const Index at = one.begin + point;
      t[s] = r.t[at - 1];
      h[s] = r.t[at] - r.t[at - 1];
      if (k > 0) u.col(s) = r.controls.col(at - 1), after.col(s) = r.controls.col(at);
    }
    const auto steps = static_cast<double>(substeps);
    const Eigen::ArrayXXd step = (h / steps).array().replicate(y.rows(), 1);
    for (Index s = 0; s < substeps; ++s)
      y = rk4_step(
              [&](double part, const Eigen::ArrayXXd& state) -> Eigen::ArrayXXd {
                const double passed = (static_cast<double>(s) + part) / steps;
                law(t + passed * h, state.matrix(), u + passed * (after - u), rates);
                return rates.array();
              },
              Eigen::ArrayXXd(y.array()), step)
              .matrix();
    keep(point);
  }
  return paths;
}

/// What was measured less what the law says.
Recording rest_of(const Recording& r, const Stretch& one, const Eigen::MatrixXd& path) {
  const Index n = r.q.rows();
  Recording rest{r.t.segment(one.begin, one.size),
                 r.q.middleCols(one.begin, one.size) - path.topRows(n)};
  if (r.v.size() > 0) rest.v = r.v.middleCols(one.begin, one.size) - path.bottomRows(n);
  return rest;
}

/// All of a rest in one column, in units of the states (2n).
Eigen::VectorXd flat(const Recording& rest, const Eigen::VectorXd& unit) {
  const Index n = rest.q.rows();
  Eigen::VectorXd all(rest.q.size() + rest.v.size());
  all.head(rest.q.size()) = (rest.q.array().colwise() / unit.head(n).array()).matrix().reshaped();
  if (rest.v.size() > 0)
    all.tail(rest.v.size()) = (rest.v.array().colwise() / unit.tail(n).array()).matrix().reshaped();
  return all;
}

/// The paths from starts that a step of Gauss and Newton moved nearer to what was measured, or
/// those from the starts as they are where it did not.
std::vector<Eigen::MatrixXd> nearest_paths(std::span<const Recording> recordings, const Motion& law,
                                           std::span<const Stretch> stretches,
                                           Eigen::MatrixXd starts, const Eigen::VectorXd& unit,
                                           Index substeps) {
  // Beside each start stand those that are moved in one of its 2n numbers, for differences.
  const double part = std::cbrt(std::numeric_limits<autodiff::Scalar>::epsilon());
  const Index rows = starts.rows(), width = rows + 1;
  Eigen::MatrixXd around(rows, starts.cols() * width);
  std::vector<Stretch> each;
  for (Index s = 0; s < starts.cols(); ++s) {
    around.middleCols(s * width, width) = starts.col(s).replicate(1, width);
    around.middleCols(s * width + 1, rows).diagonal() += part * unit;
    each.insert(each.end(), static_cast<std::size_t>(width),
                stretches[static_cast<std::size_t>(s)]);
  }
  std::vector<Eigen::MatrixXd> moved = follow(recordings, law, each, around, substeps);
  const auto rest = [&](std::size_t s, const Eigen::MatrixXd& path) {
    return flat(rest_of(recordings[stretches[s].recording], stretches[s], path), unit);
  };
  std::vector<Eigen::MatrixXd> paths;
  std::vector<double> distances;
  for (std::size_t s = 0; s < stretches.size(); ++s) {
    const auto first = moved.begin() + static_cast<std::ptrdiff_t>(s) * width;
    const Eigen::VectorXd here = rest(s, *first);
    Eigen::MatrixXd slopes(here.size(), rows);
    for (Index j = 0; j < rows; ++j) slopes.col(j) = (here - rest(s, *(first + 1 + j))) / part;
    if (here.size() > rows && here.allFinite() && slopes.allFinite())
      starts.col(static_cast<Index>(s)) +=
          unit.cwiseProduct(Eigen::VectorXd(autodiff::least_squares(slopes, here)));
    distances.push_back(here.squaredNorm());
    paths.push_back(std::move(*first));
  }
  std::vector<Eigen::MatrixXd> nearer = follow(recordings, law, stretches, starts, substeps);
  for (std::size_t s = 0; s < stretches.size(); ++s)
    if (rest(s, nearer[s]).squaredNorm() < distances[s]) paths[s] = std::move(nearer[s]);
  return paths;
}

}  // namespace

std::vector<Estimate> refine(std::span<const Recording> recordings,
                             std::span<const Estimate> before, const Motion& law,
                             const Stride& stride, int threads) {
  const Index n = law.coordinates();
  if (before.size() != recordings.size() || stride.window < 1 || stride.substeps < 1)
    throw std::invalid_argument("[refine] " + std::to_string(recordings.size()) + " recordings, " +
                                std::to_string(before.size()) + " estimates, windows of " +
                                std::to_string(stride.window) + " times, " +
                                std::to_string(stride.substeps) + " steps from one to the next");
  for (std::size_t r = 0; r < recordings.size(); ++r) {
    require_sense(recordings[r]);
    if (recordings[r].q.rows() != n || recordings[r].controls.rows() != law.controls() ||
        before[r].states.rows() != 2 * n || before[r].states.cols() != recordings[r].size() ||
        before[r].accelerations.rows() != n ||
        before[r].accelerations.cols() != recordings[r].size())
      throw std::invalid_argument(
          "[refine] a recording of " + std::to_string(recordings[r].q.rows()) +
          " coordinates and " + std::to_string(recordings[r].controls.rows()) +
          " controls, estimates " + std::to_string(before[r].states.rows()) + 'x' +
          std::to_string(before[r].states.cols()) + " and " +
          std::to_string(before[r].accelerations.rows()) + 'x' +
          std::to_string(before[r].accelerations.cols()) + ": the law has " + std::to_string(n) +
          " and " + std::to_string(law.controls()));
  }
  if (recordings.empty()) return {};
  const Eigen::VectorXd unit = spreads_of(before);
  const std::vector<Stretch> stretches = stretches_of(recordings, stride.window);
  // Pieces of equal sizes side by side, about a thousand paths at a time.
  const std::size_t most = std::max<std::size_t>(1, 1024 / static_cast<std::size_t>(2 * n + 1));
  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  for (std::size_t begin = 0, end; begin < stretches.size(); begin = end) {
    for (end = begin + 1; end < stretches.size() && end - begin < most &&
                          stretches[end].size == stretches[begin].size;)
      ++end;
    pieces.emplace_back(begin, end);
  }
  std::vector<Eigen::MatrixXd> paths(stretches.size());
  autodiff::parallel_for(static_cast<Index>(pieces.size()), threads, [&](Index piece) {
    const auto [begin, end] = pieces[static_cast<std::size_t>(piece)];
    const auto some = std::span(stretches).subspan(begin, end - begin);
    Eigen::MatrixXd starts(2 * n, std::ssize(some));
    for (Index s = 0; s < starts.cols(); ++s) {
      const Stretch& one = some[static_cast<std::size_t>(s)];
      starts.col(s) = before[one.recording].states.col(one.begin);
    }
    auto nearest = nearest_paths(recordings, law, some, starts, unit, stride.substeps);
    std::move(nearest.begin(), nearest.end(), paths.begin() + static_cast<std::ptrdiff_t>(begin));
  });
  std::vector<Recording> rests;
  std::vector<std::size_t> followed;  // the law is not right enough in the others
  for (std::size_t s = 0; s < stretches.size(); ++s) {
    Recording rest = rest_of(recordings[stretches[s].recording], stretches[s], paths[s]);
    if (!rest.q.allFinite() || !rest.v.allFinite()) continue;
    rests.push_back(std::move(rest));
    followed.push_back(s);
  }
  const Index neighbours = std::max(best_fit(rests).neighbours, stride.neighbours);
  const std::vector<Estimate> of_rests = estimate(rests, {neighbours});
  std::vector<Estimate> found(before.begin(), before.end());
  for (std::size_t k = 0; k < followed.size(); ++k) {
    const Stretch& one = stretches[followed[k]];
    const Eigen::MatrixXd& path = paths[followed[k]];
    const Recording& r = recordings[one.recording];
    Eigen::MatrixXd rates(2 * n, one.size);
    law(r.t.segment(one.begin, one.size).transpose(), path,
        r.controls.size() > 0 ? Eigen::MatrixXd(r.controls.middleCols(one.begin, one.size))
                              : Eigen::MatrixXd(0, one.size),
        rates);
    const bool first = one.begin == 0, last = one.begin + one.size == r.size();
    const Index from = first ? 0 : one.size / 4, to = last ? one.size : one.size - one.size / 4;
    const Index count = to - from;
    found[one.recording].states.middleCols(one.begin + from, count) =
        (path + of_rests[k].states).middleCols(from, count);
    found[one.recording].accelerations.middleCols(one.begin + from, count) =
        (rates.bottomRows(n) + of_rests[k].accelerations).middleCols(from, count);
  }
  return found;
}

}  // namespace physics
