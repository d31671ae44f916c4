// A double pendulum and three bodies: Lu, Lin, Yi et al. 2022 (ModLaNet).
//
// What is learnt from are states with their exact accelerations. Judged are the accelerations of
// fresh trajectories of the same kind, and the energy along 100 roll-outs of 30 s.
#include <cmath>
#include <limits>
#include <numbers>

#include "nn/models/learnt_motion.h"
#include "physics/observe/judge.h"
#include "physics/systems/table.h"
#include "tools/protocols/learn.h"

namespace protocols {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct Setting {
  physics::System system;
  Start start, start_of_rollout;
  double duration;  ///< of what is learnt from [s]
  Index trajectories;
};

Outcome run(const Setting& setting, const Recipe& recipe, const Job& job) {
  constexpr Index times = 101, rollouts = 100, points = 601;
  const physics::Motion truth = motion_of(setting.system);
  Random random(job.seed);
  const auto some_states = [&](Index trajectories) {
    return label(truth,
                 points_of(true_trajectories(truth, starts_of(setting.start, trajectories, random),
                                             even_times(setting.duration, times), job))
                     .y);
  };
  const physics::DataSet data = some_states(setting.trajectories * 9 / 10),
                         test = some_states(setting.trajectories / 10);
  const auto model = learn(setting.system, data, recipe, job);
  const physics::Motion law = nn::learnt_motion(*model);

  const Eigen::MatrixXd starts = starts_of(setting.start_of_rollout, rollouts, random);
  const Eigen::VectorXd t = even_times(30, points);
  const auto learnt = learnt_trajectories(law, starts, t, job.threads),
             exact = true_trajectories(truth, starts, t, job);
  const View energy = energy_of(setting.system);
  double sum = 0;
  for (std::size_t k = 0; k < exact.size(); ++k) {
    const Eigen::RowVectorXd of_exact = energy(exact[k].y), of_learnt = energy(learnt[k].y);
    Eigen::RowVectorXd difference = of_exact;
    for (Index i = 0; i < points; ++i)
      difference[i] -= of_learnt[std::min(i, of_learnt.size() - 1)];
    sum += difference.norm() / static_cast<double>(points);
  }
  return {{judge_accelerations(law, test).mse.mean(), sum / static_cast<double>(rollouts)}};
}

Setting double_pendulum() {
  const auto within = [](double rate) {
    return [rate](Random& random) {
      Eigen::VectorXd state(4);
      for (Index i = 0; i < 2; ++i) {
        state[i] = random.uniform(0, 2 * std::numbers::pi);
        state[2 + i] = random.uniform(-rate, rate);
      }
      return state;
    };
  };
  return {make_system(physics::find_system("double_pendulum")), within(10), within(8), 10, 100};
}

Setting three_bodies() {
  const auto start = [](Random& random) {
    const Eigen::Vector2d direction(random.uniform(-1, 1), random.uniform(-1, 1));
    const double radius = random.uniform(1, 5), angle = 2 * std::numbers::pi / 3;
    const Eigen::Vector2d place = radius * direction.normalized();
    // As published: √2 times the speed at which they would turn for ever.
    Eigen::Vector2d velocity = std::sqrt(1 / (radius * std::sin(angle / 2))) *
                               turned(direction.normalized(), angle * 0.75);
    for (double& component : velocity) component *= 1 + 0.5 * random.uniform(-1, 1);
    Eigen::VectorXd state(12);
    for (Index i = 0; i < 3; ++i) {
      state.segment<2>(2 * i) = turned(place, static_cast<double>(i) * angle);
      state.segment<2>(6 + 2 * i) = turned(velocity, static_cast<double>(i) * angle);
    }
    return state;
  };
  return {make_system(physics::find_system("bodies"), {{"n", 3}}), start, start, 5, 200};
}

}  // namespace

std::vector<Protocol> of_modlanet() {
  const std::string source = "Lu, Lin, Yi et al. 2022 (ModLaNet), YupuLu/ModLaNets";
  const std::vector<std::string> metrics{"accelerations, mean square error",
                                         "energy along roll-outs of 30 s, norm of the error / 601"};
  const std::vector<OurModel> models{{"embedded", true}, {"delan"}, {"lnn"}};
  const auto recipe = [](const Job& job) {
    return Recipe{
        .hidden = job.model.told ? std::vector<Index>{128, 128} : std::vector<Index>{128, 128, 128},
        .steps = 15'000};
  };
  std::vector<Protocol> all;
  all.push_back({.name = "modlanet-double-pendulum",
                 .what = "a double pendulum, 90 trajectories of 10 s at 10 Hz",
                 .source = source,
                 .metrics = metrics,
                 .chosen = "published HNN and MLP learn (q, p) of other starts: only roughly "
                           "comparable",
                 .published = {{"MLP", false, {3.57, 1330}},
                               {"HNN", false, {1.25, 7.6}},
                               {"LNN", false, {2.14e5, unknown}},
                               {"ModLaNet", false, {3.63e-2, 2.65e-2}}},
                 .models = models,
                 .run = [=](const Job& job) { return run(double_pendulum(), recipe(job), job); }});
  all.push_back({.name = "modlanet-three-bodies",
                 .what = "three bodies that fly apart, 180 trajectories of 5 s at 20 Hz",
                 .source = source,
                 .metrics = metrics,
                 .published = {{"MLP", false, {2.07e-3, 0.314}},
                               {"HNN", false, {1.63e-3, 0.0428}},
                               {"LNN", false, {4.25, unknown}},
                               {"ModLaNet", false, {6.85e-5, 1.95e-3}}},
                 .models = models,
                 .run = [=](const Job& job) { return run(three_bodies(), recipe(job), job); }});
  return all;
}

}  // namespace protocols
