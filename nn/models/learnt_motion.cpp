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

}  // namespace nn
