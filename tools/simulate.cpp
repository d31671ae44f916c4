// tools/simulate: motion of the double pendulum as a CSV file, as an instrument would record it.
#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "tools/app/flags.h"
#include "tools/app/judgement.h"
#include "tools/app/memory.h"
#include "tools/app/run_folder.h"
#include "tools/app/text.h"

namespace {

namespace fs = std::filesystem;
using autodiff::Index;
using autodiff::Random;

constexpr std::int64_t most_rows = 100'000'000;

struct SimulateOptions {
  physics::DoublePendulum system;
  double angle = 3.141592653589793;  // starts have |theta| <= angle [rad]
  double velocity = 10;              // and |omega| <= velocity [rad/s]
  int states = 100'000;              // random ones; with trajectories: none
  int trajectories = 0;              // over time
  double duration = 5;               // of each [s]
  double step = 0.01;                // between its rows [s]
  std::string columns = "accelerations";
  double noise = 0;
  std::uint64_t seed = 0;
  std::string out;
};

SimulateOptions parse(int argc, char** argv) {
  SimulateOptions o;
  tools::Flags flags(
      "tools/simulate",
      "Writes motion of the double pendulum as CSV, for ./train --data: random states with their "
      "accelerations, or trajectories over time.");
  flags.add("--out", o.out, "File to write (default: standard output)").check(tools::not_empty());
  flags.add("--seed", o.seed, "Seed of all random numbers")
      .check(tools::whole(0, std::numeric_limits<std::uint64_t>::max()));
  flags.add_system(o.system);
  const std::string what = "What";
  flags.add("--angle", o.angle, "Random states have |theta| up to this [rad]")
      .check(tools::between(0, tools::any))
      .group(what);
  flags.add("--velocity", o.velocity, "and |omega| up to this [rad/s]")
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
  flags.add("--duration", o.duration, "Length of a trajectory [s]")
      .check(tools::between(tools::positive, 1e6))
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
      "  tools/simulate --trajectories 200 --columns velocities --noise 1e-4 --out filmed.csv\n"
      "\nExit codes: 0 ok, 2 usage, 3 a trajectory stopped early (its rows so far are written), 4 "
      "files.");
  flags.parse_or_end(argc, argv);
  if (o.trajectories == 0 && o.columns != "accelerations")
    throw tools::EndProgram(tools::exit_usage,
                            "--columns " + o.columns +
                                " needs --trajectories: accelerations cannot be estimated from "
                                "states without time");
  if (const double rows = std::floor(o.duration / o.step + 1) * o.trajectories; rows > most_rows)
    throw tools::EndProgram(
        tools::exit_usage,
        tools::format(
            "--trajectories %d, --duration %g and --step %g ask for %.3g rows; at most %g "
            "can be written",
            o.trajectories, o.duration, o.step, rows, static_cast<double>(most_rows)));
  return o;
}

/// What is written, and what is not.
struct Rows {
  Eigen::MatrixXd values;  ///< a row a column: t if there is time, q, v, a
  std::string missing;     ///< which rows there are not and why, in some lines; "" if all are there
};

Rows rows_of(const SimulateOptions& o, Random& random) {
  const physics::Motion truth = tools::true_motion(o.system);
  const Eigen::Vector4d high(o.angle, o.angle, o.velocity, o.velocity);
  const auto draw = [&](Index count) {
    return physics::random_states(random, {-high, high}, count);
  };
  Rows rows;
  physics::Points points;
  if (o.trajectories > 0) {
    const auto steps = static_cast<Index>(std::floor(o.duration / o.step * (1 + 1e-12)));
    const Eigen::VectorXd t =
        o.step * Eigen::VectorXd::LinSpaced(steps + 1, 0, static_cast<double>(steps));
    const auto trajectories = roll_out(truth, draw(o.trajectories), t, tools::for_truth);
    points = points_of(trajectories);
    rows.missing = stopped_early(trajectories);
  } else {
    points.y = draw(o.states);
  }
  const Eigen::MatrixXd rates = truth(points.y);
  const Index time = o.trajectories > 0 ? 1 : 0;
  rows.values.resize(time + 6, points.y.cols());
  if (time > 0) rows.values.row(0) = points.t;
  rows.values.bottomRows(6) << points.y, rates.bottomRows(2);
  return rows;
}

void add_noise(double part, Eigen::Ref<Eigen::MatrixXd> rows, Random& random) {
  for (auto row : rows.rowwise()) {
    const double deviation = part * std::sqrt((row.array() - row.mean()).square().mean());
    for (double& value : row) value += deviation * random.normal();
  }
}

std::string to_csv(const Eigen::MatrixXd& rows, bool time, const std::string& columns) {
  std::string csv = time ? "t,theta1:angle,theta2:angle" : "theta1:angle,theta2:angle";
  Index width = time + 2;
  if (columns != "coordinates") {
    csv += ",theta1',theta2'";
    width += 2;
  }
  if (columns == "accelerations") {
    csv += ",theta1'',theta2''";
    width += 2;
  }
  csv += '\n';
  for (Index k = 0; k < rows.cols(); ++k)
    for (Index i = 0; i < width; ++i)
      csv += tools::shortest(rows(i, k)) + (i + 1 < width ? ',' : '\n');
  return csv;
}

/// Writes where a shell's redirection would: links are followed, a device or a pipe takes the text,
/// and a file is replaced as a whole (it keeps its permissions).
void write_to(fs::path path, const std::string& text) {
  std::error_code none;
  const bool to_output = path.empty() || fs::equivalent(path, "/dev/stdout", none);
  if (to_output) {
    tools::print(text);
    return;
  }
  if (fs::is_other(path, none)) {
    errno = 0;
    std::ofstream file(path, std::ios::binary);
    if (!(file << text << std::flush))
      throw tools::IoError("cannot write '" + path.string() + "': " + std::strerror(errno));
    return;
  }
  if (fs::is_directory(path, none))
    throw tools::IoError("cannot write '" + path.string() + "': it is a folder");
  for (int k = 0; k < 40 && fs::is_symlink(path, none); ++k)  // as many as Linux follows
    path = path.parent_path() / fs::read_symlink(path, none);
  const fs::file_status before = fs::status(path, none);
  if (fs::exists(before)) umask(077);  // until its permissions are back
  tools::write_file(path, text);
  if (fs::exists(before)) fs::permissions(path, before.permissions(), none);
}

tools::ExitCode simulate(const SimulateOptions& o) {
  if (o.trajectories > 0)
    tools::require_memory(200 * (o.duration / o.step + 1) * o.trajectories,
                          "--trajectories, --duration and --step");
  else
    tools::require_memory(200. * o.states, "--states");
  Random random(o.seed);
  Rows rows = rows_of(o, random);
  if (o.noise > 0) add_noise(o.noise, rows.values.bottomRows(6), random);
  write_to(o.out, to_csv(rows.values, o.trajectories > 0, o.columns));
  if (rows.missing.empty()) return tools::exit_ok;
  tools::complain(rows.missing + "\nAll other rows are written.");
  return tools::exit_diverged;
}

}  // namespace

int main(int argc, char** argv) {
  return tools::run_program("simulate", argv, [&] { return simulate(parse(argc, argv)); });
}
