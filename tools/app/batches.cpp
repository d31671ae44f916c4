#include "tools/app/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/models/learnt_motion.h"
#include "tools/app/interrupt.h"
#include "tools/app/models.h"
#include "tools/app/text.h"
#include "tools/app/trial.h"

namespace tools {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Scalar;

namespace {

/// Errors of trajectories are in units of so many deviations of the noise: so far huber's loss
/// counts squares, which suit noise, and beyond sizes, which suit what is far off.
constexpr double noise_units = 2, far_units = 30;

/// The windows' starts are brought near the data by so many steps, in which the law's derivative is
/// taken anew so often, so many windows at a time.
constexpr int steps_of_starts = 10, steps_of_derivative = 4;
constexpr Index windows_at_once = 512;
/// Fewer rows than these are too few to estimate accelerations from.
constexpr Index fewest_rows = 10;

void require_batch(const TrainOptions& options, Index count, const char* what) {
  if (count < options.batch)
    throw EndProgram(exit_usage, "--batch: " + std::to_string(options.batch) +
                                     " is more than the " + std::to_string(count) + ' ' + what +
                                     " to learn from");
}

/// A batch that nobody asked for takes no more than there is; and somewhat less where batches of
/// its size would leave out more than a twentieth of that.
int fitting_batch(int batch, Index count) {
  if (count <= batch) return static_cast<int>(std::max<Index>(count, 1));
  if (count % batch <= count / 20) return batch;
  return static_cast<int>(count / (count / batch + 1));
}

std::vector<Index> in_order(Index count) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  return order;
}

template <class T>
T median(std::vector<T> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The inputs of the loss of accelerations, from that column on.
std::vector<const Scalar*> columns_of(const physics::DataSet& data, Index begin) {
  std::vector<const Scalar*> columns{data.states.col(begin).data(),
                                     data.accelerations.col(begin).data()};
  if (data.controls.size() > 0) columns.push_back(data.controls.col(begin).data());
  return columns;
}
std::vector<Matrix> matrices_of(const physics::DataSet& data, Index begin, Index count) {
  std::vector<Matrix> columns{data.states.middleCols(begin, count),
                              data.accelerations.middleCols(begin, count)};
  if (data.controls.size() > 0) columns.emplace_back(data.controls.middleCols(begin, count));
  return columns;
}

nn::Windows windows_of(const TrainOptions& options, const Subject& subject,
                       const Recorded& recorded) {
  return nn::cut_windows(recorded.recordings, recorded.estimates,
                         trajectory_loss(options, subject).shape);
}

/// New states of the region in every batch.
class FreshBatches : public Batches {
 public:
  FreshBatches(const TrainOptions& options, autodiff::Random& random, const Simulated& simulated)
      : options_(options), random_(random), simulated_(simulated) {
    autodiff::Random of_sample(options.seed + 4'000'003);  // the batches' own stream stays as it is
    sample_ = draw(2000, of_sample);
  }

  Course course() const override {
    const long steps = options_.steps;
    const long per_epoch = steps > 0 ? (steps - 1) / options_.epochs + 1 : options_.steps_per_epoch;
    return {per_epoch, steps > 0 ? steps : per_epoch * options_.epochs};
  }
  void go_to(Index) override { data_ = draw(options_.batch, random_); }
  std::vector<const Scalar*> inputs() const override { return columns_of(data_, 0); }
  std::vector<Matrix> batch() const override { return matrices_of(data_, 0, options_.batch); }
  const physics::DataSet& sample() override { return sample_; }

 private:
  physics::DataSet draw(Index count, autodiff::Random& random) const {
    return label(simulated_, region_states(simulated_, count, random, options_.velocity_margin),
                 random);
  }

  const TrainOptions& options_;
  autodiff::Random& random_;
  const Simulated& simulated_;
  physics::DataSet data_, sample_;
};

/// Batches of a set that is gone through once an epoch.
class SetBatches : public Batches {
 public:
  SetBatches(const TrainOptions& options, Index count, Index batch)
      : options_(options), count_(count), batch_(batch) {}

  Course course() const override {
    const long per_epoch = count_ / batch_;
    return {per_epoch, options_.steps > 0 ? options_.steps : per_epoch * options_.epochs};
  }

 protected:
  const TrainOptions& options_;
  Index count_, batch_;
};

/// States with their accelerations.
class StateBatches : public SetBatches {
 public:
  StateBatches(const TrainOptions& options, physics::DataSet data, Index batch)
      : SetBatches(options, data.size(), batch), data_(std::move(data)) {}

  void go_to(Index k) override { begin_ = k * batch_; }
  std::vector<const Scalar*> inputs() const override { return columns_of(data_, begin_); }
  std::vector<Matrix> batch() const override { return matrices_of(data_, begin_, batch_); }
  const physics::DataSet& sample() override { return data_; }

 private:
  physics::DataSet data_;
  Index begin_ = 0;
};

/// States with accelerations that were estimated, and are again in every round with the help of the
/// law that the rounds before have learnt.
class RefinedBatches : public SetBatches {
 public:
  /// In batches of the rows in that order, counted through all recordings. `interruptible`: a
  /// request ends a round's estimates.
  RefinedBatches(const TrainOptions& options, const Subject& subject, const Recorded& recorded,
                 std::vector<Index> order, Index batch, bool interruptible)
      : SetBatches(options, static_cast<Index>(order.size()), batch),
        subject_(subject),
        recorded_(recorded),
        order_(std::move(order)),
        interruptible_(interruptible) {
    Index rows = 0;
    for (const physics::Recording& r : recorded.recordings) {
      rows += r.size();
      sizes_.push_back(r.size());
    }
    const Index n = recorded.recordings.front().q.rows();
    states_.resize(2 * n, rows);
    accelerations_.resize(n, rows);
    keep(recorded.estimates);
  }

  void begin_round(const nn::Model& model, int round) override {
    if (round == 0) {
      keep(recorded_.estimates);
      return;
    }
    std::vector<physics::Estimate> before;
    Index begin = 0;
    for (const Index size : sizes_) {
      before.push_back({states_.middleCols(begin, size).cast<double>(),
                        accelerations_.middleCols(begin, size).cast<double>()});
      begin += size;
    }
    const physics::Motion law = nn::learnt_motion(model);
    const physics::Motion until_interrupted(
        law.coordinates(), law.controls(),
        [&](const auto& t, const auto& states, const auto& u, auto& rates) {
          if (interruptible_ && interrupted()) throw Interrupted();
          law(t, states, u, rates);
        });
    keep(physics::refine(recorded_.recordings, before, until_interrupted, stride_of(round),
                         options_.threads));
  }

  void go_to(Index k) override {
    if (data_.size() == 0) gather();
    begin_ = k * batch_;
  }
  std::vector<const Scalar*> inputs() const override { return columns_of(data_, begin_); }
  std::vector<Matrix> batch() const override { return matrices_of(data_, begin_, batch_); }
  const physics::DataSet& sample() override {
    if (data_.size() == 0) gather();
    return data_;
  }

  std::vector<nn::NamedMatrix> memory() override {
    const auto whole = [](Matrix& m) { return autodiff::MatrixMap(m.data(), m.rows(), m.cols()); };
    data_ = {};  // what is put back there has to be gathered again
    return {{"states", whole(states_)}, {"accelerations", whole(accelerations_)}};
  }

 private:
  /// In the first half of the rounds over short times, while the law is rough: 0.8 of the time in
  /// which the motion changes. In the last over four times as long, which leaves less noise.
  physics::Stride stride_of(int round) const {
    const double last = options_.rounds - 1,
                 part = std::max(0., (2 * round - last) / std::max(1., last));
    return subject_.stride(std::pow(4, part));
  }

  void keep(const std::vector<physics::Estimate>& estimates) {
    Index begin = 0;
    for (const physics::Estimate& one : estimates) {
      states_.middleCols(begin, one.states.cols()) = one.states.cast<Scalar>();
      accelerations_.middleCols(begin, one.states.cols()) = one.accelerations.cast<Scalar>();
      begin += one.states.cols();
    }
    data_ = {};
  }
  void gather() {
    data_.states = states_(Eigen::all, order_);
    data_.accelerations = accelerations_(Eigen::all, order_);
    const Index k = recorded_.recordings.front().controls.rows();
    data_.controls.resize(k, k > 0 ? data_.states.cols() : 0);
    if (k == 0) return;
    Matrix controls(k, states_.cols());
    Index begin = 0;
    for (const physics::Recording& r : recorded_.recordings) {
      controls.middleCols(begin, r.size()) = r.controls.cast<Scalar>();
      begin += r.size();
    }
    data_.controls = controls(Eigen::all, order_);
  }

  const Subject& subject_;
  const Recorded& recorded_;
  std::vector<Index> sizes_;
  std::vector<Index> order_;
  bool interruptible_;
  Matrix states_, accelerations_;  ///< of all rows: 2n x T, n x T
  physics::DataSet data_;          ///< of those in order; gathered when it is asked for
  Index begin_ = 0;
};

/// Windows of trajectories, whose starts are learnt.
class WindowBatches : public SetBatches {
 public:
  WindowBatches(const TrainOptions& options, const Subject& subject, nn::Windows windows,
                std::vector<Index> order, Index batch)
      : SetBatches(options, static_cast<Index>(order.size()), batch),
        sample_(subject.samples),
        loss_(trajectory_loss(options, subject)),
        windows_(std::move(windows)),
        steps_(windows_, loss_),
        order_(std::move(order)) {}

  void go_to(Index k) override {
    const auto first = order_.begin() + k * batch_;
    present_.assign(first, first + batch_);
    inputs_ = inputs_of(windows_, present_);
  }
  std::vector<const Scalar*> inputs() const override {
    std::vector<const Scalar*> pointers;
    for (const Matrix& input : inputs_) pointers.push_back(input.data());
    return pointers;
  }
  std::vector<Matrix> batch() const override { return inputs_; }

  void begin_round(const nn::Model& model, int) override {
    nn::TrajectoryLoss far = loss_;  // starts may be far off: squares show the way from there
    far.position_unit =
        map(far.position_unit, [](double u) { return far_units / noise_units * u; });
    far.velocity_unit =
        map(far.velocity_unit, [](double u) { return far_units / noise_units * u; });
    far.loss = nn::huber_loss;
    const Index count = windows_.size(), chunk = std::min(count, windows_at_once);
    nn::TrainingStep step(model, of_trajectories(far),
                          {chunk, options_.shard_width, options_.threads});
    steps_.forget();
    for (int pass = 0; pass < steps_of_starts; ++pass) {
      if (pass % steps_of_derivative == 0) steps_.renew(windows_, far, model);
      for (Index begin = 0; begin < count; begin += chunk) {
        std::vector<Index> some = in_order(chunk);
        for (Index& window : some) window += std::min(begin, count - chunk);
        const std::vector<Matrix> inputs = inputs_of(windows_, some);
        std::vector<const Scalar*> pointers;
        for (const Matrix& input : inputs) pointers.push_back(input.data());
        step.run(pointers);
        steps_.step(windows_, some, step.learnt_gradient(0), step.learnt_gradient(1));
      }
    }
    steps_.forget();
    steps_.renew(windows_, loss_, model);
  }
  void learn(const nn::TrainingStep& step) override {
    steps_.step(windows_, present_, step.learnt_gradient(0), step.learnt_gradient(1));
  }
  std::vector<nn::NamedMatrix> memory() override {
    Matrix& m = windows_.starts;
    std::vector<nn::NamedMatrix> all = steps_.memory();
    all.push_back({"starts", autodiff::MatrixMap(m.data(), m.rows(), m.cols())});
    return all;
  }

  const physics::DataSet& sample() override { return sample_; }

 private:
  const physics::DataSet& sample_;
  nn::TrajectoryLoss loss_;
  nn::Windows windows_;
  nn::StartSteps steps_;
  std::vector<Index> order_, present_;
  std::vector<Matrix> inputs_;
};

/// The set of states that the options tell of, in random order.
physics::DataSet set_of_states(const TrainOptions& options, autodiff::Random& random,
                               const Subject& subject) {
  if (!subject.simulated) return physics::shuffled(subject.samples, random);
  const Simulated& simulated = *subject.simulated;
  const Eigen::MatrixXd states =
      options.source == "trajectories"
          ? trajectory_states(options, simulated, options.trajectories, random)
          : region_states(simulated, Index{options.trajectories} * options.points, random,
                          options.velocity_margin);
  const physics::DataSet data = label(simulated, states, random);
  return physics::shuffled(data, random);
}

}  // namespace

std::unique_ptr<Batches> make_batches(const TrainOptions& options, autodiff::Random& random,
                                      const Subject& subject) {
  if (options.learn == "trajectories") {
    nn::Windows windows = windows_of(options, subject, subject.recorded);
    require_batch(options, windows.size(), "windows");
    std::vector<Index> order = random.permutation(windows.size());
    return std::make_unique<WindowBatches>(options, subject, std::move(windows), std::move(order),
                                           options.batch);
  }
  if (options.source == "fresh" && subject.simulated)
    return std::make_unique<FreshBatches>(options, random, *subject.simulated);
  if (!subject.recorded.recordings.empty()) {
    std::vector<Index> rows = subject.inner_rows(subject.recorded);
    require_batch(options, std::ssize(rows), "samples");
    std::vector<Index> order;
    for (const Index k : random.permutation(std::ssize(rows)))
      order.push_back(rows[static_cast<std::size_t>(k)]);
    return std::make_unique<RefinedBatches>(options, subject, subject.recorded, std::move(order),
                                            options.batch, /*interruptible=*/true);
  }
  physics::DataSet data = set_of_states(options, random, subject);
  require_batch(options, data.size(), "samples");
  return std::make_unique<StateBatches>(options, std::move(data), options.batch);
}

std::unique_ptr<Batches> make_validation(const TrainOptions& options, const Subject& subject) {
  if (options.learn == "trajectories" && !subject.validation_recorded.recordings.empty()) {
    nn::Windows windows = windows_of(options, subject, subject.validation_recorded);
    const Index count = std::min<Index>(windows.size(), 256);
    if (count == 0) return nullptr;
    return std::make_unique<WindowBatches>(options, subject, std::move(windows), in_order(count),
                                           count);
  }
  if (subject.validation.size() == 0) return nullptr;
  if (!subject.validation_recorded.recordings.empty()) {
    std::vector<Index> rows = subject.inner_rows(subject.validation_recorded);
    const Index count = std::ssize(rows);
    if (count == 0) return nullptr;
    // Few rows, and those that are learnt from have changed already: nothing is left half done.
    return std::make_unique<RefinedBatches>(options, subject, subject.validation_recorded,
                                            std::move(rows), count, /*interruptible=*/false);
  }
  return std::make_unique<StateBatches>(options, subject.validation, subject.validation.size());
}

nn::TrajectoryLoss trajectory_loss(const TrainOptions& o, const Subject& subject) {
  const auto per_coordinate = [](const Eigen::VectorXd& deviations) {
    const Eigen::VectorXd units = noise_units * deviations;
    return nn::PerCoordinate(std::vector<double>(units.begin(), units.end()));
  };
  return {.shape = {.points = o.window,
                    .span = o.span,
                    .substeps = o.substeps,
                    .velocities = subject.recorded.recordings.front().v.size() > 0},
          .loss = loss_named(o.loss),
          .position_unit = per_coordinate(subject.noise.q),
          .velocity_unit = per_coordinate(subject.noise.v),
          .agreement = o.agreement};
}

namespace {

/// In which windows trajectories are learnt.
void settle_windows(TrainOptions& o, const Subject& subject) {
  const double rate = fastest_rate(subject.samples);
  std::vector<double> steps;
  std::vector<Index> sizes;
  for (const physics::Recording& r : subject.recorded.recordings) {
    sizes.push_back(r.size());
    for (Index k = 1; k < r.size(); ++k) steps.push_back(r.t[k] - r.t[k - 1]);
  }
  const double step = median(steps), wanted = rate > 0 ? 0.1 / rate : step;
  const auto longest = std::max<int>(1, static_cast<int>(median(sizes)) - 1);
  if (o.substeps == 0)
    o.substeps = o.span > 1 ? 1 : static_cast<int>(std::clamp(std::ceil(step / wanted), 1., 16.));
  if (o.span == 0)
    o.span = o.substeps > 1 || !subject.controls.empty()
                 ? 1
                 : static_cast<int>(std::lround(std::clamp<double>(wanted / step, 1, longest)));
  if (o.window == 0) o.window = o.span * std::clamp(longest / o.span, 1, 3);
  if (o.window % o.span != 0 || (o.span > 1 && o.substeps > 1))
    throw EndProgram(exit_usage, format("--window %d, --span %d, --substeps %d: the window is a "
                                        "multiple of the span, and of span and substeps one is 1",
                                        o.window, o.span, o.substeps));
  if (*std::max_element(sizes.begin(), sizes.end()) <= o.window)
    throw EndProgram(exit_usage,
                     format("--window %d, --span %d: no trajectory has more than %d rows", o.window,
                            o.span, o.window));
}

/// Of very noisy rows, what more steps learn is the noise, and what wide fits miss of fast motion.
/// So many of a long file's steps are worth while: all where the noise of the accelerations that
/// were estimated is a sixth of their size, and fewer by the third power where it is more.
/// Measured on double pendulums with errors of 0.001 and 0.01 rad, at 100 and 500 Hz.
double part_of_steps(const Subject& subject) {
  constexpr double clear = 0.16;
  const Eigen::ArrayXd size =
      subject.samples.accelerations.cast<double>().cwiseAbs().rowwise().mean();
  const Eigen::ArrayXd shares = subject.noise.a.array() / size;
  // What rests or moves uniformly, but for noise, has no acceleration to learn, and no say.
  const auto tells = size > 0 && shares < 1;
  if (!tells.any()) return 0;
  const double share = tells.select(shares, 0).sum() / static_cast<double>(tells.count());
  return std::min(1., std::pow(clear / share, 3));
}

}  // namespace

TrainOptions settled(TrainOptions o, const Subject& subject) {
  const std::vector<physics::Recording>& recordings = subject.recorded.recordings;
  const bool estimated = !recordings.empty();
  if (o.learn == "auto") {
    std::vector<Index> rows;
    for (const physics::Recording& r : recordings) rows.push_back(r.size());
    o.learn = estimated && median(rows) < fewest_rows ? "trajectories" : "accelerations";
  }
  if (o.batch_by_data && o.learn == "accelerations")
    o.batch = fitting_batch(o.batch, estimated ? std::ssize(subject.inner_rows(subject.recorded))
                                               : subject.samples.size());
  // A thousand times through a small file; of a large one the model's part of the preset's steps.
  constexpr long times = 1000, least = 4000, least_noisy = 1000;
  const long most = std::lround(nn::find_model_kind(o.model).steps_part *
                                static_cast<double>(long{o.epochs} * o.steps_per_epoch));
  const long through = times * subject.samples.size() / o.batch;
  const bool by_data = o.steps == steps_by_data, small = through < most && least < most;
  if (by_data) o.steps = small ? std::max(through, least) : most;
  if (by_data && !small && estimated && o.learn == "accelerations")
    o.steps = std::max(std::min(least_noisy, most),
                       std::lround(part_of_steps(subject) * static_cast<double>(most)));
  if (o.learn == "trajectories" && !estimated)
    throw EndProgram(exit_usage,
                     "--learn trajectories: there are none; it takes a --data file of motion over "
                     "time (t) without accelerations");
  if (o.rounds == 0) o.rounds = estimated && o.learn == "accelerations" ? 5 : 1;
  if (o.learn == "trajectories") {
    settle_windows(o, subject);
    if (o.batch_by_data)
      o.batch = fitting_batch(o.batch, windows_of(o, subject, subject.recorded).size());
  }
  // Last, since trials take a while: what is wrong with the options is told before.
  if (o.friction == "auto") o.friction = subject.measured ? friction_for(o, subject) : "none";
  if (by_data && small) o.steps = steps_for(o, subject);
  return o;
}

std::string how_it_is_learnt(const TrainOptions& o, const Subject& subject) {
  if (o.learn == "trajectories")
    return format(
        "  learning  trajectories, integrated over windows of %d points, %d in a step; below %td "
        "rows accelerations cannot be estimated well\n",
        o.window, o.span, fewest_rows);
  if (subject.recorded.recordings.empty()) return "  learning  accelerations, as they stand\n";
  return format(
      "  learning  accelerations, estimated from %td rows on each side, and with the help of the "
      "law in %d rounds\n",
      subject.measured->fit.neighbours, o.rounds);
}

}  // namespace tools
