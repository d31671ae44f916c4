// ./train: a network learns the law of motion of a mechanical system from its accelerations.
//
// Read train() downwards: subject, learner, training loop, judgement. What learns is made in
// tools/app/learner.cpp: batches, model, optimiser and loss.
#include <filesystem>
#include <optional>

#include "nn/files/model_file.h"
#include "nn/models/learnt_motion.h"
#include "tools/app/interrupt.h"
#include "tools/app/judgement.h"
#include "tools/app/learner.h"
#include "tools/app/memory.h"
#include "tools/app/report.h"
#include "tools/app/run.h"
#include "tools/app/run_folder.h"

namespace {

using tools::TrainOptions;

/// From its first batch, or from where it stopped, until it ends. How it ended.
std::string fit(tools::Run& run, tools::Learner& learner) {
  const auto why_not = [&] {
    const auto found = find_divergence(*learner.model, learner.objective, learner.batches->batch());
    return tools::divergence_text(learner.standing.batches + 1, found);
  };
  while (run.begins_epoch())
    while (run.begins_batch()) {
      try {
        learner.begin_round_if_due();
      } catch (const tools::Interrupted&) {
        continue;  // the run ends before this round, and will begin it again
      }
      if (const auto learnt = learner.learn_batch())
        run.learnt(learnt->loss, learnt->rate);
      else
        run.left_out(why_not);
      learner.watch.look();
      if (learner.watch.stuck()) {
        run.begin_again();
        learner.begin();
      }
      run.save_if_due();
    }
  learner.watch.keep_best();
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

  tools::Learner learner(options, subject, random);
  if (options.dry_run)
    throw tools::EndProgram(tools::exit_ok,
                            the_job(options, *learner.model, learner.trainer, *learner.batches));

  // From here on there is something to save before the program ends.
  tools::note_interrupts();
  tools::RunFolder folder(options.out);
  const std::vector<nn::NamedMatrix> beside = learner.memory();
  const tools::Training training{*learner.model, *learner.optimiser, random, learner.standing,
                                 learner.course, subject.file,       beside};
  const std::string config = to_toml(options);
  const auto save = [&] { folder.write(tools::checkpoint_file, to_checkpoint(training, config)); };
  const auto save_weights = [&] {
    folder.write("model.safetensors", nn::to_model_file(*learner.model));
  };
  const bool resumed = !options.resume.empty();
  if (resumed)
    tools::resume(training, folder);
  else
    learner.begin();
  folder.begin(config, resumed ? std::optional(learner.course.epochs_of(learner.standing.batches))
                               : std::nullopt);
  folder.refill_by(save);
  tools::Run run(options, training, folder, save);

  tools::RunResult result(options, subject, *learner.model);
  result.status = fit(run, learner);
  result.standing = learner.standing;
  result.indefinite_share = learner.watch.indefinite_share();
  result.energy_flow = energy_flow(*learner.model, learner.batches->sample());
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
    const physics::Motion learnt = learnt_motion(*learner.model);
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
