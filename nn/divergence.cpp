#include "nn/divergence.h"

#include <Eigen/SVD>
#include <limits>
#include <vector>

#include "autodiff/grad.h"
#include "autodiff/non_finite.h"

namespace nn {
namespace {

using Bindings = std::vector<std::pair<Var, Matrix>>;

/// The model's current parameters, for the leaves that the tape has.
void bind_parameters(const Model& model, Tape& tape, Bindings& bindings) {
  for (const Parameter& p : model.parameters().list())
    bindings.emplace_back(p.on(tape),
                          autodiff::ConstMatrixMap(model.parameters().values().data() + p.offset,
                                                   p.shape.rows, p.shape.cols));
}

std::string describe(Var node) {
  return std::string(node.tape().node(node.id()).op->name) + " (" + to_string(node.shape()) + ")";
}

double condition(const Eigen::MatrixXd& matrix) {
  if (!matrix.allFinite()) return std::numeric_limits<double>::infinity();
  const Eigen::VectorXd singular = Eigen::JacobiSVD<Eigen::MatrixXd>(matrix).singularValues();
  const double smallest = singular[singular.size() - 1];
  return smallest > 0 ? singular[0] / smallest : std::numeric_limits<double>::infinity();
}

}  // namespace

std::optional<Divergence> find_divergence(const Model& model, const Loss& loss,
                                          const Matrix& states, const Matrix& accelerations) {
  const Index n = model.coordinates();
  Tape tape;
  const RecordedLoss single = record_loss(model, loss, tape, 1);
  std::vector<Var> outputs = autodiff::grad(single.loss, model.parameters().on(tape));
  outputs.push_back(single.loss);
  Bindings bindings;
  bind_parameters(model, tape, bindings);
  bindings.emplace_back(single.state, Matrix(2 * n, 1));
  bindings.emplace_back(single.target, Matrix(n, 1));

  for (Index s = 0; s < states.cols(); ++s) {
    bindings[bindings.size() - 2].second = states.col(s);
    bindings[bindings.size() - 1].second = accelerations.col(s);
    if (const auto node = autodiff::first_non_finite(outputs, bindings)) {
      const Eigen::VectorXd conditions = mass_matrix_conditions(model, states.col(s));
      return Divergence{s, states.col(s), describe(*node),
                        conditions.size() > 0 ? std::optional(conditions[0]) : std::nullopt};
    }
  }
  return std::nullopt;
}

Eigen::VectorXd mass_matrix_conditions(const Model& model, const Matrix& states) {
  const Index n = model.coordinates();
  Tape tape;
  const Var state = tape.input(2 * n, states.cols(), "state");
  const auto mass = model.mass_matrix(slice_rows(state, 0, n), slice_rows(state, n, n));
  if (!mass) return {};
  Bindings bindings{{state, states}};
  bind_parameters(model, tape, bindings);
  const Matrix values = evaluate(*mass, bindings);
  Eigen::VectorXd conditions(states.cols());
  for (Index s = 0; s < states.cols(); ++s)
    conditions[s] = condition(values.col(s).reshaped(n, n).cast<double>());
  return conditions;
}

}  // namespace nn
