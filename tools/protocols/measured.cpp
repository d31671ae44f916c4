// A real double pendulum, whose motion Schmidt & Lipson (2009) recorded: do networks do as well as
// a double pendulum with friction whose constants are fitted?
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "nn/learning/trainer.h"
#include "nn/models/learnt_motion.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/soap.h"
#include "physics/euler_lagrange.h"
#include "physics/observe/judge.h"
#include "tools/app/data_file.h"
#include "tools/protocols/learn.h"

namespace protocols {
namespace {

using autodiff::Var;

/// Two rigid bodies, one hung from the other, with friction at both hinges:
///
///     L = ½ A ω1² + B ω1 ω2 cos(θ1 - θ2) + ½ C ω2² + D cos θ1 + E cos θ2
///     Q1 = -f1 ω1 - f2 (ω1 - ω2),  Q2 = -f2 (ω2 - ω1)
///
/// with angles from the vertical, and A = 1, since the motion leaves L's factor open.
class FittedDoublePendulum : public nn::Model {
 public:
  FittedDoublePendulum() : constants_(parameters_.add("constants", 6, 1)) {
    const std::array<double, 6> first{0.3, 0.3, 30, 10, 0.03, 0.03};  // B, C, D, E, f1, f2
    std::ranges::copy(first, parameters_.values().begin());
  }

  Index coordinates() const override { return 2; }

  Var acceleration(Var q, Var v, Var) const override {
    const Var all = constants_.on(q.tape());
    const auto constant = [&](Index i) { return broadcast_cols(row(all, i), q.cols()); };
    const Var w1 = row(v, 0), w2 = row(v, 1), q1 = row(q, 0), q2 = row(q, 1);
    const Var lagrangian = 0.5 * w1 * w1 + constant(0) * w1 * w2 * cos(q1 - q2) +
                           0.5 * constant(1) * w2 * w2 + constant(2) * cos(q1) +
                           constant(3) * cos(q2);
    const Var hinge = constant(5) * (w1 - w2);  // takes from the first what it gives the second
    return physics::euler_lagrange(
        {.lagrangian = lagrangian, .force = stack_rows(-(constant(4) * w1) - hinge, hinge)}, q, v);
  }

 private:
  nn::Parameter constants_;
};

std::unique_ptr<nn::Model> fit_constants(const physics::DataSet& data, const Job& job) {
  constexpr long steps = 4000;
  auto model = std::make_unique<FittedDoublePendulum>();
  nn::Soap soap(model->parameters());
  nn::Trainer trainer(*model, soap, {.batch = std::min<Index>(512, data.size())});
  Random random(job.seed + 1'000'003);
  const nn::WarmupCosine schedule{0.1, steps / 50, steps};
  trainer.fit(data, random, steps, [&](long step) {
    job.progress(step, steps);
    return schedule.rate(step);
  });
  return model;
}

/// Two rods of length 1 by some of their points: wherever the masses lie, these can stand for them.
Var points_of_rods(Var q) {
  const Var e1 = stack_rows(sin(row(q, 0)), -cos(row(q, 0))),
            e2 = stack_rows(sin(row(q, 1)), -cos(row(q, 1)));
  return stack_rows(std::vector{0.5 * e1, e1, e1 + 0.3 * e2, e1 + 0.6 * e2, e1 + e2});
}

Outcome run(const Job& job) {
  constexpr double part = 0.8;  // is learnt from, the rest judges
  constexpr Index ahead = 25;   // rows of a piece that is rolled out
  constexpr int rounds = 4;
  std::vector<physics::Recording> all = tools::read_data(job.data).recordings, train, test;
  Index rows = 0, before = 0;
  for (const physics::Recording& r : all) rows += r.size();
  for (const physics::Recording& r : all) {
    if (r.q.rows() != 2)
      throw tools::IoError("'" + job.data + "' has to have the columns t and two angles");
    const Index kept = std::clamp<Index>(
        static_cast<Index>(part * static_cast<double>(rows)) - before, 0, r.size());
    if (kept > ahead) train.push_back({.t = r.t.head(kept), .q = r.q.leftCols(kept)});
    if (r.size() - kept > 2 * ahead)
      test.push_back({.t = r.t.tail(r.size() - kept), .q = r.q.rightCols(r.size() - kept)});
    before += r.size();
  }
  if (train.empty() || test.empty())
    throw tools::IoError("'" + job.data + "' has too few rows without gaps between them");

  const physics::LocalFit local = physics::best_fit(train);
  std::vector<physics::Estimate> estimates;
  for (const physics::Recording& r : train) estimates.push_back(estimate(r, local));
  std::unique_ptr<nn::Model> model;
  physics::System system;
  system.coordinates = physics::numbered({"theta", "rad", true}, 2);
  system.picture.points = points_of_rods;
  // So few noisy rows are soon learnt by heart: of those who know the rods' points the potential is
  // linear in the cosines and sines, without a hidden layer.
  const std::vector<Index> hidden = job.model.told            ? std::vector<Index>{}
                                    : job.model.name == "lnn" ? std::vector<Index>{64, 64}
                                                              : std::vector<Index>{32, 32};
  const Recipe recipe{
      .hidden = hidden, .steps = job.model.told ? 6000 : 4000, .friction = "linear"};
  for (int round = 0; round < rounds; ++round) {
    if (model)
      estimates =
          physics::refine(train, estimates, nn::learnt_motion(*model), {.window = 16}, job.threads);
    const physics::DataSet data = samples_of(estimates);
    if (job.model.name == "fitted")
      model = fit_constants(data, job);
    else
      model = learn(system, data, recipe, job);
  }

  // Pieces of what follows, from every row, whose states are estimated alike for all models.
  const physics::Motion law = nn::learnt_motion(*model);
  std::vector<double> misses;
  for (const physics::Recording& r : test) {
    const physics::Estimate found = estimate(r, physics::best_fit(std::span(&r, 1)));
    for (Index begin = ahead; begin + ahead < r.size(); ++begin) {
      const Eigen::VectorXd t = r.t.segment(begin, ahead + 1);
      const physics::Solution path =
          learnt_trajectories(law, found.states.col(begin), t, 1).front();
      const Eigen::Vector2d end = path.y.col(path.y.cols() - 1).head<2>();
      misses.push_back((end - r.q.col(begin + ahead)).norm() / std::sqrt(2.));
    }
  }
  return {{physics::quantile(Eigen::Map<Eigen::VectorXd>(misses.data(), std::ssize(misses)), 0.5)}};
}

}  // namespace

std::vector<Protocol> of_measured() {
  return {{.name = "real-double-pendulum",
           .what = "Schmidt & Lipson's double pendulum, networks beside fitted constants",
           .source = "data of Schmidt & Lipson 2009; nothing is published to compare with",
           .metrics = {"angles, 25 rows ahead, median error [rad]"},
           .chosen = "embedded is told that there are two rods, and not their masses",
           .published = {},
           .models = {{"fitted", true}, {"embedded", true}, {"pullback"}, {"delan"}, {"lnn"}},
           .data = "a CSV file with columns t and two angles, of real_double_pend_h_1.txt (Schmidt "
                   "& Lipson 2009, supporting online material)",
           .run = run}};
}

}  // namespace protocols
