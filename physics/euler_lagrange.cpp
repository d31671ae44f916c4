#include "physics/euler_lagrange.h"

#include <array>
#include <stdexcept>
#include <vector>

#include "autodiff/grad.h"

namespace physics {

using autodiff::Index;
using autodiff::Var;

Var euler_lagrange(Var lagrangian, Var q, Var v) {
  if (lagrangian.rows() != 1 || q.shape() != v.shape() || lagrangian.cols() != q.cols())
    throw std::invalid_argument("[euler_lagrange] L " + to_string(lagrangian.shape()) + ", q " +
                                to_string(q.shape()) + ", v " + to_string(v.shape()) +
                                ": expected (1xN), (nxN), (nxN)");
  const std::vector<Var> dL = autodiff::grad(sum(lagrangian), {q, v});
  const Var dL_dq = dL[0], dL_dv = dL[1];

  // Block i of the first is d(dL/dv_i)/dq, block i of the second row i of M.
  const std::vector<Var> second = autodiff::jacobian_blocks(dL_dv, std::array{q, v});
  const Index samples = q.cols();
  const Var v_blocks = broadcast_cols(v, second[0].cols());
  const Var coriolis = blocks_to_rows(sum_rows(second[0] * v_blocks), samples);
  // M is symmetric: stacked by rows or by columns, it is the same.
  return sample_solve(blocks_to_rows(second[1], samples), dL_dq - coriolis);
}

Var mass_matrix(Var lagrangian, Var v) { return autodiff::hessian(lagrangian, v); }

}  // namespace physics
