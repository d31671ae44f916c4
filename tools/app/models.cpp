#include "tools/app/models.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/learning/scales.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/mass_matrix.h"
#include "nn/optimisers/adam.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/sgd.h"
#include "nn/optimisers/soap.h"
#include "physics/observe/judge.h"
#include "tools/app/interrupt.h"
#include "tools/app/judgement.h"
#include "tools/app/memory.h"
#include "tools/app/progress.h"
#include "tools/app/text.h"

namespace tools {

using autodiff::Index;

namespace {

/// --hidden, --model and so on, for a subject with these coordinates.
nn::NetworkOptions network_options(const TrainOptions& o, const Subject& subject) {
  nn::NetworkOptions network{
      .hidden = {o.hidden.begin(), o.hidden.end()}, .activation = o.activation, .angles = {}};
  for (const physics::Coordinate& c : subject.coordinates) {
    network.angles.push_back(c.angle && o.angle_features);
    network.names.push_back(c.name);
  }
  if (nn::find_model_kind(o.model).has_friction && o.friction != "auto")
    network.friction = o.friction;
  network.controls = static_cast<Index>(subject.controls.size());
  return network;
}

}  // namespace

nn::Known known_of(const Subject& subject) {
  if (!subject.simulated) return {};
  const physics::System& system = subject.simulated->system;
  return {.lagrangian = system.lagrangian,
          .positions = system.picture.points,
          .dimension = system.picture.dimension,
          .constraints = system.constraints,
          .diagonal_mass = system.diagonal_mass};
}

std::unique_ptr<nn::NetworkModel> make_model(const TrainOptions& o, const Subject& subject,
                                             const physics::DataSet& sample) {
  const nn::Known known = known_of(subject);
  nn::NetworkOptions network = network_options(o, subject);
  try {
    const nn::ModelKind& kind = nn::find_model_kind(o.model);
    if (!o.velocity_scale || !o.kinetic_prior || !o.target_scale) {
      if (kind.form_of(network, known).momenta && subject.simulated)
        nn::scale_to(network, sample,
                     momenta_of(subject.simulated->system)(sample.states.cast<double>())
                         .cast<autodiff::Scalar>());
      else
        nn::scale_to(network, sample);
      network.kinetic_prior =
          map(network.kinetic_prior, [&](double a) { return a * kind.prior_part; });
    }
    if (o.velocity_scale && kind.sees_velocities) network.velocity_scale = *o.velocity_scale;
    if (o.kinetic_prior && kind.has_kinetic_prior) network.kinetic_prior = *o.kinetic_prior;
    if (o.target_scale) network.acceleration_scale = *o.target_scale;
    return nn::make_model(o.model, network, known);
  } catch (const std::invalid_argument& error) {
    throw EndProgram(exit_usage, "--model " + o.model + ": " + error.what());
  }
}

nn::Loss loss_named(const std::string& name) {
  if (name == "mse") return nn::mse_loss;
  if (name == "huber") return nn::huber_loss;
  return nn::l1_loss;
}

nn::Objective make_objective(const TrainOptions& options, const Subject& subject,
                             const nn::NetworkModel& model) {
  if (options.learn == "trajectories") return of_trajectories(trajectory_loss(options, subject));
  return nn::of_accelerations(
      nn::in_units_of(model.options().acceleration_scale, loss_named(options.loss)));
}

std::unique_ptr<nn::Optimiser> make_optimiser(const TrainOptions& options, const nn::Model& model) {
  const autodiff::Index size = model.parameters().size();
  if (options.optimiser == "adam") return std::make_unique<nn::Adam>(size);
  if (options.optimiser == "sgd")
    return std::make_unique<nn::Sgd>(size, nn::Sgd::Options{.momentum = 0.9});
  return std::make_unique<nn::Soap>(model.parameters(),
                                    nn::Soap::Options{.threads = options.threads});
}

nn::Trainer make_trainer(const TrainOptions& options, nn::Model& model, nn::Optimiser& optimiser,
                         const nn::Objective& objective) {
  if (options.batch > 4096) {  // it takes two small ones to tell how much this one will need
    const auto arena_size = [&](Index width) {
      const nn::TrainingStep small(model, objective, {width, width});
      return static_cast<double>(small.program().arena_size());
    };
    const double width = std::min(options.batch, options.shard_width), of_16 = arena_size(16);
    const double of_shard = of_16 + (arena_size(32) - of_16) * (width - 16) / 16;
    require_memory(sizeof(autodiff::Scalar) * of_shard * options.batch / width,
                   "--batch, --shard-width and --hidden");
  }
  return {model,
          optimiser,
          {.objective = objective,
           .batch = options.batch,
           .shard_width = options.shard_width,
           .threads = options.threads,
           .clip = options.clip > 0 ? options.clip : std::numeric_limits<double>::infinity()}};
}

namespace {

/// First weights, and accelerations learnt for some steps; once more from other weights where that
/// sticks or diverges.
void learn_accelerations(nn::NetworkModel& model, TrainOptions options, const Subject& subject,
                         long steps, autodiff::Random& random) {
  options.learn = "accelerations";
  options.loss = "l1";
  options.schedule = "cosine";
  options.rounds = 1;
  options.batch = static_cast<int>(std::min<Index>(128, subject.samples.size()));
  const auto optimiser = make_optimiser(options, model);
  nn::Trainer trainer =
      make_trainer(options, model, *optimiser, make_objective(options, subject, model));
  for (int draw = 0; draw <= options.restarts; ++draw) {
    initialise(model, options, random);
    optimiser->forget();
    try {
      trainer.fit(subject.samples, random, steps, [&](long step) {
        if (interrupted())
          throw EndProgram(exit_interrupted,
                           "interrupted in a first guess, before there was anything to save");
        return learning_rate(options, 0, step, steps);
      });
    } catch (const EndProgram&) {
      throw;
    } catch (const std::runtime_error&) {
      continue;  // no finite loss: the weights before that step stay
    }
    if (!(indefinite_share(model, subject.samples) > most_indefinite)) return;
  }
}

}  // namespace

void initialise(nn::NetworkModel& model, const TrainOptions& options, autodiff::Random& random) {
  model.initialise(random, options.initialiser == "rule"     ? nn::Initialiser::rule
                           : options.initialiser == "slides" ? nn::Initialiser::slides
                                                             : nn::Initialiser::lecun);
}

double indefinite_share(const nn::Model& model, const physics::DataSet& data) {
  constexpr Index most = 1000;
  const Index count = std::min(most, data.size());
  const autodiff::Matrix some =
      data.states(Eigen::all, Eigen::seqN(0, count, std::max<Index>(1, data.size() / count)));
  const Eigen::MatrixXd masses = nn::mass_matrices(model, some.cast<double>());
  return masses.size() > 0 ? nn::indefinite_share(masses) : 0;
}

namespace {

/// The mean logarithm of errors, of which those below a millionth of what they are held against are
/// alike: rounding says nothing.
double log_mean(const Eigen::ArrayXd& errors, const Eigen::ArrayXd& sizes) {
  return errors.max(1e-6 * (sizes > 0).select(sizes, 1)).log().mean();
}

/// How far a law is off what watches: rolled out over some of the times in which the motion
/// changes, where it was recorded over time, for little friction shows late; else by its
/// accelerations.
double misses_by(const nn::Model& model, const Subject& subject) {
  const physics::Motion law = nn::learnt_motion(model);
  const auto& [recordings, estimates] = subject.validation_recorded;
  const auto by_accelerations = [&] {
    const auto errors = physics::judge_accelerations(law, subject.validation);
    return log_mean(errors.l1, errors.l1_of_median);
  };
  if (recordings.empty()) return by_accelerations();
  std::vector<physics::Solution> truth, learnt;
  const Index window = subject.stride(16).window;
  for (std::size_t r = 0; r < recordings.size(); ++r)
    for (Index begin = 0; begin + 1 < recordings[r].size(); begin += window / 2) {
      const Index size = std::min(window, recordings[r].size() - begin);
      if (begin > 0 && size < window) break;
      physics::Solution piece;
      piece.t = recordings[r].t.segment(begin, size);
      piece.y = estimates[r].states.middleCols(begin, size);
      piece.t_end = piece.t[size - 1];
      const physics::Motion driven =
          driven_by(law, piece.t,
                    recordings[r].controls.size() > 0
                        ? Eigen::MatrixXd(recordings[r].controls.middleCols(begin, size))
                        : Eigen::MatrixXd());
      learnt.push_back(
          std::move(physics::roll_out(driven, piece.y.leftCols(1), piece.t,
                                      {.rtol = 1e-6, .atol = 1e-6, .max_steps = 10'000})
                        .front()));
      truth.push_back(std::move(piece));
    }
  if (truth.empty()) return by_accelerations();  // single rows: nothing to roll out
  const Eigen::VectorXd spread =
      spreads(subject.coordinates, subject.samples.states.cast<double>());
  return log_mean(physics::judge_rollouts(learnt, truth).median.cwiseSqrt(), spread);
}

}  // namespace

std::string friction_for(const TrainOptions& o, const Subject& subject) {
  if (!nn::find_model_kind(o.model).has_friction || subject.validation.size() == 0) return "none";
  constexpr long steps = 2000;
  constexpr double gain = 0.8;  // less is luck
  const auto trial_with = [&](const char* friction) {
    TrainOptions trial = o;
    trial.friction = friction;
    trial.learn = "accelerations";
    autodiff::Random random(o.seed + 5'000'003);
    const auto model = make_model(trial, subject, subject.samples);
    learn_accelerations(*model, trial, subject, steps, random);
    return misses_by(*model, subject);
  };
  const double without = trial_with("none"), with = trial_with("linear");
  const bool helps = with < without + std::log(gain);
  if (!o.quiet && !o.dry_run)
    print(
        format("  friction  %s: in a trial of %ld steps errors with friction are %.3g times those "
               "without\n",
               helps ? "linear" : "none", steps, std::exp(with - without)));
  return helps ? "linear" : "none";
}

void begin(nn::NetworkModel& model, nn::Optimiser& optimiser, const TrainOptions& options,
           const Subject& subject, autodiff::Random& random) {
  optimiser.forget();
  if (options.learn != "trajectories" || options.guess_steps == 0) {
    initialise(model, options, random);
    return;
  }
  TrainOptions guess = options;
  guess.learning_rate = 5e-3;
  learn_accelerations(model, guess, subject, options.guess_steps, random);
}

double learning_rate(const TrainOptions& options, long epoch, long step, long total) {
  const double peak = options.learning_rate;
  if (const long rounds = std::max(1, options.rounds), length = total / rounds; length > 0) {
    const long round = std::min(step / length, rounds - 1);
    step -= round * length;
    total = round == rounds - 1 ? total - round * length : length;
  }
  const long warmup = std::lround(options.warmup * static_cast<double>(total));
  if (options.schedule == "step")
    return nn::StepLR{peak, options.lr_step, options.lr_gamma}.rate(epoch);
  if (options.schedule == "cosine") return nn::WarmupCosine{peak, warmup, total}.rate(step);
  if (options.schedule == "onecycle") return nn::OneCycle{peak, warmup, total}.rate(step);
  return peak;
}

std::string the_job(const TrainOptions& options, const nn::Model& model, nn::Trainer& trainer,
                    Batches& batches) {
  const Course course = batches.course();
  const auto one_step = [&](Index k) {
    batches.go_to(k % course.per_epoch);
    trainer.loss_and_gradient(batches.inputs());
  };
  one_step(0);  // the first also fetches its memory
  const Stopwatch watch;
  int steps = 0;
  for (; steps == 0 || (steps < 100 && watch.seconds() < 1); ++steps) one_step(steps);
  const double seconds = watch.seconds() / steps;
  const autodiff::Program& program = trainer.training_step().program();
  const Index shards = (options.batch + options.shard_width - 1) / options.shard_width;
  const double megabytes = 1e-6 * static_cast<double>(shards * program.arena_size()) *
                           static_cast<double>(sizeof(autodiff::Scalar));
  return to_toml(options) +
         format(
             "\n# The job: %td parameters; %ld epochs of %ld steps of %d samples: %ld steps in "
             "all.\n"
             "# A step is %d instructions on %td shards of the batch, in %.2g MB,\n"
             "# and takes %.3g ms here without the optimiser: about %s in all.\n",
             model.parameters().size(), course.epochs(), course.per_epoch, options.batch,
             course.total, program.instructions(), shards, megabytes, 1e3 * seconds,
             duration(static_cast<double>(course.total) * seconds).c_str());
}

}  // namespace tools
