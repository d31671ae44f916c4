#include "physics/observe/recording.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "autodiff/kernels/decompositions.h"

namespace physics {
namespace {

constexpr Index degree = 4;
/// Widths that best_fit tries; of shorter recordings, what they allow.
constexpr Index widths[]{3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
/// So many rows tell which is best; all of a long file would take long.
constexpr Index enough = 4000;

/// Weights of the times' values for the value, the first and the second derivative at t = 0 of the
/// polynomial that fits them best: 3 x times.
Eigen::MatrixXd weights(const Eigen::VectorXd& times) {
  const Index count = times.size(), terms = std::min(degree + 1, count);
  // In units of the longest time, for the powers to be of like size.
  const double longest = times.cwiseAbs().maxCoeff(), unit = longest > 0 ? longest : 1;
  Eigen::MatrixXd powers(count, terms);
  powers.col(0).setOnes();
  for (Index k = 1; k < terms; ++k) powers.col(k) = powers.col(k - 1).cwiseProduct(times / unit);
  Eigen::MatrixXd found = Eigen::MatrixXd::Zero(3, count);
  const Index known = std::min<Index>(3, terms);
  found.topRows(known) =
      autodiff::least_squares(powers, Eigen::MatrixXd::Identity(count, count)).topRows(known);
  found.row(1) /= unit;
  found.row(2) *= 2 / (unit * unit);
  return found;
}

/// Weights by the place in the neighbourhood, kept for where the same times come again.
class KnownWeights {
 public:
  const Eigen::MatrixXd& of(const Eigen::VectorXd& times, Index place) {
    if (place >= std::ssize(known_)) known_.resize(static_cast<std::size_t>(place) + 1);
    Known& known = known_[static_cast<std::size_t>(place)];
    const double unit = times.cwiseAbs().maxCoeff();
    if (known.times.size() != times.size() ||
        (times - known.times).cwiseAbs().maxCoeff() > 1e-9 * unit)
      known = {times, weights(times)};
    return known.weights;
  }

 private:
  struct Known {
    Eigen::VectorXd times;
    Eigen::MatrixXd weights;
  };
  std::vector<Known> known_;
};

/// The rows that a time is fitted with, and their weights.
class Neighbourhood {
 public:
  Neighbourhood(const Eigen::VectorXd& t, Index neighbours, KnownWeights& known)
      : t_(t),
        neighbours_(std::clamp<Index>(neighbours, 0, t.size())),
        width_(std::min(2 * neighbours_ + 1, t.size())),
        known_(known) {}

  void go_to(Index k) {
    first_ = std::clamp<Index>(k - neighbours_, 0, t_.size() - width_);
    here_ = k - first_;
    weights_ = &known_.of(t_.segment(first_, width_).array() - t_[k], here_);
  }

  /// Value and two derivatives of rows y (n x T): n x 3. A derivative that rounding alone explains
  /// is 0: what rests, or moves uniformly, has no acceleration of 1e-12, which would count as fast
  /// motion where columns are taken in their own size.
  Eigen::MatrixXd derivatives(const Eigen::MatrixXd& y) const {
    // Lazy: Eigen's blocked product is for large matrices, and takes seconds to compile.
    Eigen::MatrixXd found = y.middleCols(first_, width_).lazyProduct(weights_->transpose());
    // Most of it is the weights' own, of which 7 epsilon were seen with five uneven times.
    constexpr double rounding = 16 * std::numeric_limits<double>::epsilon();
    for (Index i = 0; i < y.rows(); ++i) {
      const double largest = y.row(i).segment(first_, width_).cwiseAbs().maxCoeff();
      for (Index k = 1; k < 3; ++k)
        if (std::abs(found(i, k)) <= rounding * largest * weights_->row(k).lpNorm<1>())
          found(i, k) = 0;
    }
    return found;
  }
  /// By which the fit follows the value that stands there itself.
  double leverage() const { return (*weights_)(0, here_); }
  /// Of the first or second derivative, for values with noise of deviation 1.
  double deviation(Index derivative) const { return weights_->row(derivative).norm(); }
  Index width() const { return width_; }

 private:
  const Eigen::VectorXd& t_;
  Index neighbours_, width_, first_ = 0, here_ = 0;
  KnownWeights& known_;
  const Eigen::MatrixXd* weights_ = nullptr;
};

/// What is fitted: velocities where they were measured, else coordinates.
const Eigen::MatrixXd& fitted(const Recording& recording) {
  return recording.v.size() > 0 ? recording.v : recording.q;
}

/// Calls visit(recording, neighbourhood, k) for rows k spread evenly over all that have more
/// neighbours than the fit has terms.
template <class Visit>
void visit_rows(std::span<const Recording> recordings, const LocalFit& fit, const Visit& visit) {
  Index total = 0;
  for (const Recording& r : recordings) total += r.size();
  const Index stride = std::max<Index>(1, total / enough);
  Index next = 0, passed = 0;
  KnownWeights known;
  for (const Recording& r : recordings) {
    Neighbourhood around(r.t, fit.neighbours, known);
    if (around.width() > degree + 1)
      for (; next < passed + r.size(); next += stride) {
        around.go_to(next - passed);
        visit(r, around, next - passed);
      }
    passed += r.size();
    next = std::max(next, passed);
  }
}

}  // namespace

void require_sense(const Recording& r) {
  const auto fits = [&](const Eigen::MatrixXd& rows) {
    return rows.size() == 0 || rows.cols() == r.size();
  };
  if (r.size() == 0 || r.q.cols() != r.size() || !fits(r.v) || !fits(r.controls) ||
      (r.v.size() > 0 && r.v.rows() != r.q.rows()))
    throw std::invalid_argument("[recording] " + std::to_string(r.size()) + " times, q " +
                                std::to_string(r.q.rows()) + 'x' + std::to_string(r.q.cols()) +
                                ", v " + std::to_string(r.v.rows()) + 'x' +
                                std::to_string(r.v.cols()) + ", controls of " +
                                std::to_string(r.controls.cols()) + " times");
}

namespace {

/// Throws std::invalid_argument where one makes no sense, or has other coordinates than the first.
void require_alike(std::span<const Recording> recordings) {
  for (const Recording& r : recordings) {
    require_sense(r);
    if (const Recording& first = recordings.front();
        r.q.rows() != first.q.rows() || r.v.rows() != first.v.rows())
      throw std::invalid_argument("[recording] one of " + std::to_string(first.q.rows()) +
                                  " coordinates and " + std::to_string(first.v.rows()) +
                                  " velocities, one of " + std::to_string(r.q.rows()) + " and " +
                                  std::to_string(r.v.rows()));
  }
}

}  // namespace

LocalFit best_fit(std::span<const Recording> recordings) {
  require_alike(recordings);
  std::vector<Index> sizes;
  for (const Recording& r : recordings) sizes.push_back(r.size());
  if (sizes.empty()) return {};
  std::sort(sizes.begin(), sizes.end());
  const Index typical = sizes[sizes.size() / 2];
  if (typical < 2 * widths[0] + 1) return {std::max<Index>(1, (typical - 1) / 2)};
  // Differences of rounding tell nothing.
  Eigen::ArrayXd least = Eigen::ArrayXd::Constant(fitted(recordings.front()).rows(),
                                                  std::numeric_limits<double>::min());
  visit_rows(recordings, {widths[0]}, [&](const Recording& r, const Neighbourhood&, Index k) {
    least += (1e-10 * fitted(r).col(k)).array().square();
  });
  LocalFit best;
  double smallest = std::numeric_limits<double>::infinity();
  for (const Index width : widths) {
    if (width > widths[0] && 4 * width + 2 > typical) break;  // it would see half of a trajectory
    Eigen::ArrayXd squares = Eigen::ArrayXd::Zero(fitted(recordings.front()).rows());
    visit_rows(recordings, {width}, [&](const Recording& r, const Neighbourhood& around, Index k) {
      const Eigen::MatrixXd& y = fitted(r);
      const Eigen::VectorXd residual = y.col(k) - around.derivatives(y).col(0);
      squares += (residual / (1 - around.leverage())).array().square();
    });
    const double error = (squares + least).log().sum();
    if (error < smallest) {
      smallest = error;
      best.neighbours = width;
    }
  }
  return best;
}

namespace {

Estimate estimate(const Recording& r, const LocalFit& fit, KnownWeights& known) {
  require_sense(r);
  const Index n = r.q.rows();
  Estimate found{Eigen::MatrixXd(2 * n, r.size()), Eigen::MatrixXd(n, r.size())};
  Neighbourhood around(r.t, fit.neighbours, known);
  for (Index k = 0; k < r.size(); ++k) {
    around.go_to(k);
    const Eigen::MatrixXd rates = around.derivatives(fitted(r));
    if (r.v.size() > 0) {
      found.states.col(k) << r.q.col(k), r.v.col(k);
      found.accelerations.col(k) = rates.col(1);
    } else {
      found.states.col(k) << rates.col(0), rates.col(1);
      found.accelerations.col(k) = rates.col(2);
    }
  }
  return found;
}

}  // namespace

Estimate estimate(const Recording& recording, const LocalFit& fit) {
  KnownWeights known;
  return estimate(recording, fit, known);
}

std::vector<Estimate> estimate(std::span<const Recording> recordings, const LocalFit& fit) {
  KnownWeights known;
  std::vector<Estimate> all;
  for (const Recording& r : recordings) all.push_back(estimate(r, fit, known));
  return all;
}

Estimate interpolate(const Recording& r, Index m) {
  require_sense(r);
  if (r.v.size() == 0 || m < 2 || r.size() < 2)
    throw std::invalid_argument(
        "[interpolate] needs two states at least with their velocities, and has " +
        std::to_string(r.size()) + " times, " + std::to_string(r.v.cols()) + " velocities, " +
        std::to_string(m) + " states to go through");
  const Index n = r.q.rows(), count = std::min(m, r.size());
  Estimate found{Eigen::MatrixXd(2 * n, r.size()), Eigen::MatrixXd(n, r.size())};
  found.states << r.q, r.v;
  Eigen::MatrixXd powers(2 * count, 2 * count), values(2 * count, n);
  for (Index k = 0; k < r.size(); ++k) {
    const Index first = std::clamp<Index>(k - count / 2, 0, r.size() - count);
    const Eigen::VectorXd times = r.t.segment(first, count).array() - r.t[k];
    // In units of the longest time, for the powers to be of like size.
    const double unit = times.cwiseAbs().maxCoeff();
    for (Index i = 0; i < count; ++i)
      for (Index j = 0; j < 2 * count; ++j) {
        const double x = times[i] / unit;
        powers(i, j) = std::pow(x, j);
        powers(count + i, j) = j == 0 ? 0 : static_cast<double>(j) * std::pow(x, j - 1);
      }
    // Coordinates from the one here on: their differences keep the digits.
    values << (r.q.middleCols(first, count).colwise() - r.q.col(k)).transpose(),
        unit * r.v.middleCols(first, count).transpose();
    found.accelerations.col(k) =
        2 / (unit * unit) * autodiff::least_squares(powers, values).row(2).transpose();
  }
  return found;
}

Eigen::VectorXd spreads_of(std::span<const Estimate> estimates) {
  const Index rows = estimates.front().states.rows();
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(rows);
  Eigen::ArrayXd squares = mean, largest = mean;
  double count = 0;
  for (const Estimate& one : estimates) {
    mean += one.states.rowwise().sum();
    largest = largest.max(one.states.array().abs().rowwise().maxCoeff());
    count += static_cast<double>(one.states.cols());
  }
  mean /= count;
  for (const Estimate& one : estimates)
    squares += (one.states.colwise() - mean).array().square().rowwise().sum();
  const Eigen::ArrayXd spread = (squares / count).sqrt();
  constexpr double rounding = 100 * std::numeric_limits<double>::epsilon();
  return (spread > rounding * largest).select(spread, 1);
}

Noise noise_of(std::span<const Recording> recordings, const LocalFit& fit) {
  if (recordings.empty()) return {};
  require_alike(recordings);
  const Index n = recordings.front().q.rows();
  Eigen::ArrayXd q = Eigen::ArrayXd::Zero(n), v = q;
  Index count = 0;
  double of_first = 0, of_second = 0;  // derivatives
  visit_rows(recordings, fit, [&](const Recording& r, const Neighbourhood& around, Index k) {
    const double rest = 1 - around.leverage();
    q += (r.q.col(k) - around.derivatives(r.q).col(0)).array().square() / rest;
    if (r.v.size() > 0) v += (r.v.col(k) - around.derivatives(r.v).col(0)).array().square() / rest;
    of_first += around.deviation(1);
    of_second += around.deviation(2);
    ++count;
  });
  const double samples = std::max<double>(1, static_cast<double>(count));
  q = (q / samples).sqrt();
  const bool measured = recordings.front().v.size() > 0;
  v = measured ? Eigen::ArrayXd((v / samples).sqrt()) : Eigen::ArrayXd(q * of_first / samples);
  const Eigen::ArrayXd a = measured ? v * of_first / samples : q * of_second / samples;
  // Where nothing is left over, or nothing was fitted, values are right to some digits.
  const double digits = count > 0 ? 1e-8 : 1e-4;
  const Eigen::ArrayXd least = digits * spreads_of(estimate(recordings, fit));
  q = q.max(least.head(n));
  v = v.max(least.tail(n));
  return {q, v, a};
}

}  // namespace physics
