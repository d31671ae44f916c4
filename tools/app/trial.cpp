#include "tools/app/trial.h"

#include "tools/app/models.h"
#include "tools/app/text.h"
#include "tools/app/watch.h"

namespace tools {

namespace {

/// The best loss on what watches, in the last round of a run of so many steps.
double best_validation(TrainOptions o, const Subject& subject, long steps) {
  o.steps = steps;
  autodiff::Random random(o.seed + 6'000'003);
  const auto batches = make_batches(o, random, subject);
  const auto model = make_model(o, subject, batches->sample());
  const auto optimiser = make_optimiser(o, *model);
  const nn::Objective objective = make_objective(o, subject, *model);
  nn::Trainer trainer = make_trainer(o, *model, *optimiser, objective);
  const Course course = batches->course();
  Standing standing;
  Watch watch(o, subject, *batches, *model, objective, standing, course.total);
  begin(*model, *optimiser, o, subject, random);
  while (standing.batches < course.total) {
    if (const auto round = course.round_at(standing.batches, o.rounds)) {
      watch.keep_best();
      batches->begin_round(*model, *round);
      watch.begin_round(*round);
    }
    batches->go_to(standing.batches % course.per_epoch);
    trainer.loss_and_gradient(batches->inputs());
    if (trainer.finite()) {
      trainer.step(learning_rate(o, standing.batches / course.per_epoch, standing.batches, steps));
      batches->learn(trainer.training_step());
    }
    ++standing.batches;
    watch.look();
    if (watch.stuck()) {
      standing = {.restarts = standing.restarts + 1};
      begin(*model, *optimiser, o, subject, random);
    }
  }
  return standing.best_validation;
}

}  // namespace

long steps_for(const TrainOptions& o, const Subject& subject) {
  const long few = o.steps / 8, many = o.steps / 2;
  if (few == 0 || subject.validation.size() == 0) return o.steps;
  const bool tells = !o.quiet && !o.dry_run;
  if (tells) print(format("  length    trying %ld steps, and %ld\n", few, many));
  const double after_few = best_validation(o, subject, few),
               after_many = best_validation(o, subject, many);
  const long chosen = after_few <= after_many ? few : o.steps;
  if (tells)
    print(
        format("  length    %ld steps: after %ld errors of what watches were %.3g times those "
               "after %ld\n",
               chosen, many, after_many / after_few, few));
  return chosen;
}

}  // namespace tools
