// ./train: a network learns the law of motion of a mechanical system from its accelerations.
//
// Read train() downwards: subject, batches, model, training loop, judgement.
#include <filesystem>
#include <limits>
#include <optional>

#include "nn/files/model_file.h"
#include "nn/learning/trainer.h"
#include "nn/models/learnt_motion.h"
#include "tools/app/batches.h"
#include "tools/app/interrupt.h"
#include "tools/app/judgement.h"
#include "tools/app/memory.h"
#include "tools/app/models.h"
#include "tools/app/report.h"
#include "tools/app/run.h"
#include "tools/app/run_folder.h"

namespace {

using tools::TrainOptions;

/// From its first batch, or from where it stopped, until it ends. How it ended.
std::string fit(tools::Run& run, nn::Trainer& trainer, tools::Batches& batches,
                const nn::Model& model, const nn::Loss& loss, const TrainOptions& options) {
  while (run.begins_epoch())
    while (run.begins_batch()) {
      batches.go_to(run.batch());
      const double batch_loss =
          trainer.loss_and_gradient(batches.states(), batches.accelerations(), batches.controls());
      if (trainer.finite()) {
        const double rate = tools::learning_rate(options, run.epoch(), run.step(), run.steps());
        trainer.step(rate);
        run.learnt(batch_loss, rate);
      } else {
        run.left_out([&, batch = batches.batch()] {
          return tools::divergence_text(
              run.step() + 1,
              find_divergence(model, loss, batch.states, batch.accelerations, batch.controls));
        });
      }
    }
  return run.status();
}

tools::ExitCode train(const TrainOptions& options) {
  tools::require_resources(options);
  if (!options.dry_run && std::filesystem::is_directory(options.out))
    tools::FolderLock{options.out};  // a folder in use is refused before the data are drawn

  // What is resumed draws its data again, as it did when it began.
  autodiff::Random random(options.seed);
  const tools::Subject subject(options);
  if (subject.measured && !options.quiet && !options.dry_run)
    tools::print(to_text(*subject.measured));
  tools::Batches batches(options, random, subject);

  const auto model = make_model(options, subject, batches.sample());
  initialise(*model, options, random);
  const auto optimiser = make_optimiser(options, *model);
  const nn::Loss loss = make_loss(options, *model);
  nn::Trainer trainer = make_trainer(options, *model, *optimiser, loss);
  if (options.dry_run)
    throw tools::EndProgram(tools::exit_ok, the_job(options, *model, trainer, batches));

  // From here on there is something to save before the program ends.
  tools::note_interrupts();
  tools::RunFolder folder(options.out);
  tools::RunResult result(options, subject, *model);
  const tools::Training training{*model,          *optimiser,       random,
                                 result.standing, batches.course(), subject.file};
  const std::string config = to_toml(options);
  const auto save = [&] { folder.write(tools::checkpoint_file, to_checkpoint(training, config)); };
  const auto save_weights = [&] { folder.write("model.safetensors", nn::to_model_file(*model)); };
  const bool resumed = !options.resume.empty();
  if (resumed) tools::resume(training, folder);
  folder.begin(config, resumed ? std::optional(training.course.epochs_of(result.standing.batches))
                               : std::nullopt);
  folder.refill_by(save);
  tools::Run run(options, training, folder, save);
  result.status = fit(run, trainer, batches, *model, loss, options);
  save_weights();
  folder.refill_by([&] { save(), save_weights(); });

  // All that judging could lose is time: an interrupt need not wait for it.
  if (result.status == "finished") {
    result.status = "interrupted";
    folder.write("result.json", to_json(result));
    tools::end_at_interrupt("train: " + ending(result, folder) + '\n');
    if (!options.quiet)
      tools::print(subject.simulated ? "  judging on fresh states and trajectories\n"
                                     : "  judging on what was held out\n");
    const physics::Motion learnt = learnt_motion(*model);
    result.judgement = judge(options, subject, learnt);
    const std::string example =
        subject.simulated ? trajectory_csv(options, *subject.simulated, learnt) : "";
    tools::note_interrupts();
    if (!example.empty()) folder.write("trajectory.csv", example);
    result.status = "finished";
  }
  folder.write("result.json", to_json(result));
  return tell(result, folder);
}

}  // namespace

int main(int argc, char** argv) {
  return tools::run_program("train", argv,
                            [&] { return train(tools::parse_train_options(argc, argv)); });
}
