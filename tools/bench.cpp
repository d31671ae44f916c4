// How long does a training step take, and how long would it if it were nothing but its matrix
// products and exponentials?
//
//     make bench
//     build/bench --filter lnn_step --json bench.json
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/ops.h"
#include "nn/learning/loss.h"
#include "nn/learning/training_step.h"
#include "nn/learning/trajectory_loss.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/adam.h"
#include "physics/data_set.h"
#include "physics/integrate/roll_out.h"
#include "tools/app/options.h"
#include "tools/app/progress.h"
#include "tools/bench/busy.h"
#include "tools/bench/floor.h"
#include "tools/bench/options.h"
#include "tools/bench/scaling.h"
#include "tools/bench/table.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Tape;
using autodiff::Var;
using tools::Measurement;

namespace {

// ---------------------------------------------------------------- measuring

/// What a case repeats.
struct Task {
  std::function<void()> step;
  std::shared_ptr<tools::Floor> floor = {};  ///< of a replay of its program
  double replays = 0;                        ///< that a step takes, of all threads together
};

/// A name, and how to set it up; nothing is made for cases that are filtered out.
struct Case {
  std::string name;
  int threads;
  Index samples;
  std::function<Task()> prepare;
};

/// Calls something for about 10 ms at a time.
class Meter {
 public:
  explicit Meter(std::function<void()> call) : call_(std::move(call)) {
    call_();  // first touch of memory
    const tools::Stopwatch watch;
    call_();
    calls_ = std::max(1L, std::lround(0.01 / std::max(1e-7, watch.seconds())));
  }

  /// Seconds of one call.
  double measure() const {
    const tools::Stopwatch watch;
    for (long k = 0; k < calls_; ++k) call_();
    return watch.seconds() / static_cast<double>(calls_);
  }

 private:
  std::function<void()> call_;
  long calls_ = 0;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Fifteen rounds, or at least three where they are long. Case and floor take turns, so that what
/// else the machine is doing slows both down.
Measurement measure(const Case& c) {
  const Task task = c.prepare();
  const Meter step(task.step);
  std::vector<double> steps, floors, ratios;
  const auto rounds = [&](const auto& round) {
    const tools::Stopwatch watch;
    for (int k = 0; k < 15 && (k < 3 || watch.seconds() < 2); ++k) round();
  };
  if (!task.floor) {
    rounds([&] { steps.push_back(step.measure()); });
    return {.name = c.name, .threads = c.threads, .samples = c.samples, .seconds = median(steps)};
  }
  const Meter floor([&] { task.floor->run(); });
  rounds([&] {
    steps.push_back(step.measure());
    // A single replay is one thread's, however many there are.
    floors.push_back(floor.measure() * task.replays / std::min<double>(c.threads, task.replays));
    ratios.push_back(floors.back() / steps.back());
  });
  return {.name = c.name,
          .threads = c.threads,
          .samples = c.samples,
          .seconds = median(steps),
          .floor = {{.seconds = median(floors),
                     .ratio = median(ratios),
                     .multiply_adds = task.replays * task.floor->multiply_adds()}}};
}

// ---------------------------------------------------------------- the cases

/// As ./train cuts its batches.
Index shard_width(Index batch) { return std::min<Index>(batch, tools::TrainOptions().shard_width); }

/// How many shards of the full width a batch amounts to.
double shards(Index batch) {
  return static_cast<double>(batch) / static_cast<double>(shard_width(batch));
}

/// `hidden` as in "16x3": three layers of 16.
std::shared_ptr<nn::LagrangianNetwork> network(const std::string& hidden,
                                               double kinetic_prior = 0) {
  const std::vector<Index> widths(std::stoul(hidden.substr(hidden.find('x') + 1)),
                                  std::stol(hidden));
  const auto model = std::make_shared<nn::LagrangianNetwork>(nn::LagrangianNetwork::Options{
      .hidden = widths, .angles = {false, false}, .kinetic_prior = kinetic_prior});
  Random random(1);
  model->initialise(random);
  return model;
}

std::shared_ptr<autodiff::ShardedProgram> acceleration_program(const nn::Model& model, Index batch,
                                                               int threads) {
  const auto record = [&](Tape& tape, Index width) {
    const Index n = model.coordinates();
    const Var state = tape.input(2 * n, width, "state");
    const Var acceleration = model.acceleration(slice_rows(state, 0, n), slice_rows(state, n, n));
    return autodiff::ShardRecording{.inputs = {state}, .summed = {}, .per_sample = {acceleration}};
  };
  const autodiff::ShardedProgram::Sharding layout{batch, shard_width(batch), threads};
  const auto program = std::make_shared<autodiff::ShardedProgram>(layout, record);
  model.parameters().bind(*program);
  return program;
}

/// One optimiser step: loss, gradient, Adam.
Task training_step(const std::string& hidden, Index batch, int threads,
                   autodiff::Program::Options options = {}) {
  const auto model = network(hidden);
  const auto step = std::make_shared<nn::TrainingStep>(
      *model, nn::mse_loss, autodiff::ShardedProgram::Sharding{batch, shard_width(batch), threads},
      options);
  const auto adam = std::make_shared<nn::Adam>(model->parameters().size());
  Random random(2);
  const Matrix states = random.uniform_matrix(4, batch, -1, 1);
  const Matrix targets = random.uniform_matrix(2, batch, -1, 1);
  return {.step =
              [=] {
                step->run(states.data(), targets.data());
                adam->step(model->parameters().values(), step->gradient(), 1e-9);
              },
          .floor = std::make_shared<tools::Floor>(step->program()),
          .replays = shards(batch)};
}

Task acceleration(const std::string& hidden, Index batch, int threads) {
  const auto model = network(hidden);
  const auto program = acceleration_program(*model, batch, threads);
  const auto states = std::make_shared<const Matrix>(Random(2).uniform_matrix(4, batch, -1, 1));
  program->bind_input(0, states->data());
  return {.step = [model, program, states] { program->run(); },
          .floor = std::make_shared<tools::Floor>(program->program()),
          .replays = shards(batch)};
}

/// Trajectories rolled out together, as ./train judges. The network is not a trained one, whose
/// motion would change with every rounding, but one of which 50 s take about as many evaluations
/// (600) as 5 s of the double pendulum.
Task rollout(const std::string& hidden, Index trajectories, int threads) {
  const auto model = network(hidden, 0.5);
  const physics::Motion motion = nn::learnt_motion(*model);
  Random random(2);
  const Eigen::Vector4d high(1, 1, 1, 1);
  const Eigen::MatrixXd starts = physics::random_states(random, {-high, high}, trajectories);
  const Eigen::VectorXd times = Eigen::VectorXd::LinSpaced(101, 0, 50);
  const auto roll_out = [=] {
    (void)model;  // kept: the motion reads its parameters
    return physics::roll_out(motion, starts, times, {.rtol = 1e-6, .atol = 1e-6}, threads);
  };
  Index evaluations = 0;
  for (const physics::Solution& solution : roll_out()) evaluations += solution.evaluations;
  const auto program = acceleration_program(*model, trajectories, 1);
  return {
      .step = [=] { roll_out(); },
      .floor = std::make_shared<tools::Floor>(program->program()),
      .replays = static_cast<double>(evaluations) / static_cast<double>(shard_width(trajectories))};
}

/// Recording, differentiating and compiling a training step.
Task record_and_compile(const std::string& hidden) {
  const auto model = network(hidden);
  return {.step = [model] { nn::TrainingStep(*model, nn::mse_loss, {4, 4, 1}); }};
}

std::vector<Case> all_cases() {
  std::vector<int> thread_counts{1};
  if (tools::all_threads() > 1) thread_counts.push_back(tools::all_threads());
  const std::vector<std::pair<std::string, Index>> sizes{
      {"16x3", 4}, {"16x3", 512}, {"64x2", 64}, {"256x2", 4}, {"256x2", 512}};

  std::vector<Case> cases;
  const auto add_sizes = [&](const std::string& kind, auto prepare) {
    for (const auto& [hidden, batch] : sizes)
      for (const int threads : thread_counts)
        cases.push_back(
            {kind + '/' + hidden + "/b" + std::to_string(batch) + "/t" + std::to_string(threads),
             threads, batch, [=, h = hidden, b = batch] { return prepare(h, b, threads); }});
  };
  add_sizes("lnn_step",
            [](const auto& hidden, Index b, int t) { return training_step(hidden, b, t); });
  // What each part of making a tape ready is worth, from one instruction a node upwards.
  const std::vector<std::pair<std::string, autodiff::Program::Options>> ladder{
      {"0_plain", {.simplify = false, .fuse = false}},
      {"1_simplify", {.merge = false, .fuse = false}},
      {"2_merge", {.fuse = false}},
      {"3_fuse", {}}};
  for (const auto& [hidden, batch] : {sizes[0], sizes[2], sizes[3]})
    for (const auto& [rung, options] : ladder)
      cases.push_back({"ladder/" + hidden + "/b" + std::to_string(batch) + '/' + rung, 1, batch,
                       [h = hidden, b = batch, o = options] { return training_step(h, b, 1, o); }});
  add_sizes("lnn_accel", acceleration);
  const int all = tools::all_threads();
  cases.push_back({"rk45_rollout", all, 1000, [=] { return rollout("16x3", 1000, all); }});
  for (const std::string hidden : {"16x3", "64x2", "256x2"})
    cases.push_back(
        {"record_and_compile/" + hidden, 1, 0, [=] { return record_and_compile(hidden); }});
  return cases;
}

/// Steps of several shards, beside other processes that keep cores busy.
struct BusyCase {
  std::string name, hidden;
  Index batch;
  int threads, busy_cores;
};

std::vector<BusyCase> all_busy_cases() {
  std::vector<BusyCase> cases;
  const int all = tools::all_threads();
  if (all == 1) return cases;
  for (const auto& [hidden, batch] :
       std::vector<std::pair<std::string, Index>>{{"16x3", 128}, {"64x2", 128}, {"256x2", 128}})
    for (const int busy : {0, 1, all})
      cases.push_back({"busy/" + hidden + "/b" + std::to_string(batch), hidden, batch, all, busy});
  return cases;
}

/// A training step of windows of so many points, one Runge-Kutta step from each to the next, and of
/// as many accelerations.
struct WindowCase {
  std::string name, hidden;
  Index batch, points;
};

std::vector<WindowCase> all_window_cases() {
  std::vector<WindowCase> cases;
  for (const Index points : {4, 8, 16})  // cost and memory grow in proportion
    cases.push_back({"window_step/64x3/b200/w" + std::to_string(points), "64x3", 200, points});
  return cases;
}

std::function<void()> window_step(const WindowCase& c) {
  const auto model = network(c.hidden, 0.5);
  const Index n = model->coordinates();
  const auto step = std::make_shared<nn::TrainingStep>(
      *model, nn::of_trajectories({.shape = {.points = c.points}, .loss = nn::l1_loss}),
      autodiff::ShardedProgram::Sharding{c.batch, shard_width(c.batch), 1});
  Random random(2);
  const Matrix starts = random.uniform_matrix(2 * n, c.batch, -1, 1),
               measured = random.uniform_matrix(n * (c.points + 1), c.batch, -1, 1),
               follows = Matrix::Ones(1, c.batch);
  const Matrix times =
      Eigen::VectorXd::LinSpaced(c.points, 0.01, 0.01 * static_cast<double>(c.points))
          .cast<autodiff::Scalar>()
          .replicate(1, c.batch);
  return [=] {
    (void)model;  // kept: the step reads its parameters
    step->run(
        std::array{starts.data(), times.data(), measured.data(), follows.data(), starts.data()});
  };
}

tools::ExitCode bench(const tools::BenchOptions& options) {
  const auto unwanted = [&](const auto& c) { return c.name.find(options.filter) == c.name.npos; };
  std::vector<Case> cases = all_cases();
  std::vector<tools::GrowingGraph> graphs = tools::growing_graphs();
  std::vector<BusyCase> busy_cases = all_busy_cases();
  std::erase_if(cases, unwanted);
  std::erase_if(graphs, unwanted);
  std::erase_if(busy_cases, unwanted);
  std::vector<WindowCase> windows = all_window_cases();
  std::erase_if(windows, unwanted);
  if (cases.empty() && graphs.empty() && busy_cases.empty() && windows.empty())
    throw tools::EndProgram(tools::exit_usage,
                            "--filter: no case's name contains '" + options.filter + "'");
  std::ofstream json;
  const auto require_json = [&] {
    if (!json)
      throw tools::EndProgram(tools::exit_io, "--json: cannot write '" + options.json + "'");
  };
  if (!options.json.empty()) {  // before the measuring: a wrong path is told at once
    json.open(options.json);
    require_json();
  }

  tools::Table table;
  std::cout << tools::machine_line();
  if (!cases.empty()) std::cout << tools::table_head() << std::flush;
  for (const Case& c : cases) {
    table.steps.push_back(measure(c));
    std::cout << tools::table_row(table.steps.back()) << std::flush;
  }
  if (!cases.empty()) std::cout << tools::table_legend();
  if (!graphs.empty()) std::cout << tools::scaling_head() << std::flush;
  for (const tools::GrowingGraph& graph : graphs)
    for (const tools::Scaling& row : measure_scaling(graph)) {
      table.scaling.push_back(row);
      std::cout << tools::scaling_row(row) << std::flush;
    }
  if (!windows.empty()) std::cout << tools::window_head() << std::flush;
  for (const WindowCase& c : windows) {
    table.windows.push_back(tools::measure_window(c.name, static_cast<int>(4 * c.points),
                                                  window_step(c),
                                                  training_step(c.hidden, c.batch, 1).step));
    std::cout << tools::window_row(table.windows.back()) << std::flush;
  }
  if (!busy_cases.empty()) std::cout << tools::busy_head() << std::flush;
  for (const BusyCase& c : busy_cases) {
    table.busy.push_back(tools::measure_busy(c.name, c.threads, c.busy_cores, [&](int threads) {
      return training_step(c.hidden, c.batch, threads).step;
    }));
    std::cout << tools::busy_row(table.busy.back()) << std::flush;
  }
  if (json.is_open()) {
    json << to_json(table) << std::flush;
    require_json();
  }
  return tools::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  return tools::run_program("bench", argv,
                            [&] { return bench(tools::parse_bench_options(argc, argv)); });
}
