// The judges of a run: how well does a learnt motion follow the true one, or the measured one?
#pragma once

#include <optional>
#include <string>

#include "physics/observe/judge.h"
#include "tools/app/subject.h"

namespace tools {

struct Judgement {
  physics::AccelerationErrors acceleration;  ///< over fresh states, or those held out
  double seconds = 0;                        ///< that judging took

  /// Of trajectories; absent where none were asked for, or the file tells of none.
  struct RolledOut {
    physics::RolloutErrors errors;       ///< over random trajectories, or pieces held out
    Eigen::VectorXd valid;               ///< for how long each is right [s] (valid_up_to)
    std::optional<double> energy_error;  ///< mean of energy_errors; absent where energy is unknown
  };
  std::optional<RolledOut> rolled_out;
};

/// A true law of motion and a learnt one.
struct Motions {
  physics::Motion truth, learnt;
};

/// Of a learnt motion's integration.
inline constexpr double learnt_tolerance = 1e-6;

/// When a prediction is too far off to be of use: the distance of (q learnt - q true) / spread,
/// above this. An angle's spread is 1 rad.
inline constexpr double valid_up_to = 0.5;
/// By which that distance is measured: 1 for an angle, else the deviation of states: 2n x N.
Eigen::VectorXd spreads(const std::vector<physics::Coordinate>& coordinates,
                        const Eigen::MatrixXd& states);

/// Trajectories from the same starts, in pairs.
struct Comparison {
  std::vector<physics::Solution> truth, learnt;
};
/// From starts 2n x N at these times.
Comparison roll_out_both(const Motions& motions, const Eigen::MatrixXd& starts,
                         const Eigen::VectorXd& times, double tolerance, int threads);

/// The law under controls k x T that were measured at times t, in straight lines between these; the
/// law itself where there are none.
physics::Motion driven_by(const physics::Motion& law, const Eigen::VectorXd& t,
                          const Eigen::MatrixXd& controls);

/// What is held out, with rates that are estimated with the help of the learnt law where they were
/// not measured.
physics::DataSet held_out_with(const Subject& subject, const physics::Motion& learnt);

/// The learnt motion beside each measured trajectory that was held out, from its first state.
Comparison follow_held_out(const Subject& subject, const physics::Motion& learnt);

/// Judges on states and trajectories that training has not seen, drawn as its own are; of a file,
/// on what was held out.
Judgement judge(const TrainOptions& options, const Subject& subject, const physics::Motion& learnt);

/// |h(T) - h(0)| / scale of 40 learnt motions: as the system's published test asks for, else from
/// the region's states over the usual duration, in units of the energy's deviation there.
Eigen::VectorXd energy_errors(const Simulated& simulated, const physics::Motion& learnt,
                              autodiff::Random& random, int threads);

/// One random start rolled out both ways, side by side, for figures: trajectory.csv. Its columns
/// are t, every coordinate, its velocity ("r'"), "energy", the points of the picture ("x1", "y1",
/// ...); all of the learnt motion again, with "learnt " before; and the accelerations ("r''") of
/// both at the states of the true motion.
std::string trajectory_csv(const TrainOptions& options, const Simulated& simulated,
                           const physics::Motion& learnt);

}  // namespace tools
