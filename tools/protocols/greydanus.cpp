// Springs, pendulums and bodies: Greydanus, Dzamba & Yosinski 2019, the first Hamiltonian networks.
//
// What is learnt from are states (q, p) with their exact rates; of the first two tasks noise lies
// on q and p, and not on the rates. Judged is the energy along roll-outs: the mean over times and
// trajectories of (E - E')².
#include <cmath>
#include <numbers>

#include "nn/models/learnt_motion.h"
#include "physics/systems/table.h"
#include "physics/text.h"
#include "tools/app/data_file.h"
#include "tools/protocols/learn.h"

namespace protocols {
namespace {

using autodiff::Var;

constexpr const char* source = "Greydanus, Dzamba & Yosinski 2019 (HNN), greydanus/hamiltonian-nn";
constexpr const char* metric = "energy along roll-outs, mean square error";

/// H = V(q) + p², whose velocity is 2 p: L = ¼ v² - V.
physics::System with_potential(bool angle, const std::function<Var(Var q)>& potential) {
  physics::System s;
  s.coordinates = {{"q", "", angle}};
  s.lagrangian = [=](Var q, Var v) { return 0.25 * v * v - potential(q); };
  return s;
}

/// Where a trajectory was, from noisy coordinates and exact rates: the rates say how it went on
/// from state to state, and the mean of all coordinates where it began.
void take_noise_out(physics::Solution& noisy, const Eigen::MatrixXd& accelerations) {
  const Index n = accelerations.rows(), count = noisy.t.size();
  Eigen::MatrixXd path = Eigen::MatrixXd::Zero(n, count);
  for (Index k = 0; k + 1 < count; ++k) {
    const double h = noisy.t[k + 1] - noisy.t[k];
    const auto v = noisy.y.bottomRows(n);
    path.col(k + 1) = path.col(k) + h / 2 * (v.col(k) + v.col(k + 1)) +
                      h * h / 12 * (accelerations.col(k) - accelerations.col(k + 1));
  }
  const Eigen::VectorXd offset = (noisy.y.topRows(n) - path).rowwise().mean();
  noisy.y.topRows(n) = path.colwise() + offset;
}

/// (E - E')², its mean over all trajectories and times; a learnt one that ended counts as standing
/// still.
double energy_error(const std::vector<physics::Solution>& learnt,
                    const std::vector<physics::Solution>& truth, const View& energy) {
  double sum = 0, count = 0;
  for (std::size_t k = 0; k < truth.size(); ++k) {
    const Eigen::MatrixXd of_truth = energy(truth[k].y), of_learnt = energy(learnt[k].y);
    for (Index i = 0; i < of_truth.cols(); ++i, ++count)
      sum += std::pow(of_truth(0, i) - of_learnt(0, std::min(i, of_learnt.cols() - 1)), 2);
  }
  return sum / count;
}

/// Starts on circles of these radii around q = p = 0, as (q, v).
Eigen::MatrixXd circle_starts(double least, double most, Index count, Random& random) {
  Eigen::MatrixXd starts(2, count);
  for (Index k = 0; k < count; ++k) {
    const Eigen::Vector2d direction(random.uniform(-1, 1), random.uniform(-1, 1));
    starts.col(k) = random.uniform(least, most) * direction.normalized();
    starts(1, k) *= 2;  // v = 2 p
  }
  return starts;
}

/// By how much each trajectory's coordinates are off, as the law sees it: the shift that brings its
/// accelerations nearest to the exact ones (one of Newton's steps). The mean of all is not seen.
void align(std::vector<physics::Solution>& paths, const std::vector<Eigen::MatrixXd>& accelerations,
           const physics::Motion& law) {
  Eigen::VectorXd shifts(std::ssize(paths));
  for (std::size_t k = 0; k < paths.size(); ++k) {
    constexpr double h = 1e-4;
    Eigen::MatrixXd above = paths[k].y, below = above;
    above.row(0).array() += h;
    below.row(0).array() -= h;
    const Eigen::RowVectorXd slope = (law(above) - law(below)).row(1) / (2 * h),
                             rest = accelerations[k] - law(paths[k].y).row(1);
    shifts[static_cast<Index>(k)] = rest.dot(slope) / slope.squaredNorm();
  }
  const double mean = shifts.mean();
  for (std::size_t k = 0; k < paths.size(); ++k)
    paths[k].y.row(0).array() += shifts[static_cast<Index>(k)] - mean;
}

Outcome run_noisy(const physics::System& system, double least, double most, Index times,
                  const Job& job) {
  constexpr Index trajectories = 25, tests = 15;
  constexpr double noise = 0.1;
  constexpr int rounds = 6;
  Random random(job.seed);
  const physics::Motion truth = motion_of(system);
  auto paths = true_trajectories(truth, circle_starts(least, most, trajectories, random),
                                 even_times(3, times), job);
  std::vector<Eigen::MatrixXd> accelerations;
  for (physics::Solution& path : paths) {
    accelerations.push_back(truth(path.y).bottomRows(1));
    for (double& q : path.y.row(0)) q += noise * random.normal();
    take_noise_out(path, accelerations.back());
  }
  std::unique_ptr<nn::NetworkModel> model;
  for (int round = 0; round < rounds; ++round) {
    if (model) align(paths, accelerations, nn::learnt_motion(*model));
    physics::DataSet data{points_of(paths).y.cast<autodiff::Scalar>(),
                          Matrix(1, trajectories * times)};
    for (Index k = 0; k < trajectories; ++k)
      data.accelerations.middleCols(k * times, times) =
          accelerations[static_cast<std::size_t>(k)].cast<autodiff::Scalar>();
    model = learn(system, data, {.hidden = {16, 16}, .steps = 3000}, job);
  }

  Eigen::MatrixXd starts(2, tests);
  for (Index k = 0; k < tests; ++k)
    for (Index i = 0; i < 2; ++i) {
      const double at = random.uniform(-0.8, 0.8);
      starts(i, k) = static_cast<double>(i + 1) * (at + (at < 0 ? -0.2 : 0.2));  // v = 2 p
    }
  const Eigen::VectorXd t = even_times(20, 100);
  const View energy = [](const Eigen::MatrixXd& y) -> Eigen::MatrixXd {
    return (y.row(0).array().square() + (y.row(1).array() / 2).square()).matrix();
  };
  return {{energy_error(learnt_trajectories(nn::learnt_motion(*model), starts, t, job.threads),
                        true_trajectories(truth, starts, t, job), energy)}};
}

/// Positions of a real pendulum, six a second, from which velocities are estimated. The file's own
/// are in another unit: they are p = θ'/c with some c, and E is in units of p.
Outcome run_real(const Job& job) {
  constexpr double test_begins = 81;  // [s]: row 444, and so many from there on
  constexpr Index test_rows = 110;
  std::vector<physics::Recording> train;
  std::vector<Eigen::Vector3d> test;  // t, q, p
  std::vector<double> p_of_train;
  for (const physics::Recording& r : tools::read_data(job.data).recordings) {
    if (r.q.rows() != 1 || r.v.rows() != 1)
      throw tools::IoError("'" + job.data + "' has to have the columns t, theta:angle and theta'");
    const auto begins = static_cast<Index>((r.t.array() < test_begins - 1e-6).count());
    if (begins > 0) {
      train.push_back({.t = r.t.head(begins), .q = r.q.leftCols(begins)});
      p_of_train.insert(p_of_train.end(), r.v.data(), r.v.data() + begins);
    }
    for (Index k = begins; k < r.size() && std::ssize(test) < test_rows; ++k)
      test.emplace_back(r.t[k], r.q(0, k), r.v(0, k));
  }
  if (train.empty() || test.size() < 2)
    throw tools::IoError("'" + job.data + "' has to go on beyond " + physics::number(test_begins) +
                         " s");
  physics::System system;
  system.coordinates = {{"theta", "rad", true}};
  std::vector<physics::Estimate> estimates;
  const physics::LocalFit fit = physics::best_fit(train);
  for (const physics::Recording& r : train) estimates.push_back(estimate(r, fit));
  std::unique_ptr<nn::NetworkModel> model;
  Eigen::VectorXd velocities;
  for (int round = 0; round < 5; ++round) {
    if (model)
      estimates = physics::refine(train, estimates, nn::learnt_motion(*model),
                                  {.window = 12, .substeps = 2}, job.threads);
    const physics::DataSet data = samples_of(estimates);
    velocities = data.states.row(1).cast<double>();
    model = learn(system, data, {.hidden = {32, 32}, .steps = 2000, .friction = "linear"}, job);
  }
  const Eigen::Map<const Eigen::VectorXd> p(p_of_train.data(), std::ssize(p_of_train));
  const double c = velocities.dot(p) / p.squaredNorm();

  Eigen::VectorXd t(std::ssize(test));
  for (Index k = 0; k < t.size(); ++k) t[k] = test[static_cast<std::size_t>(k)][0];
  const Eigen::Vector2d start(test.front()[1], c * test.front()[2]);
  const physics::Solution learnt =
      learnt_trajectories(nn::learnt_motion(*model), start, t, job.threads).front();
  const auto energy = [](double q, double of_p) { return 2.4 * (1 - std::cos(q)) + of_p * of_p; };
  double sum = 0;
  for (Index k = 0; k < t.size(); ++k) {
    const Eigen::VectorXd y = learnt.y.col(std::min(k, learnt.y.cols() - 1));
    const Eigen::Vector3d& measured = test[static_cast<std::size_t>(k)];
    sum += std::pow(energy(measured[1], measured[2]) - energy(y[0], y[1] / c), 2);
  }
  return {{sum / static_cast<double>(t.size())}};
}

Eigen::VectorXd two_bodies(Random& random) {
  const Eigen::Vector2d place(random.uniform(0.5, 1.5), random.uniform(0.5, 1.5));
  const double speed = (1 + 0.05 * random.normal()) / (2 * std::pow(place.norm(), 1.5));
  const Eigen::Vector2d velocity = speed * Eigen::Vector2d(-place[1], place[0]);
  Eigen::VectorXd state(8);
  state << place, -place, velocity, -velocity;
  return state;
}

Eigen::VectorXd three_bodies(Random& random) {
  const Eigen::Vector2d direction(random.uniform(-1, 1), random.uniform(-1, 1));
  const Eigen::Vector2d place = random.uniform(0.9, 1.2) * direction.normalized();
  const double angle = 2 * std::numbers::pi / 3, half = angle / 4;  // 120 and 30 degrees
  const Eigen::Vector2d velocity =
      Eigen::Vector2d(-place[1], place[0]) / std::pow(place.norm(), 1.5) *
      std::sqrt(std::sin(2 * half) / (2 * std::pow(std::cos(half), 2)));
  Eigen::VectorXd state(12);
  for (Index i = 0; i < 3; ++i) {
    const double turn = static_cast<double>(i) * angle;
    state.segment<2>(2 * i) = turned(place, turn);
    Eigen::Vector2d own = turned(velocity, turn);
    for (double& component : own) component *= 1 + 0.2 * random.uniform(-1, 1);
    state.segment<2>(6 + 2 * i) = own;
  }
  return state;
}

struct Bodies {
  Index count;
  Start draw;
  double duration;  ///< of what is learnt from [s]
  Index trajectories, times;
  double horizon;  ///< of roll-outs [s]
};

Outcome run_bodies(const Bodies& bodies, const Recipe& recipe, const Job& job) {
  constexpr Index tests = 15;
  const physics::System system =
      make_system(physics::find_system("bodies"), {{"n", static_cast<double>(bodies.count)}});
  const physics::Motion truth = motion_of(system);
  Random random(job.seed);
  const auto paths = true_trajectories(truth, starts_of(bodies.draw, bodies.trajectories, random),
                                       even_times(bodies.duration, bodies.times), job);
  const auto model = learn(system, label(truth, points_of(paths).y), recipe, job);
  const Eigen::MatrixXd starts = starts_of(bodies.draw, tests, random);
  const Eigen::VectorXd t = even_times(bodies.horizon, 500);
  return {{energy_error(learnt_trajectories(nn::learnt_motion(*model), starts, t, job.threads),
                        true_trajectories(truth, starts, t, job), energy_of(system))}};
}

}  // namespace

std::vector<Protocol> of_greydanus() {
  const std::vector<OurModel> both{{"delan"}, {"lnn"}};
  const auto published = [](double plain, double hnn) {
    return std::vector<Published>{{"MLP", false, {plain}}, {"HNN", false, {hnn}}};
  };
  const std::string taken_out =
      "since rates are exact in these data, noise of q is averaged along each trajectory, and "
      "trajectories are shifted until they agree";
  std::vector<Protocol> all;
  all.push_back({.name = "spring",
                 .what = "H = q^2 + p^2, 25 trajectories of 3 s at 10 Hz, noise 0.1",
                 .source = source,
                 .metrics = {metric},
                 .chosen = taken_out + "; roll-outs of 20 s, as the published horizon is lost in "
                                       "how the notebook's cells were run",
                 .published = published(1.7077e-1, 3.8416e-4),
                 .models = both,
                 .run = [](const Job& job) {
                   return run_noisy(with_potential(false, [](Var q) { return q * q; }), 0.1, 1, 30,
                                    job);
                 }});
  all.push_back({.name = "pendulum",
                 .what = "H = 3 (1 - cos q) + p^2, 25 trajectories of 3 s at 15 Hz, noise 0.1",
                 .source = source,
                 .metrics = {metric},
                 .chosen = taken_out + "; E is q^2 + p^2 as in the notebook, so phases count, too",
                 .published = published(4.1519e-2, 2.4852e-2),
                 .models = both,
                 .run = [](const Job& job) {
                   return run_noisy(with_potential(true, [](Var q) { return 3. * (1. - cos(q)); }),
                                    1.3, 2.3, 45, job);
                 }});
  all.push_back({.name = "real-pendulum",
                 .what = "a real pendulum, 444 rows; the energy of the 110 behind them",
                 .source = source + std::string("; data of Schmidt & Lipson 2009"),
                 .metrics = {metric},
                 .chosen = "velocities are estimated from positions, friction is learnt",
                 .published = published(3.8564e-1, 1.4477e-2),
                 .models = both,
                 .data = "a CSV file with columns t, theta:angle, theta' of the 556 rows of "
                         "real_pend_h_1.txt (Schmidt & Lipson 2009, supporting online material)",
                 .run = run_real});
  all.push_back({.name = "two-bodies",
                 .what = "two bodies that attract each other, 800 trajectories of 20 s, 25 s ahead",
                 .source = source,
                 .metrics = {metric},
                 .published = published(6.3276e-2, 3.8751e-5),
                 .models = both,
                 .run = [](const Job& job) {
                   return run_bodies({2, two_bodies, 20, 800, 50, 25},
                                     {.hidden = {128, 128}, .steps = 20'000}, job);
                 }});
  all.push_back(
      {.name = "three-bodies",
       .what = "three bodies that attract each other, 4000 trajectories of 5 s, 3 s ahead",
       .source = source,
       .metrics = {metric},
       .published = published(1.0906e2, 4.1926e-2),
       .models = both,
       .run = [](const Job& job) {
         return run_bodies({3, three_bodies, 5, 4000, 20, 3},
                           {.hidden = {128, 128}, .steps = 20'000}, job);
       }});
  return all;
}

}  // namespace protocols
