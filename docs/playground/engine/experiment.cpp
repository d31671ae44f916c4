#include "experiment.h"

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "autodiff/grad.h"
#include "catalogue.h"
#include "expression.h"
#include "nn/learning/loss.h"
#include "nn/learning/scales.h"
#include "nn/models/lagrangian_model.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/mass_matrix.h"
#include "nn/optimisers/adam.h"
#include "nn/optimisers/soap.h"
#include "physics/observe/judge.h"
#include "physics/observe/lyapunov.h"
#include "physics/observe/poincare.h"
#include "physics/systems/table.h"

namespace playground {
namespace {

using autodiff::Matrix, autodiff::Random, autodiff::Scalar, autodiff::Var;
using Eigen::MatrixXd, Eigen::VectorXd;

constexpr Index batch = 32, states_a_motion = 10;
constexpr double warmup = 0.02;      // part of all steps
constexpr double valid_up_to = 0.5;  // in units of the spread, as tools/evaluate has it
constexpr Index unseen_states = 200;

/// The true motion is followed more closely than a network is right.
constexpr physics::Rk45Options of_truth{.rtol = 1e-8, .atol = 1e-8};
constexpr physics::Rk45Options of_learnt{.rtol = 1e-6, .atol = 1e-6, .max_steps = 4'000};

void require(bool right, const std::string& what) {
  if (!right) throw std::invalid_argument(what);
}

Settings checked(const Settings& s) {
  const auto is = [](const char* name, double value) {
    return std::string(name) + " is " + digits(value) + "; it must be ";
  };
  require(s.width >= 1 && s.width <= 256, is("width", s.width) + "1 to 256");
  require(s.layers >= 1 && s.layers <= 4, is("layers", s.layers) + "1 to 4");
  require(s.rate > 0 && s.rate <= 1, is("rate", s.rate) + "above 0 and at most 1");
  require(s.samples >= 2 * batch && s.samples <= 100'000 && s.samples % states_a_motion == 0,
          is("samples", s.samples) + "70 to 100000, ten of each motion");
  require(s.noise >= 0 && s.noise <= 1, is("noise", s.noise) + "0 to 1");
  require(s.steps >= 1 && s.steps <= 1'000'000, is("steps", s.steps) + "1 to 1000000");
  require(s.seed >= 0, is("seed", s.seed) + "0 or more");
  require(s.optimiser == "soap" || s.optimiser == "adam",
          "there is no optimiser '" + s.optimiser + "'; there are soap and adam");
  return s;
}

MatrixXd random_controls(const physics::System& system, Index count, Random& random) {
  MatrixXd controls(system.k(), count);
  for (Index s = 0; s < count; ++s)
    for (Index i = 0; i < system.k(); ++i)
      controls(i, s) = random.uniform(-system.control_range[i], system.control_range[i]);
  return controls;
}

/// States of motions from random starts, in equal steps of time.
physics::DataSet draw(const physics::System& system, const physics::Motion& truth, Index count,
                      Random& random) {
  const MatrixXd starts = random_starts(system, random, count / states_a_motion);
  const VectorXd times = VectorXd::LinSpaced(states_a_motion, 0, system.duration);
  const MatrixXd states = points_of(physics::roll_out(truth, starts, times, of_truth)).y;
  return label(truth, states, random_controls(system, states.cols(), random));
}

/// Every number is off by a normal error whose deviation is this part of its row's.
void add_noise(double part, Matrix& rows, Random& random) {
  for (auto row : rows.rowwise()) {
    const double deviation = part * std::sqrt((row.array() - row.mean()).square().mean());
    for (Scalar& value : row) value += static_cast<Scalar>(deviation * random.normal());
  }
}

nn::Known known_of(const physics::System& system) {
  return {.lagrangian = system.lagrangian,
          .positions = system.picture.points,
          .dimension = system.picture.dimension,
          .constraints = system.constraints,
          .diagonal_mass = system.diagonal_mass};
}

std::unique_ptr<nn::NetworkModel> make_model(const Settings& settings, const nn::ModelKind& kind,
                                             const physics::System& system,
                                             const physics::DataSet& data) {
  nn::NetworkOptions options{
      .hidden = std::vector<Index>(static_cast<std::size_t>(settings.layers), settings.width),
      .angles = {},
      .controls = system.k()};
  for (const physics::Coordinate& c : system.coordinates) options.angles.push_back(c.angle);
  const nn::Known known = known_of(system);
  if (kind.form_of(options, known).momenta)
    scale_to(options, data, momenta_of(system)(data.states.cast<double>()).cast<Scalar>());
  else
    scale_to(options, data);
  options.kinetic_prior = map(options.kinetic_prior, [&](double a) { return a * kind.prior_part; });
  return kind.make(options, known);
}

std::unique_ptr<nn::Optimiser> make_optimiser(const std::string& name, const nn::Model& model) {
  if (name == "adam") return std::make_unique<nn::Adam>(model.parameters().size());
  return std::make_unique<nn::Soap>(model.parameters());
}

/// In what units a network's coordinates are off: 1 rad, or how far typical ones spread.
VectorXd spreads(const physics::System& system, const MatrixXd& states) {
  VectorXd all(system.n());
  for (Index i = 0; i < all.size(); ++i) {
    const auto row = states.row(i).array();
    const double spread = std::sqrt((row - row.mean()).square().mean());
    all[i] = system.coordinates[static_cast<std::size_t>(i)].angle || spread == 0 ? 1 : spread;
  }
  return all;
}

VectorXd state_of(const std::vector<double>& numbers, Index size) {
  require(std::ssize(numbers) == size, "a state of " + std::to_string(numbers.size()) +
                                           " numbers; it must have " + std::to_string(size));
  return Eigen::Map<const VectorXd>(numbers.data(), size);
}

std::vector<double> numbers_of(const MatrixXd& m) { return {m.data(), m.data() + m.size()}; }

/// a, b of the line a x + b that lies nearest to y.
struct Line {
  double slope, offset;

  Line(const Eigen::ArrayXd& x, const Eigen::ArrayXd& y) {
    const double spread = (x - x.mean()).square().mean();
    slope = spread > 0 ? ((x - x.mean()) * (y - y.mean())).mean() / spread : 0;
    offset = y.mean() - slope * x.mean();
  }
  Eigen::ArrayXd of(const Eigen::ArrayXd& x) const { return slope * x + offset; }
};

}  // namespace

// ---------------------------------------------------------------- a learner

Learner::Learner(const Settings& settings, const std::string& model, const physics::System& system,
                 const physics::Motion& truth)
    : random_(static_cast<std::uint64_t>(settings.seed)) {
  data_ = shuffled(draw(system, truth, settings.samples, random_), random_);
  if (settings.noise > 0) {
    Random of_noise(static_cast<std::uint64_t>(settings.seed) + 1'000'003);
    add_noise(settings.noise, data_.states, of_noise);
    add_noise(settings.noise, data_.accelerations, of_noise);
  }
  const nn::ModelKind& kind = nn::find_model_kind(model);
  model_ = make_model(settings, kind, system, data_);
  model_->initialise(random_, kind.initialiser);
  optimiser_ = make_optimiser(settings.optimiser, *model_);
  trainer_ = std::make_unique<nn::Trainer>(
      *model_, *optimiser_,
      nn::Trainer::Options{.objective = nn::of_accelerations(
                               nn::in_units_of(model_->options().acceleration_scale, nn::l1_loss)),
                           .batch = batch});
  motion_ = learnt_motion(*model_);
  schedule_ = {.peak = settings.rate,
               .warmup = std::lround(warmup * settings.steps),
               .total = settings.steps};
}

double Learner::step() {
  const Index begin = steps_ % (data_.size() / batch) * batch;
  std::vector<const Scalar*> inputs{data_.states.col(begin).data(),
                                    data_.accelerations.col(begin).data()};
  if (data_.controls.size() > 0) inputs.push_back(data_.controls.col(begin).data());
  const double loss = trainer_->loss_and_gradient(inputs);
  if (trainer_->finite()) trainer_->step(schedule_.rate(steps_));
  ++steps_;
  return loss;
}

double Learner::error_on(const physics::DataSet& data) const {
  MatrixXd rates;
  (*motion_)(Eigen::RowVectorXd::Zero(data.size()), data.states.cast<double>(),
             data.controls.cast<double>(), rates);
  const MatrixXd off =
      (rates.bottomRows(model_->coordinates()) - data.accelerations.cast<double>()).cwiseAbs();
  double sum = 0;
  for (Index i = 0; i < off.rows(); ++i)
    sum += off.row(i).mean() / model_->options().acceleration_scale[i];
  return sum / static_cast<double>(off.rows());
}

// ---------------------------------------------------------------- the experiment

Experiment::Experiment(const Settings& settings)
    : settings_(checked(settings)),
      system_(make_system(physics::find_system(settings.system))),
      truth_(motion_of(system_)),
      energy_(energy_of(system_)),
      points_(points_of(system_)),
      learnt_(settings_, settings_.model, system_, truth_),
      plain_(settings_, "mlp", system_, truth_),
      own_energy_(learnt_energy(learnt_.model())) {
  Random random(static_cast<std::uint64_t>(settings_.seed) + 2'000'003);
  unseen_ = draw(system_, truth_, unseen_states, random);
  spread_ = spreads(system_, random_starts(system_, random, 2000));
}

std::vector<double> Experiment::train(int steps) {
  std::vector<double> losses;
  for (int k = 0; k < steps && learnt_.steps() < settings_.steps; ++k) {
    losses.push_back(learnt_.step());
    losses.push_back(plain_.step());
  }
  return losses;
}

std::array<double, 2> Experiment::errors() const {
  return {learnt_.error_on(unseen_), plain_.error_on(unseen_)};
}

const physics::Motion& Experiment::motion(int which) const {
  return which == 0 ? truth_ : which == 1 ? learnt_.motion() : plain_.motion();
}

std::vector<double> Experiment::random_start(int seed) const {
  Random random(static_cast<std::uint64_t>(seed));
  return numbers_of(random_starts(system_, random, 1));
}

// Levenberg's least squares on r = (place of the point - wanted place, weight · Φ), one column of
// the Jacobian for each coordinate; the weight keeps bound coordinates bound.
std::vector<double> Experiment::dragged(const std::vector<double>& numbers, int point,
                                        const std::vector<double>& place) const {
  const Index n = system_.n(), d = system_.picture.dimension;
  constexpr double weight = 1e3, damping = 1e-3;
  constexpr int iterations = 30;
  VectorXd state = state_of(numbers, 2 * n);
  const Eigen::Map<const VectorXd> wanted(place.data(), std::ssize(place));
  require(wanted.size() == d && point >= 0, "the picture has no such point");
  const physics::StateFunction residual(n, 0, [&](Var, Var q, Var, Var) {
    Var r = slice_rows(system_.picture.points(q), point * d, d);
    if (system_.constraints) r = stack_rows(r, weight * system_.constraints(q));
    return stack_rows(r, jacobian(r, q));
  });
  const Index rows = residual.rows() / (n + 1);
  for (int k = 0; k < iterations; ++k) {
    const VectorXd all = residual(state);
    VectorXd r = all.head(rows);
    r.head(d) -= wanted;
    const Eigen::Map<const MatrixXd> j(all.data() + rows, rows, n);
    const MatrixXd normal = j.transpose() * j + damping * MatrixXd::Identity(n, n);
    state.head(n) -= normal.ldlt().solve(j.transpose() * r);
  }
  require(state.allFinite(), "the point cannot be dragged there");
  return numbers_of(state);
}

Paths Experiment::roll_out(const std::vector<double>& start, double duration, int count) const {
  require(duration > 0 && duration <= 1e4 && count >= 2 && count <= 10'000,
          "a motion of " + std::to_string(duration) + " s at " + std::to_string(count) +
              " times; it must be above 0 s, at 2 times or more");
  const VectorXd state = state_of(start, 2 * system_.n());
  const VectorXd times = VectorXd::LinSpaced(count, 0, duration);
  Paths paths;
  std::array<std::vector<physics::Solution>, 3> all;
  for (int which = 0; which < 3; ++which) {
    const auto w = static_cast<std::size_t>(which);
    all[w] = physics::roll_out(motion(which), state, times, which == 0 ? of_truth : of_learnt);
    const MatrixXd& y = all[w].front().y;
    paths.of[w] = {numbers_of(y), numbers_of(points_(y)), numbers_of(energy_(y))};
    if (which == 0) continue;
    const VectorXd valid = valid_times(all[w], all[0], valid_up_to, spread_);
    paths.valid[w - 1] = valid.size() > 0 ? valid[0] : 0;
  }
  if (own_energy_) {
    const MatrixXd seen = unseen_.states.cast<double>();
    const Line joules((*own_energy_)(seen).row(0).transpose(), energy_(seen).row(0).transpose());
    const Eigen::ArrayXd own = (*own_energy_)(all[1].front().y).row(0).transpose();
    paths.own_energies = numbers_of(joules.of(own).matrix());
  }
  return paths;
}

double Experiment::lyapunov_time(const std::vector<double>& start) const {
  const double unit = system_.duration / 5;  // the options' own times are for motions of 5 s
  const VectorXd exponents =
      lyapunov_exponents(truth_, state_of(start, 2 * system_.n()),
                         {.interval = 0.5 * unit,
                          .settle = 5 * unit,
                          .duration = 20 * unit,
                          .integrator = {.rtol = 1e-9, .atol = 1e-9, .max_steps = 20'000}});
  return 1 / exponents[0];
}

// ---------------------------------------------------------------- maps

MatrixXd Experiment::grid(int across, int up, int size) const {
  const Index entries = 2 * system_.n();
  require(across >= 0 && up >= 0 && across < entries && up < entries && across != up,
          "a map is over two different entries of the state");
  require(size >= 2 && size <= 200, "a map of 2 to 200 points a side");
  const physics::StateBox& box = system_.region;
  MatrixXd states = ((box.low + box.high) / 2).replicate(1, Index{size} * size);
  const VectorXd x = VectorXd::LinSpaced(size, box.low[across], box.high[across]);
  const VectorXd y = VectorXd::LinSpaced(size, box.low[up], box.high[up]);
  for (Index s = 0; s < states.cols(); ++s) {
    states(across, s) = x[s % size];
    states(up, s) = y[s / size];
  }
  return states;
}

Maps Experiment::lagrangian_map(int across, int up, int size) const {
  const auto* model = dynamic_cast<const nn::LagrangianModel*>(&learnt_.model());
  if (!model) return {};
  const MatrixXd states = grid(across, up, size);
  const physics::StateFunction truth(
      system_.n(), 0, [&](Var, Var q, Var v, Var) { return system_.lagrangian(q, v); });
  const physics::StateFunction learnt(
      system_.n(), 0,
      [&](Var, Var q, Var v, Var) {
        model->parameters().on(q.tape());  // also those that L does not read
        return model->lagrangian(q, v);
      },
      [&](autodiff::Workspace& workspace) { model->parameters().bind(workspace); });
  const Eigen::ArrayXd l = truth(states).row(0).transpose(),
                       own = learnt(states).row(0).transpose();
  return {numbers_of(l.matrix()), numbers_of(Line(own, l).of(own).matrix())};
}

Maps Experiment::mass_map(int row, int column, int across, int up, int size) const {
  const Index n = system_.n();
  require(row >= 0 && column >= 0 && row < n && column < n, "the mass matrix has no such entry");
  const MatrixXd states = grid(across, up, size);
  const MatrixXd learnt = mass_matrices(learnt_.model(), states);
  if (learnt.size() == 0) return {};
  const MatrixXd truth = mass_of(system_)(states);
  const double factor = truth.cwiseProduct(learnt).sum() / learnt.squaredNorm();
  const Index entry = row + column * n;
  return {numbers_of(truth.row(entry)), numbers_of(factor * learnt.row(entry))};
}

// ---------------------------------------------------------------- Poincaré's section

std::vector<double> Experiment::section(int which, const std::vector<double>& start,
                                        double duration) {
  const int cut = section_coordinate(system_);
  require(cut >= 0, "a section needs two free coordinates, one of which passes 0");
  require(which >= 0 && which < 3 && duration > 0, "there is no such motion");
  VectorXd& at = section_at_[static_cast<std::size_t>(which)];
  if (at.size() == 0) at = state_of(start, 4);
  // The section's cubics need times that lie close: as tools/evaluate has them.
  const auto count = static_cast<Index>(500 * duration / system_.duration) + 2;
  const auto solution =
      physics::roll_out(motion(which), at, VectorXd::LinSpaced(count, 0, duration), of_learnt);
  at = solution.front().y_end;
  if (!solution.front().ok()) return {};
  const MatrixXd crossings =
      poincare_section(motion(which), solution.front(), cut,
                       system_.coordinates[static_cast<std::size_t>(cut)].angle);
  MatrixXd points(2, crossings.cols());
  points << crossings.row(1 - cut), crossings.row(3 - cut);
  return numbers_of(points);
}

}  // namespace playground
