#include "nn/models/learnt_motion.h"

#include "physics/state_function.h"

namespace nn {

physics::Motion learnt_motion(const Model& model, Index width) {
  const Index n = model.coordinates();
  const physics::StateFunction rates(
      n, 0,
      [&](Var, Var q, Var v, Var) {
        return stack_rows(model.velocity(q, v), model.acceleration(q, v));
      },
      [&model](autodiff::Workspace& workspace) { model.parameters().bind(workspace); }, width);
  return {n, 0,
          [=](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states, const Eigen::MatrixXd& u,
              Eigen::MatrixXd& result) { rates(t, states, u, result); }};
}

}  // namespace nn
