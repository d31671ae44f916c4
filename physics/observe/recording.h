// What was measured of a motion over time, and what can be estimated from that without a law of
// motion: velocities, accelerations, and how large the noise is.
#pragma once

#include <span>
#include <vector>

#include "autodiff/matrix.h"

namespace physics {

using autodiff::Index;

/// One trajectory as it was measured, at T times.
struct Recording {
  Eigen::VectorXd t;              ///< T, growing [s]
  Eigen::MatrixXd q;              ///< n x T; an angle goes on over whole turns
  Eigen::MatrixXd v = {};         ///< n x T; empty where velocities were not measured
  Eigen::MatrixXd controls = {};  ///< k x T, what drives the motion; empty: nothing

  Index size() const { return t.size(); }
};
/// Throws std::invalid_argument where there are no times, or shapes do not fit.
void require_sense(const Recording& recording);

/// How rates are estimated: a polynomial of degree 4, fitted by least squares to a time and its
/// neighbours, is differentiated there.
struct LocalFit {
  Index neighbours = 3;  ///< on each side; at the ends of a trajectory as many, on the other side
};

/// The fit that suits the noise: of some widths, the one that best predicts what it has not been
/// shown, each time's value from its neighbours alone. Short recordings are fitted as they allow.
LocalFit best_fit(std::span<const Recording> recordings);

struct Estimate {
  Eigen::MatrixXd states;         ///< 2n x T
  Eigen::MatrixXd accelerations;  ///< n x T
};
/// At every time of the recording. Measured velocities stand as they are, and so do the coordinates
/// beside them.
Estimate estimate(const Recording& recording, const LocalFit& fit);
/// Of all of them; in less time than one by one, where their times are alike.
std::vector<Estimate> estimate(std::span<const Recording> recordings, const LocalFit& fit);

/// The same where measured velocities and coordinates are exact: accelerations are those of the
/// polynomial of degree 2m - 1 through the m states around (Hermite's interpolation). They are off
/// by the order h^(2m-2), but noise of the states comes through many times over.
Estimate interpolate(const Recording& recording, Index m = 5);

/// Standard deviations of coordinates and velocities over all estimates, of which there has to be
/// one: 2n; 1 where nothing varies.
Eigen::VectorXd spreads_of(std::span<const Estimate> estimates);

/// How far measured values lie from the truth, and estimated velocities and accelerations: standard
/// deviations, as the residuals of the fits tell; of q and v never 0. n each.
struct Noise {
  Eigen::VectorXd q, v, a;
};
Noise noise_of(std::span<const Recording> recordings, const LocalFit& fit);

}  // namespace physics
