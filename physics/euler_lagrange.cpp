#include "physics/euler_lagrange.h"

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
    const Var unit = tape.constant(Matrix(Matrix::Identity(n, n).col(i)));
    directions.push_back({Var(), broadcast_cols(unit, samples)});
  }
  directions.push_back({rate, Var()});
  std::vector<std::pair<int, int>> pairs;
  std::vector<std::vector<std::size_t>> pair_of(n, std::vector<std::size_t>(n + 1));
  for (int i = 0; i < n; ++i)
    for (int j = i; j <= n; ++j) {
      pair_of[i][j] = pairs.size();
      if (j < n) pair_of[j][i] = pairs.size();
      pairs.emplace_back(i, j);
    }
  const auto [dL, second] =
      autodiff::second_derivatives(lagrangian, std::array{q, v}, directions, pairs);

  std::vector<Var> mass, drift;
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) mass.push_back(second[pair_of[i][j]]);
    drift.push_back(second[pair_of[i][n]]);
  }
  return {dL[0], stack_rows(mass), stack_rows(drift)};
}

Var euler_lagrange(Var lagrangian, Var q, Var v) {
  const Momenta p = momenta(lagrangian, q, v, v);
  return sample_solve(p.mass, p.force - p.drift);
}

Var mass_matrix(Var lagrangian, Var v) { return autodiff::hessian(lagrangian, v); }

}  // namespace physics
