#include "nn/learning/training_step.h"

#include <stdexcept>

#include "autodiff/grad.h"

namespace nn {

RecordedLoss record_loss(const Model& model, const Loss& loss, Tape& tape, Index samples) {
  const Index n = model.coordinates();
  const Var state = tape.input(2 * n, samples, "state");
  const Var target = tape.input(n, samples, "acceleration");
  const Var q = slice_rows(state, 0, n), v = slice_rows(state, n, n);
  const Var control =
      model.controls() > 0 ? tape.input(model.controls(), samples, "control") : Var();
  Var error = loss(model.acceleration(q, v, control), target);
  if (const Var velocity = model.velocity(q, v); velocity != v) error = error + loss(velocity, v);
  return {state, target, control, error};
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
    std::vector<Var> inputs{shard.state, shard.target};
    if (shard.control) inputs.push_back(shard.control);
    return autodiff::ShardRecording{.inputs = inputs, .summed = summed, .per_sample = {}};
  };
}

}  // namespace

TrainingStep::TrainingStep(const Model& model, const Loss& loss,
                           autodiff::ShardedProgram::Sharding layout,
                           autodiff::Program::Options options)
    : controlled_(model.controls() > 0),
      program_(layout, recorder(model, loss, layout.samples), options) {
  model.parameters().bind(program_);
}

double TrainingStep::run(const Scalar* states, const Scalar* accelerations,
                         const Scalar* controls) {
  if (controlled_ && !controls)
    throw std::invalid_argument("[training_step] the model has controls, and none are given");
  program_.bind_input(0, states);
  program_.bind_input(1, accelerations);
  if (controlled_) program_.bind_input(2, controls);
  program_.run();
  return program_.summed().front();
}

}  // namespace nn
