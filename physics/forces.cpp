#include "physics/forces.h"

#include <stdexcept>
#include <string>

namespace physics {
namespace {

System with_force(System system, decltype(System::force) added) {
  system.closed_form = {};  // it knows nothing of the new force
  system.force = [before = std::move(system.force), added = std::move(added)](Var t, Var q, Var v,
                                                                              Var u) {
    return before ? before(t, q, v, u) + added(t, q, v, u) : added(t, q, v, u);
  };
  return system;
}

}  // namespace

System with_friction(System system, const Eigen::VectorXd& coefficients) {
  if (coefficients.size() != system.n())
    throw std::invalid_argument("[with_friction] " + std::to_string(coefficients.size()) +
                                " coefficients for " + std::to_string(system.n()) + " coordinates");
  const autodiff::Matrix c = coefficients.cast<autodiff::Scalar>();
  return with_force(std::move(system), [c](Var, Var, Var v, Var) {
    return -broadcast_cols(v.tape().constant(c), v.cols()) * v;
  });
}

System with_friction(System system, double coefficient) {
  const Index n = system.n();
  return with_friction(std::move(system), Eigen::VectorXd::Constant(n, coefficient));
}

System with_drive(System system, Index coordinate, double amplitude, double frequency) {
  const Index n = system.n();
  if (coordinate < 0 || coordinate >= n)
    throw std::invalid_argument("[with_drive] coordinate " + std::to_string(coordinate) + " of " +
                                std::to_string(n));
  system.timed = true;
  return with_force(std::move(system), [=](Var t, Var, Var, Var) {
    return pad_rows(amplitude * cos(frequency * t), coordinate, n);
  });
}

}  // namespace physics
