// Motions and data sets: random starts, integrated, cut into points, shuffled, split.
//
// Everything comes from the given Random, and so from its seed, alike on every platform.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/random.h"
#include "physics/rk45.h"

namespace physics {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;

/// A law of motion, true or learnt, for many states at once: states 2n x N, each column (q; v),
/// give their rates (dq/dt; dv/dt), 2n x N. Several threads may call it at once.
using Motion = std::function<void(const Eigen::MatrixXd& states, Eigen::MatrixXd& rates)>;
/// The rates of the states: d x N. Throws std::invalid_argument for a motion that gives others.
Eigen::MatrixXd rates_of(const Motion& motion, const Eigen::MatrixXd& states);

/// Fills in the accelerations of many states: 2n x N -> n x N.
using Accelerations =
    std::function<void(const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> accelerations)>;

/// The motion with these accelerations: dq/dt = v, dv/dt = accelerations(q, v).
Motion second_order(Accelerations accelerations);

/// A box of states to draw from.
struct StateBox {
  Eigen::VectorXd low, high;  ///< 2n each: coordinates [rad or m], then velocities [1/s]
};

/// N states, uniform in the box: 2n x N.
Eigen::MatrixXd random_states(Random& random, const StateBox& box, Index count);

/// Integrates every start (2n x N) and gives its states at the times, one Solution a start.
/// A trajectory that cannot go on ends early and says why; the others are not disturbed. Each
/// thread takes its share of the trajectories, whose bits do not depend on how many there are.
std::vector<Solution> roll_out(const Motion& motion, const Eigen::MatrixXd& starts,
                               const Eigen::VectorXd& times, const Rk45Options& options,
                               int threads = 1);

/// States and the accelerations that belong to them, a sample a column.
struct DataSet {
  Matrix states;         ///< 2n x N
  Matrix accelerations;  ///< n x N

  Index size() const { return states.cols(); }
};

/// The states with the accelerations that the motion gives them.
DataSet label(const Motion& motion, const Eigen::MatrixXd& states);

/// States and the times they belong to, a point a column.
struct Points {
  Eigen::RowVectorXd t;  ///< 1 x N
  Eigen::MatrixXd y;     ///< 2n x N
};
/// All points of all trajectories, one trajectory after the other, each as far as it came.
Points chain(const std::vector<Solution>& trajectories);

/// Which trajectories stopped before their end, where and why, in some lines; "" if none did.
std::string stopped_early(const std::vector<Solution>& trajectories);

/// The samples in random order.
DataSet shuffled(const DataSet& data, Random& random);
/// The first `fraction` of the samples, and the rest. Both keep at least one sample.
std::pair<DataSet, DataSet> split(const DataSet& data, double fraction);

}  // namespace physics
