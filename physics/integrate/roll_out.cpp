#include "physics/integrate/roll_out.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "autodiff/parallel.h"

namespace physics {

std::vector<Solution> roll_out(const Motion& motion, const Eigen::MatrixXd& starts,
                               const Eigen::VectorXd& times, const Rk45Options& options,
                               int threads) {
  if (times.size() == 0) throw std::invalid_argument("[roll_out] no times");
  if (starts.rows() != 2 * motion.coordinates())
    throw std::invalid_argument("[roll_out] starts with " + std::to_string(starts.rows()) +
                                " rows: a state of " + std::to_string(motion.coordinates()) +
                                " coordinates has " + std::to_string(2 * motion.coordinates()));
  const auto derivative = [&](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
                              Eigen::MatrixXd& rates) {
    motion(t, states, Eigen::MatrixXd::Zero(motion.controls(), states.cols()), rates);
  };
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

Points points_of(const std::vector<Solution>& trajectories) {
  Index total = 0;
  const Index d = trajectories.empty() ? 0 : trajectories.front().y.rows();
  for (const Solution& trajectory : trajectories) {
    if (trajectory.y.rows() != d || trajectory.t.size() != trajectory.y.cols())
      throw std::invalid_argument("[points_of] a trajectory of " +
                                  std::to_string(trajectory.y.cols()) + " states of " +
                                  std::to_string(trajectory.y.rows()) + " numbers at " +
                                  std::to_string(trajectory.t.size()) +
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

}  // namespace physics
