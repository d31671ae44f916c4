// The experiment on the page: a system of the table, two networks that learn its motion from the
// same data, and what one wants to see of them meanwhile.
//
// Each network goes through what ./train does with the same options, step for step:
//
//     ./train --preset any --points 10 --batch 32 --restarts 0 --system ... --model ...
//             --hidden ... --optimiser ... --lr ... --trajectories ... --steps ... --seed ...
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/random.h"
#include "nn/learning/trainer.h"
#include "nn/models/models.h"
#include "nn/optimisers/optimiser.h"
#include "nn/optimisers/schedule.h"
#include "physics/integrate/roll_out.h"
#include "physics/system.h"

namespace playground {

using autodiff::Index;

struct Settings {
  std::string system = "pendulum";  ///< of physics/systems/table.h
  std::string model = "lnn";        ///< of nn/models/models.h: the network beside the plain one
  int width = 32, layers = 2;       ///< of both networks
  std::string optimiser = "soap";   ///< soap or adam
  double rate = 5e-3;               ///< peak of the learning rate
  int samples = 1000;               ///< states with accelerations to learn from, ten of each motion
  double noise = 0;                 ///< of all their numbers, as a part of how far these spread
  int steps = 4000;                 ///< of training in all
  int seed = 0;
};

/// A network with all that trains it.
class Learner {
 public:
  Learner(const Settings& settings, const std::string& model, const physics::System& system,
          const physics::Motion& truth);
  Learner(const Learner&) = delete;  // its trainer points at its model
  Learner& operator=(const Learner&) = delete;

  /// One step; the batch's loss before it. A step whose loss is not finite is left out.
  double step();
  long steps() const { return steps_; }

  const nn::NetworkModel& model() const { return *model_; }
  const physics::Motion& motion() const { return *motion_; }
  const physics::DataSet& data() const { return data_; }
  /// The present mean absolute error of accelerations of other states, in the loss's unit.
  double error_on(const physics::DataSet& data) const;

 private:
  autodiff::Random random_;
  physics::DataSet data_;
  std::unique_ptr<nn::NetworkModel> model_;
  std::unique_ptr<nn::Optimiser> optimiser_;
  std::unique_ptr<nn::Trainer> trainer_;
  std::optional<physics::Motion> motion_;
  nn::WarmupCosine schedule_;
  long steps_ = 0;
};

/// One motion over time; shorter than asked for where it could not go on.
struct Path {
  std::vector<double> states;    ///< 2n x T, column by column
  std::vector<double> points;    ///< of the picture, dimension·P x T
  std::vector<double> energies;  ///< the true system's, T [J]
};

/// The true motion and what both networks make of it, from one start.
struct Paths {
  std::array<Path, 3> of;            ///< true, learnt, plain
  std::array<double, 2> valid;       ///< for how long the networks' can be believed [s]
  std::vector<double> own_energies;  ///< the learnt one's own, T, fitted to joules; or empty
};

/// A quantity over two entries of the state, true and learnt, size x size each, row by row.
struct Maps {
  std::vector<double> truth, learnt;
};

class Experiment {
 public:
  /// Throws std::invalid_argument for settings that make none.
  explicit Experiment(const Settings& settings);

  /// So many steps of both networks, and no more than there are in all: the losses, learnt and
  /// plain in turn.
  std::vector<double> train(int steps);
  long steps() const { return learnt_.steps(); }
  /// The present errors on states that neither has seen: learnt and plain.
  std::array<double, 2> errors() const;

  /// A state of the region; the same for the same seed.
  std::vector<double> random_start(int seed) const;
  /// The state at rest whose picture has that point nearest to the place.
  std::vector<double> dragged(const std::vector<double>& state, int point,
                              const std::vector<double>& place) const;

  Paths roll_out(const std::vector<double>& start, double duration, int times) const;
  /// 1/λ of the true motion from there: what is not known of the start grows e-fold in it [s].
  double lyapunov_time(const std::vector<double>& start) const;

  /// L, or an entry of the mass matrix, over entries `across` and `up` of the state, all others
  /// being 0. L is learnt only up to a factor and a constant, M up to the factor: they are fitted.
  /// Empty where the network has none.
  Maps lagrangian_map(int across, int up, int size) const;
  Maps mass_map(int row, int column, int across, int up, int size) const;

  /// The next points (q, q') of a Poincaré section: of one coordinate, whenever the other passes 0
  /// upwards (catalogue.h). It goes on from where the last call ended; which: 0 true, 1 learnt, 2
  /// plain.
  std::vector<double> section(int which, const std::vector<double>& start, double duration);
  void restart_section(int which) { section_at_[static_cast<std::size_t>(which)].resize(0); }

 private:
  const physics::Motion& motion(int which) const;
  Eigen::MatrixXd grid(int across, int up, int size) const;

  Settings settings_;
  physics::System system_;
  physics::Motion truth_;
  physics::StateFunction energy_;
  physics::StateFunction points_;
  Learner learnt_, plain_;
  physics::DataSet unseen_;
  Eigen::VectorXd spread_;  ///< the coordinates' units of what is off
  std::optional<physics::StateFunction> own_energy_;
  std::array<Eigen::VectorXd, 3> section_at_;
};

}  // namespace playground
