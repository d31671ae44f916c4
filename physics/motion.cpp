#include "physics/motion.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace physics {
namespace {

std::string shape(const auto& m) {
  return std::to_string(m.rows()) + 'x' + std::to_string(m.cols());
}

}  // namespace

Motion::Motion(Index coordinates, Index controls, Law law)
    : coordinates_(coordinates), controls_(controls), law_(std::move(law)) {
  if (coordinates < 1 || controls < 0)
    throw std::invalid_argument("[motion] " + std::to_string(coordinates) + " coordinates and " +
                                std::to_string(controls) +
                                " controls: there is at least one coordinate");
  if (!law_) throw std::invalid_argument("[motion] no law is given");
}

Motion::Motion(Index coordinates, const TimelessLaw& law)
    : Motion(coordinates, 0,
             law ? [law](const Eigen::RowVectorXd&, const Eigen::MatrixXd& states,
                         const Eigen::MatrixXd&, Eigen::MatrixXd& rates) { law(states, rates); }
                 : Law()) {}

Motion Motion::of_accelerations(Index coordinates, Accelerations accelerations) {
  return {coordinates, [accelerations = std::move(accelerations)](const Eigen::MatrixXd& states,
                                                                  Eigen::MatrixXd& rates) {
            const Index n = states.rows() / 2;
            rates.topRows(n) = states.bottomRows(n);
            accelerations(states, rates.bottomRows(n));
          }};
}

void Motion::operator()(const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
                        const Eigen::MatrixXd& u, Eigen::MatrixXd& rates) const {
  const Index count = states.cols();
  if (states.rows() != 2 * coordinates_ || t.cols() != count || u.rows() != controls_ ||
      u.cols() != count)
    throw std::invalid_argument(
        "[motion] states " + shape(states) + ", times " + shape(t) + " and controls " + shape(u) +
        ": with " + std::to_string(coordinates_) + " coordinates and " + std::to_string(controls_) +
        " controls they must be " + std::to_string(2 * coordinates_) + "xN, 1xN and " +
        std::to_string(controls_) + "xN");
  rates.resize(states.rows(), count);
  law_(t, states, u, rates);
  if (rates.rows() != states.rows() || rates.cols() != count)
    throw std::invalid_argument("[motion] the law made rates " + shape(rates) + " of states " +
                                shape(states));
}

Eigen::MatrixXd Motion::operator()(const Eigen::RowVectorXd& t,
                                   const Eigen::MatrixXd& states) const {
  Eigen::MatrixXd rates;
  (*this)(t, states, Eigen::MatrixXd::Zero(controls_, states.cols()), rates);
  return rates;
}

Eigen::MatrixXd Motion::operator()(const Eigen::MatrixXd& states) const {
  return (*this)(Eigen::RowVectorXd::Zero(states.cols()), states);
}

Motion Motion::controlled_by(Controller controller) const {
  return {coordinates_, 0,
          [motion = *this, controller = std::move(controller)](
              const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states, const Eigen::MatrixXd&,
              Eigen::MatrixXd& rates) {
            Eigen::MatrixXd u = Eigen::MatrixXd::Zero(motion.controls(), states.cols());
            controller(t, states, u);
            motion(t, states, u, rates);
          }};
}

}  // namespace physics
