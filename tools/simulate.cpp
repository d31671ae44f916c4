// tools/simulate: motion of the double pendulum as a CSV file, as an instrument would record it.
#include <cmath>
#include <cstdint>
#include <limits>

#include "tools/flags.h"
#include "tools/judgement.h"
#include "tools/memory.h"
#include "tools/run_folder.h"

namespace {

using autodiff::Index;
using autodiff::Random;

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
      .check(tools::whole(1, 100'000'000))
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
      "\nExit codes: 0 ok, 2 usage, 4 files.");
  flags.parse_or_end(argc, argv);
  if (o.trajectories == 0 && o.columns != "accelerations")
    throw tools::EndProgram(tools::exit_usage,
                            "--columns " + o.columns +
                                " needs --trajectories: accelerations cannot be estimated from "
                                "states without time");
  return o;
}

/// A row a column: t if there is time, q, v, a.
Eigen::MatrixXd rows_of(const SimulateOptions& o, Random& random) {
  const physics::Motion truth = tools::true_motion(o.system);
  const Eigen::Vector4d high(o.angle, o.angle, o.velocity, o.velocity);
  const auto draw = [&](Index count) {
    return physics::random_states(random, {-high, high}, count);
  };
  Eigen::MatrixXd states, times;
  if (o.trajectories > 0) {
    const auto steps = static_cast<Index>(std::floor(o.duration / o.step * (1 + 1e-12)));
    const Eigen::VectorXd t =
        o.step * Eigen::VectorXd::LinSpaced(steps + 1, 0, static_cast<double>(steps));
    states = chain(roll_out(truth, draw(o.trajectories), t, tools::for_truth));
    times = t.transpose().replicate(1, o.trajectories);
  } else {
    states = draw(o.states);
    times.resize(0, o.states);
  }
  Eigen::MatrixXd rates;
  truth(states, rates);
  Eigen::MatrixXd rows(times.rows() + 6, states.cols());
  rows << times, states, rates.bottomRows(2);
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

tools::ExitCode simulate(const SimulateOptions& o) {
  if (o.trajectories > 0)
    tools::require_memory(200 * (o.duration / o.step + 1) * o.trajectories,
                          "--trajectories, --duration and --step");
  else
    tools::require_memory(200. * o.states, "--states");
  Random random(o.seed);
  Eigen::MatrixXd rows = rows_of(o, random);
  const bool time = o.trajectories > 0;
  if (o.noise > 0) add_noise(o.noise, rows.bottomRows(6), random);
  const std::string csv = to_csv(rows, time, o.columns);
  if (o.out.empty())
    tools::print(csv);
  else
    tools::write_file(o.out, csv);
  return tools::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  return tools::run_program("simulate", argv, [&] { return simulate(parse(argc, argv)); });
}
