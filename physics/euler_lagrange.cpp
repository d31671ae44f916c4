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

Var euler_lagrange(Var lagrangian, Var q, Var v) {
  if (lagrangian.rows() != 1 || q.shape() != v.shape() || lagrangian.cols() != q.cols())
    throw std::invalid_argument("[euler_lagrange] L " + to_string(lagrangian.shape()) + ", q " +
                                to_string(q.shape()) + ", v " + to_string(v.shape()) +
                                ": expected (1xN), (nxN), (nxN)");
  autodiff::Tape& tape = q.tape();
  const Index n = q.rows(), samples = q.cols();

  // n + 1 directions in (q, v): first (0, e_i) for each i, last (v, 0). Then
  //     d²L[i, j] = M_ij,      d²L[i, n] = (d²L/dv dq v)_i
  std::vector<autodiff::Direction> directions;
  for (Index i = 0; i < n; ++i) {
    Matrix unit = Matrix::Zero(n, samples);
    unit.row(i).setOnes();
    directions.push_back({Var(), tape.constant(std::move(unit))});
  }
  directions.push_back({v, Var()});
  std::vector<std::pair<int, int>> pairs;
  for (int i = 0; i < n; ++i)
    for (int j = i; j <= n; ++j) pairs.emplace_back(i, j);
  const auto [dL, second] =
      autodiff::second_derivatives(lagrangian, std::array{q, v}, directions, pairs);
  const auto entry = [&](int i, int j) {
    const auto found = std::find(pairs.begin(), pairs.end(), std::pair<int, int>(std::minmax(i, j)));
    return second[found - pairs.begin()];
  };

  std::vector<Var> mass, coriolis;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) mass.push_back(entry(i, j));
    coriolis.push_back(entry(i, static_cast<int>(n)));
  }
  return sample_solve(stack_rows(mass), dL[0] - stack_rows(coriolis));
}

Var mass_matrix(Var lagrangian, Var v) { return autodiff::hessian(lagrangian, v); }

}  // namespace physics
