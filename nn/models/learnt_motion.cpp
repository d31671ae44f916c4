#include "nn/models/learnt_motion.h"

#include "physics/state_function.h"

namespace nn {

physics::Motion learnt_motion(const Model& model, Index width) {
  const Index n = model.coordinates(), k = model.controls();
  const physics::StateFunction rates(
      n, k,
      [&](Var, Var q, Var v, Var u) {
        model.parameters().on(q.tape());  // also those that it does not read
        return stack_rows(model.velocity(q, v), model.acceleration(q, v, u));
      },
      [&model](autodiff::Workspace& workspace) { model.parameters().bind(workspace); }, width);
  return {n, k,
          [=](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states, const Eigen::MatrixXd& u,
              Eigen::MatrixXd& result) { rates(t, states, u, result); }};
}

namespace {

/// What the model has learnt of each state, 1 x N; none where it has not.
std::optional<physics::StateFunction> learnt(
    const Model& model, const std::function<std::optional<Var>(Var q, Var v, Var u)>& what) {
  const Index n = model.coordinates(), k = model.controls();
  Tape tape;
  if (!what(tape.input(n, 1, "q"), tape.input(n, 1, "v"), k > 0 ? tape.input(k, 1, "u") : Var()))
    return std::nullopt;
  return physics::StateFunction(
      n, k,
      [&model, what](Var, Var q, Var v, Var u) {
        model.parameters().on(q.tape());  // also those that it does not read
        return *what(q, v, u);
      },
      [&model](autodiff::Workspace& workspace) { model.parameters().bind(workspace); });
}

}  // namespace

std::optional<physics::StateFunction> learnt_energy(const Model& model) {
  return learnt(model, [&model](Var q, Var v, Var) { return model.energy(q, v); });
}

std::optional<EnergyFlow> energy_flow(const Model& model, const physics::DataSet& data) {
  const auto energy = learnt_energy(model);
  const auto power = learnt(model, [&model](Var q, Var v, Var u) { return model.power(q, v, u); });
  if (!energy || !power || data.size() == 0) return std::nullopt;
  const Eigen::MatrixXd states = data.states.cast<double>();
  Eigen::MatrixXd at_rest = states, all(1, data.size());
  at_rest.bottomRows(model.coordinates()).setZero();
  const double kinetic = ((*energy)(states) - (*energy)(at_rest)).mean();
  all = (*power)(states);  // with all controls at 0
  const double friction = all.mean();
  if (model.controls() > 0)
    (*power)(Eigen::RowVectorXd::Zero(data.size()), states, data.controls.cast<double>(), all);
  return EnergyFlow{.friction = -friction / kinetic, .controls = (all.mean() - friction) / kinetic};
}

}  // namespace nn
