#include "nn/judge.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace nn {

using autodiff::Index;

namespace {

void require_pairs(const std::vector<physics::Solution>& learnt,
                   const std::vector<physics::Solution>& truth) {
  if (truth.empty() || learnt.size() != truth.size())
    throw std::invalid_argument("[judge] " + std::to_string(learnt.size()) + " learnt and " +
                                std::to_string(truth.size()) +
                                " true trajectories: they go in pairs");
}

}  // namespace

AccelerationErrors judge_accelerations(const physics::Motion& learnt,
                                       const physics::DataSet& truth) {
  Eigen::MatrixXd rates;
  learnt(truth.states.cast<double>(), rates);
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

RolloutErrors judge_rollouts(const std::vector<physics::Solution>& learnt,
                             const std::vector<physics::Solution>& truth) {
  require_pairs(learnt, truth);
  const Index n = truth.front().y.rows() / 2;
  RolloutErrors errors{Eigen::VectorXd::Zero(n), Eigen::VectorXd::Zero(n)};
  Eigen::MatrixXd of_one(truth.size(), n);  // mean square of each trajectory
  for (std::size_t k = 0; k < truth.size(); ++k) {
    const Index times = truth[k].y.cols(), reached = learnt[k].y.cols();
    if (reached < times) ++errors.stopped;
    Eigen::MatrixXd q(n, times);
    q.leftCols(reached) = learnt[k].y.topRows(n);
    if (reached < times)
      q.rightCols(times - reached) = learnt[k].y_end.head(n).replicate(1, times - reached);
    of_one.row(k) = (q - truth[k].y.topRows(n)).cwiseAbs2().rowwise().mean();
  }
  errors.mse = of_one.colwise().mean();
  for (Index i = 0; i < n; ++i) errors.median[i] = quantile(of_one.col(i), 0.5);
  return errors;
}

Eigen::VectorXd energy_errors(const std::vector<physics::Solution>& trajectories,
                              const Energy& energy, double scale) {
  Eigen::VectorXd errors(trajectories.size());
  for (std::size_t k = 0; k < trajectories.size(); ++k) {
    const physics::Solution& trajectory = trajectories[k];
    const double first = energy(trajectory.y.col(0).data()), last = energy(trajectory.y_end.data());
    errors[k] = std::abs(last - first) / scale;
  }
  return errors;
}

Eigen::VectorXd valid_times(const std::vector<physics::Solution>& learnt,
                            const std::vector<physics::Solution>& truth, double threshold) {
  require_pairs(learnt, truth);
  const Index n = truth.front().y.rows() / 2;
  Eigen::VectorXd times(truth.size());
  for (std::size_t k = 0; k < truth.size(); ++k) {
    const Index both = std::min(learnt[k].y.cols(), truth[k].y.cols());
    const Eigen::RowVectorXd distance =
        (learnt[k].y.topLeftCorner(n, both) - truth[k].y.topLeftCorner(n, both)).colwise().norm();
    Index s = 0;
    while (s + 1 < both && distance[s + 1] <= threshold) ++s;
    times[k] = truth[k].t[s];
  }
  return times;
}

double quantile(Eigen::VectorXd values, double p) {
  if (values.size() == 0) return std::nan("");
  std::sort(values.begin(), values.end());
  const double at = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<Index>(at);
  const Index above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace nn
