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
#include "tools/app/watch.h"

namespace {

using tools::TrainOptions;

/// From its first batch, or from where it stopped, until it ends. How it ended.
std::string fit(tools::Run& run, nn::Trainer& trainer, tools::Batches& batches, tools::Watch& watch,
                const std::function<void()>& begin, const std::function<bool(int)>& begin_round,
                const std::function<std::string()>& why_not, const TrainOptions& options) {
  while (run.begins_epoch())
    while (run.begins_batch()) {
      if (const auto round = run.begins_round(); round && !begin_round(*round)) continue;
      batches.go_to(run.batch());
      const double loss = trainer.loss_and_gradient(batches.inputs());
      if (trainer.finite()) {
        const double rate = tools::learning_rate(options, run.epoch(), run.step(), run.steps());
        trainer.step(rate);
        batches.learn(trainer.training_step());
        run.learnt(loss, rate);
      } else {
        run.left_out(why_not);
      }
      watch.look();
      if (watch.stuck()) {
        run.begin_again();
        begin();
      }
      run.save_if_due();
    }
  watch.keep_best();
  return run.status();
}

tools::ExitCode train(const TrainOptions& asked) {
  tools::require_resources(asked);
  if (!asked.data.empty()) tools::require_kept(asked.data, asked.out);
  if (!asked.dry_run && std::filesystem::is_directory(asked.out))
    tools::FolderLock{asked.out};  // a folder in use is refused before the data are drawn

  // What is resumed draws its data again, as it did when it began.
  autodiff::Random random(asked.seed);
  const tools::Subject subject(asked);
  const bool tells = subject.measured && !asked.quiet && !asked.dry_run;
  if (tells) tools::print(to_text(*subject.measured));
  const TrainOptions options = settled(asked, subject);
  if (tells) tools::print(how_it_is_learnt(options, subject));
  const auto batches = make_batches(options, random, subject);

  const auto model = make_model(options, subject, batches->sample());
  const auto optimiser = make_optimiser(options, *model);
  const nn::Objective objective = make_objective(options, subject, *model);
  nn::Trainer trainer = make_trainer(options, *model, *optimiser, objective);
  if (options.dry_run)
    throw tools::EndProgram(tools::exit_ok, the_job(options, *model, trainer, *batches));

  // From here on there is something to save before the program ends.
  tools::note_interrupts();
  tools::RunFolder folder(options.out);
  tools::RunResult result(options, subject, *model);
  const tools::Course course = batches->course();
  tools::Watch watch(options, subject, *batches, *model, objective, result.standing, course.total);
  std::vector<nn::NamedMatrix> beside = batches->memory();
  for (const nn::NamedMatrix& matrix : watch.memory()) beside.push_back(matrix);
  const tools::Training training{*model, *optimiser,   random, result.standing,
                                 course, subject.file, beside};
  const std::string config = to_toml(options);
  const auto save = [&] { folder.write(tools::checkpoint_file, to_checkpoint(training, config)); };
  const auto save_weights = [&] { folder.write("model.safetensors", nn::to_model_file(*model)); };
  const auto begin_anew = [&] { begin(*model, *optimiser, options, subject, random); };
  const auto begin_round = [&](int round) {
    watch.keep_best();
    try {
      batches->begin_round(*model, round);
    } catch (const tools::Interrupted&) {
      return false;  // the run ends before this round, and will begin it again
    }
    watch.begin_round(round);
    return true;
  };
  const bool resumed = !options.resume.empty();
  if (resumed)
    tools::resume(training, folder);
  else
    begin_anew();
  folder.begin(config,
               resumed ? std::optional(course.epochs_of(result.standing.batches)) : std::nullopt);
  folder.refill_by(save);
  tools::Run run(options, training, folder, save);
  const auto why_not = [&] {
    return tools::divergence_text(run.step() + 1,
                                  find_divergence(*model, objective, batches->batch()));
  };
  result.status = fit(run, trainer, *batches, watch, begin_anew, begin_round, why_not, options);
  result.share_stuck = watch.share_stuck();
  result.energy_flow = energy_flow(*model, batches->sample());
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
