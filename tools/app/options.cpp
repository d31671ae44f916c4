#include "tools/app/options.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <set>

#include "nn/layers/activation.h"
#include "nn/models/models.h"
#include "tools/app/checkpoint.h"
#include "tools/app/data_file.h"
#include "tools/app/flags.h"
#include "tools/app/presets.h"
#include "tools/app/run_folder.h"
#include "tools/app/subject.h"
#include "tools/app/text.h"
#include "tools/app/toml.h"

namespace tools {
namespace {

std::string comma_separated(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
  return text;
}

/// "64,64" is two layers. Throws std::invalid_argument that says what is wrong.
std::vector<int> widths(const std::string& text) {
  constexpr int largest = 100'000;
  std::vector<int> found;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string width = text.substr(begin, end - begin);
    if (const std::string wrong = whole(1, largest).wrong(width); !wrong.empty())
      throw std::invalid_argument(in_quotes(text) + ": " + wrong);
    found.push_back(std::stoi(width));
    begin = end + 1;
  }
  return found;
}

/// A name that stays right in whatever folder a program is started.
std::string from_anywhere(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path found = std::filesystem::absolute(path, error);
  return error ? path.string() : found.string();
}

/// Are the batches drawn anew each time, and not cut from a fixed set or a file?
bool draws_afresh(const TrainOptions& o) { return o.data.empty() && o.source == "fresh"; }

std::vector<std::string> names_of_models() {
  std::vector<std::string> names;
  for (const nn::ModelKind& kind : nn::model_kinds()) names.push_back(kind.name);
  names.push_back("auto");
  return names;
}

/// Every model, a line each.
std::string list_of_models() {
  std::string text;
  for (const nn::ModelKind& kind : nn::model_kinds())
    text += (text.empty() ? "" : "\n") + kind.name + ": " + kind.what;
  return text;
}

void declare(Flags& flags, TrainOptions& o) {
  flags.set_version("lagrange 0.1.0");
  flags.add("--config", o.config, "Read options from a TOML file; flags come over it")
      .check(not_empty())
      .only_on_command_line();
  flags.add(
      "--preset", o.preset,
      "Where all options start from: default, the double pendulum in half a minute; best, the "
      "same in eight; seed, the slides' sweet spot to the letter; paper, the published set-up "
      "(a day on a laptop: give it --steps); any, where --system or --data is given");
  flags
      .add_switch(
          "--list-presets", [] { throw EndProgram(exit_ok, list_of_presets()); },
          "Print every preset with its options and exit")
      .only_on_command_line();

  const std::string run = "Run";
  flags
      .add("--out", o.out,
           "Folder for the results (default: runs/<preset>, or runs/<name of the system or of the "
           "data file>)")
      .check(not_empty())
      .group(run);
  flags.add("--seed", o.seed, "Seed of all random numbers")
      .check(whole(0, std::numeric_limits<std::uint64_t>::max()))
      .group(run);
  flags.add("--threads", o.threads, "OpenMP threads; 0: one for each core")
      .check(whole(0, 4096))
      .group(run);
  // Says nothing about what the run computes: not in config.toml, and allowed with --resume.
  flags.add_switch("--quiet", o.quiet, "Print nothing but errors")
      .only_on_command_line()
      .group(run);
  flags
      .add_switch("--dry-run", o.dry_run,
                  "Print all options as TOML and how much there is to do, and end")
      .only_on_command_line()
      .group(run);
  flags
      .add("--resume", o.resume,
           "Folder of a run that was stopped: it goes on bit for bit as if it had not been")
      .check(not_empty())
      .only_on_command_line()
      .group(run);
  flags
      .add("--checkpoint-every", o.checkpoint_every,
           "At least so often a checkpoint is written; 0: only where it stops [s]")
      .check(between(0, any))
      .only_on_command_line()
      .group(run);
  flags.add("--stop-after", o.stop_after, "Stop after so many steps, as by Ctrl-C; 0: do not")
      .check(whole(0, 1'000'000'000'000))
      .only_on_command_line()
      .group(run);

  const std::string system = "System";
  flags.add("--system", o.system, "What is learnt: one of --list-systems").group(system);
  flags
      .add("--set", o.set,
           "Parameters of the system, as in k=40,m=1; the others are as --list-systems tells")
      .group(system);
  flags
      .add_switch(
          "--list-systems", [] { throw EndProgram(exit_ok, list_of_systems()); },
          "Print every system with its coordinates and parameters and exit")
      .only_on_command_line()
      .group(system);

  const std::string data = "Data";
  flags
      .add("--data", o.data,
           "CSV file to learn from instead of a simulated system; its first line names the "
           "columns, as in t,theta:angle,theta' (docs/data.md)")
      .check(not_empty())
      .group(data);
  flags
      .add("--held-out", o.held_out,
           "Part of the file, from its end, that is not learnt but judges")
      .check(between(0.001, 0.9))
      .group(data);
  flags
      .add(
          "--validation", o.validation,
          "Part of the rest that is not learnt either but watches: where the last weights do worse "
          "there, the best are kept; 0: those of the last step")
      .check(between(0, 0.9))
      .group(data);
  flags
      .add("--source", o.source,
           "fresh: new random states in every batch; fixed: trajectories x points random states, "
           "drawn once; trajectories: points of integrated trajectories")
      .check(one_of({"fresh", "fixed", "trajectories"}))
      .group(data);
  flags
      .add("--angle", o.angle,
           "Angles start within +- this [rad]; 0: within the system's own region")
      .check(between(0, any))
      .group(data);
  flags
      .add("--velocity", o.velocity,
           "Velocities start within +- this; 0: within the system's own region")
      .check(between(0, any))
      .group(data);
  flags
      .add("--velocity-margin", o.velocity_margin,
           "Velocities of random training states reach this many times as far as those of starts: "
           "motions get faster")
      .check(between(positive, any))
      .group(data);
  flags.add("--trajectories", o.trajectories, "Trajectories in the fixed set")
      .check(whole(1, 10'000'000))
      .group(data);
  flags.add("--points", o.points, "Points taken from each, evenly in time")
      .check(whole(2, 1'000'000))
      .group(data);
  flags.add("--duration", o.duration, "Length of a trajectory [s]; 0: as is usual for the system")
      .check(between(0, 1e6))
      .group(data);

  const std::string model = "Model";
  flags
      .add("--model", o.model,
           [] {
             std::string all;
             for (const nn::ModelKind& kind : nn::model_kinds())
               all += kind.name + ": " + kind.what + "; ";
             return all + "auto: pullback of a file, field of a ring, else lnn";
           }())
      .check(one_of(names_of_models()))
      .group(model);
  flags
      .add_switch(
          "--list-models", [] { throw EndProgram(exit_ok, list_of_models()); },
          "Print every model and exit")
      .only_on_command_line()
      .group(model);
  flags
      .add(
          "--hidden", [&o](const std::string& text) { o.hidden = widths(text); },
          comma_separated(o.hidden),
          "Widths of the hidden layers, as in 64,64; left out, a pullback of a file has 32,32")
      .group(model);
  flags
      .add("--activation", o.activation,
           "softplus, tanh, sigmoid, silu, gelu or sin; relu where the network is not "
           "differentiated")
      .group(model);
  flags
      .add("--initialiser", o.initialiser,
           "First weights. rule: found for Lagrangian networks, from the layers' widths; "
           "slides: the slides' numbers; lecun: 1/sqrt(inputs); auto: rule for lnn and "
           "field, lecun for the others")
      .check(one_of({"auto", "rule", "slides", "lecun"}))
      .group(model);
  flags.add("--angle-features", o.angle_features, "Angles enter as (cos, sin)").group(model);
  flags
      .add("--velocity-scale", o.velocity_scale, positive,
           "Velocities enter times this; auto: each as the data spread")
      .group(model);
  flags
      .add("--kinetic-prior", o.kinetic_prior, 0,
           "a of the term a/2 |v|^2 added to L; auto: each as the data spread")
      .group(model);
  flags
      .add("--friction", o.friction,
           "Learn a friction Q = -R v beside the model, R = C C': none; linear, C constant; "
           "network, C a network of the coordinates; auto: linear where a short trial of a file "
           "gains by it")
      .check(one_of({"none", "linear", "network", "auto"}))
      .group(model);

  const std::string training = "Training";
  flags
      .add("--learn", o.learn,
           "What the loss compares. accelerations; trajectories: the learnt law is integrated over "
           "short windows of what was measured, whose starts are learnt, too; auto: trajectories "
           "where those in the file have less than ten rows, else accelerations")
      .check(one_of({"accelerations", "trajectories", "auto"}))
      .group(training);
  flags
      .add("--window", o.window,
           "Measured points of a window behind its start; 0: as many as three steps span")
      .check(whole(0, 10'000))
      .group(training);
  flags
      .add("--span", o.span,
           "Measured points that a step of the integrator spans; 0: as the motion allows")
      .check(whole(0, 10'000))
      .group(training);
  flags
      .add("--substeps", o.substeps,
           "Steps of the integrator from one point to the next; 0: as the motion needs")
      .check(whole(0, 1000))
      .group(training);
  flags
      .add("--guess-steps", o.guess_steps,
           "Steps by which accelerations, estimated from the data, are learnt first")
      .check(whole(0, 1'000'000'000))
      .group(training);
  flags.add("--agreement", o.agreement, "Weight with which neighbouring windows have to agree")
      .check(between(0, any))
      .group(training);
  flags
      .add("--rounds", o.rounds,
           "The steps are done in so many rounds, in each of which the rate rises and falls. "
           "Where accelerations are estimated, they are again before each, with the help of what "
           "has been learnt; 0: as the data need")
      .check(whole(0, 1000))
      .group(training);
  flags.add("--loss", o.loss, "mse, l1 or huber, of what is compared")
      .check(one_of({"mse", "l1", "huber"}))
      .group(training);
  flags
      .add("--target-scale", o.target_scale, positive,
           "Accelerations are compared (and put out by an mlp) in units of this; auto: each in its "
           "mean size")
      .group(training);
  flags.add("--batch", o.batch, "Samples of a step; left out, a small file has fewer in one")
      .check(whole(1, 10'000'000))
      .group(training);
  flags.add("--epochs", o.epochs, "Epochs; of a fixed set or a file: how often it is gone through")
      .check(whole(1, 1'000'000'000))
      .group(training);
  flags.add("--steps-per-epoch", o.steps_per_epoch, "Steps of an epoch with fresh states")
      .check(whole(1, 1'000'000'000))
      .group(training);
  flags
      .add("--steps", o.steps,
           "Steps in all. With fresh states the epochs share them; a fixed set or a file is "
           "gone through until they are done, once an epoch; the last epoch may be shorter; 0: as "
           "the two above say; beside --data, without this and --epochs: as many as suit the file")
      .check(whole(0, 1'000'000'000))
      .group(training);
  flags
      .add("--optimiser", o.optimiser,
           "sgd, with a momentum of 0.9; adam; or soap: Adam in the eigenbasis of each layer's "
           "gradients, a quarter slower a step and many steps ahead")
      .check(one_of({"sgd", "adam", "soap"}))
      .group(training);
  flags.add("--lr", o.learning_rate, "Learning rate: the first, or the peak")
      .check(between(0, any))
      .group(training);
  flags
      .add("--schedule", o.schedule,
           "constant; step: times lr-gamma every lr-step epochs; cosine: warm-up, then half a "
           "cosine; onecycle: up along half a cosine (for a --warmup of 0.3), down along "
           "another")
      .check(one_of({"constant", "step", "cosine", "onecycle"}))
      .group(training);
  flags.add("--lr-step", o.lr_step, "Epochs between drops")
      .check(whole(1, 1'000'000'000))
      .group(training);
  flags.add("--lr-gamma", o.lr_gamma, "Factor of a drop")
      .check(between(positive, 1))
      .group(training);
  flags.add("--warmup", o.warmup, "Part of all steps in which the rate rises")
      .check(between(0, 1))
      .group(training);
  flags.add("--clip", o.clip, "Largest norm of the gradient; 0: no limit")
      .check(between(0, any))
      .group(training);
  flags
      .add("--patience", o.patience,
           "Part of all steps that may go by while --validation gains nothing; then training ends; "
           "1: never before the last step")
      .check(between(0.001, 1))
      .group(training);
  flags
      .add("--restarts", o.restarts,
           "So often a start that sticks is begun again from other first weights")
      .check(whole(0, 100))
      .group(training);
  flags
      .add("--on-divergence", o.on_divergence,
           "skip: leave a batch without a finite loss and gradient out, and go on; stop")
      .check(one_of({"skip", "stop"}))
      .group(training);
  flags.add("--shard-width", o.shard_width, "Samples a thread takes at a time")
      .check(whole(1, 1'000'000))
      .group(training);

  flags
      .add("--rollouts", o.rollouts,
           "Random trajectories that judge the model; 0: only its accelerations do")
      .check(whole(0, 1'000'000))
      .group("Judging");

  flags.set_footer(
      "Examples:\n"
      "  ./train                                  learn the double pendulum in half a minute\n"
      "  ./train --preset seed                    the slides' experiment, in seconds\n"
      "  ./train --model mlp                      the same data, learnt without physics\n"
      "  ./train --system kepler                  any system of --list-systems\n"
      "  ./train --system chain --set n=3,l=0.5   with other parameters\n"
      "  ./train --data mine.csv                  a system of one's own\n"
      "  ./train --seed 7 --out runs/seven        another draw of everything random\n"
      "  ./train --config runs/default/config.toml --epochs 10\n"
      "  ./train --resume runs/default            go on where Ctrl-C stopped it\n"
      "\nExit codes: 0 ok, 2 usage, 3 diverged, 4 files, 130 interrupted.");
}

/// What --model auto is: of a system the first that fits. What people measure are masses on rods,
/// wheels and springs, mostly.
const nn::ModelKind& model_for(const TrainOptions& o) {
  if (!o.data.empty()) return nn::find_model_kind("pullback");
  return *std::ranges::find(nn::model_kinds(), system_of(o).ring, &nn::ModelKind::of_rings);
}

const nn::ModelKind& kind_of(const TrainOptions& o) {
  if (o.model != "auto") return nn::find_model_kind(o.model);
  return o.data.empty() ? nn::model_kinds().front() : model_for(o);
}

/// Some options, and when they have an effect.
struct Rule {
  std::vector<std::string> options;
  bool (*matter)(const TrainOptions&);
  const char* otherwise;  ///< what keeps them from it
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all{
      {{"system", "set", "source", "angle", "velocity", "velocity-margin", "trajectories", "points",
        "duration", "steps-per-epoch", "rollouts"},
       [](const TrainOptions& o) { return o.data.empty(); },
       "beside --data: they are of a simulated system"},
      {{"held-out", "validation", "patience"},
       [](const TrainOptions& o) { return !o.data.empty(); },
       "without --data"},
      {{"patience"},
       [](const TrainOptions& o) { return o.validation > 0; },
       "without --validation"},
      {{"velocity-margin"},
       [](const TrainOptions& o) { return o.source != "trajectories"; },
       "with --source trajectories"},
      {{"trajectories", "points"},
       [](const TrainOptions& o) { return o.source != "fresh"; },
       "with --source fresh"},
      {{"steps-per-epoch"},
       [](const TrainOptions& o) { return o.source == "fresh"; },
       "with a fixed set: an epoch goes through it once"},
      {{"steps-per-epoch"},
       [](const TrainOptions& o) { return o.steps == 0; },
       "beside --steps: the epochs share those"},
      {{"epochs"},
       [](const TrainOptions& o) { return o.steps == 0 || draws_afresh(o); },
       "beside --steps: a fixed set or a file is gone through until those are done"},
      {{"velocity-scale"},
       [](const TrainOptions& o) { return kind_of(o).sees_velocities; },
       "with this --model: its networks see coordinates only"},
      {{"kinetic-prior"},
       [](const TrainOptions& o) { return kind_of(o).has_kinetic_prior; },
       "with this --model: it has no such term"},
      {{"friction"},
       [](const TrainOptions& o) { return kind_of(o).has_friction; },
       "with this --model: it has no forces"},
      {{"window", "span", "substeps", "guess-steps", "agreement"},
       [](const TrainOptions& o) { return o.learn != "accelerations"; },
       "with --learn accelerations"},
      {{"lr-step", "lr-gamma"},
       [](const TrainOptions& o) { return o.schedule == "step"; },
       "without --schedule step"},
      {{"warmup"},
       [](const TrainOptions& o) { return o.schedule == "cosine" || o.schedule == "onecycle"; },
       "without --schedule cosine or onecycle"},
  };
  return all;
}

/// Why an option has no effect beside the others; null: it has one.
const char* no_effect(const std::string& name, const TrainOptions& options) {
  for (const Rule& rule : rules())
    if (std::ranges::find(rule.options, name) != rule.options.end() && !rule.matter(options))
      return rule.otherwise;
  return nullptr;
}

/// Says which of these have no effect. They do not end the program: scripts give the same options
/// to many models.
void tell_no_effect(const std::set<std::string>& names, const TrainOptions& options) {
  std::map<std::string, std::vector<std::string>> because;
  for (const std::string& name : names)
    if (const char* reason = no_effect(name, options)) because[reason].push_back("--" + name);
  for (const auto& [reason, flags] : because) {
    std::string list;
    for (const std::string& flag : flags) list += (list.empty() ? "" : ", ") + flag;
    std::cerr << "train: " << list << (flags.size() == 1 ? " has" : " have") << " no effect "
              << reason << '\n';
  }
}

void require_consistent(const TrainOptions& o) {
  if (const nn::ModelKind& kind = kind_of(o); o.data.empty()) {
    if (kind.of_rings && !system_of(o).ring)
      throw EndProgram(exit_usage, "--model " + kind.name + ": " + kind.what +
                                       ", and the coordinates of " + o.system + " are none");
  } else {
    std::string others;
    for (const nn::ModelKind& other : nn::model_kinds())
      if (!other.needs_lagrangian && !other.needs_positions)
        others += (others.empty() ? "" : ", ") + other.name;
    if (kind.needs_lagrangian || kind.needs_positions)
      throw EndProgram(
          exit_usage,
          "--model " + kind.name + " needs " +
              (kind.needs_lagrangian ? "the true momenta" : "to know where the masses are") +
              ", which a --data file does not tell; " + others + " do without");
  }
  const long points = static_cast<long>(o.trajectories) * o.points;
  if (o.data.empty() && o.source != "fresh" && o.batch > points)
    throw EndProgram(exit_usage, "--batch: " + std::to_string(o.batch) + " is more than the " +
                                     std::to_string(points) + " points of the data set");
  try {
    kind_of(o).differentiated ? nn::smooth_activation(o.activation) : nn::activation(o.activation);
  } catch (const std::invalid_argument& error) {
    throw EndProgram(exit_usage, std::string("--activation: ") + error.what());
  }
}

/// What the options leave to each other. `given` are the names of those that were not left out.
void resolve(TrainOptions& o, const std::set<std::string>& given) {
  if (o.model == "auto") o.model = model_for(o).name;
  if (o.initialiser == "auto")
    o.initialiser = kind_of(o).initialiser == nn::Initialiser::rule ? "rule" : "lecun";
  if (!o.data.empty() && !given.contains("steps") && !given.contains("epochs"))
    o.steps = steps_by_data;
  o.batch_by_data = !o.data.empty() && !given.contains("batch");
  // Where points are, as functions of the coordinates alone, a smaller network learns as well.
  if (!o.data.empty() && preset(o.preset).of_any_system && o.model == "pullback" &&
      !given.contains("hidden"))
    o.hidden = {32, 32};
  if (o.out.empty())
    o.out = "runs/" + (!o.data.empty() ? std::filesystem::path(o.data).stem().string()
                       : preset(o.preset).of_any_system ? o.system
                                                        : o.preset);
  if (o.data.empty()) {
    const physics::System system = system_of(o);
    if (o.duration == 0) o.duration = system.duration;
    // More coordinates, dearer steps and motions: fewer of them, for a run to stay within a minute.
    // The sites of a ring are samples of one small network.
    if (preset(o.preset).of_any_system) {
      // More coordinates stick more easily.
      if (!given.contains("lr") && system.n() > 2) o.learning_rate *= 0.6;
      const long many = std::max<long>(4, system.n());
      const auto unless_given = [&](const char* name, auto& value, auto fewer) {
        if (!given.contains(name)) value = fewer;
      };
      if (!given.contains("epochs"))
        unless_given("steps", o.steps, std::clamp(100'000 / system.n(), 4000L, 40'000L));
      unless_given("rollouts", o.rollouts, static_cast<int>(4000 / many));
      if (system.ring) {
        unless_given("hidden", o.hidden, std::vector{16, 16, 16});
        unless_given("batch", o.batch, static_cast<int>(std::max(4L, 256 / many)));
      }
    }
  }
  if (!o.data.empty()) o.data = from_anywhere(o.data);
  if (o.threads == 0) o.threads = all_threads();
}

/// Sets options as TOML says; the names of those that it changes. Throws std::invalid_argument that
/// names the line.
std::set<std::string> set_by_toml(const std::string& toml, TrainOptions& options) {
  Flags flags("./train");
  declare(flags, options);
  const std::vector<FlagState> all = flags.list();
  std::set<std::string> changed;
  for (const auto& [key, value, line] : parse_toml(toml)) {
    const std::string where = "line " + std::to_string(line) + ": ";
    const auto flag = std::ranges::find(all, key, &FlagState::name);
    if (flag == all.end())
      throw std::invalid_argument(where + "there is no option '" + key + "'" + flags.nearest(key));
    if (!flag->configurable)
      throw std::invalid_argument(where + "--" + key + " can only be given on the command line");
    if (value != flag->initial) changed.insert(key);
    try {
      flags.set(key, value);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(where + error.what());
    }
  }
  return changed;
}

/// What a command line says over these options.
struct CommandLine {
  TrainOptions options;
  std::set<std::string> given;  ///< names of the options in it

  CommandLine(int argc, const char* const* argv, TrainOptions base) : options(std::move(base)) {
    Flags flags(
        "./train",
        "Trains a Lagrangian neural network on a mechanical system, or on data of one's own, "
        "and judges it.");
    declare(flags, options);
    flags.parse_or_end(argc, argv);
    for (const FlagState& flag : flags.list())
      if (flag.given) given.insert(flag.name);
  }
};

TrainOptions new_run(int argc, const char* const* argv) {
  const CommandLine first(argc, argv, {});
  const std::string& config = first.options.config;
  std::string toml, preset_name = first.options.preset;
  std::set<std::string> given;  // also where nothing is changed by it
  try {
    if (!config.empty()) {
      toml = read_file(config);
      for (const auto& [key, value, line] : parse_toml(toml)) {
        given.insert(key);
        if (key == "preset" && !first.given.contains(key)) preset_name = value;
      }
    }
    given.insert(first.given.begin(), first.given.end());
    if (!given.contains("preset") && (given.contains("system") || given.contains("data")))
      preset_name = preset_of_any_system().name;
    TrainOptions options = preset(preset_name).options;
    std::set<std::string> changed = set_by_toml(toml, options);
    CommandLine last(argc, argv, options);
    last.options.preset = preset_name;
    changed.insert(last.given.begin(), last.given.end());
    require_consistent(last.options);
    resolve(last.options, given);
    tell_no_effect(changed, last.options);
    return last.options;
  } catch (const std::invalid_argument& error) {
    throw EndProgram(exit_usage, "--config: '" + config + "': " + error.what());
  }
}

/// A run that goes on is the one that began: of the flags given only those may say more.
void require_resumable(const std::set<std::string>& given) {
  const std::set<std::string> allowed{"resume",           "threads",    "quiet",  "data",
                                      "checkpoint-every", "stop-after", "dry-run"};
  for (const std::string& name : given)
    if (!allowed.contains(name))
      throw EndProgram(exit_usage, "--" + name +
                                       " cannot be given with --resume: the run goes on with the "
                                       "options it began with");
}

TrainOptions resumed_run(int argc, const char* const* argv, const std::string& folder) {
  const Checkpoint checkpoint(std::filesystem::path(folder) / checkpoint_file);
  TrainOptions options;
  try {
    set_by_toml(checkpoint.config(), options);
    require_consistent(options);
  } catch (const std::exception& error) {
    throw IoError("the checkpoint in '" + folder +
                  "' has other options than this program: " + error.what());
  }
  const std::string data = options.data;
  CommandLine last(argc, argv, options);
  require_resumable(last.given);
  const bool told = last.given.contains("data");
  if (told && data.empty())
    throw EndProgram(exit_usage, "--data: the run in '" + folder + "' learns from no file");
  if (!data.empty()) try {
      last.options.data = checkpoint.find_data(
          told ? std::vector<std::filesystem::path>{last.options.data}
               : std::vector{std::filesystem::path(folder) / checkpoint.data().beside,
                             std::filesystem::path(data)});
    } catch (const IoError& error) {
      throw IoError(error.what() + std::string("; if they lie elsewhere now, --data says where"));
    }
  last.options.out = folder;
  if (last.options.threads == 0) last.options.threads = all_threads();
  return last.options;
}

}  // namespace

TrainOptions parse_train_options(int argc, const char* const* argv) {
  const CommandLine first(argc, argv, {});
  return first.options.resume.empty() ? new_run(argc, argv)
                                      : resumed_run(argc, argv, first.options.resume);
}

std::string to_toml(const TrainOptions& options) {
  TrainOptions copy = options;
  Flags flags("./train");
  declare(flags, copy);
  std::string toml, group;
  for (const FlagState& flag : flags.list()) {
    if (!flag.configurable || flag.initial.empty() || no_effect(flag.name, options) != nullptr)
      continue;
    if (flag.name == "steps" && options.steps == steps_by_data) continue;
    if (flag.group != group) toml += "\n# ---- " + flag.group + '\n';
    group = flag.group;
    toml += "\n# " + flag.description + '\n' + flag.name + '=' +
            (flag.is_text ? toml_string(flag.initial) : flag.initial) + '\n';
  }
  return toml.substr(1);
}

}  // namespace tools
