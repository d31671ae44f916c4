#include "tools/options.h"

#include <set>
#include <sstream>

#include "nn/activation.h"
#include "tools/checkpoint.h"
#include "tools/flags.h"
#include "tools/presets.h"
#include "tools/run_folder.h"

namespace tools {
namespace {

std::string comma_separated(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
  return text;
}

void declare(CLI::App& app, TrainOptions& o) {
  app.option_defaults()->always_capture_default();
  app.set_version_flag("--version", std::string("lagrange 0.1.0"));
  app.set_config("--config", "", "Read options from a TOML file; flags come over it");
  app.add_option("--preset", o.preset,
                 "Where all options start from: default, the whole phase space in about a minute; "
                 "best, the same in ten; seed, the slides' sweet spot to the letter; paper, the "
                 "published set-up (a day on a laptop: give it --steps)");
  app.add_flag_callback(
         "--list-presets", [] { throw EndProgram(exit_ok, list_of_presets()); },
         "Print every preset with its options and exit")
      ->configurable(false);

  const std::string run = "Run";
  app.add_option("--out", o.out,
                 "Folder for the results (default: runs/<preset>, or runs/<name of the data file>)")
      ->group(run);
  app.add_option("--seed", o.seed, "Seed of all random numbers")
      ->check(between(0, 18446744073709551615.0))
      ->group(run);
  app.add_option("--threads", o.threads, "OpenMP threads; 0: one for each core")
      ->check(between(0, 4096))
      ->group(run);
  // Says nothing about what the run computes: not in config.toml, and allowed with --resume.
  app.add_flag("--quiet", o.quiet, "Print nothing but errors")->configurable(false)->group(run);
  app.add_flag("--dry-run", o.dry_run,
               "Print all options as TOML and how much there is to do, and end")
      ->configurable(false)
      ->group(run);
  app.add_option("--resume", o.resume,
                 "Folder of a run that was stopped: it goes on bit for bit as if it had not been")
      ->configurable(false)
      ->group(run);
  add_real(app, "--checkpoint-every", o.checkpoint_every,
           "At least so often a checkpoint is written; 0: only where it stops [s]")
      ->check(between(0, any))
      ->configurable(false)
      ->group(run);
  app.add_option("--stop-after", o.stop_after, "Stop after so many steps, as by Ctrl-C; 0: do not")
      ->check(between(0, 1e12))
      ->configurable(false)
      ->group(run);

  add_system_flags(app, o.system);

  const std::string data = "Data";
  app.add_option("--data", o.data,
                 "CSV file to learn from instead of the double pendulum; its first line names the "
                 "columns, as in t,theta:angle,theta' (docs/data.md)")
      ->group(data);
  add_real(app, "--held-out", o.held_out,
           "Part of the file, from its end, that is not learnt but judges")
      ->check(between(0.001, 0.9))
      ->group(data);
  app.add_option("--source", o.source,
                 "fresh: new random states in every batch; fixed: so many random states, drawn "
                 "once, as trajectories have points; trajectories: points of integrated "
                 "trajectories")
      ->check(CLI::IsMember({"fresh", "fixed", "trajectories"}))
      ->group(data);
  add_real(app, "--angle", o.angle, "Random starts have |theta| up to this [rad]")
      ->check(between(0, any))
      ->group(data);
  add_real(app, "--velocity", o.velocity, "Random starts have |omega| up to this [rad/s]")
      ->check(between(0, any))
      ->group(data);
  add_real(app, "--velocity-margin", o.velocity_margin,
           "Random training states have |omega| up to --velocity times this: motions that start "
           "within --velocity get faster")
      ->check(between(positive, any))
      ->group(data);
  app.add_option("--trajectories", o.trajectories, "Trajectories in the fixed set")
      ->check(between(1, 1e7))
      ->group(data);
  app.add_option("--points", o.points, "Points taken from each, evenly in time")
      ->check(between(2, 1e6))
      ->group(data);
  add_real(app, "--duration", o.duration, "Length of a trajectory [s]")
      ->check(between(positive, any))
      ->group(data);

  const std::string model = "Model";
  app.add_option("--model", o.model,
                 "lnn: a Lagrangian network; delan: a deep Lagrangian network, L = T - V; hnn: a "
                 "Hamiltonian network, given the true momenta; mlp: accelerations without physics")
      ->check(CLI::IsMember({"lnn", "delan", "hnn", "mlp"}))
      ->group(model);
  app.add_option("--hidden", o.hidden, "Widths of the hidden layers, as in 64,64")
      ->delimiter(',')
      ->default_str(comma_separated(o.hidden))
      ->check(between(1, 1e5))
      ->group(model);
  app.add_option("--activation", o.activation, "softplus or tanh")->group(model);
  app.add_option("--initialiser", o.initialiser,
                 "First weights. rule: found for Lagrangian networks, from the layers' widths; "
                 "slides: the slides' numbers; lecun: 1/sqrt(inputs); auto: rule for an lnn, "
                 "lecun for the others")
      ->check(CLI::IsMember({"auto", "rule", "slides", "lecun"}))
      ->group(model);
  app.add_option("--angle-features", o.angle_features, "Angles enter as (cos, sin)")
      ->default_str(o.angle_features ? "true" : "false")
      ->group(model);
  add_real(app, "--velocity-scale", o.velocity_scale, "Velocities enter times this")
      ->check(between(positive, any))
      ->group(model);
  add_real(app, "--kinetic-prior", o.kinetic_prior, "a of the term a/2 |omega|^2 added to L")
      ->check(between(0, any))
      ->group(model);

  const std::string training = "Training";
  app.add_option("--loss", o.loss, "mse, l1 or huber, of the accelerations")
      ->check(CLI::IsMember({"mse", "l1", "huber"}))
      ->group(training);
  add_real(app, "--target-scale", o.target_scale,
           "Accelerations are compared (and put out by an mlp) in units of this [rad/s^2]")
      ->check(between(positive, any))
      ->group(training);
  app.add_option("--batch", o.batch, "Samples of a step")->check(between(1, 1e7))->group(training);
  app.add_option("--epochs", o.epochs, "Epochs")->check(between(1, 1e9))->group(training);
  app.add_option("--steps-per-epoch", o.steps_per_epoch,
                 "Steps of an epoch with fresh states (a fixed set is gone through once)")
      ->check(between(1, 1e9))
      ->group(training);
  app.add_option(
         "--steps", o.steps,
         "Steps in all. With fresh states the epochs share them, fewer epochs where they do "
         "not divide; with a fixed set or a file they say how many epochs; 0: as the two "
         "above say")
      ->check(between(0, 1e9))
      ->group(training);
  app.add_option(
         "--optimiser", o.optimiser,
         "adam, or soap: Adam in the eigenbasis of each layer's gradients, a quarter slower a "
         "step and many steps ahead")
      ->check(CLI::IsMember({"adam", "soap"}))
      ->group(training);
  add_real(app, "--lr", o.learning_rate, "Learning rate: the first, or the peak")
      ->check(between(0, any))
      ->group(training);
  app.add_option(
         "--schedule", o.schedule,
         "constant; step: times lr-gamma every lr-step epochs; cosine: warm-up, then half a "
         "cosine; onecycle: up along half a cosine (for a --warmup of 0.3), down along "
         "another")
      ->check(CLI::IsMember({"constant", "step", "cosine", "onecycle"}))
      ->group(training);
  app.add_option("--lr-step", o.lr_step, "Epochs between drops")
      ->check(between(1, 1e9))
      ->group(training);
  add_real(app, "--lr-gamma", o.lr_gamma, "Factor of a drop")
      ->check(between(positive, 1))
      ->group(training);
  add_real(app, "--warmup", o.warmup, "Part of all steps in which the rate rises")
      ->check(between(0, 1))
      ->group(training);
  add_real(app, "--clip", o.clip, "Largest norm of the gradient; 0: no limit")
      ->check(between(0, any))
      ->group(training);
  app.add_option("--on-divergence", o.on_divergence,
                 "skip: leave a batch without a finite loss and gradient out, and go on; stop")
      ->check(CLI::IsMember({"skip", "stop"}))
      ->group(training);
  app.add_option("--shard-width", o.shard_width, "Samples a thread takes at a time")
      ->check(between(1, 1e6))
      ->group(training);

  app.add_option("--rollouts", o.rollouts,
                 "Random trajectories that judge the model; 0: only its accelerations do")
      ->check(between(0, 1e6))
      ->group("Judging");

  app.footer(
      "Examples:\n"
      "  ./train                                  learn the double pendulum in about a minute\n"
      "  ./train --preset seed                    the slides' experiment, in seconds\n"
      "  ./train --model mlp                      the same data, learnt without physics\n"
      "  ./train --data mine.csv                  a system of one's own\n"
      "  ./train --seed 7 --out runs/seven        another draw of everything random\n"
      "  ./train --config runs/default/config.toml --epochs 10\n"
      "  ./train --resume runs/default            go on where Ctrl-C stopped it\n"
      "\nExit codes: 0 ok, 2 usage, 3 diverged, 4 files, 130 interrupted.");
}

void require_consistent(const TrainOptions& o) {
  const long points = static_cast<long>(o.trajectories) * o.points;
  if (!o.data.empty() && o.model == "hnn")
    throw EndProgram(exit_usage,
                     "--model hnn needs the true momenta, which a --data file does not tell; lnn, "
                     "delan and mlp do without");
  if (o.data.empty() && o.source != "fresh" && o.batch > points)
    throw EndProgram(exit_usage, "--batch: " + std::to_string(o.batch) + " is more than the " +
                                     std::to_string(points) + " points of the data set");
  try {
    nn::activation(o.activation);
  } catch (const std::invalid_argument& error) {
    throw EndProgram(exit_usage, std::string("--activation: ") + error.what());
  }
  if (o.hidden.empty()) throw EndProgram(exit_usage, "--hidden: at least one layer is needed");
}

/// What the options leave to each other.
void resolve(TrainOptions& o) {
  if (o.initialiser == "auto") o.initialiser = o.model == "lnn" ? "rule" : "lecun";
  if (o.steps > 0 && o.data.empty()) {
    const long batches = static_cast<long>(o.trajectories) * o.points / o.batch;  // of a fixed set
    if (o.source == "fresh") {
      // As few steps an epoch as the epochs asked for allow; then the epochs that come nearest.
      const long per_epoch = (o.steps - 1) / o.epochs + 1;
      o.steps_per_epoch = static_cast<int>(per_epoch);
      o.epochs = static_cast<int>((o.steps + per_epoch / 2) / per_epoch);
    } else {
      o.epochs = static_cast<int>(std::max(1L, o.steps / batches));
    }
    o.steps = 0;
  }
  if (!o.data.empty() && o.steps == 0) o.steps = long{o.epochs} * o.steps_per_epoch;
  if (o.out.empty())
    o.out = "runs/" + (o.data.empty() ? o.preset : std::filesystem::path(o.data).stem().string());
  if (o.threads == 0) o.threads = all_threads();
}

/// The options that the checkpoint of a run tells.
TrainOptions options_of_checkpoint(const std::string& folder) {
  TrainOptions options;
  CLI::App app;
  declare(app, options);
  std::istringstream config(Checkpoint(std::filesystem::path(folder) / checkpoint_file).config());
  try {
    app.parse_from_stream(config);
    require_consistent(options);
  } catch (const std::exception& error) {
    throw IoError("the checkpoint in '" + folder +
                  "' has other options than this program: " + error.what());
  }
  options.out = options.resume = folder;
  return options;
}

/// A run that goes on is the one that began: of the flags given only those may say more.
void require_resumable(const CLI::App& app) {
  const std::set<std::string> allowed{"--resume",           "--threads",    "--quiet",
                                      "--checkpoint-every", "--stop-after", "--dry-run"};
  for (const CLI::Option* option : app.get_options())
    if (option->count() > 0 && !allowed.contains(option->get_name()))
      throw EndProgram(exit_usage, option->get_name() +
                                       " cannot be given with --resume: the run goes on with the "
                                       "options it began with");
}

}  // namespace

TrainOptions parse_train_options(int argc, const char* const* argv) {
  const auto parse_over = [&](TrainOptions options) {
    const bool resumed = !options.resume.empty();
    CLI::App app(
        "Trains a Lagrangian neural network on the double pendulum, or on data of one's own, and "
        "judges it.",
        "train");
    declare(app, options);
    parse_or_end(app, argc, argv, "./train");
    if (resumed) require_resumable(app);
    return options;
  };
  TrainOptions options = parse_over({});
  if (!options.resume.empty()) return parse_over(options_of_checkpoint(options.resume));
  if (options.preset != "default") options = parse_over(preset(options.preset).options);
  require_consistent(options);
  resolve(options);
  return options;
}

std::string to_toml(const TrainOptions& options) {
  TrainOptions copy = options;
  CLI::App app;
  declare(app, copy);
  return app.config_to_str(true, true);
}

}  // namespace tools
