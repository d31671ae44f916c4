#include "nn/learning/divergence.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "autodiff/check/non_finite.h"
#include "autodiff/grad.h"

namespace nn {
namespace {

std::string describe(Var node) {
  return std::string(node.tape().node(node.id()).op->name) + ' ' + to_string(node.shape());
}

}  // namespace

std::optional<Divergence> find_divergence(const Model& model, const Objective& objective,
                                          const std::vector<Matrix>& inputs) {
  Tape tape;
  const RecordedLoss single = objective(model, tape, 1);
  if (inputs.size() != single.inputs.size())
    throw std::invalid_argument("[find_divergence] " + std::to_string(inputs.size()) +
                                " inputs, the objective has " +
                                std::to_string(single.inputs.size()));
  std::vector<Var> learnt = model.parameters().on(tape);
  learnt.insert(learnt.end(), single.learnt.begin(), single.learnt.end());
  std::vector<Var> outputs = autodiff::grad(single.loss, learnt);
  outputs.push_back(single.loss);
  std::vector<std::pair<Var, Matrix>> bindings = model.parameters().bindings(tape);
  const std::size_t first = bindings.size();
  for (const Var& input : single.inputs) bindings.emplace_back(input, Matrix());

  for (Index s = 0; s < inputs.front().cols(); ++s) {
    for (std::size_t k = 0; k < inputs.size(); ++k) bindings[first + k].second = inputs[k].col(s);
    if (const auto node = autodiff::first_non_finite(outputs, bindings)) {
      const Matrix state = inputs.front().col(s);
      const Eigen::MatrixXd mass = mass_matrices(model, state.cast<double>());
      return Divergence{s, state, describe(*node),
                        mass.size() > 0 ? std::optional(condition_number(mass)) : std::nullopt};
    }
  }
  return std::nullopt;
}

}  // namespace nn
