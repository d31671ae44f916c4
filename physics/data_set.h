// Data sets: states with their accelerations; random ones, shuffled, split.
//
// Everything comes from the given Random, and so from its seed, alike on every platform.
#pragma once

#include "autodiff/random.h"
#include "physics/motion.h"

namespace physics {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;

/// A box of states to draw from.
struct StateBox {
  Eigen::VectorXd low, high;  ///< 2n each: coordinates [rad or m], then velocities [1/s]
};

/// N states, uniform in the box: 2n x N.
Eigen::MatrixXd random_states(Random& random, const StateBox& box, Index count);

/// States and the accelerations that belong to them, a sample a column.
struct DataSet {
  Matrix states;         ///< 2n x N
  Matrix accelerations;  ///< n x N
  Matrix controls = {};  ///< k x N, under which they are so; empty: none

  Index size() const { return states.cols(); }
};

/// Throws std::invalid_argument where its parts do not fit together.
void require_sense(const DataSet& data);

/// The states with the accelerations that the motion gives them, with all controls at 0.
DataSet label(const Motion& motion, const Eigen::MatrixXd& states);
/// The same under controls k x N.
DataSet label(const Motion& motion, const Eigen::MatrixXd& states, const Eigen::MatrixXd& controls);

/// The samples in random order.
DataSet shuffled(const DataSet& data, Random& random);
/// The samples [begin, end). Throws std::invalid_argument where there are no such.
DataSet part_of(const DataSet& data, Index begin, Index end);

}  // namespace physics
