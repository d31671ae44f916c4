#include "physics/system.h"

#include <cmath>
#include <optional>
#include <stdexcept>

#include "autodiff/directional.h"
#include "autodiff/grad.h"
#include "autodiff/kernels/decompositions.h"
#include "physics/forces.h"
#include "physics/text.h"

namespace physics {

using autodiff::Random;

namespace {

/// A function of q and v alone.
StateFunction function_of(const System& system, const std::function<Var(Var q, Var v)>& record) {
  return {system.n(), system.k(), [=](Var, Var q, Var v, Var) { return record(q, v); }};
}

/// Moves states to the nearest ones with Φ(q) = 0 and J v = 0.
class OntoConstraints {
 public:
  explicit OntoConstraints(const System& system)
      : n_(system.n()),
        phi_(constraints_of(system)),
        jacobian_(function_of(
            system, [&](Var q, Var) { return autodiff::jacobian(system.constraints(q), q); })) {}

  /// False where it finds none.
  bool operator()(Eigen::Ref<Eigen::VectorXd> state) const {
    constexpr double rounding = std::numeric_limits<autodiff::Scalar>::epsilon();
    Eigen::VectorXd off = phi_(state);
    for (int k = 0; k < 50 && off.norm() >= std::max(1e-13, rounding); ++k) {
      state.head(n_) -= across(state, off);  // Gauss and Newton's step
      off = phi_(state);
    }
    const Eigen::MatrixXd jacobian = jacobian_at(state);
    state.tail(n_) -= across(state, jacobian.lazyProduct(state.tail(n_)));
    return off.norm() <= std::sqrt(rounding) * jacobian.norm() * state.head(n_).norm();
  }

 private:
  Eigen::MatrixXd jacobian_at(const Eigen::VectorXd& state) const {
    return jacobian_(state).reshaped(phi_.rows(), n_);
  }
  /// The shortest step that changes Φ by that much: the pseudoinverse of J, times it.
  Eigen::VectorXd across(const Eigen::VectorXd& state, const Eigen::VectorXd& change) const {
    const Eigen::MatrixXd unit = Eigen::MatrixXd::Identity(n_, n_);
    return autodiff::least_squares(jacobian_at(state).transpose(), unit)
        .transpose()
        .lazyProduct(change);
  }

  Index n_;
  StateFunction phi_, jacobian_;
};

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

StateFunction points_of(const System& system) {
  if (!system.picture.points) throw std::invalid_argument("[points_of] the system has no picture");
  return function_of(system, [&](Var q, Var) { return system.picture.points(q); });
}

StateFunction constraints_of(const System& system) {
  if (!system.constraints) throw std::invalid_argument("[constraints_of] the system has none");
  return function_of(system, [&](Var q, Var) { return system.constraints(q); });
}

std::vector<Index> ignorable_coordinates(const System& system) {
  const Index n = system.n();
  // What a coordinate has to do with, all of it in the rows i, i + n, i + 2n, ...
  const StateFunction effects(n, system.k(), [&](Var t, Var q, Var v, Var u) {
    const Mechanics m = mechanics_of(system, t, q, v, u);
    std::vector<Var> all{autodiff::grad(sum(m.lagrangian), q)};
    if (m.force) all.push_back(m.force);
    for (Index i = 0; m.constraints && i < m.constraints.rows(); ++i)
      all.push_back(autodiff::grad(sum(row(m.constraints, i)), q));
    return stack_rows(all);
  });
  Random random(0);
  const Eigen::VectorXd most =
      effects(random_starts(system, random, 100)).cwiseAbs().rowwise().maxCoeff();
  std::vector<Index> found;
  for (Index i = 0; i < n; ++i)
    if (most.reshaped(n, most.size() / n).row(i).maxCoeff() <= 1e-12 * most.maxCoeff())
      found.push_back(i);
  return found;
}

Eigen::MatrixXd random_starts(const System& system, Random& random, Index count) {
  return random_starts(system, system.region, random, count);
}

Eigen::MatrixXd random_starts(const System& system, const StateBox& region, Random& random,
                              Index count) {
  if (region.low.size() != 2 * system.n())
    throw std::invalid_argument("[random_starts] a region of " + std::to_string(region.low.size()) +
                                " numbers for states of " + std::to_string(2 * system.n()));
  if (!system.typical && !system.constraints) return random_states(random, region, count);
  // Of one state; and so many of them that no constraint allows, which takes longer to find out.
  constexpr int most_draws = 100'000, most_in_vain = 2000;
  std::optional<OntoConstraints> onto_constraints;
  if (system.constraints) onto_constraints.emplace(system);
  Eigen::MatrixXd states(2 * system.n(), count);
  for (Index s = 0; s < count; ++s)
    for (int draw = 1, in_vain = 0;; ++draw) {
      states.col(s) = random_states(random, region, 1);
      const bool allowed = !onto_constraints || (*onto_constraints)(states.col(s));
      if (allowed && (!system.typical || system.typical(states.col(s)))) break;
      in_vain += allowed ? 0 : 1;
      if (draw == most_draws || in_vain == most_in_vain)
        throw std::invalid_argument(
            "[random_starts] none of " + std::to_string(draw) + " states of the region " +
            (in_vain < most_in_vain ? "is typical of the system"
                                    : "leads to one that its constraints allow"));
    }
  return states;
}

const std::vector<Parameter>& parameters_beside() {
  static const std::vector<Parameter> all{
      {"friction", "N s/m", 0, 0, 1e9, "linear friction along every coordinate"},
      {"drive", "N", 0, -1e9, 1e9, "amplitude of a periodic force along the first coordinate"},
      {"drive_frequency", "rad/s", 1, 0, 1e9, "angular frequency of that force"}};
  return all;
}

System make_system(const Family& family, const std::map<std::string, double>& set) {
  std::map<std::string, double> values;
  std::string known;
  const auto take = [&](const Parameter& p, const std::string& name, double otherwise) {
    const auto found = set.find(name);
    const double value = found == set.end() ? otherwise : found->second;
    if (!(value >= p.low && value <= p.high))
      throw std::invalid_argument(name + '=' + number(value) + " is out of range: the " +
                                  family.name + "'s " + p.what + " lies between " + number(p.low) +
                                  " and " + number(p.high) + (p.unit.empty() ? "" : ' ' + p.unit));
    if (p.whole && value != std::floor(value))
      throw std::invalid_argument(name + '=' + number(value) + " is no whole number: it is the " +
                                  family.name + "'s " + p.what);
    values[name] = value;
  };
  for (const Parameter& p : family.parameters) take(p, p.name, p.value);
  for (const Parameter& p : parameters_beside()) take(p, p.name, p.value);
  for (const Parameter& p : family.parameters) {
    known += (known.empty() ? "" : ", ") + p.name;
    if (p.each.empty()) continue;
    const auto count = static_cast<int>(values.at(p.each));
    for (int i = 1; i <= count; ++i) take(p, p.name + std::to_string(i), values.at(p.name));
    known += ", " + p.name + "1 to " + p.name + std::to_string(count);
  }
  for (const Parameter& p : parameters_beside()) known += (known.empty() ? "" : ", ") + p.name;
  for (const auto& [name, value] : set)
    if (!values.contains(name))
      throw std::invalid_argument("the system " + family.name + " has no parameter '" + name +
                                  "'; it has " + known);
  const Values p(std::move(values));
  System system = family.make(p);
  if (p["friction"] > 0) system = with_friction(std::move(system), p["friction"]);
  if (p["drive"] != 0) system = with_drive(std::move(system), 0, p["drive"], p["drive_frequency"]);
  return system;
}

}  // namespace physics
