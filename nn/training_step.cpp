#include "nn/training_step.h"

#include "autodiff/grad.h"

namespace nn {
namespace {

autodiff::ShardedProgram::Recorder recorder(const Model& model, const Loss& loss, Index samples) {
  return [&model, &loss, samples](Tape& tape, Index width) {
    const Index n = model.coordinates();
    const Var state = tape.input(2 * n, width, "state");
    const Var target = tape.input(n, width, "acceleration");
    const Var predicted = model.acceleration(slice_rows(state, 0, n), slice_rows(state, n, n));
    // The shards' means, weighted by their share of the batch, add up to the mean of the batch.
    const double share = static_cast<double>(width) / static_cast<double>(samples);
    const Var weighted = loss(predicted, target) * share;

    std::vector<Var> summed{weighted};
    for (const Var& gradient : autodiff::grad(weighted, model.parameters().on(tape)))
      summed.push_back(gradient);
    return autodiff::ShardRecording{.inputs = {state, target}, .summed = summed, .per_sample = {}};
  };
}

}  // namespace

TrainingStep::TrainingStep(const Model& model, const Loss& loss,
                           autodiff::ShardedProgram::Layout layout,
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
