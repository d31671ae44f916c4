#include "tools/app/trial.h"

#include "tools/app/learner.h"
#include "tools/app/text.h"

namespace tools {

namespace {

/// The best loss on what watches, in the last round of a run of so many steps.
double best_validation(TrainOptions o, const Subject& subject, long steps) {
  o.steps = steps;
  autodiff::Random random(o.seed + 6'000'003);
  Learner learner(o, subject, random);
  Standing& standing = learner.standing;
  learner.begin();
  while (standing.batches < learner.course.total) {
    learner.begin_round_if_due();
    learner.learn_batch();
    ++standing.batches;
    learner.watch.look();
    if (learner.watch.stuck()) {
      standing = {.restarts = standing.restarts + 1};
      learner.begin();
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
