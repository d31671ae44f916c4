#include "physics/data_set.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace physics {

Eigen::MatrixXd random_states(Random& random, const StateBox& box, Index count) {
  if (count < 0)
    throw std::invalid_argument("[random_states] there are no " + std::to_string(count) +
                                " states");
  if (box.low.size() != box.high.size() || !(box.low.array() <= box.high.array()).all())
    throw std::invalid_argument("[random_states] the box needs low <= high in every entry");
  Eigen::MatrixXd states(box.low.size(), count);
  for (Index s = 0; s < count; ++s)
    for (Index i = 0; i < states.rows(); ++i)
      states(i, s) = random.uniform(box.low[i], box.high[i]);
  return states;
}

DataSet label(const Motion& motion, const Eigen::MatrixXd& states) {
  return label(motion, states, Eigen::MatrixXd::Zero(motion.controls(), states.cols()));
}

DataSet label(const Motion& motion, const Eigen::MatrixXd& states,
              const Eigen::MatrixXd& controls) {
  Eigen::MatrixXd rates;
  motion(Eigen::RowVectorXd::Zero(states.cols()), states, controls, rates);
  return {states.cast<autodiff::Scalar>(),
          rates.bottomRows(states.rows() / 2).cast<autodiff::Scalar>(),
          controls.cast<autodiff::Scalar>()};
}

void require_sense(const DataSet& data) {
  const Index n = data.accelerations.rows();
  if (data.states.rows() != 2 * n || data.accelerations.cols() != data.size() ||
      (data.controls.size() > 0 && data.controls.cols() != data.size()))
    throw std::invalid_argument(
        "[data_set] states " + std::to_string(data.states.rows()) + 'x' +
        std::to_string(data.size()) + ", accelerations " + std::to_string(n) + 'x' +
        std::to_string(data.accelerations.cols()) + ", controls of " +
        std::to_string(data.controls.cols()) + " samples: 2n x N, n x N and N are needed");
}

DataSet shuffled(const DataSet& data, Random& random) {
  require_sense(data);
  const std::vector<Index> order = random.permutation(data.size());
  DataSet result = data;
  for (Index s = 0; s < data.size(); ++s) {
    result.states.col(s) = data.states.col(order[s]);
    result.accelerations.col(s) = data.accelerations.col(order[s]);
    if (data.controls.size() > 0) result.controls.col(s) = data.controls.col(order[s]);
  }
  return result;
}

DataSet part_of(const DataSet& data, Index begin, Index end) {
  require_sense(data);
  if (begin < 0 || begin > end || end > data.size())
    throw std::invalid_argument("[part_of] samples " + std::to_string(begin) + " to " +
                                std::to_string(end) + " of " + std::to_string(data.size()));
  const bool controlled = data.controls.size() > 0;
  return {data.states.middleCols(begin, end - begin),
          data.accelerations.middleCols(begin, end - begin),
          controlled ? data.controls.middleCols(begin, end - begin) : Matrix()};
}

}  // namespace physics
