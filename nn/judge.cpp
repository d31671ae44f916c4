#include "nn/judge.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nn {

using autodiff::Index;

AccelerationErrors judge_accelerations(const physics::Motion& learnt, const physics::Motion& truth,
                                       const Eigen::MatrixXd& states) {
  Eigen::MatrixXd predicted, exact;
  learnt(states, predicted);
  truth(states, exact);
  const Eigen::MatrixXd error = (predicted - exact).cwiseAbs();
  return {error.cwiseAbs2().rowwise().mean(), error.rowwise().mean(), error.rowwise().maxCoeff()};
}

RolloutErrors judge_rollouts(const std::vector<physics::Solution>& learnt,
                             const std::vector<physics::Solution>& truth) {
  const Index n = truth.front().y.rows() / 2;
  RolloutErrors errors{Eigen::VectorXd::Zero(n), Eigen::VectorXd::Zero(n)};
  std::vector<std::vector<double>> of_one(n);  // [coordinate][trajectory]
  Index points = 0;
  for (std::size_t k = 0; k < truth.size(); ++k) {
    const Index reached = std::min(learnt[k].y.cols(), truth[k].y.cols());
    if (reached < truth[k].y.cols()) ++errors.stopped;
    if (reached == 0) continue;
    const auto difference =
        learnt[k].y.topLeftCorner(n, reached) - truth[k].y.topLeftCorner(n, reached);
    const Eigen::VectorXd squares = difference.cwiseAbs2().rowwise().sum();
    errors.mse += squares;
    points += reached;
    for (Index i = 0; i < n; ++i) of_one[i].push_back(squares[i] / static_cast<double>(reached));
  }
  errors.mse /= static_cast<double>(points);
  for (Index i = 0; i < n; ++i) {
    auto middle = of_one[i].begin() + static_cast<Index>(of_one[i].size()) / 2;
    std::nth_element(of_one[i].begin(), middle, of_one[i].end());
    if (middle != of_one[i].end()) errors.median[i] = *middle;
  }
  return errors;
}

double energy_error(const std::vector<physics::Solution>& trajectories, const Energy& energy,
                    double scale) {
  double total = 0;
  for (const physics::Solution& trajectory : trajectories) {
    const Index last = trajectory.y.cols() - 1;
    total += std::abs(energy(trajectory.y.col(last).data()) - energy(trajectory.y.col(0).data()));
  }
  return total / scale / static_cast<double>(trajectories.size());
}

}  // namespace nn
