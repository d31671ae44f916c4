// What the protocols here train by, and what they judge by.
#pragma once

#include <memory>

#include "nn/learning/training_step.h"
#include "nn/models/network_model.h"
#include "physics/integrate/roll_out.h"
#include "physics/observe/refine.h"
#include "tools/protocols/protocol.h"

namespace protocols {

/// How a model learns: accelerations, by SOAP at a rate that warms up and then falls along a
/// cosine.
struct Recipe {
  std::vector<Index> hidden;
  long steps;
  std::string friction = "none";
  nn::Objective objective = {};  ///< of accelerations; none: l1 in units of their size
  double rate = 5e-3;            ///< the highest
  double prior = 1;              ///< kinetic energy before anything is learnt, for the usual one
  double velocity_scale = 1;     ///< above 1, what is learnt may change faster with velocities
  /// Before these steps, so many with a loss that shows the way from any first weights.
  nn::Objective first_objective = {};
  long first_steps = 0;
  // Of chunks:
  int rounds = 1;         ///< accelerations are interpolated anew, with the learnt law's help
  long through_time = 0;  ///< steps behind all of these, whose loss goes through the integrator
};

/// Trains the job's model on states with their accelerations; once more from other first weights
/// where those stick. The system tells what is known: its coordinates, the constraints that hold
/// them and, to a model that is told, where its masses are.
std::unique_ptr<nn::NetworkModel> learn(const physics::System& system, const physics::DataSet& data,
                                        const Recipe& recipe, const Job& job);

/// The same from short recordings of exact states, by interpolated accelerations. In a second round
/// only what the law that was learnt so far leaves over is interpolated: that is small and smooth.
std::unique_ptr<nn::NetworkModel> learn_chunks(const physics::System& system,
                                               const std::vector<physics::Recording>& chunks,
                                               const Recipe& recipe, const Job& job);

/// Where motions start: a state.
using Start = std::function<Eigen::VectorXd(Random& random)>;
/// So many: 2n x count.
Eigen::MatrixXd starts_of(const Start& start, Index count, Random& random);
/// From 0 to `end`, both included [s].
Eigen::VectorXd even_times(double end, Index count);
/// A vector of the plane, turned anticlockwise.
Eigen::Vector2d turned(const Eigen::Vector2d& v, double angle);
/// All states that were estimated, as samples.
physics::DataSet samples_of(const std::vector<physics::Estimate>& estimates);

/// Of each trajectory, cut into chunks of `size` states end to end, one at random.
std::vector<physics::Recording> random_chunks(const std::vector<physics::Solution>& trajectories,
                                              Index size, Random& random);

/// Trajectories from the starts, 2n x N, as exactly as the learnt ones need to be held against.
std::vector<physics::Solution> true_trajectories(const physics::Motion& motion,
                                                 const Eigen::MatrixXd& starts,
                                                 const Eigen::VectorXd& times, const Job& job);
/// The same of a learnt motion, which may run away: it ends early then.
std::vector<physics::Solution> learnt_trajectories(const physics::Motion& motion,
                                                   const Eigen::MatrixXd& starts,
                                                   const Eigen::VectorXd& times, int threads);

/// What trajectories are compared by, states 2n x N -> d x N.
using View = std::function<Eigen::MatrixXd(const Eigen::MatrixXd& states)>;
/// Positions of the picture's points and their velocities, as a view.
View cartesian(const physics::System& system);

/// The geometric mean over trajectories and times of |z - z'| / |z + z'|, where z is the view of a
/// state; 1 where the learnt trajectory has ended (Finzi, Wang & Wilson 2020).
double relative_error(const std::vector<physics::Solution>& learnt,
                      const std::vector<physics::Solution>& truth, const View& view);

}  // namespace protocols
