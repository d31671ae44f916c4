// One experiment each: a double pendulum of 2026, a driven pendulum, a relativistic particle, a
// wave.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "nn/learning/trainer.h"
#include "nn/models/learnt_motion.h"
#include "physics/observe/judge.h"
#include "physics/systems/table.h"
#include "tools/protocols/learn.h"

namespace protocols {
namespace {

using autodiff::Var;

Recipe recipe_of(const Job& job, long steps) {
  return {.hidden = job.model.told ? std::vector<Index>{64, 64} : std::vector<Index>{128, 128, 128},
          .steps = steps};
}

// ---- danrixd/hnn-double-pendulum

/// θ within ±1.5, p within ±1.
Eigen::VectorXd slow_double_pendulum(Random& random) {
  const auto within = [&](double most) { return random.uniform(-most, most); };
  const double q1 = within(1.5), q2 = within(1.5), p1 = within(1), p2 = within(1);
  const double c = std::cos(q1 - q2), determinant = 2 - c * c;  // M = [[2, c], [c, 1]]
  return Eigen::Vector4d(q1, q2, (p1 - c * p2) / determinant, (2 * p2 - c * p1) / determinant);
}

Outcome run_double_pendulum(const Job& job) {
  constexpr Index trajectories = 150, times = 201, tests = 20;
  constexpr double horizon = 20;
  const physics::System system =
      make_system(physics::find_system("double_pendulum"), {{"g", 9.81}});
  const physics::Motion truth = motion_of(system);
  Random random(job.seed);
  const auto paths = true_trajectories(truth, starts_of(slow_double_pendulum, trajectories, random),
                                       even_times(2, times), job);
  const auto model = learn(system, label(truth, points_of(paths).y), recipe_of(job, 20'000), job);
  const Eigen::MatrixXd starts = starts_of(slow_double_pendulum, tests, random);
  const View energy = energy_of(system);
  Eigen::VectorXd errors(tests);
  const auto ends = learnt_trajectories(nn::learnt_motion(*model), starts,
                                        Eigen::Vector2d(0, horizon), job.threads);
  for (Index k = 0; k < tests; ++k) {
    const double before = energy(starts.col(k))(0),
                 after = energy(ends[static_cast<std::size_t>(k)].y_end)(0);
    errors[k] = std::abs((after - before) / before);
  }
  return {{physics::quantile(errors, 0.5), errors.mean()}};
}

// ---- Physics-aware-AI/Symplectic-ODENet, the pendulum with a torque

/// L = v²/6 + 5 cos q and the force u: q'' = 3 u - 15 sin q, from hanging.
physics::System driven_pendulum() {
  physics::System s;
  s.coordinates = {{"q", "rad", true}};
  s.controls = {{"u", "N m"}};
  s.lagrangian = [](Var q, Var v) { return v * v * (1. / 6) + 5. * cos(q); };
  s.force = [](Var, Var, Var, Var u) { return u; };
  return s;
}

physics::Motion under_torque(const physics::Motion& motion, double torque) {
  return motion.controlled_by([torque](const Eigen::RowVectorXd&, const Eigen::MatrixXd&,
                                       Eigen::MatrixXd& u) { u.setConstant(torque); });
}

/// The sum over times of the squared errors of cos q, sin q and v.
double squares(const physics::Solution& learnt, const physics::Solution& truth) {
  double sum = 0;
  for (Index i = 0; i < truth.y.cols(); ++i) {
    const auto a = truth.y.col(i), b = learnt.y.col(std::min(i, learnt.y.cols() - 1));
    sum += std::pow(std::cos(a[0]) - std::cos(b[0]), 2) +
           std::pow(std::sin(a[0]) - std::sin(b[0]), 2) + std::pow(a[1] - b[1], 2);
  }
  return sum;
}

Outcome run_driven_pendulum(const Job& job) {
  constexpr Index starts = 64, points = 20, further = 40;
  constexpr double dt = 0.05;
  const physics::System system = driven_pendulum();
  const physics::Motion truth = motion_of(system);
  Random random(job.seed);
  const Start start = [](Random& r) {
    return Eigen::Vector2d(r.uniform(-std::numbers::pi, std::numbers::pi), r.uniform(-1, 1));
  };
  const Eigen::MatrixXd of_training = starts_of(start, starts, random),
                        of_test = starts_of(start, starts, random);
  const auto paths_of = [&](const physics::Motion& motion, const Eigen::MatrixXd& from,
                            Index count) {
    return learnt_trajectories(motion, from, even_times(dt * static_cast<double>(count - 1), count),
                               job.threads);
  };
  // The first state that is kept is the one a step behind the start.
  const auto begun = [&](const Eigen::MatrixXd& from, double torque) {
    Eigen::MatrixXd first(2, starts);
    const auto ends = paths_of(under_torque(truth, torque), from, 2);
    for (Index k = 0; k < starts; ++k) first.col(k) = ends[static_cast<std::size_t>(k)].y_end;
    return first;
  };
  std::vector<physics::Estimate> estimates;
  const std::vector<double> torques{-2, -1, 0, 1, 2};
  for (const double torque : torques)
    for (const physics::Solution& path :
         paths_of(under_torque(truth, torque), begun(of_training, torque), points))
      estimates.push_back(
          physics::interpolate({.t = path.t, .q = path.y.topRows(1), .v = path.y.bottomRows(1)}));
  physics::DataSet data = samples_of(estimates);
  data.controls.resize(1, data.size());
  for (Index k = 0; k < std::ssize(torques); ++k)
    data.controls.middleCols(k * starts * points, starts * points)
        .setConstant(static_cast<autodiff::Scalar>(torques[static_cast<std::size_t>(k)]));
  const auto model = learn(system, data, {.hidden = {64, 64}, .steps = 6000}, job);
  const physics::Motion law = nn::learnt_motion(*model);

  const auto error_of = [&](const Eigen::MatrixXd& from, double torque, Index count) {
    const Eigen::MatrixXd first = begun(from, torque);
    const auto learnt = paths_of(under_torque(law, torque), first, count),
               exact = paths_of(under_torque(truth, torque), first, count);
    double sum = 0;
    for (std::size_t k = 0; k < exact.size(); ++k) sum += squares(learnt[k], exact[k]);
    return sum / static_cast<double>(starts);
  };
  double of_tests = 0;
  for (const double torque : torques)
    of_tests += error_of(of_test, torque, points) / static_cast<double>(torques.size());
  return {{error_of(of_training, 0, further), of_tests}};
}

// ---- MilesCranmer/lagrangian_nns, the relativistic particle

/// States with their accelerations under a force g, as the notebook draws them: 1 x N each.
physics::DataSet relativistic_states(Index count, Random& random) {
  physics::DataSet data{Matrix(2, count), Matrix(1, count), Matrix(1, count)};
  for (Index k = 0; k < count; ++k) {
    const double v = 0.99999 * std::tanh(2 * random.normal()), g = 10 * random.normal();
    const double rest = 1 - v * v;
    data.states.col(k) << static_cast<autodiff::Scalar>(random.uniform(-10, 10)),
        static_cast<autodiff::Scalar>(v);
    data.controls(0, k) = static_cast<autodiff::Scalar>(g);
    data.accelerations(0, k) =
        static_cast<autodiff::Scalar>(g * std::pow(rest, 2.5) / (1 + 2 * v * v));
  }
  return data;
}

/// By how much an error counts, as in the notebook: 1 + the energy of mass 1.
template <class T>
T relativistic_weight(const T& v) {
  return 1 + 1 / sqrt(1 - v * v);
}

/// Records the weighted error of the accelerations.
nn::RecordedLoss relativistic_loss(const nn::Model& model, autodiff::Tape& tape, Index size) {
  const Var state = tape.input(2, size, "state"), target = tape.input(1, size, "acceleration"),
            g = tape.input(1, size, "control"), v = row(state, 1);
  const Var error = abs(model.acceleration(row(state, 0), v, g) - target);
  return {{state, target, g}, mean(relativistic_weight(v) * error)};
}

/// Records the error of the forces M a, for their size. By accelerations a mass that is far too
/// large everywhere is hard to leave: nothing moves then, and fast particles hardly do. Forces miss
/// as much for a mass too large as for one too small, and none is singular.
nn::RecordedLoss force_loss(const nn::Model& model, autodiff::Tape& tape, Index size) {
  const Var state = tape.input(2, size, "state"), target = tape.input(1, size, "acceleration"),
            g = tape.input(1, size, "control"), q = row(state, 0), v = row(state, 1);
  const Var mass = *model.mass_matrix(q, v), acts = mass * model.acceleration(q, v, g),
            needed = mass * target;
  // For the size of one of the two, a loss would be small where that one is large.
  return {{state, target, g}, mean(abs(acts - needed)) / sqrt(mean(abs(acts)) * mean(abs(needed)))};
}

Outcome run_relativistic(const Job& job) {
  constexpr Index samples = 200'000, tests = 100'000;
  physics::System system;
  system.coordinates = {{"q"}};
  system.controls = {{"g", "m/s^2"}};
  Random random(job.seed);
  const physics::DataSet data = relativistic_states(samples, random),
                         test = relativistic_states(tests, random);
  const auto model = learn(system, data,
                           {.hidden = {32, 32, 32},
                            .steps = 200'000,
                            .objective = relativistic_loss,
                            .rate = 3e-3,
                            .velocity_scale = 3,
                            .first_objective = force_loss,
                            .first_steps = 10'000},
                           job);

  Eigen::MatrixXd rates;
  const physics::Motion law = nn::learnt_motion(*model);
  law(Eigen::RowVectorXd::Zero(tests), test.states.cast<double>(), test.controls.cast<double>(),
      rates);
  const Eigen::ArrayXd weight =
      relativistic_weight<Eigen::ArrayXd>(test.states.row(1).cast<double>().transpose());
  const Eigen::ArrayXd error =
      (rates.row(1) - test.accelerations.row(0).cast<double>()).transpose().cwiseAbs();
  return {{(weight * error).sum() / weight.sum()}};
}

// ---- the same repository, the wave

Outcome run_wave(const Job& job) {
  constexpr Index sites = 10, samples = 50'000, tests = 1000;
  constexpr double part = 0.983;  // of a deviation of 1, as the notebook's smoothing leaves it
  physics::System system;
  system.coordinates = physics::numbered({"u"}, sites);
  system.lagrangian = [](Var u, Var v) {  // u_i'' = 5 (u_{i+1} - 2 u_i + u_{i-1})
    const Var next = stack_rows(slice_rows(u, 1, sites - 1), row(u, 0));
    return 0.5 * sum_rows(v * v) - 2.5 * sum_rows(pow(next - u, 2));
  };
  system.diagonal_mass = true;
  system.ring = true;
  const physics::Motion truth = motion_of(system);
  Random random(job.seed);
  const auto some = [&](Index count) {
    return label(truth, random.normal_matrix(2 * sites, count, part).cast<double>());
  };
  const physics::DataSet data = some(samples), test = some(tests);
  const auto model = learn(system, data, {.hidden = {64, 64}, .steps = 10'000}, job);
  return {{judge_accelerations(nn::learnt_motion(*model), test).l1.sum()}};
}

}  // namespace

std::vector<Protocol> of_others() {
  const std::vector<OurModel> all_models{{"embedded", true}, {"delan"}, {"lnn"}};
  std::vector<Protocol> all;
  all.push_back({.name = "double-pendulum-2026",
                 .what = "a double pendulum, 150 trajectories of 2 s at 100 Hz, 20 s ahead",
                 .source = "danrixd/hnn-double-pendulum, 2026",
                 .metrics = {"energy after 20 s, relative error, median", "the same, mean"},
                 .published = {{"MLP", false, {0.144, 0.188}}, {"HNN", false, {2.77e-3, 8.2e-3}}},
                 .models = all_models,
                 .run = run_double_pendulum});
  all.push_back(
      {.name = "driven-pendulum",
       .what = "a pendulum under constant torques, 320 trajectories of 20 states",
       .source = "Zhong, Dey & Chakraborty 2020 (SymODEN), Physics-aware-AI/Symplectic-ODENet",
       .metrics = {"40 states from the starts of training, sum of squared errors",
                   "20 states from fresh starts under torques, the same"},
       .chosen = "states are exact; theirs are integrated with a tolerance of 1e-3",
       .published = {{"SymODEN, P = 2", false, {3.14, 0.579}},
                     {"SymODEN, P = 3", false, {0.502, 0.0980}},
                     {"SymODEN, P = 4", false, {0.199, 0.0524}},
                     {"SymODEN, P = 5", false, {0.0948, 0.0242}},
                     {"SymODEN, P = 6", false, {0.0478, 0.0123}}},
       .models = {{"delan"}, {"lnn"}},
       .run = run_driven_pendulum});
  all.push_back({.name = "relativistic",
                 .what = "a particle that forces push towards the speed of light",
                 .source = "Cranmer et al. 2020 (LNN), MilesCranmer/lagrangian_nns",
                 .metrics = {"accelerations, weighted mean error"},
                 .chosen = "g enters as a force; judged by fresh states, where theirs is the last "
                           "loss of training; predicting 0 comes to 0.409",
                 .published = {{"HNN, other momenta", false, {0.4096}},
                               {"LNN", false, {7.86e-4}},
                               {"HNN, told the momenta", true, {2.4e-4}}},
                 .models = {{"lnn"}},
                 .run = run_relativistic});
  all.push_back({.name = "wave",
                 .what = "a wave on a ring of 10 sites, by a density that all sites share",
                 .source = "Cranmer et al. 2020 (LNN), MilesCranmer/lagrangian_nns",
                 .metrics = {"accelerations, sum of errors over the sites"},
                 .chosen =
                     "no figure is published but in the name of a file of weights, whose grid "
                     "and data are not known; a typical sum of |a| is 96",
                 .published = {{"LNN, a file's name", false, {0.434}}},
                 .models = {{"field"}},
                 .run = run_wave});
  return all;
}

}  // namespace protocols
