#include "nn/models/learnt_motion.h"

#include "physics/state_function.h"

namespace nn {

physics::Motion learnt_motion(const Model& model, Index width) {
  const Index n = model.coordinates(), k = model.controls();
  const physics::StateFunction rates(
      n, k,
      [&](Var, Var q, Var v, Var u) {
        return stack_rows(model.velocity(q, v), model.acceleration(q, v, u));
      },
      [&model](autodiff::Workspace& workspace) { model.parameters().bind(workspace); }, width);
  return {n, k,
          [=](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states, const Eigen::MatrixXd& u,
              Eigen::MatrixXd& result) { rates(t, states, u, result); }};
}

std::optional<physics::StateFunction> learnt_energy(const Model& model) {
  const Index n = model.coordinates();
  Tape tape;
  if (!model.energy(tape.input(n, 1, "q"), tape.input(n, 1, "v"))) return std::nullopt;
  return physics::StateFunction(
      n, model.controls(),
      [&](Var, Var q, Var v, Var) {
        model.parameters().on(q.tape());  // also those that the energy does not read
        return *model.energy(q, v);
      },
      [&model](autodiff::Workspace& workspace) { model.parameters().bind(workspace); });
}

}  // namespace nn
