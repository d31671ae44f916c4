#include "nn/learning/divergence.h"

#include <vector>

#include "autodiff/check/non_finite.h"
#include "autodiff/grad.h"

namespace nn {
namespace {

std::string describe(Var node) {
  return std::string(node.tape().node(node.id()).op->name) + ' ' + to_string(node.shape());
}

}  // namespace

std::optional<Divergence> find_divergence(const Model& model, const Loss& loss,
                                          const Matrix& states, const Matrix& accelerations,
                                          const Matrix& controls) {
  const Index n = model.coordinates();
  Tape tape;
  const RecordedLoss single = record_loss(model, loss, tape, 1);
  std::vector<Var> outputs = autodiff::grad(single.loss, model.parameters().on(tape));
  outputs.push_back(single.loss);
  std::vector<std::pair<Var, Matrix>> bindings = model.parameters().bindings(tape);
  const std::size_t first = bindings.size();
  bindings.emplace_back(single.state, Matrix(2 * n, 1));
  bindings.emplace_back(single.target, Matrix(n, 1));
  if (single.control) bindings.emplace_back(single.control, Matrix(model.controls(), 1));

  for (Index s = 0; s < states.cols(); ++s) {
    bindings[first].second = states.col(s);
    bindings[first + 1].second = accelerations.col(s);
    if (single.control) bindings[first + 2].second = controls.col(s);
    if (const auto node = autodiff::first_non_finite(outputs, bindings)) {
      const Eigen::MatrixXd mass = mass_matrices(model, states.col(s).cast<double>());
      return Divergence{s, states.col(s), describe(*node),
                        mass.size() > 0 ? std::optional(condition_number(mass)) : std::nullopt};
    }
  }
  return std::nullopt;
}

}  // namespace nn
