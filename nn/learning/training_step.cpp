#include "nn/learning/training_step.h"

#include <array>
#include <stdexcept>
#include <string>

#include "autodiff/grad.h"

namespace nn {

Objective of_accelerations(Loss loss) {
  return [loss = std::move(loss)](const Model& model, Tape& tape, Index samples) {
    const Index n = model.coordinates();
    const Var state = tape.input(2 * n, samples, "state");
    const Var target = tape.input(n, samples, "acceleration");
    const Var q = slice_rows(state, 0, n), v = slice_rows(state, n, n);
    std::vector<Var> inputs{state, target};
    if (model.controls() > 0) inputs.push_back(tape.input(model.controls(), samples, "control"));
    const Var control = model.controls() > 0 ? inputs.back() : Var();
    Var error = loss(model.acceleration(q, v, control), target);
    if (const Var velocity = model.velocity(q, v); velocity != v) error = error + loss(velocity, v);
    return RecordedLoss{inputs, error};
  };
}

namespace {

autodiff::ShardedProgram::Recorder recorder(const Model& model, const Objective& objective,
                                            Index samples) {
  return [&model, &objective, samples](Tape& tape, Index width) {
    const RecordedLoss shard = objective(model, tape, width);
    // The shards' means, weighted by their share of the batch, add up to the mean of the batch.
    const double share = static_cast<double>(width) / static_cast<double>(samples);
    const Var weighted = shard.loss * share;

    std::vector<Var> learnt = model.parameters().on(tape);
    const std::size_t parameters = learnt.size();
    learnt.insert(learnt.end(), shard.learnt.begin(), shard.learnt.end());
    std::vector<Var> gradients = autodiff::grad(weighted, learnt);
    std::vector<Var> summed{weighted};
    summed.insert(summed.end(), gradients.begin(),
                  gradients.begin() + static_cast<std::ptrdiff_t>(parameters));
    gradients.erase(gradients.begin(), gradients.begin() + static_cast<std::ptrdiff_t>(parameters));
    return autodiff::ShardRecording{
        .inputs = shard.inputs, .summed = summed, .per_sample = gradients};
  };
}

std::size_t count_of_inputs(const Model& model, const Objective& objective) {
  Tape tape;
  return objective(model, tape, 1).inputs.size();
}

}  // namespace

TrainingStep::TrainingStep(const Model& model, const Objective& objective,
                           autodiff::ShardedProgram::Sharding layout,
                           autodiff::Program::Options options)
    : inputs_(count_of_inputs(model, objective)),
      program_(layout, recorder(model, objective, layout.samples), options) {
  model.parameters().bind(program_);
}

double TrainingStep::run(std::span<const Scalar* const> inputs) {
  if (inputs.size() != inputs_)
    throw std::invalid_argument("[training_step] " + std::to_string(inputs.size()) +
                                " inputs, the objective has " + std::to_string(inputs_));
  for (std::size_t k = 0; k < inputs.size(); ++k)
    program_.bind_input(static_cast<int>(k), inputs[k]);
  program_.run();
  return program_.summed().front();
}

double TrainingStep::run(const Scalar* states, const Scalar* accelerations,
                         const Scalar* controls) {
  const std::array<const Scalar*, 3> all{states, accelerations, controls};
  if (inputs_ != 2 && inputs_ != 3)
    throw std::invalid_argument("[training_step] the objective has " + std::to_string(inputs_) +
                                " inputs, which are not states, accelerations and controls");
  if (inputs_ == 3 && controls == nullptr)
    throw std::invalid_argument("[training_step] the model has controls, and none are given");
  return run(std::span(all).first(inputs_));
}

}  // namespace nn
