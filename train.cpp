// ./train: a network learns the Lagrangian of the double pendulum from its accelerations alone, or
// that of another system from a file of its motion.
//
// Read it from train() downwards: system, data, model, fit, judge, tell.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>
#include <tuple>

#include "nn/files/model_file.h"
#include "nn/learning/divergence.h"
#include "nn/learning/training_step.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/schedule.h"
#include "physics/observe/judge.h"
#include "tools/app/checkpoint.h"
#include "tools/app/data_file.h"
#include "tools/app/interrupt.h"
#include "tools/app/judgement.h"
#include "tools/app/memory.h"
#include "tools/app/models.h"
#include "tools/app/options.h"
#include "tools/app/progress.h"
#include "tools/app/report.h"
#include "tools/app/run_folder.h"
#include "tools/app/text.h"

namespace fs = std::filesystem;
using autodiff::Index;
using autodiff::Random;
using autodiff::Scalar;
using tools::TrainOptions;

namespace {

/// So many batches in a row without a finite loss, and going on makes no sense.
constexpr int give_up_after = 100;

/// What is to be learnt: the double pendulum, whose true law of motion is known in closed form, or
/// a file, a part of which is held out to judge.
struct Subject {
  std::vector<std::string> names = tools::pendulum_names;
  std::vector<bool> angles = tools::both_angles;
  std::optional<physics::Motion> truth;
  std::optional<tools::DataFound> found;  // in the file
  physics::DataSet samples, held_out;
  tools::DataFile file;

  explicit Subject(const TrainOptions& options) {
    if (options.data.empty()) {
      truth = tools::true_motion(options.system);
      return;
    }
    tools::OwnData data = tools::read_data(options.data);
    if (!options.quiet && !options.dry_run) tools::print(to_text(data));
    found = std::move(data.found);
    names = std::move(data.names);
    angles = std::move(data.angles);
    std::error_code error;
    const fs::path beside = fs::proximate(options.data, options.out, error);
    file = {data.fingerprint, (error ? fs::path(options.data) : beside).string()};
    std::tie(samples, held_out) = physics::split(data.samples, 1 - options.held_out);
  }
};

/// Where the batches come from: drawn anew each time, or cut from a set that is drawn once or read.
class Batches {
 public:
  Batches(const TrainOptions& options, Random& random, const Subject& subject)
      : options_(options),
        random_(random),
        truth_(subject.truth),
        fresh_(options.source == "fresh" && truth_) {
    if (!truth_)
      data_ = subject.samples;
    else if (options.source == "trajectories")
      data_ = physics::label(
          *truth_, tools::trajectory_states(options, options.trajectories, random, *truth_));
    else if (options.source == "fixed")
      data_ = physics::label(
          *truth_, tools::box_states(options, Index{options.trajectories} * options.points, random,
                                     options.velocity_margin));
    if (!fresh_) data_ = physics::shuffled(data_, random);
    if (!fresh_ && data_.size() < options.batch)
      throw tools::EndProgram(tools::exit_usage,
                              "--batch: " + std::to_string(options.batch) + " is more than the " +
                                  std::to_string(data_.size()) + " samples to learn from");
  }

  /// As many batches as --steps says, or as the epochs have. An epoch goes once through a set; of
  /// fresh states it has its share of the steps.
  tools::Course course() const {
    const long steps = options_.steps;
    const long per_epoch = !fresh_     ? data_.size() / options_.batch
                           : steps > 0 ? (steps - 1) / options_.epochs + 1
                                       : options_.steps_per_epoch;
    return {per_epoch, steps > 0 ? steps : per_epoch * options_.epochs};
  }

  /// Batch number k of an epoch.
  void go_to(Index k) {
    if (fresh_)
      data_ = physics::label(
          *truth_, tools::box_states(options_, options_.batch, random_, options_.velocity_margin));
    begin_ = fresh_ ? 0 : k * options_.batch;
  }
  const Scalar* states() const { return data_.states.col(begin_).data(); }
  const Scalar* accelerations() const { return data_.accelerations.col(begin_).data(); }

  /// Why the present one cannot be learnt from.
  auto divergence(const nn::Model& model, const nn::Loss& loss) const {
    return find_divergence(model, loss, data_.states.middleCols(begin_, options_.batch),
                           data_.accelerations.middleCols(begin_, options_.batch));
  }

 private:
  const TrainOptions& options_;
  Random& random_;
  const std::optional<physics::Motion>& truth_;
  bool fresh_;
  physics::DataSet data_;
  Index begin_ = 0;
};

/// --schedule: the rate of a step, counted from 0 over all epochs.
double learning_rate(const TrainOptions& options, long epoch, long step, long total) {
  const double peak = options.learning_rate;
  const long warmup = std::lround(options.warmup * static_cast<double>(total));
  if (options.schedule == "step")
    return nn::StepLR{peak, options.lr_step, options.lr_gamma}.rate(epoch);
  if (options.schedule == "cosine") return nn::WarmupCosine{peak, warmup, total}.rate(step);
  if (options.schedule == "onecycle") return nn::OneCycle{peak, warmup, total}.rate(step);
  return peak;
}

/// A batch's loss and gradient.
nn::TrainingStep make_step(const TrainOptions& options, const nn::Model& model,
                           const nn::Loss& loss) {
  if (options.batch > 4096) {  // it takes two small ones to tell how much this one will need
    const auto arena_size = [&](Index width) {
      const nn::TrainingStep small(model, loss, {width, width});
      return static_cast<double>(small.program().arena_size());
    };
    const double width = std::min(options.batch, options.shard_width), of_16 = arena_size(16);
    const double of_shard = of_16 + (arena_size(32) - of_16) * (width - 16) / 16;
    tools::require_memory(sizeof(Scalar) * of_shard * options.batch / width,
                          "--batch, --shard-width and --hidden");
  }
  return {model, loss, {options.batch, options.shard_width, options.threads}};
}

/// The first checkpoints come as soon as the run has doubled: a short run has some, too.
constexpr double shortest_checkpoint_every = 2;  // [s]
/// So often it is asked whether anybody still reads what is printed [s].
constexpr double look_for_reader_every = 0.5;

/// Trains from where it stands to the end, or to where it stops: "finished", "interrupted" or
/// "diverged". Saves a checkpoint now and then, and where it goes on later.
std::string fit(const tools::Training& training, nn::TrainingStep& step, const nn::Loss& loss,
                const TrainOptions& options, Batches& batches, tools::RunFolder& folder,
                const std::function<void()>& save) {
  nn::NetworkModel& model = training.model;
  tools::Standing& standing = training.standing;
  const double largest_norm =
      options.clip > 0 ? options.clip : std::numeric_limits<double>::infinity();
  const long per_epoch = training.course.per_epoch, total = training.course.total;
  const long stop_at = options.stop_after > 0 ? standing.batches + options.stop_after : total;

  const auto end_epoch = [&](tools::Progress& progress) {
    const long epoch = (standing.batches + per_epoch - 1) / per_epoch;
    standing.last_loss = standing.loss();
    std::ostringstream row;
    row.precision(10);
    row << epoch << ',' << (standing.epoch_steps > 0 ? standing.last_loss : std::nan("")) << ','
        << standing.rate << ',' << standing.seconds;
    standing.epoch_loss = 0;
    standing.epoch_steps = 0;
    folder.add_metrics(row.str());
    progress.show(epoch, standing.last_loss, standing.rate);
  };

  tools::Progress progress(training.course.epochs(),
                           static_cast<double>(standing.batches) / static_cast<double>(per_epoch),
                           options.quiet);
  const tools::Stopwatch watch;
  const double seconds_before = standing.seconds;
  double save_at = seconds_before, look_at = seconds_before;
  while (standing.batches < total) {
    if (tools::interrupted() || standing.batches == stop_at) {
      save();
      return "interrupted";
    }
    batches.go_to(standing.batches % per_epoch);
    const double batch_loss = step.run(batches.states(), batches.accelerations());
    const double clip = nn::clip_factor(step.gradient(), largest_norm);
    const long number = standing.batches++;
    if (std::isfinite(batch_loss) && std::isfinite(clip)) {
      standing.rate = learning_rate(options, number / per_epoch, number, total);
      training.optimiser.step(model.parameters().values(), step.gradient(), standing.rate, clip);
      standing.epoch_loss += batch_loss;
      ++standing.epoch_steps;
      ++standing.train_steps;
      standing.skipped_in_a_row = 0;
    } else {
      if (standing.skipped++ == 0)
        tools::complain(tools::divergence_text(number + 1, batches.divergence(model, loss)));
      if (options.on_divergence == "stop" || ++standing.skipped_in_a_row >= give_up_after) {
        end_epoch(progress);
        return "diverged";
      }
    }
    standing.seconds = seconds_before + watch.seconds();
    if (standing.batches % per_epoch == 0 || standing.batches == total) end_epoch(progress);
    if (options.checkpoint_every > 0 && standing.seconds >= save_at) {
      save();
      save_at = standing.seconds + std::min(options.checkpoint_every,
                                            std::max(shortest_checkpoint_every, watch.seconds()));
    }
    if (!options.quiet && standing.seconds >= look_at) {
      tools::look_for_reader();
      look_at = standing.seconds + look_for_reader_every;
    }
  }
  save();
  return "finished";
}

/// --dry-run: all options, and how much there is to do, as a first few steps show it.
std::string the_job(const nn::Model& model, nn::TrainingStep& step, const TrainOptions& options,
                    Batches& batches) {
  const tools::Course course = batches.course();
  batches.go_to(0);
  step.run(batches.states(), batches.accelerations());  // the first also fetches its memory
  const tools::Stopwatch watch;
  int steps = 0;
  for (; steps == 0 || (steps < 100 && watch.seconds() < 1); ++steps) {
    batches.go_to(steps % course.per_epoch);
    step.run(batches.states(), batches.accelerations());
  }
  const double seconds = watch.seconds() / steps;
  const Index shards = (options.batch + options.shard_width - 1) / options.shard_width;
  const double megabytes = 1e-6 * static_cast<double>(shards * step.program().arena_size()) *
                           static_cast<double>(sizeof(Scalar));
  return to_toml(options) +
         tools::format(
             "\n# The job: %td parameters; %ld epochs of %ld steps of %d samples: %ld steps in "
             "all.\n"
             "# A step is %d instructions on %td shards of the batch, in %.2g MB,\n"
             "# and takes %.3g ms here without the optimiser: about %s in all.\n",
             model.parameters().size(), course.epochs(), course.per_epoch, options.batch,
             course.total, step.program().instructions(), shards, megabytes, 1e3 * seconds,
             tools::duration(static_cast<double>(course.total) * seconds).c_str());
}

tools::ExitCode train(const TrainOptions& options) {
  const bool resumed = !options.resume.empty();
  Random random(options.seed);
  tools::require_resources(options);
  if (!options.dry_run && fs::is_directory(options.out))
    tools::FolderLock{options.out};  // a folder in use is refused before the data are drawn

  // System, data, model, fit. What is resumed draws its data again, as it did when it began.
  const Subject subject(options);
  Batches batches(options, random, subject);
  const auto model = make_model(options, subject.angles, subject.names);
  initialise(*model, options, random);
  const nn::Loss loss = make_loss(options);
  nn::TrainingStep step = make_step(options, *model, loss);
  if (options.dry_run)
    throw tools::EndProgram(tools::exit_ok, the_job(*model, step, options, batches));
  const auto optimiser = make_optimiser(options, *model);
  tools::RunResult result{.options = options,
                          .coordinates = subject.names,
                          .data = subject.found,
                          .status = "",
                          .standing = {},
                          .parameters = model->parameters().size(),
                          .judgement = {}};
  const tools::Training training{*model,          *optimiser,       random,
                                 result.standing, batches.course(), subject.file};

  // From here on there is something to save before the program ends.
  tools::note_interrupts();
  tools::RunFolder folder(options.out);
  const std::string config = to_toml(options);
  const auto save = [&] { folder.write(tools::checkpoint_file, to_checkpoint(training, config)); };
  const auto save_weights = [&] { folder.write("model.safetensors", nn::to_model_file(*model)); };
  if (resumed) {
    const tools::Checkpoint checkpoint(folder.path() / tools::checkpoint_file);
    if (const std::string other = checkpoint.restore(training); !other.empty())
      tools::complain("the run comes from another build (" + other +
                      "; this one: " + tools::this_build() +
                      "); it goes on, but not to the bits that it would have reached there");
  }
  folder.begin(config, resumed ? std::optional(training.course.epochs_of(result.standing.batches))
                               : std::nullopt);
  folder.refill_by(save);
  result.status = fit(training, step, loss, options, batches, folder, save);
  save_weights();
  folder.refill_by([&] { save(), save_weights(); });
  const auto interrupted_text = [&] {
    return "interrupted after " + std::to_string(result.standing.train_steps) +
           " steps; go on with ./train --resume " + folder.path().string();
  };

  // Judge. All that it could lose is time: an interrupt need not wait for it.
  if (result.status == "finished") {
    result.status = "interrupted";
    folder.write("result.json", to_json(result));
    tools::end_at_interrupt("train: " + interrupted_text() + '\n');
    if (!options.quiet)
      tools::print(subject.truth ? "  judging on fresh states and trajectories\n"
                                 : "  judging on what was held out\n");
    const physics::Motion learnt = learnt_motion(*model);
    std::string example;
    if (subject.truth) {
      result.judgement = judge(options, {*subject.truth, learnt});
      example = trajectory_csv(options, {*subject.truth, learnt});
    } else {
      result.judgement.emplace().acceleration =
          physics::judge_accelerations(learnt, subject.held_out);
    }
    tools::note_interrupts();
    if (!example.empty()) folder.write("trajectory.csv", example);
    result.status = "finished";
  }

  // Tell.
  folder.write("result.json", to_json(result));
  if (!options.quiet &&
      !tools::print(to_table(result) + "  files in " + folder.path().string() + "/\n"))
    tools::complain("the run is " + result.status + "; its files are in " + folder.path().string() +
                    '/');
  if (result.status == "diverged") {
    tools::complain(
        "diverged after " + std::to_string(result.standing.train_steps) +
        " steps (batches without a finite loss: " + std::to_string(result.standing.skipped) +
        "); the weights before are in " + folder.path().string() + '/');
    return tools::exit_diverged;
  }
  if (result.status == "interrupted") {
    tools::complain(interrupted_text());
    return tools::exit_interrupted;
  }
  return tools::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  return tools::run_program("train", argv,
                            [&] { return train(tools::parse_train_options(argc, argv)); });
}
