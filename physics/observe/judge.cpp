#include "physics/observe/judge.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace physics {

using autodiff::Index;

namespace {

std::string shape(const Solution& trajectory) {
  return std::to_string(trajectory.y.rows()) + 'x' + std::to_string(trajectory.y.cols());
}

}  // namespace

std::vector<std::size_t> judged_pairs(const std::vector<Solution>& learnt,
                                      const std::vector<Solution>& truth) {
  if (truth.empty() || learnt.size() != truth.size())
    throw std::invalid_argument("[judge] " + std::to_string(learnt.size()) + " learnt and " +
                                std::to_string(truth.size()) +
                                " true trajectories: they go in pairs");
  std::vector<std::size_t> pairs;
  const Index d = truth.front().y.rows();
  for (std::size_t k = 0; k < truth.size(); ++k) {
    const bool can_stand = learnt[k].y_end.size() == d || learnt[k].y.cols() >= truth[k].y.cols();
    if (learnt[k].y.rows() != d || truth[k].y.rows() != d || !can_stand)
      throw std::invalid_argument("[judge] trajectory " + std::to_string(k) + ": learnt states " +
                                  shape(learnt[k]) + " that end with " +
                                  std::to_string(learnt[k].y_end.size()) + " numbers, true ones " +
                                  shape(truth[k]) + ": all need " + std::to_string(d) + " rows");
    if (truth[k].ok() && truth[k].y.cols() > 0 && truth[k].y.cols() >= learnt[k].y.cols())
      pairs.push_back(k);
  }
  return pairs;
}

AccelerationErrors judge_accelerations(const Motion& learnt, const DataSet& truth) {
  if (truth.size() == 0 || truth.states.cols() != truth.accelerations.cols() ||
      truth.states.rows() != 2 * truth.accelerations.rows())
    throw std::invalid_argument("[judge] " + std::to_string(truth.states.cols()) + " states and " +
                                std::to_string(truth.accelerations.cols()) +
                                " accelerations to judge by");
  const Eigen::MatrixXd states = truth.states.cast<double>();
  Eigen::MatrixXd rates, u = truth.controls.cast<double>();
  if (u.size() == 0) u = Eigen::MatrixXd::Zero(learnt.controls(), states.cols());
  learnt(Eigen::RowVectorXd::Zero(states.cols()), states, u, rates);
  const Eigen::MatrixXd accelerations = truth.accelerations.cast<double>();
  const auto errors_of = [&](const auto& prediction) -> Eigen::MatrixXd {
    return (accelerations - prediction).cwiseAbs();
  };
  const Index n = accelerations.rows(), samples = accelerations.cols();
  Eigen::VectorXd medians(n);
  for (Index i = 0; i < n; ++i) medians[i] = quantile(accelerations.row(i), 0.5);
  const Eigen::MatrixXd error = errors_of(rates.bottomRows(n));
  return {.mse = error.cwiseAbs2().rowwise().mean(),
          .l1 = error.rowwise().mean(),
          .largest = error.rowwise().maxCoeff(),
          .mse_of_mean = errors_of(accelerations.rowwise().mean().replicate(1, samples))
                             .cwiseAbs2()
                             .rowwise()
                             .mean(),
          .l1_of_median = errors_of(medians.replicate(1, samples)).rowwise().mean()};
}

RolloutErrors judge_rollouts(const std::vector<Solution>& learnt,
                             const std::vector<Solution>& truth) {
  const std::vector<std::size_t> pairs = judged_pairs(learnt, truth);
  const Index n = truth.front().y.rows() / 2;
  RolloutErrors errors;
  errors.mse = errors.median = Eigen::VectorXd::Constant(n, std::nan(""));
  errors.left_out = static_cast<Index>(truth.size() - pairs.size());
  for (std::size_t k = 0; k < truth.size() && errors.reason.empty(); ++k)
    if (!truth[k].ok()) errors.reason = truth[k].message;
  if (pairs.empty()) return errors;
  Eigen::MatrixXd of_one(pairs.size(), n);  // mean square of each trajectory
  for (std::size_t row = 0; row < pairs.size(); ++row) {
    const std::size_t k = pairs[row];
    const Index times = truth[k].y.cols(), reached = learnt[k].y.cols();
    if (reached < times) ++errors.stopped;
    Eigen::MatrixXd q(n, times);
    q.leftCols(reached) = learnt[k].y.topRows(n);
    if (reached < times)
      q.rightCols(times - reached) = learnt[k].y_end.head(n).replicate(1, times - reached);
    of_one.row(static_cast<Index>(row)) = (q - truth[k].y.topRows(n)).cwiseAbs2().rowwise().mean();
  }
  errors.mse = of_one.colwise().mean();
  for (Index i = 0; i < n; ++i) errors.median[i] = quantile(of_one.col(i), 0.5);
  return errors;
}

Eigen::VectorXd energy_errors(const std::vector<Solution>& trajectories, const Energy& energy,
                              double scale) {
  Eigen::VectorXd errors(trajectories.size());
  for (std::size_t k = 0; k < trajectories.size(); ++k) {
    const Solution& trajectory = trajectories[k];
    if (trajectory.y.cols() == 0 || trajectory.y_end.size() != trajectory.y.rows())
      throw std::invalid_argument("[energy_errors] trajectory " + std::to_string(k) + " has " +
                                  shape(trajectory) + " states and ends with " +
                                  std::to_string(trajectory.y_end.size()) + " numbers");
    const double first = energy(trajectory.y.col(0))(0), last = energy(trajectory.y_end)(0);
    errors[k] = std::abs(last - first) / scale;
  }
  return errors;
}

Eigen::VectorXd valid_times(const std::vector<Solution>& learnt, const std::vector<Solution>& truth,
                            double threshold, const Eigen::VectorXd& spread) {
  const std::vector<std::size_t> pairs = judged_pairs(learnt, truth);
  const Index n = truth.front().y.rows() / 2;
  if (spread.size() != n)
    throw std::invalid_argument("[valid_times] " + std::to_string(spread.size()) + " spreads of " +
                                std::to_string(n) + " coordinates");
  Eigen::VectorXd times(pairs.size());
  for (std::size_t row = 0; row < pairs.size(); ++row) {
    const std::size_t k = pairs[row];
    if (truth[k].t.size() != truth[k].y.cols())
      throw std::invalid_argument("[valid_times] trajectory " + std::to_string(k) + " has " +
                                  std::to_string(truth[k].y.cols()) + " states at " +
                                  std::to_string(truth[k].t.size()) + " times");
    const Index both = std::min(learnt[k].y.cols(), truth[k].y.cols());
    const Eigen::MatrixXd off =
        learnt[k].y.topLeftCorner(n, both) - truth[k].y.topLeftCorner(n, both);
    const Eigen::RowVectorXd distance = (spread.cwiseInverse().asDiagonal() * off).colwise().norm();
    Index s = 0;
    while (s + 1 < both && distance[s + 1] <= threshold) ++s;
    times[static_cast<Index>(row)] = truth[k].t[s] - truth[k].t[0];
  }
  return times;
}

double quantile(Eigen::VectorXd values, double p) {
  if (!(p >= 0 && p <= 1))
    throw std::invalid_argument("[quantile] p = " + std::to_string(p) + " is not between 0 and 1");
  if (values.size() == 0) return std::nan("");
  std::sort(values.begin(), values.end());
  const double at = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<Index>(at);
  const Index above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace physics
