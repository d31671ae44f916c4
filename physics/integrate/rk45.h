// Ordinary differential equations: y' = f(t, y), by Dormand and Prince's pair of orders 5 and 4.
//
// Each step of size h evaluates f at seven points, the stages k_i = f(t + c_i h, y + h Σ_j a_ij
// k_j), and combines them twice: with weights b to the new state, of fifth order, and with weights
// e to an estimate of its error, the difference to a formula of fourth order. A step is accepted
// when
//
//     ‖error‖ = RMS of error_i / (atol + rtol max(|y_i|, |y_i new|)) < 1,
//
// and the next one is 0.9 ‖error‖^(-1/5) times as long, within [0.2, 10]. Between the steps a
// quartic through the same stages gives the state at any time (dense output).
//
// Sources: Dormand & Prince 1980; Hairer, Norsett & Wanner, Solving Ordinary Differential Equations
// I, II.4 (step size, first step) and II.6 (dense output); Shampine 1986 (the quartic).
//
// Many trajectories are integrated together, each a column with its own time, step and error, so
// that f can work on whole batches. A trajectory gives the same bits alone and in any company,
// provided that f treats columns independently.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace physics {

/// The right-hand side for one state: y is d long.
using Derivative = std::function<Eigen::VectorXd(double t, const Eigen::VectorXd& y)>;

/// The right-hand side for many: t is 1 x n, y is d x n, and dydt, d x n already, is to be filled.
/// n is the number of trajectories still under way.
using BatchDerivative = std::function<void(const Eigen::RowVectorXd& t, const Eigen::MatrixXd& y,
                                           Eigen::MatrixXd& dydt)>;

struct Rk45Options {
  double rtol = 1e-6;
  double atol = 1e-9;     ///< in the units of y, positive
  double first_step = 0;  ///< 0: chosen by Hairer's rule
  double max_step = std::numeric_limits<double>::infinity();
  long max_steps = 1'000'000;  ///< accepted and rejected together
  bool dense = false;          ///< keep every step, for Solution::at
};

enum class Rk45Status { finished, step_too_small, too_many_steps, not_finite };

/// One step's polynomial: y(t + x h) = y + h Σ_k coefficients.col(k) x^(k+1) for x in [0, 1].
struct DenseStep {
  double t, h;
  Eigen::VectorXd y;             ///< d, at t
  Eigen::MatrixXd coefficients;  ///< d x 4

  Eigen::VectorXd at(double time) const;
};

struct Solution {
  Eigen::VectorXd t;  ///< the times asked for, as far as they were reached
  Eigen::MatrixXd y;  ///< d x as many: the states there
  Rk45Status status = Rk45Status::finished;
  std::string message;    ///< why it stopped, with the values
  double t_end = 0;       ///< where it stopped
  Eigen::VectorXd y_end;  ///< d: the state there
  long evaluations = 0, accepted = 0, rejected = 0;
  std::vector<DenseStep> steps;  ///< with Rk45Options::dense

  bool ok() const { return status == Rk45Status::finished; }
  /// The state at a time between the start and t_end. Throws std::out_of_range elsewhere, and
  /// std::logic_error if no steps were kept.
  Eigen::VectorXd at(double time) const;
};

/// Integrates from t0 to t1, which may lie before t0. The solution holds the states at `times`,
/// which run from t0 towards t1; if there are none, those after each accepted step, the start
/// included. A trajectory that cannot go on stops and says why. Throws std::invalid_argument for
/// options, times or shapes that make no sense; what f throws goes through.
Solution rk45(const Derivative& f, const Eigen::VectorXd& y0, double t0, double t1,
              const Rk45Options& options = {}, const Eigen::VectorXd& times = {});

/// The same for every column of y0 (d x n).
std::vector<Solution> rk45_batch(const BatchDerivative& f, const Eigen::MatrixXd& y0, double t0,
                                 double t1, const Rk45Options& options = {},
                                 const Eigen::VectorXd& times = {});

}  // namespace physics
