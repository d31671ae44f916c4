// What a run learns: a simulated system, whose true law of motion is known, or the motion in a
// file, a part of which is held out to judge.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "physics/observe/refine.h"
#include "physics/system.h"
#include "tools/app/checkpoint.h"
#include "tools/app/data_file.h"
#include "tools/app/options.h"

namespace tools {

/// Every system of the table: what it is, its coordinates and parameters; for people.
std::string list_of_systems();

/// The system that --system and --set name; its region as --angle and --velocity narrow it. Throws
/// EndProgram that tells what is wrong with them.
physics::System system_of(const TrainOptions& options);

/// A simulated system.
struct Simulated {
  physics::System system;
  physics::Motion truth;

  explicit Simulated(physics::System of)
      : system(std::move(of)), truth(physics::motion_of(system)) {}
};

/// Motion as measured, and what was estimated from that.
struct Recorded {
  std::vector<physics::Recording> recordings;
  std::vector<physics::Estimate> estimates;
};

struct Subject {
  std::vector<physics::Coordinate> coordinates, controls;
  std::optional<Simulated> simulated;  ///< or what is in a file (tools/evaluate may know both):
  std::optional<OwnData> measured;
  /// Of the file: what is learnt from, what watches meanwhile, and what judges at the end.
  physics::DataSet samples, validation, held_out;
  autodiff::Index first_held_out = 0;  ///< of all samples
  /// The same over time, where their rates were estimated.
  Recorded recorded, validation_recorded, held_out_recorded;
  physics::Noise noise;  ///< of what was measured
  DataFile file;         ///< how a resumed run finds it again

  /// Which of all its rows, one recording after the other, are samples: those that were estimated
  /// with neighbours on both sides.
  std::vector<autodiff::Index> inner_rows(const Recorded& recorded) const;

  /// How a learnt law is followed to estimate rates with its help (physics/observe/refine.h):
  /// over 0.8 of the time in which the motion changes, or so many times that.
  physics::Stride stride(double times) const;

  /// Reads the file, if there is one. Throws IoError where it cannot be used.
  explicit Subject(const TrainOptions& options);
};

/// The states of so many trajectories' points, as --points and --duration say: 2n x N, fewer where
/// a trajectory stopped early. What stopped is told on standard error.
Eigen::MatrixXd trajectory_states(const TrainOptions& options, const Simulated& simulated,
                                  autodiff::Index trajectories, autodiff::Random& random);

/// Controls of the system, each uniform in its range: k x count.
Eigen::MatrixXd random_controls(const physics::System& system, autodiff::Index count,
                                autodiff::Random& random);

/// Throws EndProgram where some of the accelerations, n x N, of a simulated system at states 2n x N
/// is not finite.
void require_finite(const Eigen::MatrixXd& states, const Eigen::MatrixXd& accelerations);

/// States with the accelerations that the true motion gives them, under random controls where the
/// system has some. Throws EndProgram where one is not finite.
physics::DataSet label(const Simulated& simulated, const Eigen::MatrixXd& states,
                       autodiff::Random& random);

/// Random states of the system's region, whose velocities reach `margin` times as far: 2n x count.
Eigen::MatrixXd region_states(const Simulated& simulated, autodiff::Index count,
                              autodiff::Random& random, double margin = 1);

/// How fast the fastest coordinate changes [1/s]: the mean |acceleration| over the velocity's
/// deviation.
double fastest_rate(const physics::DataSet& data);

/// How trajectories are integrated: the true ones, and learnt ones at a tolerance. A learnt motion
/// gets somewhat more steps than the true ones took; what needs more has run away.
physics::Rk45Options for_truth();
physics::Rk45Options for_learnt(double tolerance, long steps_of_truth);

}  // namespace tools
