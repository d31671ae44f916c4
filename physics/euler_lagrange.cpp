#include "physics/euler_lagrange.h"

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

  // One sweep for each coordinate i gives row i of M and row i of C at once.
  std::vector<Var> mass_rows, coriolis;
  for (Index i = 0; i < q.rows(); ++i) {
    const std::vector<Var> second = autodiff::grad(sum(row(dL_dv, i)), {q, v});
    coriolis.push_back(sum_rows(second[0] * v));
    mass_rows.push_back(second[1]);
  }
  // M is symmetric: stacked by rows or by columns, it is the same.
  return sample_solve(stack_rows(mass_rows), dL_dq - stack_rows(coriolis));
}

Var mass_matrix(Var lagrangian, Var v) { return autodiff::hessian(lagrangian, v); }

}  // namespace physics
