#include "physics/euler_lagrange.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

#include "autodiff/curvature.h"
#include "autodiff/grad.h"

namespace physics {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Var;

Momenta momenta(Var lagrangian, Var q, Var v, Var rate) {
  if (lagrangian.rows() != 1 || q.shape() != v.shape() || lagrangian.cols() != q.cols())
    throw std::invalid_argument("[euler_lagrange] L " + to_string(lagrangian.shape()) + ", q " +
                                to_string(q.shape()) + ", v " + to_string(v.shape()) +
                                ": expected (1xN), (nxN), (nxN)");
  autodiff::Tape& tape = q.tape();
  const Index n = q.rows(), samples = q.cols();

  // n + 1 directions in (q, v): first (0, e_i) for each i, last (rate, 0). Then
  //     d²L[i, j] = M_ij,      d²L[i, n] = drift_i
  std::vector<autodiff::Direction> directions;
  for (Index i = 0; i < n; ++i) {
    Matrix unit = Matrix::Zero(n, samples);
    unit.row(i).setOnes();
    directions.push_back({Var(), tape.constant(std::move(unit))});
  }
  directions.push_back({rate, Var()});
  std::vector<std::pair<int, int>> pairs;
  for (int i = 0; i < n; ++i)
    for (int j = i; j <= n; ++j) pairs.emplace_back(i, j);
  const auto [dL, second] =
      autodiff::second_derivatives(lagrangian, std::array{q, v}, directions, pairs);
  const auto entry = [&pairs, &second = second](int i, int j) {
    const auto found =
        std::find(pairs.begin(), pairs.end(), std::pair<int, int>(std::minmax(i, j)));
    return second[found - pairs.begin()];
  };

  std::vector<Var> mass, drift;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) mass.push_back(entry(i, j));
    drift.push_back(entry(i, static_cast<int>(n)));
  }
  return {dL[0], stack_rows(mass), stack_rows(drift)};
}

Var euler_lagrange(Var lagrangian, Var q, Var v) {
  const Momenta p = momenta(lagrangian, q, v, v);
  return sample_solve(p.mass, p.force - p.drift);
}

Var mass_matrix(Var lagrangian, Var v) { return autodiff::hessian(lagrangian, v); }

}  // namespace physics
