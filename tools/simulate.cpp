// tools/simulate: motion of a system as a CSV file, as an instrument would record it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <numbers>

#include "physics/integrate/roll_out.h"
#include "tools/app/flags.h"
#include "tools/app/memory.h"
#include "tools/app/run_folder.h"
#include "tools/app/subject.h"
#include "tools/app/text.h"

namespace {

namespace fs = std::filesystem;
using autodiff::Index;
using autodiff::Random;

constexpr std::int64_t most_rows = 100'000'000;

struct SimulateOptions {
  tools::TrainOptions of;  // its system, set, angle, velocity, duration [s] and seed
  int states = 100'000;    // random ones; with trajectories: none
  int trajectories = 0;    // over time
  double step = 0.01;      // between its rows [s]
  std::string columns = "accelerations";
  double noise = 0;
  std::string out;
};

SimulateOptions parse(int argc, char** argv) {
  SimulateOptions o;
  tools::Flags flags(
      "tools/simulate",
      "Writes motion of a system as CSV, for ./train --data: random states with their "
      "accelerations, or trajectories over time.");
  flags.add("--out", o.out, "File to write (default: standard output)").check(tools::not_empty());
  flags.add("--seed", o.of.seed, "Seed of all random numbers")
      .check(tools::whole(0, std::numeric_limits<std::uint64_t>::max()));
  flags.add("--system", o.of.system, "Which system: one of ./train --list-systems");
  flags.add("--set", o.of.set, "Its parameters, as in k=40,m=1; the others are the defaults");
  const std::string what = "What";
  flags
      .add("--angle", o.of.angle,
           "Angles of random states lie within +- this [rad]; 0: within the system's own region")
      .check(tools::between(0, tools::any))
      .group(what);
  flags.add("--velocity", o.of.velocity, "and velocities within +- this; 0: as above")
      .check(tools::between(0, tools::any))
      .group(what);
  flags.add("--states", o.states, "Random states, a row each")
      .check(tools::whole(1, most_rows))
      .group(what);
  flags
      .add("--trajectories", o.trajectories,
           "Instead of states by themselves: so many trajectories over time")
      .check(tools::whole(1, 10'000'000))
      .group(what);
  flags
      .add("--duration", o.of.duration, "Length of a trajectory [s]; 0: as is usual for the system")
      .check(tools::between(0, 1e6))
      .group(what);
  flags.add("--step", o.step, "Time between its rows [s]")
      .check(tools::between(1e-6, 1e6))
      .group(what);
  flags
      .add("--columns", o.columns,
           "How much a row tells: coordinates; and velocities; and accelerations (states "
           "without time need all)")
      .check(tools::one_of({"coordinates", "velocities", "accelerations"}))
      .group(what);
  flags
      .add("--noise", o.noise,
           "Measurement noise: every value is off by a normal error whose deviation is this "
           "part of its column's")
      .check(tools::between(0, 1e3))
      .group(what);
  flags.set_footer(
      "Examples:\n"
      "  tools/simulate --out pendulum.csv && ./train --data pendulum.csv\n"
      "  tools/simulate --system cart_pole --trajectories 50 --out cart.csv\n"
      "  tools/simulate --trajectories 200 --columns velocities --noise 1e-4 --out filmed.csv\n"
      "\nExit codes: 0 ok, 2 usage, 3 a trajectory stopped early (its rows so far are written), 4 "
      "files.");
  flags.parse_or_end(argc, argv);
  for (const tools::FlagState& flag : flags.list())
    if (flag.name == "states" && flag.given && o.trajectories > 0)
      throw tools::EndProgram(tools::exit_usage,
                              "--states and --trajectories: one of them; random states by "
                              "themselves, or trajectories over time");
  if (o.trajectories == 0 && o.columns != "accelerations")
    throw tools::EndProgram(tools::exit_usage,
                            "--columns " + o.columns +
                                " needs --trajectories: accelerations cannot be estimated from "
                                "states without time");
  o.of.threads = tools::all_threads();
  if (o.of.duration == 0) o.of.duration = tools::system_of(o.of).duration;
  if (const double rows = std::floor(o.of.duration / o.step + 1) * o.trajectories; rows > most_rows)
    throw tools::EndProgram(
        tools::exit_usage,
        tools::format(
            "--trajectories %d, --duration %g and --step %g ask for %.3g rows; at most %g "
            "can be written",
            o.trajectories, o.of.duration, o.step, rows, static_cast<double>(most_rows)));
  return o;
}

/// What is written, and what is not.
struct Rows {
  /// A row a column: t if there is time, q, v, a, u, and the drive if there is one.
  Eigen::MatrixXd values;
  std::string missing;  ///< which rows there are not and why, in some lines; "" if all are there
};

/// A smooth signal for each control, within its range, the same in all trajectories.
physics::Motion::Controller random_signal(const physics::System& system, double duration,
                                          Random& random) {
  constexpr int waves = 3;
  Eigen::MatrixXd phases(system.k(), waves);
  for (double& phase : phases.reshaped())
    phase = random.uniform(-std::numbers::pi, std::numbers::pi);
  return [=](const Eigen::RowVectorXd& t, const Eigen::MatrixXd&, Eigen::MatrixXd& u) {
    for (Index s = 0; s < t.size(); ++s)
      for (Index i = 0; i < u.rows(); ++i) {
        double sum = 0;
        for (int k = 0; k < waves; ++k)
          sum += std::sin(2 * std::numbers::pi * (k + 1) * t[s] / duration + phases(i, k));
        u(i, s) = system.control_range[i] * sum / waves;
      }
  };
}

/// The periodic force at these times, a row, where --set asks for one: who measures it can learn
/// its effect.
Eigen::MatrixXd drive_at(const SimulateOptions& o, const Eigen::RowVectorXd& t) {
  const auto value = [&](const std::string& name) {
    const auto& defaults = physics::parameters_beside();
    const auto set = o.of.set.find(name);
    return set != o.of.set.end()
               ? set->second
               : std::ranges::find(defaults, name, &physics::Parameter::name)->value;
  };
  if (value("drive") == 0) return Eigen::MatrixXd(0, t.size());
  return value("drive") * (value("drive_frequency") * t.array()).cos();
}

Rows rows_of(const SimulateOptions& o, const tools::Simulated& simulated, Random& random) {
  const physics::System& system = simulated.system;
  const Index n = system.n(), k = system.k();
  Rows rows;
  physics::Points points;
  Eigen::MatrixXd u, rates;
  if (o.trajectories > 0) {
    const double duration = o.of.duration;
    const auto steps = static_cast<Index>(std::floor(duration / o.step * (1 + 1e-12)));
    const Eigen::VectorXd t =
        o.step * Eigen::VectorXd::LinSpaced(steps + 1, 0, static_cast<double>(steps));
    const auto signal = random_signal(system, duration, random);
    const auto trajectories = roll_out(
        k > 0 ? simulated.truth.controlled_by(signal) : simulated.truth,
        random_starts(system, random, o.trajectories), t, tools::for_truth(), o.of.threads);
    points = points_of(trajectories);
    u.resize(k, points.y.cols());
    if (k > 0) signal(points.t, points.y, u);
    rows.missing = stopped_early(trajectories);
  } else {
    points.y = random_starts(system, random, o.states);
    points.t = Eigen::RowVectorXd::Zero(o.states);
    u = tools::random_controls(system, o.states, random);
  }
  simulated.truth(points.t, points.y, u, rates);
  tools::require_finite(points.y, rates.bottomRows(n));
  const Index time = o.trajectories > 0 ? 1 : 0;
  const Eigen::MatrixXd drive = drive_at(o, points.t);
  const Index below = 3 * n + k + drive.rows();
  rows.values.resize(time + below, points.y.cols());
  if (time > 0) rows.values.row(0) = points.t;
  rows.values.bottomRows(below) << points.y, rates.bottomRows(n), u, drive;
  return rows;
}

void add_noise(double part, Eigen::Ref<Eigen::MatrixXd> rows, Random& random) {
  for (auto row : rows.rowwise()) {
    const double deviation = part * std::sqrt((row.array() - row.mean()).square().mean());
    for (double& value : row) value += deviation * random.normal();
  }
}

std::string to_csv(const Eigen::MatrixXd& rows, bool time, const std::string& columns,
                   const physics::System& system) {
  std::vector<Index> chosen;  // of the rows
  std::string csv;
  const auto choose = [&](Index row, const std::string& name) {
    csv += (chosen.empty() ? "" : ",") + name;
    chosen.push_back(row);
  };
  const Index n = system.n(), rates = columns == "coordinates"  ? 0
                                      : columns == "velocities" ? 1
                                                                : 2;
  if (time) choose(0, "t");
  for (Index order = 0; order <= rates; ++order)
    for (Index i = 0; i < n; ++i) {
      const physics::Coordinate& c = system.coordinates[static_cast<std::size_t>(i)];
      choose(time + order * n + i, c.name + (order > 0 ? std::string(order, '\'')
                                             : c.angle ? ":angle"
                                                       : ""));
    }
  for (Index i = 0; i < system.k(); ++i)
    choose(time + 3 * n + i, system.controls[static_cast<std::size_t>(i)].name + ":control");
  if (rows.rows() > time + 3 * n + system.k()) choose(time + 3 * n + system.k(), "drive:control");
  csv += '\n';
  for (Index k = 0; k < rows.cols(); ++k)
    for (std::size_t i = 0; i < chosen.size(); ++i)
      csv += tools::shortest(rows(chosen[i], k)) + (i + 1 < chosen.size() ? ',' : '\n');
  return csv;
}

void write_through(const fs::path& path, const std::string& text) {
  tools::Descriptor file(path, O_WRONLY | O_TRUNC);
  if (!file.good() || !file.write(text) || !file.close())
    throw tools::IoError("cannot write '" + path.string() + "': " + std::strerror(errno));
}

/// Writes where a shell's redirection would: links are followed, a device or a pipe takes the text,
/// and what may not be written is not. A file is replaced as a whole, where nothing but its content
/// changes by that; it keeps its permissions.
void write_to(fs::path path, const std::string& text) {
  std::error_code none;
  const bool to_output = path.empty() || fs::equivalent(path, "/dev/stdout", none);
  if (to_output) {
    tools::print(text);
    return;
  }
  if (fs::is_other(path, none)) {
    write_through(path, text);
    return;
  }
  if (fs::is_directory(path, none))
    throw tools::IoError("cannot write '" + path.string() + "': it is a folder");
  for (int k = 0; k < 40 && fs::is_symlink(path, none); ++k)  // as many as Linux follows
    path = path.parent_path() / fs::read_symlink(path, none);
  const fs::file_status before = fs::status(path, none);
  if (fs::exists(before) && access(path.c_str(), W_OK) != 0)
    throw tools::IoError("cannot write '" + path.string() + "': " + std::strerror(errno));
  // Another name of the file, a folder that takes no new ones, somebody's file of that name.
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (fs::exists(before) &&
      (fs::hard_link_count(path, none) > 1 || access(folder.c_str(), W_OK) != 0 ||
       fs::exists(fs::path(path) += ".tmp", none))) {
    write_through(path, text);
    return;
  }
  if (fs::exists(before)) umask(077);  // until its permissions are back
  tools::write_file(path, text);
  if (fs::exists(before)) fs::permissions(path, before.permissions(), none);
}

tools::ExitCode simulate(const SimulateOptions& o) {
  const tools::Simulated simulated(tools::system_of(o.of));
  const Index n = simulated.system.n();
  const double of_row = 100. * static_cast<double>(n);
  if (o.trajectories > 0)
    tools::require_memory(of_row * (o.of.duration / o.step + 1) * o.trajectories,
                          "--trajectories, --duration and --step");
  else
    tools::require_memory(of_row * o.states, "--states");
  Random random(o.of.seed);
  Rows rows = rows_of(o, simulated, random);
  const Index time = o.trajectories > 0 ? 1 : 0;
  if (o.noise > 0) add_noise(o.noise, rows.values.middleRows(time, 3 * n), random);
  write_to(o.out, to_csv(rows.values, time > 0, o.columns, simulated.system));
  if (rows.missing.empty()) return tools::exit_ok;
  tools::complain(rows.missing + "\nAll other rows are written.");
  return tools::exit_diverged;
}

}  // namespace

int main(int argc, char** argv) {
  return tools::run_program("simulate", argv, [&] { return simulate(parse(argc, argv)); });
}
