#include "tools/protocols/learn.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "autodiff/directional.h"
#include "autodiff/parallel.h"
#include "nn/learning/scales.h"
#include "nn/learning/trainer.h"
#include "nn/learning/trajectory_loss.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/mass_matrix.h"
#include "nn/models/models.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/soap.h"

namespace protocols {

using autodiff::Var;

namespace {

/// Trains from the weights as they are.
void fit(nn::NetworkModel& model, const nn::Objective& objective, std::span<const Matrix> inputs,
         double rate, long steps, const Job& job, Random& random) {
  nn::Soap soap(model.parameters(), {.threads = job.threads});
  nn::Trainer trainer(model, soap,
                      {.objective = objective,
                       .batch = std::min<Index>(128, inputs.front().cols()),
                       .threads = job.threads});
  const nn::WarmupCosine schedule{rate, steps / 50, steps};
  trainer.fit(inputs, random, steps, [&](long step) {
    job.progress(step, steps);
    return schedule.rate(step);
  });
}

std::vector<Matrix> inputs_of(const physics::DataSet& data) {
  std::vector<Matrix> inputs{data.states, data.accelerations};
  if (data.controls.size() > 0) inputs.push_back(data.controls);
  return inputs;
}

void fit_accelerations(nn::NetworkModel& model, const physics::DataSet& data, const Recipe& recipe,
                       const Job& job, Random& random) {
  const nn::PerCoordinate unit = model.options().acceleration_scale;
  fit(model,
      recipe.objective ? recipe.objective
                       : nn::of_accelerations(nn::in_units_of(unit, nn::l1_loss)),
      inputs_of(data), recipe.rate, recipe.steps, job, random);
}

/// Chunks of one size, each a window of the loss.
void fit_trajectories(nn::NetworkModel& model, const std::vector<physics::Recording>& chunks,
                      const Recipe& recipe, const Job& job, Random& random) {
  const nn::WindowShape shape{
      .points = chunks.front().size() - 1, .substeps = 4, .velocities = true};
  std::vector<physics::Estimate> exact;
  for (const physics::Recording& chunk : chunks) exact.push_back(interpolate(chunk));
  const nn::Windows windows = cut_windows(chunks, exact, shape);
  std::vector<Index> all(chunks.size());
  std::iota(all.begin(), all.end(), Index(0));
  const auto inverse = [](double scale) { return 1 / scale; };
  fit(model,
      nn::of_trajectories({.shape = shape,
                           .loss = nn::l1_loss,
                           .position_unit = map(model.options().coordinate_scale, inverse),
                           .velocity_unit = map(model.options().velocity_scale, inverse),
                           .agreement = 0}),
      inputs_of(windows, all), recipe.rate / 5, recipe.through_time, job, random);
}

/// Has the mass matrix one sign in some states and another in others?
bool is_stuck(const nn::NetworkModel& model, const physics::DataSet& data) {
  constexpr Index some = 1000;
  const Eigen::MatrixXd masses =
      nn::mass_matrices(model, data.states.leftCols(std::min(data.size(), some)).cast<double>());
  return masses.size() > 0 && nn::indefinite_share(masses) > 0.01;
}

}  // namespace

Eigen::MatrixXd starts_of(const Start& start, Index count, Random& random) {
  std::vector<Eigen::VectorXd> all;
  for (Index k = 0; k < count; ++k) all.push_back(start(random));
  Eigen::MatrixXd starts(all.front().size(), count);
  for (Index k = 0; k < count; ++k) starts.col(k) = all[static_cast<std::size_t>(k)];
  return starts;
}

Eigen::VectorXd even_times(double end, Index count) {
  return Eigen::VectorXd::LinSpaced(count, 0, end);
}

Eigen::Vector2d turned(const Eigen::Vector2d& v, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {c * v[0] - s * v[1], s * v[0] + c * v[1]};
}

physics::DataSet samples_of(const std::vector<physics::Estimate>& estimates) {
  Index total = 0;
  for (const physics::Estimate& one : estimates) total += one.states.cols();
  const Index n = estimates.front().accelerations.rows();
  physics::DataSet data{Matrix(2 * n, total), Matrix(n, total)};
  Index begin = 0;
  for (const physics::Estimate& one : estimates) {
    const Index size = one.states.cols();
    data.states.middleCols(begin, size) = one.states.cast<autodiff::Scalar>();
    data.accelerations.middleCols(begin, size) = one.accelerations.cast<autodiff::Scalar>();
    begin += size;
  }
  return data;
}

std::unique_ptr<nn::NetworkModel> learn(const physics::System& system, const physics::DataSet& data,
                                        const Recipe& recipe, const Job& job) {
  if (job.learn) return job.learn(system, data, recipe);
  const nn::ModelKind& kind = nn::find_model_kind(job.model.name);
  nn::NetworkOptions options{.hidden = recipe.hidden, .angles = {}};
  for (const physics::Coordinate& c : system.coordinates) options.angles.push_back(c.angle);
  if (kind.has_friction) options.friction = recipe.friction;
  options.controls = system.k();
  nn::scale_to(options, data);
  options.velocity_scale =
      map(options.velocity_scale, [&](double scale) { return scale * recipe.velocity_scale; });
  options.kinetic_prior =
      map(options.kinetic_prior, [&](double a) { return a * kind.prior_part * recipe.prior; });
  nn::Known known{.constraints = system.constraints};  // they come with the coordinates
  if (job.model.told) {
    known.positions = system.picture.points;
    known.dimension = system.picture.dimension;
  }
  auto model = nn::make_model(kind.name, options, known);
  Random random(job.seed + 1'000'003);
  constexpr int draws = 4;
  for (int draw = 1; draw <= draws; ++draw) {
    model->initialise(random, kind.initialiser);
    if (recipe.first_steps > 0)
      fit(*model, recipe.first_objective, inputs_of(data), recipe.rate, recipe.first_steps, job,
          random);
    fit_accelerations(*model, data, recipe, job, random);
    if (!is_stuck(*model, data)) break;
  }
  return model;
}

namespace {

/// A sample a state.
physics::DataSet interpolated(const std::vector<physics::Recording>& chunks,
                              const physics::Motion* law, int threads) {
  const Index n = chunks.front().q.rows();
  std::vector<physics::Estimate> found(chunks.size());
  autodiff::parallel_for(std::ssize(chunks), threads, [&](Index k) {
    physics::Recording chunk = chunks[static_cast<std::size_t>(k)];
    physics::Estimate& estimate = found[static_cast<std::size_t>(k)];
    if (law != nullptr) {
      Eigen::VectorXd start(2 * n);
      start << chunk.q.col(0), chunk.v.col(0);
      const physics::Solution path =
          std::move(learnt_trajectories(*law, start, chunk.t, 1).front());
      if (path.ok()) {
        chunk.q -= path.y.topRows(n);
        chunk.v -= path.y.bottomRows(n);
        estimate = interpolate(chunk);
        estimate.states += path.y;
        estimate.accelerations += (*law)(path.y).bottomRows(n);
        return;
      }
    }
    estimate = interpolate(chunk);
  });
  return samples_of(found);
}

}  // namespace

std::unique_ptr<nn::NetworkModel> learn_chunks(const physics::System& system,
                                               const std::vector<physics::Recording>& chunks,
                                               const Recipe& recipe, const Job& job) {
  auto model = learn(system, interpolated(chunks, nullptr, job.threads), recipe, job);
  Random random(job.seed + 2'000'003);
  for (int round = 1; round < recipe.rounds; ++round) {
    const physics::Motion law = nn::learnt_motion(*model);
    fit_accelerations(*model, interpolated(chunks, &law, job.threads), recipe, job, random);
  }
  if (recipe.through_time > 0) fit_trajectories(*model, chunks, recipe, job, random);
  return model;
}

std::vector<physics::Recording> random_chunks(const std::vector<physics::Solution>& trajectories,
                                              Index size, Random& random) {
  std::vector<physics::Recording> chunks;
  for (const physics::Solution& one : trajectories) {
    const Index begin = random.below(one.t.size() / size) * size, n = one.y.rows() / 2;
    chunks.push_back({.t = one.t.segment(begin, size),
                      .q = one.y.topRows(n).middleCols(begin, size),
                      .v = one.y.bottomRows(n).middleCols(begin, size)});
  }
  return chunks;
}

std::vector<physics::Solution> true_trajectories(const physics::Motion& motion,
                                                 const Eigen::MatrixXd& starts,
                                                 const Eigen::VectorXd& times, const Job& job) {
  if (job.follow) return job.follow(motion, starts, times);
  auto found = roll_out(motion, starts, times, {.rtol = 1e-10, .atol = 1e-10}, job.threads);
  if (const std::string stopped = stopped_early(found); !stopped.empty())
    throw std::runtime_error("the true motion could not be followed: " + stopped);
  return found;
}

std::vector<physics::Solution> learnt_trajectories(const physics::Motion& motion,
                                                   const Eigen::MatrixXd& starts,
                                                   const Eigen::VectorXd& times, int threads) {
  return roll_out(motion, starts, times, {.rtol = 1e-8, .atol = 1e-8, .max_steps = 20'000},
                  threads);
}

View cartesian(const physics::System& system) {
  const auto points = system.picture.points;
  return physics::StateFunction(system.n(), 0, [points](Var, Var q, Var v, Var) {
    const Var at = points(q);
    return stack_rows(at, autodiff::jvp(at, q, v));
  });
}

double relative_error(const std::vector<physics::Solution>& learnt,
                      const std::vector<physics::Solution>& truth, const View& view) {
  if (learnt.size() != truth.size() || truth.empty())
    throw std::invalid_argument("[relative_error] " + std::to_string(learnt.size()) +
                                " learnt trajectories, " + std::to_string(truth.size()) +
                                " true ones");
  double sum = 0, count = 0;
  for (std::size_t k = 0; k < truth.size(); ++k) {
    const Eigen::MatrixXd z = view(truth[k].y), of_learnt = view(learnt[k].y);
    for (Index i = 1; i < z.cols(); ++i, ++count) {  // at first both are the start
      if (i >= of_learnt.cols()) continue;           // ended: ln 1
      const double error =
          (of_learnt.col(i) - z.col(i)).norm() / (of_learnt.col(i) + z.col(i)).norm();
      sum += std::log(std::clamp(error, 1e-300, 1.));
    }
  }
  return std::exp(sum / count);
}

}  // namespace protocols
