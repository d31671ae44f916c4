#include "tools/app/learner.h"

namespace tools {

Learner::Learner(const TrainOptions& of, const Subject& about, autodiff::Random& draws)
    : options(of),
      subject(about),
      random(draws),
      batches(make_batches(options, random, subject)),
      course(batches->course()),
      model(make_model(options, subject, batches->sample())),
      optimiser(make_optimiser(options, *model)),
      objective(make_objective(options, subject, *model)),
      trainer(make_trainer(options, *model, *optimiser, objective)),
      watch(options, subject, *batches, *model, objective, standing, course.total) {}

void Learner::begin() { tools::begin(*model, *optimiser, options, subject, random); }

void Learner::begin_round_if_due() {
  const auto round = course.round_at(standing.batches, options.rounds);
  if (!round) return;
  watch.keep_best();
  batches->begin_round(*model, *round);
  watch.begin_round(*round);
}

std::optional<Learner::Learnt> Learner::learn_batch() {
  const long step = standing.batches;
  batches->go_to(step % course.per_epoch);
  const double loss = trainer.loss_and_gradient(batches->inputs());
  if (!trainer.finite()) return {};
  const double rate = learning_rate(options, step / course.per_epoch, step, course.total);
  trainer.step(rate);
  batches->learn(trainer.training_step());
  return Learnt{loss, rate};
}

std::vector<nn::NamedMatrix> Learner::memory() {
  std::vector<nn::NamedMatrix> all = batches->memory();
  for (const nn::NamedMatrix& matrix : watch.memory()) all.push_back(matrix);
  return all;
}

}  // namespace tools
