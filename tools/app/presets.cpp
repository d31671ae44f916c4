#include "tools/app/presets.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "tools/app/text.h"

namespace tools {
namespace {

/// The slides' sweet spot, to the letter.
TrainOptions seed_preset() {
  TrainOptions o;
  o.preset = "seed";
  o.source = "trajectories";
  o.angle = 1;  // the slides give no ranges; these keep most motions between calm and chaotic
  o.velocity = 1;
  o.trajectories = 512;
  o.points = 4;
  o.hidden = {16, 16, 16};
  o.initialiser = "slides";
  o.angle_features = false;
  o.velocity_margin = 1;
  o.velocity_scale = 1;
  o.kinetic_prior = 0;
  o.loss = "mse";
  o.batch = 4;
  o.epochs = 100;
  o.optimiser = "adam";
  o.learning_rate = 1e-3;
  o.schedule = "step";
  o.lr_step = 10;
  o.lr_gamma = 0.5;
  o.clip = 0;
  return o;
}

/// The default wider, with ten times the time.
TrainOptions best_preset() {
  TrainOptions o;
  o.preset = "best";
  o.hidden = {128, 128, 128};
  o.velocity_margin = 1.25;
  o.batch = 256;
  o.shard_width = 64;
  o.epochs = 50;
  o.steps_per_epoch = 2000;
  return o;
}

/// The set-up of Cranmer et al. 2020: width, loss and data, raw angles and velocities.
TrainOptions paper_preset() {
  TrainOptions o;
  o.preset = "paper";
  o.hidden = {600, 600, 600};
  o.angle_features = false;
  o.velocity_margin = 1;
  o.velocity_scale = 1;
  o.kinetic_prior = 0;
  o.loss = "l1";
  o.batch = 512;
  o.epochs = 600;
  o.steps_per_epoch = 1000;
  o.optimiser = "adam";
  o.learning_rate = 1e-3;
  o.clip = 0;
  return o;
}

/// Any system, and any file: all scales come from the data.
TrainOptions any_preset() {
  TrainOptions o;
  o.preset = "any";
  o.source = "trajectories";
  o.trajectories = 1000;
  o.points = 50;
  o.model = "auto";
  o.learn = "auto";
  o.friction = "auto";
  o.learning_rate = 5e-3;  // half of the default's: no system sticks
  o.velocity_scale.reset();
  o.kinetic_prior.reset();
  o.target_scale.reset();
  return o;
}

/// Lines "name=value" without the sections and comments around them.
std::vector<std::string> assignments(const TrainOptions& options) {
  std::istringstream toml(to_toml(options));
  std::vector<std::string> found;
  for (std::string line; std::getline(toml, line);)
    if (line.find('=') != std::string::npos && line[0] != '#') found.push_back(line);
  return found;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all{
      {"default", "the double pendulum in its whole phase space, in half a minute", TrainOptions()},
      {"best", "the same in eight minutes", best_preset()},
      {"seed", "the slides' sweet spot to the letter, in seconds", seed_preset(),
       "the slides' learning rate is far from the best of their own grid: with --lr 0.01 errors "
       "are "
       "ten times smaller"},
      {"paper", "the published set-up; a day on a laptop, so give it --steps", paper_preset()},
      {"any", "whatever --system or --data names, in about a minute", any_preset(), "",
       /*of_any_system=*/true},
  };
  return all;
}

const Preset& preset_of_any_system() {
  return *std::ranges::find(presets(), true, &Preset::of_any_system);
}

const Preset& preset(const std::string& name) {
  const auto found = std::ranges::find(presets(), name, &Preset::name);
  if (found != presets().end()) return *found;
  std::string known;
  for (const Preset& one : presets()) known += (known.empty() ? "" : ", ") + one.name;
  throw EndProgram(exit_usage, "--preset: '" + name + "' is unknown; it must be one of " + known);
}

std::string list_of_presets() {
  const std::vector<std::string> base = assignments(TrainOptions());
  const std::set<std::string> in_default(base.begin(), base.end());
  std::string text;
  for (const Preset& one : presets()) {
    text += one.name + ": " + one.what + '\n';
    std::string row;
    for (const std::string& assignment : assignments(one.options)) {
      if (in_default.contains(assignment) || assignment.starts_with("preset=")) continue;
      row += " --" + assignment;
    }
    std::istringstream lines(wrapped(row, 94));
    for (std::string line; std::getline(lines, line);) text += "    " + line + '\n';
  }
  return text + "\nOptions not named are the default's: ./train --help";
}

}  // namespace tools
