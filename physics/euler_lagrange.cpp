#include "physics/euler_lagrange.h"

#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

#include "autodiff/directional.h"
#include "autodiff/grad.h"

namespace physics {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Var;

namespace {

void require_fitting(Var lagrangian, Var q, Var v) {
  if (lagrangian.rows() != 1 || q.shape() != v.shape() || lagrangian.cols() != q.cols())
    throw std::invalid_argument("[euler_lagrange] L " + to_string(lagrangian.shape()) + ", q " +
                                to_string(q.shape()) + ", v " + to_string(v.shape()) +
                                ": expected (1xN), (nxN), (nxN)");
}

}  // namespace

Momenta momenta(Var lagrangian, Var q, Var v, Var rate) {
  require_fitting(lagrangian, q, v);
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

namespace {

/// dΦ_i/dq of every constraint i: n x N each.
std::vector<Var> gradients(Var constraints, Var q) {
  std::vector<Var> all;
  for (Index i = 0; i < constraints.rows(); ++i)
    all.push_back(autodiff::grad(sum(row(constraints, i)), q));
  return all;
}

/// Solves  M a - Jᵀλ = f,  J a = b  for a, all of every sample.
///     [ M  Jᵀ ] [  a ]   [ f ]
///     [ J  0  ] [ -λ ] = [ b ]
Var solve_constrained(Var mass, Var f, const std::vector<Var>& jacobian, Var b) {
  const Index n = f.rows(), m = b.rows(), samples = f.cols();
  std::vector<Var> columns;  // of the whole matrix, one below the other
  for (Index j = 0; j < n; ++j) {
    columns.push_back(slice_rows(mass, j * n, n));
    for (const Var& gradient : jacobian) columns.push_back(row(gradient, j));
  }
  const Var zero = f.tape().filled({m, samples}, 0);
  for (const Var& gradient : jacobian) {
    columns.push_back(gradient);
    columns.push_back(zero);
  }
  return slice_rows(sample_solve(stack_rows(columns), stack_rows(f, b)), 0, n);
}

}  // namespace

Var euler_lagrange(const Mechanics& mechanics, Var q, Var v) {
  const Var lagrangian = mechanics.lagrangian, phi = mechanics.constraints;
  require_fitting(lagrangian, q, v);
  if (mechanics.force && mechanics.force.shape() != q.shape())
    throw std::invalid_argument("[euler_lagrange] forces " + to_string(mechanics.force.shape()) +
                                " of coordinates " + to_string(q.shape()));
  if (phi && phi.cols() != q.cols())
    throw std::invalid_argument("[euler_lagrange] constraints " + to_string(phi.shape()) +
                                " of coordinates " + to_string(q.shape()));
  const auto with_force = [&](Var f) { return mechanics.force ? f + mechanics.force : f; };
  if (mechanics.diagonal_mass && !phi) {
    const auto dL = autodiff::grad(sum(lagrangian), {q, v});
    // M times (1, ..., 1): its diagonal, as there is nothing else.
    const Var mass = autodiff::jvp(dL[1], v, q.tape().filled(v.shape(), 1));
    return with_force(dL[0] - autodiff::jvp(dL[1], q, v)) / mass;
  }
  const Momenta p = momenta(lagrangian, q, v, v);
  const Var f = with_force(p.force - p.drift);
  if (!phi) return sample_solve(p.mass, f);
  const Var rate = autodiff::jvp(phi, q, v);  // J v
  const Var b = -autodiff::jvp(rate, q, v) - rate * (2 * mechanics.pull) -
                phi * (mechanics.pull * mechanics.pull);
  return solve_constrained(p.mass, f, gradients(phi, q), b);
}

Var euler_lagrange(Var lagrangian, Var q, Var v) {
  return euler_lagrange(Mechanics{.lagrangian = lagrangian}, q, v);
}

Var mass_matrix(Var lagrangian, Var v) { return autodiff::hessian(lagrangian, v); }

Var energy(Var lagrangian, Var v) {
  return sum_rows(v * autodiff::grad(sum(lagrangian), v)) - lagrangian;
}

}  // namespace physics
