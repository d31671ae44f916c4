#include "nn/judge.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace nn {

using autodiff::Index;

AccelerationErrors judge_accelerations(const physics::Motion& learnt, const physics::Motion& truth,
                                       const Eigen::MatrixXd& states) {
  Eigen::MatrixXd predicted, exact;
  learnt(states, predicted);
  truth(states, exact);
  const Eigen::MatrixXd error = (predicted - exact).bottomRows(states.rows() / 2).cwiseAbs();
  return {error.cwiseAbs2().rowwise().mean(), error.rowwise().mean(), error.rowwise().maxCoeff()};
}

RolloutErrors judge_rollouts(const std::vector<physics::Solution>& learnt,
                             const std::vector<physics::Solution>& truth) {
  if (truth.empty() || learnt.size() != truth.size())
    throw std::invalid_argument("[judge_rollouts] " + std::to_string(learnt.size()) +
                                " learnt and " + std::to_string(truth.size()) +
                                " true trajectories: they go in pairs");
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
  for (Index i = 0; i < n; ++i) {
    auto column = of_one.col(i);
    std::sort(column.begin(), column.end());
    const Index half = column.size() / 2;
    errors.median[i] =
        column.size() % 2 == 1 ? column[half] : (column[half - 1] + column[half]) / 2;
  }
  return errors;
}

double energy_error(const std::vector<physics::Solution>& trajectories, const Energy& energy,
                    double scale) {
  double total = 0;
  for (const physics::Solution& trajectory : trajectories)
    total += std::abs(energy(trajectory.y_end.data()) - energy(trajectory.y.col(0).data()));
  return total / scale / static_cast<double>(trajectories.size());
}

}  // namespace nn
