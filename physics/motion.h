// A law of motion: how fast a state changes.
//
// A state is a column (q; v) of n coordinates and their n velocities. True laws of motion and
// learnt ones have this one type, so that whatever integrates, judges or draws takes either.
#pragma once

#include <Eigen/Core>
#include <functional>

#include "autodiff/matrix.h"

namespace physics {

using autodiff::Index;

class Motion {
 public:
  /// Fills in the rates (dq/dt; dv/dt), 2n x N and of that size already, of states 2n x N at times
  /// t (1 x N) under controls u (k x N). Several threads may call it at once.
  using Law = std::function<void(const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
                                 const Eigen::MatrixXd& u, Eigen::MatrixXd& rates)>;
  /// The same of a law without time and controls.
  using TimelessLaw = std::function<void(const Eigen::MatrixXd& states, Eigen::MatrixXd& rates)>;
  /// Fills in accelerations, n x N, of states 2n x N.
  using Accelerations =
      std::function<void(const Eigen::MatrixXd& states, Eigen::Ref<Eigen::MatrixXd> accelerations)>;
  /// Fills in the controls, k x N.
  using Controller = std::function<void(const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
                                        Eigen::MatrixXd& u)>;

  /// n coordinates and k controls.
  Motion(Index coordinates, Index controls, Law law);
  Motion(Index coordinates, const TimelessLaw& law);
  /// dq/dt = v, dv/dt = accelerations(q, v).
  static Motion of_accelerations(Index coordinates, Accelerations accelerations);

  Index coordinates() const { return coordinates_; }
  Index controls() const { return controls_; }

  /// Throws std::invalid_argument for other shapes.
  void operator()(const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
                  const Eigen::MatrixXd& u, Eigen::MatrixXd& rates) const;
  /// At time 0, with all controls at 0: the rates of states, 2n x N.
  Eigen::MatrixXd operator()(const Eigen::MatrixXd& states) const;
  /// At these times, with all controls at 0.
  Eigen::MatrixXd operator()(const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states) const;

  /// The motion of a system whose controls follow a rule.
  Motion controlled_by(Controller controller) const;

 private:
  Index coordinates_, controls_;
  Law law_;
};

}  // namespace physics
