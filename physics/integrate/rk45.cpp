#include "physics/integrate/rk45.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "physics/text.h"

namespace physics {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

// The Butcher tableau of Dormand and Prince. The last row of a is b: the seventh stage is the
// derivative at the new state, and so the first stage of the next step.
constexpr int stages = 7;
namespace tableau {
constexpr std::array<double, stages> c{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1};
constexpr double a[stages][stages - 1]{
    {},
    {1. / 5},
    {3. / 40, 9. / 40},
    {44. / 45, -56. / 15, 32. / 9},
    {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
    {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
    {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}};
constexpr std::array<double, stages> e{71. / 57600,      0,         -71. / 16695, 71. / 1920,
                                       -17253. / 339200, 22. / 525, -1. / 40};
// Dense output: coefficient of x^(k+1) is Σ_i k_i p[i][k].
constexpr double p[stages][4]{
    {1, -8048581381. / 2820520608, 8663915743. / 2820520608, -12715105075. / 11282082432},
    {},
    {0, 131558114200. / 32700410799, -68118460800. / 10900136933, 87487479700. / 32700410799},
    {0, -1754552775. / 470086768, 14199869525. / 1410260304, -10690763975. / 1880347072},
    {0, 127303824393. / 49829197408, -318862633887. / 49829197408, 701980252875. / 199316789632},
    {0, -282668133. / 205662961, 2019193451. / 616988883, -1453857185. / 822651844},
    {0, 40617522. / 29380423, -110615467. / 29380423, 69997945. / 29380423}};
}  // namespace tableau

constexpr double safety = 0.9, smallest_factor = 0.2, largest_factor = 10;
constexpr double error_exponent = -1. / 5;

std::string shape(Index rows, Index cols) {
  return std::to_string(rows) + 'x' + std::to_string(cols);
}

/// The first entry of the column that is not finite, as "y[1] = nan"; empty if there is none.
std::string first_not_finite(const std::string& name, const MatrixXd& matrix, Index column) {
  for (Index r = 0; r < matrix.rows(); ++r)
    if (!std::isfinite(matrix(r, column)))
      return name + '[' + std::to_string(r) + "] = " + number(matrix(r, column));
  return {};
}

void require(bool condition, const std::string& message) {
  if (!condition) throw std::invalid_argument("[rk45] " + message);
}

void validate(const MatrixXd& y0, double t0, double t1, const Rk45Options& o,
              const VectorXd& times) {
  require(y0.rows() > 0 && y0.cols() > 0, "y0 is empty");
  require(std::isfinite(t0) && std::isfinite(t1),
          "the interval from " + number(t0) + " to " + number(t1) + " must be finite");
  require(o.rtol >= 0 && std::isfinite(o.rtol),
          "rtol is " + number(o.rtol) + ": it must be finite and not negative");
  require(o.atol > 0 && std::isfinite(o.atol),
          "atol is " + number(o.atol) + ": it must be positive and finite, for states near zero");
  require(o.first_step >= 0, "first_step is " + number(o.first_step) + ": it must not be negative");
  require(o.max_step > 0, "max_step is " + number(o.max_step) + ": it must be positive");
  require(o.max_steps > 0, "max_steps is " + std::to_string(o.max_steps) + ": it must be positive");
  const double direction = t1 < t0 ? -1 : 1;
  for (Index k = 0; k < times.size(); ++k) {
    const double previous = k == 0 ? t0 : times[k - 1];
    require(direction * (times[k] - previous) >= 0 && direction * (t1 - times[k]) >= 0,
            "times[" + std::to_string(k) + "] is " + number(times[k]) +
                ": times must run in order from t0 = " + number(t0) + " to t1 = " + number(t1));
  }
}

/// All trajectories under way. Column s of every matrix belongs to one of them; those that have
/// ended are replaced by the last column, so that f sees no column in vain.
class Batch {
 public:
  Batch(const BatchDerivative& f, const MatrixXd& y0, double t0, double t1,
        const Rk45Options& options, const VectorXd& times)
      : f_(f), options_(options), times_(times), t1_(t1), direction_(t1 < t0 ? -1 : 1) {
    const Index n = y0.cols();
    solutions_.resize(n);
    tracks_.resize(n);
    y_ = y0;
    y_new_.resizeLike(y0);
    stage_t_.resize(n);
    for (MatrixXd& k : k_) k.resizeLike(y0);
    for (Index s = 0; s < n; ++s) {
      tracks_[s].id = s;
      tracks_[s].t = t0;
    }
  }

  std::vector<Solution> integrate() {
    start();
    while (!tracks_.empty()) step();
    return std::move(solutions_);
  }

 private:
  /// Where one trajectory stands.
  struct Track {
    Index id = 0;  ///< its place in the result
    double t = 0;
    double h = 0;  ///< length of the next step, positive
    bool rejected = false;
    Index next_time = 0;                     ///< the first of `times` not reached yet
    std::vector<double> sample_t, sample_y;  ///< of the solution so far
  };

  Index active() const { return static_cast<Index>(tracks_.size()); }
  Solution& solution(const Track& track) { return solutions_[track.id]; }

  /// dydt = f(t, y) for all active columns.
  void evaluate(const MatrixXd& y, MatrixXd& dydt) {
    const Index rows = y.rows(), cols = y.cols();
    f_(stage_t_, y, dydt);
    if (dydt.rows() != rows || dydt.cols() != cols)
      throw std::invalid_argument("[rk45] f made dydt " + shape(dydt.rows(), dydt.cols()) +
                                  ": it must be " + shape(rows, cols));
    for (const Track& track : tracks_) ++solution(track).evaluations;
  }

  void start() {
    for (Index s = 0; s < active(); ++s) stage_t_[s] = tracks_[s].t;
    evaluate(y_, k_[0]);
    for (Index s = active() - 1; s >= 0; --s) {
      record_start(s);
      if (!y_.col(s).allFinite() || !k_[0].col(s).allFinite())
        stop(s, Rk45Status::not_finite,
             "the state or its derivative is not finite (" + culprit(s) + ')');
      else if (tracks_[s].t == t1_)
        finish(s);
    }
    if (!tracks_.empty()) choose_first_steps();
  }

  /// Hairer, Norsett & Wanner II.4: compare the sizes of y, y' and, after a short Euler step, y''.
  void choose_first_steps() {
    if (options_.first_step > 0) {
      for (Track& track : tracks_) track.h = options_.first_step;
      return;
    }
    for (Index s = 0; s < active(); ++s) {
      Track& track = tracks_[s];
      const double d0 = scaled_rms(y_.col(s), s), d1 = scaled_rms(k_[0].col(s), s);
      const double euler = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1;
      track.h = std::min(std::abs(t1_ - track.t), euler);  // never probes beyond the end
      stage_t_[s] = not_beyond_end(track.t + direction_ * track.h);
      y_new_.col(s) = y_.col(s) + direction_ * track.h * k_[0].col(s);
    }
    evaluate(y_new_, k_[1]);
    for (Index s = 0; s < active(); ++s) {
      Track& track = tracks_[s];
      const double d1 = scaled_rms(k_[0].col(s), s);
      const double d2 = scaled_rms(k_[1].col(s) - k_[0].col(s), s) / track.h;
      const double largest = std::max(d1, d2);
      const double step =
          largest <= 1e-15 ? std::max(1e-6, track.h * 1e-3) : std::pow(0.01 / largest, 1. / 5);
      if (std::isfinite(step)) track.h = std::min(100 * track.h, step);
    }
  }

  /// RMS of x_i / (atol + rtol |y_i|), y being column s.
  template <class Column>
  double scaled_rms(const Column& x, Index s) const {
    const auto scale = options_.atol + options_.rtol * y_.col(s).array().abs();
    return std::sqrt((x.array() / scale).square().mean());
  }

  /// The shortest step that still moves the time: ten units in its last place.
  double smallest_step(double t) const {
    return 10 * std::abs(std::nextafter(t, direction_ * HUGE_VAL) - t);
  }

  /// One trial step of every active trajectory.
  void step() {
    for (Track& track : tracks_) {
      // In this order a NaN, from a first guess that overflowed, gives way to the smallest step.
      track.h = std::max(smallest_step(track.t), std::min(track.h, options_.max_step));
      track.h = std::min(track.h, std::abs(t1_ - track.t));
    }
    for (int i = 1; i < stages; ++i) {
      for (Index s = 0; s < active(); ++s) {
        const double h = direction_ * tracks_[s].h;
        stage_t_[s] = not_beyond_end(tracks_[s].t + tableau::c[i] * h);
        for (Index r = 0; r < y_.rows(); ++r) {
          double sum = 0;
          for (int j = 0; j < i; ++j) sum += tableau::a[i][j] * k_[j](r, s);
          y_new_(r, s) = y_(r, s) + h * sum;
        }
      }
      evaluate(y_new_, k_[i]);
    }
    for (Index s = active() - 1; s >= 0; --s) accept_or_reject(s);
  }

  double error_norm(Index s) const {
    double total = 0;
    for (Index r = 0; r < y_.rows(); ++r) {
      double error = 0;
      for (int i = 0; i < stages; ++i) error += tableau::e[i] * k_[i](r, s);
      const double size = std::max(std::abs(y_(r, s)), std::abs(y_new_(r, s)));
      const double ratio = tracks_[s].h * error / (options_.atol + options_.rtol * size);
      total += ratio * ratio;
    }
    return std::sqrt(total / static_cast<double>(y_.rows()));
  }

  void accept_or_reject(Index s) {
    Track& track = tracks_[s];
    Solution& mine = solution(track);
    const double norm = error_norm(s);
    // A stage that is not finite makes the new state so; the seventh stage is taken there.
    const bool finite = y_new_.col(s).allFinite() && k_[6].col(s).allFinite();
    const double wanted = safety * std::pow(norm, error_exponent);
    if (finite && norm < 1) {
      ++mine.accepted;
      accept(s, std::clamp(wanted, smallest_factor, track.rejected ? 1. : largest_factor));
      return;
    }
    ++mine.rejected;
    track.rejected = true;
    track.h *= finite ? std::max(smallest_factor, wanted) : smallest_factor;
    if (track.h >= smallest_step(track.t))
      stop_if_too_many(s);
    else if (finite)
      stop(s, Rk45Status::step_too_small,
           "the step fell to " + number(track.h) + ", too small to move the time");
    else
      stop(s, Rk45Status::not_finite,
           "the state or its derivative is not finite beyond here (" + culprit(s) + ')');
  }

  /// The first number of trajectory s found not to be finite, as "y[1] = nan".
  std::string culprit(Index s) const {
    std::string found = first_not_finite("y", y_, s);
    for (const MatrixXd& k : k_)
      if (found.empty()) found = first_not_finite("dy/dt", k, s);
    return found.empty() ? first_not_finite("y", y_new_, s) : found;
  }

  /// t + (t1 - t) may round to a number just past t1, where f need not be defined.
  double not_beyond_end(double t) const { return direction_ * (t1_ - t) < 0 ? t1_ : t; }

  void accept(Index s, double factor) {
    Track& track = tracks_[s];
    const double t = track.t, h = track.h;
    const bool last = not_beyond_end(t + direction_ * h) == t1_;  // also by a rounding
    track.t = last ? t1_ : t + direction_ * h;
    record_step(s, t, direction_ * h);
    y_.col(s) = y_new_.col(s);
    k_[0].col(s) = k_[6].col(s);
    track.rejected = false;
    track.h = h * factor;
    if (last)
      finish(s);
    else
      stop_if_too_many(s);
  }

  void stop_if_too_many(Index s) {
    const Solution& mine = solution(tracks_[s]);
    if (mine.accepted + mine.rejected >= options_.max_steps)
      stop(s, Rk45Status::too_many_steps, std::to_string(options_.max_steps) + " steps taken");
  }

  void record(Track& track, double t, const Eigen::Ref<const VectorXd>& y) {
    track.sample_t.push_back(t);
    track.sample_y.insert(track.sample_y.end(), y.begin(), y.end());
  }

  bool reached_next_time(const Track& track) const {
    return track.next_time < times_.size() && direction_ * (track.t - times_[track.next_time]) >= 0;
  }

  void record_start(Index s) {
    Track& track = tracks_[s];
    if (times_.size() == 0) record(track, track.t, y_.col(s));
    for (; reached_next_time(track); ++track.next_time) record(track, track.t, y_.col(s));
  }

  /// What the solution keeps of the step from t to the track's new time.
  void record_step(Index s, double t, double h) {
    Track& track = tracks_[s];
    if (times_.size() == 0) record(track, track.t, y_new_.col(s));
    if (!reached_next_time(track) && !options_.dense) return;

    DenseStep polynomial{t, h, y_.col(s), MatrixXd::Zero(y_.rows(), 4)};
    for (int power = 0; power < 4; ++power)
      for (int i = 0; i < stages; ++i)
        polynomial.coefficients.col(power) += tableau::p[i][power] * k_[i].col(s);
    for (; reached_next_time(track); ++track.next_time) {
      const double time = times_[track.next_time];
      record(track, time, time == track.t ? VectorXd(y_new_.col(s)) : polynomial.at(time));
    }
    if (options_.dense) solution(track).steps.push_back(std::move(polynomial));
  }

  void finish(Index s) { end(s, Rk45Status::finished, "reached the end"); }
  void stop(Index s, Rk45Status status, const std::string& why) {
    end(s, status, "t = " + number(tracks_[s].t) + ": " + why);
  }

  /// Takes trajectory s out; the last column moves into its place.
  void end(Index s, Rk45Status status, const std::string& message) {
    Solution& mine = solution(tracks_[s]);
    mine.status = status;
    mine.message = message;
    mine.t_end = tracks_[s].t;
    mine.y_end = y_.col(s);
    const Track& track = tracks_[s];
    const auto samples = static_cast<Index>(track.sample_t.size());
    mine.t = Eigen::Map<const VectorXd>(track.sample_t.data(), samples);
    mine.y = Eigen::Map<const MatrixXd>(track.sample_y.data(), y_.rows(), samples);

    const Index last = active() - 1;
    if (s != last) tracks_[s] = std::move(tracks_[last]);
    tracks_.pop_back();
    const auto take_out = [&](auto& matrix) {
      matrix.col(s) = matrix.col(last);
      matrix.conservativeResize(matrix.rows(), last);
    };
    take_out(y_);
    take_out(y_new_);
    take_out(stage_t_);
    for (MatrixXd& k : k_) take_out(k);
  }

  const BatchDerivative& f_;
  const Rk45Options& options_;
  const VectorXd& times_;
  double t1_, direction_;
  std::vector<Solution> solutions_;
  std::vector<Track> tracks_;
  MatrixXd y_, y_new_;              // d x active
  RowVectorXd stage_t_;             // 1 x active
  std::array<MatrixXd, stages> k_;  // d x active each
};

}  // namespace

VectorXd DenseStep::at(double time) const {
  const double x = (time - t) / h;
  const auto q = [&](Index k) { return coefficients.col(k); };
  return y + h * x * (q(0) + x * (q(1) + x * (q(2) + x * q(3))));
}

VectorXd Solution::at(double time) const {
  if (steps.empty()) throw std::logic_error("[rk45] at() needs Rk45Options::dense and a step");
  const double begin = steps.front().t, direction = steps.front().h < 0 ? -1 : 1;
  if (!(direction * (time - begin) >= 0 && direction * (t_end - time) >= 0))
    throw std::out_of_range("[rk45] t = " + number(time) + " lies outside the solution, " +
                            number(begin) + " to " + number(t_end));
  const auto after = std::upper_bound(
      steps.begin() + 1, steps.end(), time,
      [&](double value, const DenseStep& step) { return direction * (step.t - value) > 0; });
  return std::prev(after)->at(time);
}

std::vector<Solution> rk45_batch(const BatchDerivative& f, const MatrixXd& y0, double t0, double t1,
                                 const Rk45Options& options, const VectorXd& times) {
  validate(y0, t0, t1, options, times);
  return Batch(f, y0, t0, t1, options, times).integrate();
}

Solution rk45(const Derivative& f, const VectorXd& y0, double t0, double t1,
              const Rk45Options& options, const VectorXd& times) {
  const BatchDerivative one = [&](const RowVectorXd& t, const MatrixXd& y, MatrixXd& dydt) {
    const VectorXd derivative = f(t[0], y.col(0));
    if (derivative.size() != y.rows())
      throw std::invalid_argument("[rk45] f returned " + std::to_string(derivative.size()) +
                                  " numbers for a state of " + std::to_string(y.rows()));
    dydt.col(0) = derivative;
  };
  return std::move(rk45_batch(one, y0, t0, t1, options, times).front());
}

}  // namespace physics
