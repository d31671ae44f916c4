#include "physics/data_set.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "autodiff/parallel.h"

namespace physics {

Motion second_order(Accelerations accelerations) {
  return [accelerations = std::move(accelerations)](const Eigen::MatrixXd& states,
                                                    Eigen::MatrixXd& rates) {
    const Index n = states.rows() / 2;
    rates.resize(states.rows(), states.cols());
    rates.topRows(n) = states.bottomRows(n);
    accelerations(states, rates.bottomRows(n));
  };
}

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

std::vector<Solution> roll_out(const Motion& motion, const Eigen::MatrixXd& starts,
                               const Eigen::VectorXd& times, const Rk45Options& options,
                               int threads) {
  if (times.size() == 0) throw std::invalid_argument("[roll_out] no times");
  const auto derivative = [&](const Eigen::RowVectorXd&, const Eigen::MatrixXd& states,
                              Eigen::MatrixXd& rates) { motion(states, rates); };
  std::vector<Solution> trajectories(starts.cols());
  const Index pieces = std::clamp<Index>(threads, 1, std::max<Index>(1, starts.cols()));
  autodiff::parallel_for(pieces, threads, [&](Index piece) {
    const Index begin = piece * starts.cols() / pieces, end = (piece + 1) * starts.cols() / pieces;
    auto mine = rk45_batch(derivative, starts.middleCols(begin, end - begin), times[0],
                           times[times.size() - 1], options, times);
    std::move(mine.begin(), mine.end(), trajectories.begin() + begin);
  });
  return trajectories;
}

Eigen::MatrixXd rates_of(const Motion& motion, const Eigen::MatrixXd& states) {
  Eigen::MatrixXd rates;
  motion(states, rates);
  if (rates.rows() != states.rows() || rates.cols() != states.cols())
    throw std::invalid_argument(
        "[motion] rates " + std::to_string(rates.rows()) + 'x' + std::to_string(rates.cols()) +
        " of states " + std::to_string(states.rows()) + 'x' + std::to_string(states.cols()));
  return rates;
}

DataSet label(const Motion& motion, const Eigen::MatrixXd& states) {
  const Eigen::MatrixXd rates = rates_of(motion, states);
  return {states.cast<autodiff::Scalar>(),
          rates.bottomRows(states.rows() / 2).cast<autodiff::Scalar>()};
}

Points chain(const std::vector<Solution>& trajectories) {
  Index total = 0;
  const Index d = trajectories.empty() ? 0 : trajectories.front().y.rows();
  for (const Solution& trajectory : trajectories) {
    if (trajectory.y.rows() != d || trajectory.t.size() != trajectory.y.cols())
      throw std::invalid_argument("[chain] a trajectory of " + std::to_string(trajectory.y.cols()) +
                                  " states of " + std::to_string(trajectory.y.rows()) +
                                  " numbers at " + std::to_string(trajectory.t.size()) +
                                  " times, the first one's states have " + std::to_string(d));
    total += trajectory.y.cols();
  }
  Points points{Eigen::RowVectorXd(total), Eigen::MatrixXd(d, total)};
  Index begin = 0;
  for (const Solution& trajectory : trajectories) {
    points.t.segment(begin, trajectory.t.size()) = trajectory.t.transpose();
    points.y.middleCols(begin, trajectory.y.cols()) = trajectory.y;
    begin += trajectory.y.cols();
  }
  return points;
}

std::string stopped_early(const std::vector<Solution>& trajectories) {
  constexpr std::size_t told = 10;  // of those that stopped; more would hide the rest
  std::string lines;
  std::size_t stopped = 0;
  for (std::size_t k = 0; k < trajectories.size(); ++k)
    if (!trajectories[k].ok() && ++stopped <= told)
      lines += "\n  number " + std::to_string(k + 1) + " at " + trajectories[k].message;
  if (stopped == 0) return {};
  if (stopped > told) lines += "\n  and " + std::to_string(stopped - told) + " more";
  return std::to_string(stopped) + " of " + std::to_string(trajectories.size()) +
         " trajectories stopped before their end:" + lines;
}

DataSet shuffled(const DataSet& data, Random& random) {
  const std::vector<Index> order = random.permutation(data.size());
  DataSet result = data;
  for (Index s = 0; s < data.size(); ++s) {
    result.states.col(s) = data.states.col(order[s]);
    result.accelerations.col(s) = data.accelerations.col(order[s]);
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
    return DataSet{data.states.middleCols(begin, count),
                   data.accelerations.middleCols(begin, count)};
  };
  return {part(0, first), part(first, size - first)};
}

}  // namespace physics
