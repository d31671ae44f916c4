// Left: how fast two double pendulums part that start a little way apart. Right: a Poincaré
// section, regular motions and chaotic ones of the same energy.
#include <Eigen/Core>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <vector>

#include "physics/observe/lyapunov.h"
#include "physics/observe/poincare.h"
#include "physics/systems/table.h"

namespace {

constexpr double pi = std::numbers::pi;
constexpr physics::Rk45Options exact{.rtol = 1e-12, .atol = 1e-12};

void divergence(const physics::Motion& motion) {
  const Eigen::Vector4d start(3 * pi / 7, 3 * pi / 4, 0, 0);
  Eigen::MatrixXd starts = start.replicate(1, 4);
  starts.row(0) += Eigen::RowVector4d(0, 1e-3, 1e-6, 1e-9);
  const auto all = roll_out(motion, starts, Eigen::VectorXd::LinSpaced(251, 0, 25), exact);
  for (const int moved : {1, 2, 3}) {
    std::printf("line -\n");
    for (int k = 0; k < all[0].t.size(); ++k)
      std::printf("%.17g %.17g\n", all[0].t[k],
                  (all[moved].y.col(k) - all[0].y.col(k)).head(2).norm());
  }
}

/// States with θ1 = 0 and this energy, for a grid of θ2 and ω2: m = l = 1, g = 9.8.
Eigen::MatrixXd states_of_energy(double energy) {
  std::vector<Eigen::Vector4d> states;
  for (double theta = -2.4; theta <= 2.5; theta += 0.4)
    for (const double omega : {-5., -2.5, 0.5, 2.5, 5.}) {
      // E = ω1² + ½ ω2² + ω1 ω2 cos θ2 - 19.6 - 9.8 cos θ2, solved for ω1 > 0
      const double half = 0.5 * omega * std::cos(theta);
      const double rest = energy - 0.5 * omega * omega + 19.6 + 9.8 * std::cos(theta);
      if (half * half + rest > 0)
        states.emplace_back(0, theta, std::sqrt(half * half + rest) - half, omega);
    }
  Eigen::MatrixXd all(4, states.size());
  for (std::size_t k = 0; k < states.size(); ++k) all.col(static_cast<Eigen::Index>(k)) = states[k];
  return all;
}

void section(const physics::Motion& motion, double energy) {
  const Eigen::MatrixXd starts = states_of_energy(energy);
  const Eigen::VectorXd exponents =
      lyapunov_exponents(motion, starts, {.duration = 100, .integrator = {.rtol = 1e-8}});
  const auto all =
      roll_out(motion, starts, Eigen::VectorXd::LinSpaced(8001, 0, 400), {.rtol = 1e-8});
  for (const bool chaotic : {false, true}) {
    std::printf("dots -\n");
    for (Eigen::Index s = 0; s < starts.cols(); ++s) {
      if ((exponents[s] > 0.1) != chaotic) continue;
      const Eigen::MatrixXd points = poincare_section(motion, all[s], 0);
      for (const auto& point : points.colwise())
        if (point[2] > 0) std::printf("%.6g %.6g\n", std::remainder(point[1], 2 * pi), point[3]);
    }
  }
}

}  // namespace

int main() {
  const physics::System system = make_system(physics::find_system("double_pendulum"));
  const physics::Motion motion = motion_of(system);
  std::printf("panel Two pendulums, this far apart at first\nx time [s]\ny log distance [rad]\n");
  std::printf("limits 0 25 1e-10 1e3\n");
  divergence(motion);
  std::printf("text 0.4 1e-2 10⁻³\ntext 0.4 1e-5 10⁻⁶\ntext 0.4 1e-8 10⁻⁹\n");
  std::printf("panel Curves: regular. Cloud: chaotic\nx θ2 [rad]\ny ω2 [rad/s]\n");
  section(motion, -15);
}
