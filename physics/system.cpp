#include "physics/system.h"

#include <cmath>
#include <stdexcept>

#include "autodiff/directional.h"
#include "autodiff/grad.h"
#include "autodiff/kernels/decompositions.h"

namespace physics {

using autodiff::Random;

namespace {

/// A function of q and v alone.
StateFunction function_of(const System& system, std::function<Var(Var q, Var v)> record) {
  return {system.n(), system.k(), [=](Var, Var q, Var v, Var) { return record(q, v); }};
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Moves states to the nearest with Φ(q) = 0 and J v = 0, by Gauss and Newton's steps
/// q -= Jᵀ (J Jᵀ)⁻¹ Φ; and the velocity loses its part across the constraints.
void make_possible(const System& system, Eigen::Ref<Eigen::MatrixXd> states) {
  const Index n = system.n();
  const StateFunction phi = constraints_of(system);
  const Index m = phi.rows();
  const StateFunction jacobian =
      function_of(system, [&](Var q, Var) { return autodiff::jacobian(system.constraints(q), q); });
  const auto across = [&](Index s, const Eigen::VectorXd& of) -> Eigen::VectorXd {
    const Eigen::MatrixXd j = jacobian(states.col(s)).reshaped(m, n);
    return autodiff::least_squares(j.transpose(), Eigen::MatrixXd::Identity(n, n)).transpose() *
           of;  // the pseudoinverse of J, times that
  };
  for (Index s = 0; s < states.cols(); ++s) {
    for (int k = 0; k < 50; ++k) {
      const Eigen::VectorXd off = phi(states.col(s));
      if (off.norm() < 1e-13) break;
      states.col(s).head(n) -= across(s, off);
    }
    const Eigen::MatrixXd j = jacobian(states.col(s)).reshaped(m, n);
    states.col(s).tail(n) -= across(s, j * states.col(s).tail(n));
  }
}

}  // namespace

std::vector<Coordinate> numbered(const Coordinate& coordinate, Index n) {
  std::vector<Coordinate> all(n, coordinate);
  for (Index i = 0; i < n; ++i) all[i].name += std::to_string(i + 1);
  return all;
}

Mechanics mechanics_of(const System& system, Var t, Var q, Var v, Var u) {
  return {.lagrangian = system.lagrangian(q, v),
          .force = system.force ? system.force(t, q, v, u) : Var(),
          .constraints = system.constraints ? system.constraints(q) : Var(),
          .diagonal_mass = system.diagonal_mass};
}

Motion motion_from_lagrangian(const System& system) {
  const StateFunction accelerations(system.n(), system.k(), [&](Var t, Var q, Var v, Var u) {
    return euler_lagrange(mechanics_of(system, t, q, v, u), q, v);
  });
  const Index n = system.n();
  return {n, system.k(),
          [=](const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states, const Eigen::MatrixXd& u,
              Eigen::MatrixXd& rates) {
            rates.topRows(n) = states.bottomRows(n);
            accelerations(t, states, u, rates.bottomRows(n));
          }};
}

Motion motion_of(const System& system) {
  return system.closed_form ? Motion::of_accelerations(system.n(), system.closed_form)
                            : motion_from_lagrangian(system);
}

StateFunction energy_of(const System& system) {
  return function_of(system, [&](Var q, Var v) { return energy(system.lagrangian(q, v), v); });
}

StateFunction momenta_of(const System& system) {
  return function_of(system,
                     [&](Var q, Var v) { return autodiff::grad(sum(system.lagrangian(q, v)), v); });
}

StateFunction mass_of(const System& system) {
  return function_of(system, [&](Var q, Var v) { return mass_matrix(system.lagrangian(q, v), v); });
}

StateFunction power_of(const System& system) {
  return {system.n(), system.k(), [&](Var t, Var q, Var v, Var u) {
            return system.force ? sum_rows(system.force(t, q, v, u) * v) : sum_rows(v) * 0.;
          }};
}

StateFunction constraints_of(const System& system) {
  if (!system.constraints) throw std::invalid_argument("[constraints_of] the system has none");
  return function_of(system, [&](Var q, Var) { return system.constraints(q); });
}

std::vector<Index> ignorable_coordinates(const System& system) {
  const StateFunction forces(system.n(), system.k(), [&](Var t, Var q, Var v, Var u) {
    const Mechanics m = mechanics_of(system, t, q, v, u);
    const Var of_lagrangian = autodiff::grad(sum(m.lagrangian), q);
    return m.force ? stack_rows(of_lagrangian, m.force) : of_lagrangian;
  });
  Random random(0);
  const Eigen::MatrixXd at = forces(random_starts(system, random, 100)).cwiseAbs();
  const double largest = at.maxCoeff();
  std::vector<Index> found;
  for (Index i = 0; i < system.n(); ++i) {
    const double own = std::max(at.row(i).maxCoeff(),
                                at.rows() > system.n() ? at.row(system.n() + i).maxCoeff() : 0);
    if (own <= 1e-12 * largest) found.push_back(i);
  }
  return found;
}

Eigen::MatrixXd random_starts(const System& system, Random& random, Index count) {
  return random_starts(system, system.region, random, count);
}

Eigen::MatrixXd random_starts(const System& system, const StateBox& region, Random& random,
                              Index count) {
  if (!system.typical && !system.constraints) return random_states(random, region, count);
  constexpr int most_draws = 100'000;  // of one state
  Eigen::MatrixXd states(2 * system.n(), count);
  for (Index s = 0; s < count; ++s)
    for (int draw = 0;; ++draw) {
      states.col(s) = random_states(random, region, 1);
      if (system.constraints) make_possible(system, states.col(s));
      if (!system.typical || system.typical(states.col(s))) break;
      if (draw == most_draws)
        throw std::invalid_argument("[random_starts] none of " + std::to_string(most_draws) +
                                    " states of the region is typical of the system");
    }
  return states;
}

System make_system(const Family& family, const std::map<std::string, double>& set) {
  std::map<std::string, double> values;
  std::string known;
  const auto take = [&](const Parameter& p, const std::string& name, double otherwise) {
    const auto found = set.find(name);
    const double value = found == set.end() ? otherwise : found->second;
    if (!(value >= p.low && value <= p.high))
      throw std::invalid_argument(name + " = " + number(value) + " is out of range: the " +
                                  family.name + "'s " + p.what + " lies between " + number(p.low) +
                                  " and " + number(p.high) + (p.unit.empty() ? "" : ' ' + p.unit));
    if (p.whole && value != std::floor(value))
      throw std::invalid_argument(name + " = " + number(value) + " is no whole number: it is the " +
                                  family.name + "'s " + p.what);
    values[name] = value;
  };
  for (const Parameter& p : family.parameters) take(p, p.name, p.value);
  for (const Parameter& p : family.parameters) {
    known += (known.empty() ? "" : ", ") + p.name;
    if (p.each.empty()) continue;
    const auto count = static_cast<int>(values.at(p.each));
    for (int i = 1; i <= count; ++i) take(p, p.name + std::to_string(i), values.at(p.name));
    known += ", " + p.name + "1 to " + p.name + std::to_string(count);
  }
  for (const auto& [name, value] : set)
    if (!values.contains(name))
      throw std::invalid_argument("the system " + family.name + " has no parameter '" + name +
                                  "'; it has " + (known.empty() ? "none" : known));
  return family.make(Values(std::move(values)));
}

}  // namespace physics
