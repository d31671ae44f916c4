// A function of states, recorded once on a tape and computed for any number of them.
//
// Forces, energies, positions, whole laws of motion, true and learnt: each is recorded for a few
// columns, compiled, and replayed over as many columns as there are.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <memory>

#include "autodiff/compile/program.h"
#include "autodiff/ops.h"

namespace physics {

using autodiff::Index;
using autodiff::Var;

class StateFunction {
 public:
  /// Records rows x N of N states: times t 1 x N, coordinates q n x N, velocities v n x N, controls
  /// u k x N (an empty Var where k = 0). Samples must not mix.
  using Recorder = std::function<Var(Var t, Var q, Var v, Var u)>;
  /// Binds whatever else the recording reads.
  using Binder = std::function<void(autodiff::Workspace& workspace)>;

  /// n coordinates and k controls; `width` columns are computed at a time.
  StateFunction(Index coordinates, Index controls, const Recorder& record, const Binder& bind = {},
                Index width = 16);

  /// Fills in the result, rows x N, of states 2n x N at times 1 x N under controls k x N. Several
  /// threads may call it at once. A column's bits do not depend on its company.
  void operator()(const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
                  const Eigen::MatrixXd& u, Eigen::Ref<Eigen::MatrixXd> result) const;
  /// At time 0, with all controls at 0.
  Eigen::MatrixXd operator()(const Eigen::MatrixXd& states) const;

  Index rows() const;

 private:
  class OfWidth;
  Index coordinates_, controls_;
  std::shared_ptr<OfWidth> wide_, narrow_;  // copies share them
};

}  // namespace physics
