// ./train: a network learns the Lagrangian of the double pendulum from its accelerations alone.
//
// Read it from train() downwards: system, data, model, fit, judge, tell.
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <sstream>

#include "nn/divergence.h"
#include "nn/learnt_motion.h"
#include "nn/safetensors.h"
#include "nn/schedule.h"
#include "nn/training_step.h"
#include "tools/judgement.h"
#include "tools/models.h"
#include "tools/options.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/run_folder.h"

using autodiff::Index;
using autodiff::Random;
using autodiff::Scalar;
using tools::TrainOptions;

namespace {

/// So many batches in a row without a finite loss, and going on makes no sense.
constexpr int give_up_after = 100;

/// Where the batches come from: drawn anew each time, or cut from a set that is drawn once.
class Batches {
 public:
  Batches(const TrainOptions& options, Random& random, const physics::Motion& truth)
      : options_(options), random_(random), truth_(truth), fresh_(options.source == "fresh") {
    if (options.source == "trajectories")
      data_ = physics::label(
          truth, tools::trajectory_states(options, options.trajectories, random, truth));
    if (options.source == "fixed")
      data_ = physics::label(
          truth, tools::box_states(options, Index{options.trajectories} * options.points, random,
                                   options.velocity_margin));
    if (!fresh_) data_ = physics::shuffled(data_, random);
  }

  Index per_epoch() const {
    return fresh_ ? options_.steps_per_epoch : data_.size() / options_.batch;
  }

  /// Batch number k of an epoch.
  void go_to(Index k) {
    if (fresh_)
      data_ = physics::label(
          truth_, tools::box_states(options_, options_.batch, random_, options_.velocity_margin));
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
  const physics::Motion& truth_;
  bool fresh_;
  physics::DataSet data_;
  Index begin_ = 0;
};

/// --schedule: the rate of a step, counted from 0 over all epochs.
double learning_rate(const TrainOptions& options, int epoch, long step, long total) {
  const double peak = options.learning_rate;
  const long warmup = std::lround(options.warmup * static_cast<double>(total));
  if (options.schedule == "step")
    return nn::StepLR{peak, options.lr_step, options.lr_gamma}.rate(epoch);
  if (options.schedule == "cosine") return nn::WarmupCosine{peak, warmup, total}.rate(step);
  if (options.schedule == "onecycle") return nn::OneCycle{peak, warmup, total}.rate(step);
  return peak;
}

/// Fits the model; the result says how it ended.
void fit(nn::Model& model, const TrainOptions& options, Batches& batches, tools::RunFolder& folder,
         tools::RunResult& result) {
  const nn::Loss loss = make_loss(options);
  nn::TrainingStep step(model, loss, {options.batch, options.shard_width, options.threads});
  const auto optimiser = make_optimiser(options, model);
  const double largest_norm =
      options.clip > 0 ? options.clip : std::numeric_limits<double>::infinity();
  const long total_steps = batches.per_epoch() * options.epochs;

  folder.add_metrics("epoch,loss,learning_rate,seconds");
  tools::Progress progress(options.epochs, options.quiet);
  int skipped_in_a_row = 0;
  for (int epoch = 0; epoch < options.epochs && result.status == "finished"; ++epoch) {
    double running_loss = 0, rate = 0;
    Index learnt_from = 0;
    for (Index k = 0; k < batches.per_epoch() && result.status == "finished"; ++k) {
      if (tools::interrupted()) result.status = "interrupted";
      batches.go_to(k);
      const double batch_loss = step.run(batches.states(), batches.accelerations());
      const double clip = nn::clip_factor(step.gradient(), largest_norm);
      const long number = epoch * batches.per_epoch() + k;
      if (!std::isfinite(batch_loss) || !std::isfinite(clip)) {
        if (result.skipped++ == 0)
          std::cerr << "train: "
                    << tools::divergence_text(number + 1, batches.divergence(model, loss));
        if (options.on_divergence == "stop" || ++skipped_in_a_row == give_up_after)
          result.status = "diverged";
        continue;
      }
      skipped_in_a_row = 0;
      rate = learning_rate(options, epoch, number, total_steps);
      optimiser->step(model.parameters().values(), step.gradient(), rate, clip);
      running_loss += batch_loss;
      ++learnt_from;
      ++result.train_steps;
    }
    if (learnt_from == 0) break;
    result.train_loss = running_loss / static_cast<double>(learnt_from);
    std::ostringstream row;
    row.precision(10);
    row << epoch + 1 << ',' << result.train_loss << ',' << rate << ',' << progress.seconds();
    folder.add_metrics(row.str());
    progress.show(epoch + 1, result.train_loss, rate);
  }
  result.wall_s = progress.seconds();
}

tools::ExitCode train(const TrainOptions& options) {
  tools::RunFolder folder(options.out);
  folder.write("config.toml", to_toml(options));
  Random random(options.seed);

  // System: the true law of motion, in closed form.
  const physics::Motion truth = tools::true_motion(options.system);

  // Data, model, fit.
  Batches batches(options, random, truth);
  const auto model = make_model(options, random);
  tools::RunResult result{.options = options,
                          .status = "finished",
                          .parameters = model->parameters().size(),
                          .judgement = {}};
  tools::watch_for_interrupt();
  fit(*model, options, batches, folder, result);
  folder.write("model.safetensors", nn::to_safetensors(model->parameters()));

  // Judge.
  if (result.status == "finished") {
    if (!options.quiet) std::cout << "  judging on fresh states and trajectories" << std::endl;
    const physics::Motion learnt = tools::interruptible(learnt_motion(*model, options.threads));
    try {
      result.judgement = judge(options, {truth, learnt});
      folder.write("trajectory.csv", trajectory_csv(options, {truth, learnt}));
    } catch (const tools::Interrupted&) {
      result.status = "interrupted";
    }
  }

  // Tell.
  folder.write("result.json", to_json(result));
  if (!options.quiet)
    std::cout << to_table(result) << "  files in " << folder.path().string() << "/\n";
  if (result.status == "diverged") {
    std::cerr << "train: diverged after " << result.train_steps << " steps, " << result.skipped
              << " batches without a finite loss; the weights before are in "
              << folder.path().string() << "/\n";
    return tools::exit_diverged;
  }
  if (result.status == "interrupted") {
    std::cerr << "train: interrupted after " << result.train_steps
              << " steps; what was reached is in " << folder.path().string() << "/\n";
    return tools::exit_interrupted;
  }
  return tools::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  tools::wait_patiently(argv);
  try {
    return train(tools::parse_train_options(argc, argv));
  } catch (const tools::EndProgram& end) {
    (end.code == tools::exit_ok ? std::cout : std::cerr) << end.what() << '\n';
    return end.code;
  } catch (const tools::IoError& error) {
    std::cerr << "train: " << error.what() << '\n';
    return tools::exit_io;
  } catch (const std::exception& error) {
    std::cerr << "train: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
