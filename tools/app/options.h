// What ./train can be told: one struct, filled by flags, presets and config files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/app/program.h"

namespace tools {

/// TrainOptions::steps: as many as suit the file. settled() decides.
inline constexpr long steps_by_data = -1;

/// The preset "default": the double pendulum over its whole phase space, in half a minute.
struct TrainOptions {
  std::string preset = "default";
  std::string config;  ///< file of options under the flags; empty: none
  std::string out;     ///< run folder; empty: runs/ with the preset's, system's or file's name
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: one for each core
  bool quiet = false;
  bool dry_run = false;          ///< only tell what would be done
  std::string resume;            ///< folder of a run that is to go on; empty: a new one begins
  double checkpoint_every = 30;  ///< [s]; 0: only where it stops
  long stop_after = 0;           ///< batches; 0: do not

  std::string system = "double_pendulum";  ///< of physics/systems/table.h
  std::map<std::string, double> set = {};  ///< its parameters that are not the defaults

  std::string data;  ///< CSV file to learn from instead of the system; empty: none. Parsing makes
                     ///< it absolute
  double held_out = 0.1;         ///< part of the file that judges
  double validation = 0.1;       ///< part of the rest that watches the run
  double patience = 0.3;         ///< part of all steps without a gain, after which it stops
  std::string source = "fresh";  ///< fresh: new states in every batch; fixed, trajectories: a set
  double angle = 0;              ///< angles start within ± this [rad]; 0: the system's own region
  double velocity = 0;           ///< velocities start within ± this; 0: the system's own region
  double velocity_margin = 1.1;  ///< training states' velocities reach so many times as far
  int trajectories = 512;        ///< of the set
  int points = 4;                ///< taken from each
  double duration = 0;  ///< of each, and of those that judge [s]; 0: the system's. Parsing sets it

  std::string model = "lnn";  ///< of nn/models/models.h. Parsing makes auto one of them
  std::vector<int> hidden = {64, 64, 64};
  std::string activation = "softplus";
  std::string initialiser = "auto";            ///< parsing makes it rule (lnn, field) or lecun
  bool angle_features = true;                  ///< angles enter as (cos, sin)
  std::optional<double> velocity_scale = 0.1;  ///< velocities enter times this; none: by the data
  std::optional<double> kinetic_prior = 2;     ///< a of ½ a |v|² added to L; none: by the data
  std::string friction = "none";               ///< none, linear, network or auto. settled() decides

  std::string learn = "accelerations";  ///< or trajectories
  int rounds = 0;                       ///< in which the steps are done; 0: settled() decides
  int window = 0;             ///< measured points behind a window's start; 0: settled() decides
  int span = 0;               ///< of them in a step of the integrator; 0: settled() decides
  int substeps = 0;           ///< steps from point to point; 0: settled() decides
  long guess_steps = 10'000;  ///< of accelerations, before
  double agreement = 1;       ///< weight with which neighbouring windows have to agree

  std::string loss = "l1";
  std::optional<double> target_scale = 1;  ///< unit of accelerations; none: by the data
  int batch = 128;
  bool batch_by_data = false;  ///< nobody asked for it: settled() makes it fit the file
  int epochs = 40;
  int steps_per_epoch = 1000;  ///< with fresh states; a fixed set or a file is gone through once
  long steps = 0;              ///< in all; 0: as many as the epochs have
  std::string optimiser = "soap";
  double learning_rate = 1e-2;
  std::string schedule = "cosine";
  int lr_step = 10;       ///< step schedule: epochs between drops
  double lr_gamma = 0.5;  ///< step schedule: factor of a drop
  double warmup = 0.02;   ///< cosine and onecycle: part of all steps
  double clip = 1;        ///< largest norm of the gradient; 0: no limit
  int restarts = 3;       ///< of a start that sticks
  std::string on_divergence = "skip";
  int shard_width = 32;  ///< samples a thread takes at a time

  int rollouts = 1000;  ///< random trajectories that judge the model; 0: only accelerations do
};

/// Flags over the config file over the preset; with --resume those of the checkpoint, and few flags
/// over them. Says on standard error which have no effect. Throws EndProgram for --help, --version
/// and for anything wrong, IoError for a checkpoint that cannot be read.
TrainOptions parse_train_options(int argc, const char* const* argv);

/// Every option that has an effect, as TOML that `--config` takes again.
std::string to_toml(const TrainOptions& options);

}  // namespace tools
