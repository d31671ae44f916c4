#include "tools/app/subject.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>

#include "physics/integrate/roll_out.h"
#include "physics/systems/table.h"
#include "tools/app/compare_rates.h"
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

/// Where the parts of a file's samples begin and end.
struct Parts {
  Index learnt_end, validation_begin, held_out_begin;
};

/// From the end: what judges, before it what watches. Where there are trajectories enough, what
/// watches are whole ones; in a trajectory that is cut, the samples whose rates were estimated from
/// both sides of the cut are left out.
Parts parts_of(const OwnData& data, const TrainOptions& o) {
  const Index all = data.samples.size();
  const auto part = [&](double fraction) {
    return static_cast<Index>(std::lround(fraction * static_cast<double>(all)));
  };
  Parts parts{};
  parts.held_out_begin = std::clamp<Index>(part(1 - o.held_out), 2, all - 1);
  parts.learnt_end = parts.validation_begin = parts.held_out_begin;
  if (o.validation == 0) return parts;
  // So many tell whether a run gets better, and the rest is worth more where it is learnt.
  constexpr Index enough = 1000;
  const Index most = part(o.validation * (1 - o.held_out));
  Index begin = parts.held_out_begin - std::min(enough, most);
  Index end = begin;
  const auto trajectory = [&](Index k) {
    return data.moments[static_cast<std::size_t>(k)].trajectory;
  };
  if (!data.moments.empty() && begin > 0) {
    if (trajectory(parts.held_out_begin - 1) >= 20) {
      const auto inside = [&](Index k) { return k > 0 && trajectory(k) == trajectory(k - 1); };
      Index whole = begin;
      while (whole < parts.held_out_begin && inside(whole)) ++whole;
      if (whole == parts.held_out_begin)  // none begins there: the last one, which is longer
        for (whole = begin; inside(whole);) --whole;
      if (parts.held_out_begin - whole <= most) begin = whole;
    }
    end = begin;
    if (begin < parts.held_out_begin && data.found.estimated)
      while (end > 0 && trajectory(end - 1) == trajectory(begin) &&
             begin - end < 2 * data.fit.neighbours)
        --end;
  }
  // Too few to set some aside, or to lose those beside a cut.
  if (end < 2 || begin - end > end || begin >= parts.held_out_begin) return parts;
  return {end, begin, parts.held_out_begin};
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

void require_finite(const Eigen::MatrixXd& states, const Eigen::MatrixXd& accelerations) {
  for (Index s = 0; s < states.cols(); ++s) {
    if (accelerations.col(s).allFinite()) continue;
    std::string state;
    for (const double x : states.col(s)) state += format(" %.4g", x);
    throw EndProgram(exit_usage,
                     "--set, --angle and --velocity: the system has no finite accelerations at the "
                     "state (q; v) =" +
                         state);
  }
}

physics::DataSet label(const Simulated& simulated, const Eigen::MatrixXd& states, Random& random) {
  physics::DataSet data = physics::label(simulated.truth, states,
                                         random_controls(simulated.system, states.cols(), random));
  require_finite(states, data.accelerations.cast<double>());
  return data;
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
  compare_rates(*measured, options.data);
  if (measured->samples.size() < 3)
    throw IoError(
        format("the data in '%s': samples that they give: %td; it takes at least 3, two "
               "to learn from and one to judge by",
               options.data.c_str(), measured->samples.size()));
  for (std::size_t i = 0; i < measured->names.size(); ++i)
    coordinates.push_back(
        {measured->names[i], measured->angles[i] ? "rad" : "", measured->angles[i]});
  for (const std::string& name : measured->controls) controls.push_back({name, ""});
  std::error_code error;
  // Absolute first: of a folder that is not there yet no way leads to the file else.
  const fs::path beside = fs::proximate(options.data, fs::absolute(options.out, error), error);
  file = {measured->fingerprint, (error ? fs::path(options.data) : beside).string()};
  const Parts parts = parts_of(*measured, options);
  const auto range = [&](Index begin, Index end) {
    return physics::part_of(measured->samples, begin, end);
  };
  samples = range(0, parts.learnt_end);
  validation = range(parts.validation_begin, parts.held_out_begin);
  held_out = range(parts.held_out_begin, measured->samples.size());
  first_held_out = parts.held_out_begin;
  if (!measured->found.estimated) return;
  const auto recorded_of = [&](Index begin, Index end) {
    Recorded part{recordings_of(*measured, begin, end), {}};
    for (const physics::Recording& recording : part.recordings)
      part.estimates.push_back(physics::estimate(recording, measured->fit));
    return part;
  };
  recorded = recorded_of(0, parts.learnt_end);
  validation_recorded = recorded_of(parts.validation_begin, parts.held_out_begin);
  held_out_recorded = recorded_of(parts.held_out_begin, measured->samples.size());
  noise = physics::noise_of(recorded.recordings, measured->fit);
}

double fastest_rate(const physics::DataSet& data) {
  const Index n = data.accelerations.rows();
  double rate = 0;
  for (Index i = 0; i < n; ++i) {
    const auto v = data.states.row(n + i).cast<double>();
    const double spread = std::sqrt((v.array() - v.mean()).square().mean());
    if (spread > 0)
      rate = std::max(rate, data.accelerations.row(i).cast<double>().cwiseAbs().mean() / spread);
  }
  return rate;
}

physics::Stride Subject::stride(double times) const {
  const double rate = fastest_rate(samples), step = measured->found.time_step;
  // No fewer neighbours find place than in the first estimate, or noise would come through again;
  // in long windows twice as many.
  const Index neighbours = measured->fit.neighbours,
              shortest = std::lround(std::min(2., times) * static_cast<double>(4 * neighbours + 2));
  physics::Stride stride{.window = shortest, .neighbours = neighbours};
  if (rate > 0) {
    stride.window = std::max<Index>(shortest, std::lround(times * 0.8 / rate / step));
    stride.substeps = std::clamp<Index>(std::lround(std::ceil(step * rate / 0.15)), 1, 100);
  }
  return stride;
}

std::vector<Index> Subject::inner_rows(const Recorded& part) const {
  std::vector<Index> rows;
  Index first = 0;
  for (const physics::Recording& recording : part.recordings) {
    const Rows inner = tools::inner_rows(recording, measured->fit);
    for (Index k = inner.begin; k < inner.end; ++k) rows.push_back(first + k);
    first += recording.size();
  }
  return rows;
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
