#include "nn/learning/training_step.h"

#include "autodiff/grad.h"

namespace nn {

RecordedLoss record_loss(const Model& model, const Loss& loss, Tape& tape, Index samples) {
  const Index n = model.coordinates();
  const Var state = tape.input(2 * n, samples, "state");
  const Var target = tape.input(n, samples, "acceleration");
  const Var q = slice_rows(state, 0, n), v = slice_rows(state, n, n);
  Var error = loss(model.acceleration(q, v), target);
  if (const Var velocity = model.velocity(q, v); velocity != v) error = error + loss(velocity, v);
  return {state, target, error};
}

namespace {

autodiff::ShardedProgram::Recorder recorder(const Model& model, const Loss& loss, Index samples) {
  return [&model, &loss, samples](Tape& tape, Index width) {
    const RecordedLoss shard = record_loss(model, loss, tape, width);
    // The shards' means, weighted by their share of the batch, add up to the mean of the batch.
    const double share = static_cast<double>(width) / static_cast<double>(samples);
    const Var weighted = shard.loss * share;

    std::vector<Var> summed{weighted};
    for (const Var& gradient : autodiff::grad(weighted, model.parameters().on(tape)))
      summed.push_back(gradient);
    return autodiff::ShardRecording{
        .inputs = {shard.state, shard.target}, .summed = summed, .per_sample = {}};
  };
}

}  // namespace

TrainingStep::TrainingStep(const Model& model, const Loss& loss,
                           autodiff::ShardedProgram::Sharding layout,
                           autodiff::Program::Options options)
    : program_(layout, recorder(model, loss, layout.samples), options) {
  model.parameters().bind(program_);
}

double TrainingStep::run(const Scalar* states, const Scalar* accelerations) {
  program_.bind_input(0, states);
  program_.bind_input(1, accelerations);
  program_.run();
  return program_.summed().front();
}

}  // namespace nn
