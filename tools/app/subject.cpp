#include "tools/app/subject.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <tuple>

#include "physics/integrate/roll_out.h"
#include "physics/systems/table.h"
#include "tools/app/flags.h"
#include "tools/app/text.h"

namespace tools {

using autodiff::Index;
using autodiff::Random;

namespace {

/// The box with its velocities stretched about their middle.
physics::StateBox stretched(physics::StateBox box, Index n, double margin) {
  const Eigen::VectorXd middle = (box.low + box.high).tail(n) / 2;
  box.low.tail(n) = middle + margin * (box.low.tail(n) - middle);
  box.high.tail(n) = middle + margin * (box.high.tail(n) - middle);
  return box;
}

std::string with_unit(const std::string& name, const std::string& unit) {
  return unit.empty() ? name : name + " [" + unit + ']';
}

/// Ends the program where --set, --angle or --velocity leave no state to start from.
void require_typical_states(const physics::System& system, const std::string& name) {
  try {
    Random random(0);
    if (system.typical) random_starts(system, random, 1);
  } catch (const std::invalid_argument& error) {
    throw EndProgram(exit_usage, "--set, --angle and --velocity leave no states of " + name +
                                     " to start from: " + error.what());
  }
}

}  // namespace

Eigen::MatrixXd random_controls(const physics::System& system, Index count, Random& random) {
  Eigen::MatrixXd controls(system.k(), count);
  for (Index s = 0; s < count; ++s)
    for (Index i = 0; i < system.k(); ++i)
      controls(i, s) = random.uniform(-system.control_range[i], system.control_range[i]);
  return controls;
}

physics::DataSet label(const Simulated& simulated, const Eigen::MatrixXd& states, Random& random) {
  return physics::label(simulated.truth, states,
                        random_controls(simulated.system, states.cols(), random));
}

std::string list_of_systems() {
  std::string text;
  for (const physics::Family& family : physics::systems()) {
    const physics::System system = make_system(family);
    text += family.name + ": " + family.what + "\n    coordinates";
    for (const physics::Coordinate& c : system.coordinates) text += ' ' + with_unit(c.name, c.unit);
    for (const physics::Coordinate& c : system.controls)
      text += (&c == &system.controls.front() ? "; controls " : " ") + with_unit(c.name, c.unit);
    text += '\n';
    for (const physics::Parameter& p : family.parameters)
      text += format("    %-22s %s\n", (p.name + '=' + shortest(p.value)).c_str(),
                     with_unit(p.what, p.unit).c_str());
  }
  text += "\nBeside its own, every system takes\n";
  for (const physics::Parameter& p : physics::parameters_beside())
    text += format("    %-22s %s\n", (p.name + '=' + shortest(p.value)).c_str(),
                   with_unit(p.what, p.unit).c_str());
  return text + "\nAs in: ./train --system " + physics::systems().front().name +
         ";  other parameters: --set name=number,name=number";
}

physics::System system_of(const TrainOptions& o) {
  const physics::Family* family = nullptr;
  try {
    family = &physics::find_system(o.system);
  } catch (const std::invalid_argument& error) {
    throw EndProgram(exit_usage, std::string("--system: ") + error.what());
  }
  physics::System system = [&] {
    try {
      return make_system(*family, o.set);
    } catch (const std::invalid_argument& error) {
      throw EndProgram(exit_usage, std::string("--set: ") + error.what());
    }
  }();
  const Index n = system.n();
  for (Index i = 0; i < n; ++i) {
    if (o.angle > 0 && system.coordinates[static_cast<std::size_t>(i)].angle) {
      system.region.low[i] = -o.angle;
      system.region.high[i] = o.angle;
    }
    if (o.velocity > 0) {
      system.region.low[n + i] = -o.velocity;
      system.region.high[n + i] = o.velocity;
    }
  }
  require_typical_states(system, o.system);
  return system;
}

Subject::Subject(const TrainOptions& options) {
  if (options.data.empty()) {
    simulated.emplace(system_of(options));
    if (simulated->system.timed)
      throw EndProgram(
          exit_usage,
          "--set drive: no model here sees the time that such a force depends on; "
          "tools/simulate writes such motions, and a force in a column name:control can "
          "be learnt from");
    coordinates = simulated->system.coordinates;
    controls = simulated->system.controls;
    return;
  }
  namespace fs = std::filesystem;
  measured = read_data(options.data);
  for (std::size_t i = 0; i < measured->names.size(); ++i)
    coordinates.push_back(
        {measured->names[i], measured->angles[i] ? "rad" : "", measured->angles[i]});
  for (const std::string& name : measured->controls) controls.push_back({name, ""});
  std::error_code error;
  const fs::path beside = fs::proximate(options.data, options.out, error);
  file = {measured->fingerprint, (error ? fs::path(options.data) : beside).string()};
  std::tie(samples, held_out) = physics::split(measured->samples, 1 - options.held_out);
}

Eigen::MatrixXd trajectory_states(const TrainOptions& options, const Simulated& simulated,
                                  Index trajectories, Random& random) {
  const auto times = Eigen::VectorXd::LinSpaced(options.points, 0, options.duration);
  const auto rolled_out =
      physics::roll_out(simulated.truth, random_starts(simulated.system, random, trajectories),
                        times, for_truth(), options.threads);
  if (const std::string stopped = stopped_early(rolled_out); !stopped.empty())
    std::cerr << "of the data set, " << stopped << '\n';
  return points_of(rolled_out).y;
}

Eigen::MatrixXd region_states(const Simulated& simulated, Index count, Random& random,
                              double margin) {
  const physics::System& system = simulated.system;
  return random_starts(system, stretched(system.region, system.n(), margin), random, count);
}

physics::Rk45Options for_truth() {
  // A law computed in single precision has no more digits to follow.
  constexpr double digits =
      10. * static_cast<double>(std::numeric_limits<autodiff::Scalar>::epsilon());
  constexpr double tolerance = std::max(1e-8, digits);
  return {.rtol = tolerance, .atol = tolerance};
}

physics::Rk45Options for_learnt(double tolerance, long steps_of_truth) {
  // A formula of fifth order takes (1e-8 / tolerance)^(1/5) times as many steps.
  const double steps =
      500 + 2 * static_cast<double>(steps_of_truth) * std::pow(for_truth().rtol / tolerance, 0.2);
  return {.rtol = tolerance, .atol = tolerance, .max_steps = std::lround(steps)};
}

}  // namespace tools
