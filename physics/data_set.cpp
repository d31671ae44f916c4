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

DataSet shuffled(const DataSet& data, Random& random) {
  const std::vector<Index> order = random.permutation(data.size());
  DataSet result = data;
  for (Index s = 0; s < data.size(); ++s) {
    result.states.col(s) = data.states.col(order[s]);
    result.accelerations.col(s) = data.accelerations.col(order[s]);
    if (data.controls.size() > 0) result.controls.col(s) = data.controls.col(order[s]);
  }
  return result;
}

std::pair<DataSet, DataSet> split(const DataSet& data, double fraction) {
  const Index size = data.size();
  if (size < 2 || !(fraction > 0 && fraction < 1))
    throw std::invalid_argument("[split] " + std::to_string(size) + " samples at fraction " +
                                std::to_string(fraction) +
                                ": needs at least 2 samples and a fraction between 0 and 1");
  const auto wanted = static_cast<Index>(std::llround(fraction * static_cast<double>(size)));
  const Index first = std::clamp<Index>(wanted, 1, size - 1);
  const auto part = [&](Index begin, Index count) {
    const bool controlled = data.controls.size() > 0;
    return DataSet{data.states.middleCols(begin, count),
                   data.accelerations.middleCols(begin, count),
                   controlled ? data.controls.middleCols(begin, count) : Matrix()};
  };
  return {part(0, first), part(first, size - first)};
}

}  // namespace physics
