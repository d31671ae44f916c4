// A pendulum learnt from a table of angles over time, as a camera would give them: velocities and
// accelerations are estimated from the angles, and a Lagrangian network learns from these.
#include <cmath>
#include <cstdio>
#include <fstream>

#include "nn/learning/scales.h"
#include "nn/learning/trainer.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/soap.h"
#include "physics/integrate/rk45.h"
#include "physics/observe/recording.h"

/// Writes the table: t and theta of a pendulum of 1 m that starts at 2 rad, for 20 s.
void write_csv(const char* path) {
  const auto law = [](double, const Eigen::VectorXd& y) {
    return Eigen::VectorXd(Eigen::Vector2d(y[1], -9.8 * std::sin(y[0])));
  };
  const auto times = Eigen::VectorXd::LinSpaced(1001, 0, 20);
  const physics::Solution swing = physics::rk45(law, Eigen::Vector2d(2, 0), 0, 20, {}, times);
  std::ofstream file(path);
  file << "t,theta\n";
  for (Eigen::Index i = 0; i < swing.t.size(); ++i)
    file << swing.t[i] << ',' << swing.y(0, i) << '\n';
}

/// Reads it again.
physics::Recording read_csv(const char* path) {
  std::ifstream file(path);
  std::string heading;
  std::getline(file, heading);
  std::vector<double> t, theta;
  char comma;
  for (double time, angle; file >> time >> comma >> angle;) {
    t.push_back(time);
    theta.push_back(angle);
  }
  const auto size = static_cast<Eigen::Index>(t.size());
  return {.t = Eigen::Map<Eigen::VectorXd>(t.data(), size),
          .q = Eigen::Map<Eigen::RowVectorXd>(theta.data(), size)};
}

int main() {
  write_csv("pendulum.csv");
  const physics::Recording recording = read_csv("pendulum.csv");
  const physics::Estimate estimate =
      physics::estimate(recording, physics::best_fit({&recording, 1}));
  const physics::DataSet data{estimate.states.cast<autodiff::Scalar>(),
                              estimate.accelerations.cast<autodiff::Scalar>()};
  std::printf("%d rows\n", static_cast<int>(data.size()));

  autodiff::Random random(0);
  nn::NetworkOptions options{.hidden = {32, 32}, .angles = {true}};
  nn::scale_to(options, data);
  nn::LagrangianNetwork model(options);
  model.initialise(random);
  nn::Soap soap(model.parameters());
  nn::Trainer trainer(model, soap, {.batch = 64});
  trainer.fit(data, random, 1000, [](long) { return 3e-3; });

  const physics::Motion learnt = nn::learnt_motion(model);
  const double theta = 0.5;
  std::printf("at theta = 0.5: acceleration %.1f, truth %.1f\n",
              learnt(Eigen::Vector2d(theta, 5))(1), -9.8 * std::sin(theta));
}
