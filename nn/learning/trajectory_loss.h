// Learning from where things were: the loss goes through the integrator.
//
// A window is a piece of a trajectory, from a start over some measured points. The learnt law is
// integrated from the start by Runge-Kutta steps on the tape, and what comes out is held against
// what was measured:
//
//     start s_j  ->  y(t_1), y(t_2), ..., y(t_w)          loss: |y(t_i) - measured_i|
//                                      |
//                    s_(j+1), the start of the next window: |y(t_w) - s_(j+1)|
//
// Where data are noisy, a measured start would be wrong for all that follows. So starts are learnt
// with the law, one for each window, and neighbouring windows have to agree where they meet
// (multiple shooting: Bock & Plitt 1984).
//
// Points may be denser than the motion needs. A step then spans some of them, and between its ends
// the polynomial of degree 5 through positions, velocities and accelerations tells where it was.
#pragma once

#include <span>
#include <vector>

#include "nn/learning/training_step.h"
#include "nn/models/per_coordinate.h"
#include "physics/observe/recording.h"

namespace nn {

/// Throws std::invalid_argument from whatever takes it where a number is below 1, where `points` is
/// no multiple of `span`, or where there are both a span and substeps.
struct WindowShape {
  Index points = 4;         ///< w, measured behind the start
  Index span = 1;           ///< of them between the states that are integrated
  Index substeps = 1;       ///< Runge-Kutta steps from one such state to the next
  bool velocities = false;  ///< measured too

  Index steps() const { return points / span * substeps; }
};

struct TrajectoryLoss {
  WindowShape shape;
  Loss loss;  ///< of positions (and velocities) in the units below
  PerCoordinate position_unit = 1, velocity_unit = 1;
  double agreement = 1;  ///< weight of the agreement of neighbours
};

/// The loss of windows. Its inputs, a window a column:
///
///     starts      2n x N, learnt as well
///     times       w x N, of the points, since the start [s]
///     measured    n (w + 1) x N, from the start on; 2n (w + 1) with velocities, all q before all v
///     follows     1 x N, is there a next window? 1 or 0
///     next        2n x N, where that starts, learnt as well
///     controls    k (w + 1) x N, where the model has controls; straight lines between the points,
///                 as counted: a step that spans several needs them to be even in time
Objective of_trajectories(const TrajectoryLoss& loss);

/// Windows cut from recordings, a window a column: what the loss needs of them.
struct Windows {
  Matrix starts;            ///< 2n x M
  Matrix times;             ///< w x M
  Matrix measured;          ///< n (w + 1) or 2n (w + 1) x M
  Matrix controls;          ///< k (w + 1) x M
  std::vector<Index> next;  ///< the window that follows each, or -1
  std::vector<bool> follows_another;

  Index size() const { return starts.cols(); }
};

/// Each recording in windows end to end; where it is no multiple of their length, the rest at its
/// end is left over. They start from the estimates.
Windows cut_windows(std::span<const physics::Recording> recordings,
                    std::span<const physics::Estimate> estimates, const WindowShape& shape);

/// The loss's inputs of some of them.
std::vector<Matrix> inputs_of(const Windows& windows, std::span<const Index> which);

/// Newton's steps of the windows' starts. A motion that begins at s + δ is at y(t) + Φ(t) δ, and
/// near the middle of its window Φ' = A Φ with the derivative A of the learnt law there. So the
/// second derivatives of the loss are nearly known, for each window a matrix 2n x 2n (as in Gauss
/// and Newton's method, with Φ in the linear approximation).
class StartSteps {
 public:
  /// With the law as the model has it now.
  StartSteps(const Windows& windows, const TrajectoryLoss& loss, const Model& model);
  /// Takes no steps before it is renewed, or its memory is filled.
  StartSteps(const Windows& windows, const TrajectoryLoss& loss);

  /// Steps are as cautious as at first.
  void forget();
  /// Takes A and the units anew, from the law and the starts as they are now.
  void renew(const Windows& windows, const TrajectoryLoss& loss, const Model& model);

  /// Moves the starts of the windows `which`, and of those that follow them, by part of such a
  /// step: a larger part each time, until a gradient grows, which tells that it was too large.
  /// gradient, next_gradient: 2n x N, of the mean loss of these windows.
  void step(Windows& windows, std::span<const Index> which, const Matrix& gradient,
            const Matrix& next_gradient);

  /// All that it remembers; stays where it is.
  std::vector<NamedMatrix> memory();

 private:
  void take_units(const TrajectoryLoss& loss);

  Eigen::VectorXd farthest_;  ///< a step at most, 2n
  Matrix inverse_;            ///< (2n)² x M: the inverse matrices
  Matrix part_, gradient_;    ///< 1 x M: of a step; the length of the last gradient
};

}  // namespace nn
