#include "nn/learning/trajectory_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>

#include "autodiff/kernels/decompositions.h"
#include "nn/models/learnt_motion.h"
#include "physics/integrate/runge_kutta.h"

namespace nn {
namespace {

/// A state on the tape, or its rates.
struct Phase {
  Var q, v;
};
Phase operator+(const Phase& x, const Phase& y) { return {x.q + y.q, x.v + y.v}; }
Phase operator*(const Phase& x, Var h) { return {x.q * h, x.v * h}; }

void require_sense(const WindowShape& s) {
  if (s.points < 1 || s.span < 1 || s.substeps < 1 || s.points % s.span != 0 ||
      (s.span > 1 && s.substeps > 1))
    throw std::invalid_argument(
        "[trajectory_loss] windows of " + std::to_string(s.points) + " points, " +
        std::to_string(s.span) + " of them in " + std::to_string(s.substeps) +
        " steps: all are 1 at least, the points are a multiple of those in a step, and several "
        "steps are for one point each");
}

/// The windows' controls between the measured points.
class Controls {
 public:
  Controls(Var all, Index k) : all_(all), k_(k) {}

  /// At a place between points, counted from the start; in a straight line from one to the next.
  Var at(double place) const {
    if (!all_) return {};
    const auto before = static_cast<Index>(std::floor(place));
    const double part = place - static_cast<double>(before);
    const Var u = slice_rows(all_, before * k_, k_);
    if (part == 0) return u;
    return u * (1 - part) + slice_rows(all_, (before + 1) * k_, k_) * part;
  }

 private:
  Var all_;
  Index k_;
};

}  // namespace

Objective of_trajectories(const TrajectoryLoss& o) {
  require_sense(o.shape);
  return [o](const Model& model, Tape& tape, Index samples) {
    const Index n = model.coordinates(), k = model.controls(), w = o.shape.points;
    const Index span = o.shape.span, substeps = o.shape.substeps;
    const Index measured_rows = (o.shape.velocities ? 2 : 1) * n * (w + 1);
    const Var start = tape.input(2 * n, samples, "start"), times = tape.input(w, samples, "times"),
              measured = tape.input(measured_rows, samples, "measured"),
              follows = tape.input(1, samples, "follows"),
              next = tape.input(2 * n, samples, "next");
    std::vector<Var> inputs{start, times, measured, follows, next};
    if (k > 0) inputs.push_back(tape.input(k * (w + 1), samples, "controls"));
    const Controls controls(k > 0 ? inputs.back() : Var(), k);

    const auto rates = [&](const Phase& y, double place) {
      return Phase{model.velocity(y.q, y.v), model.acceleration(y.q, y.v, controls.at(place))};
    };
    const auto end_of = [&](const Phase& y, double place) {
      const Phase at = rates(y, place);
      return physics::End<Var>{y.q, at.q, at.v};
    };

    Phase y{slice_rows(start, 0, n), slice_rows(start, n, n)};
    std::vector<Var> q{y.q}, v{y.v};
    for (Index point = 0; point < w; point += span) {
      const Var before = point == 0 ? Var() : row(times, point - 1),
                after = row(times, point + span - 1);
      const Var step = before ? after - before : after;
      const Var h = broadcast_rows(step, n);
      const Phase from = y;
      const auto first = static_cast<double>(point), length = static_cast<double>(span);
      for (Index s = 0; s < substeps; ++s)
        y = physics::rk4_step(
            [&](double part, const Phase& at) {
              return rates(at, first + length * (static_cast<double>(s) + part) /
                                           static_cast<double>(substeps));
            },
            y, substeps > 1 ? h * (1. / static_cast<double>(substeps)) : h);
      if (span > 1) {
        const auto begin = end_of(from, first), end = end_of(y, first + length);
        for (Index inside = 1; inside < span; ++inside) {
          const Var time = row(times, point + inside - 1);
          const Var x = broadcast_rows((before ? time - before : time) / step, n);
          const auto [q_there, v_there] = physics::between(begin, end, h, x);
          q.push_back(q_there);
          v.push_back(v_there);
        }
      }
      q.push_back(y.q);
      v.push_back(y.v);
    }

    // Every coordinate of every point in its own unit.
    const auto held_against = [&](const std::vector<Var>& predicted, Var target,
                                  const PerCoordinate& unit) {
      const PerCoordinate inverse = map(unit, [](double u) { return 1 / u; });
      std::vector<Var> scaled, scaled_target;
      for (std::size_t i = 0; i < predicted.size(); ++i) {
        scaled.push_back(nn::times(predicted[i], inverse));
        scaled_target.push_back(
            nn::times(slice_rows(target, static_cast<Index>(i) * n, n), inverse));
      }
      return o.loss(stack_rows(scaled), stack_rows(scaled_target));
    };
    Var loss = held_against(q, slice_rows(measured, 0, n * (w + 1)), o.position_unit);
    if (o.shape.velocities)
      loss =
          loss + held_against(v, slice_rows(measured, n * (w + 1), n * (w + 1)), o.velocity_unit);
    const Var there = broadcast_rows(follows, n);
    const auto meet = [&](Var end, Index begin, const PerCoordinate& unit) {
      return held_against({end * there}, slice_rows(next, begin, n) * there, unit);
    };
    if (o.agreement > 0)
      loss = loss + (meet(y.q, 0, o.position_unit) + meet(y.v, n, o.velocity_unit)) * o.agreement;
    return RecordedLoss{inputs, loss, {start, next}};
  };
}

Windows cut_windows(std::span<const physics::Recording> recordings,
                    std::span<const physics::Estimate> estimates, const WindowShape& shape) {
  require_sense(shape);
  if (estimates.size() != recordings.size())
    throw std::invalid_argument("[cut_windows] " + std::to_string(recordings.size()) +
                                " recordings, estimates of " + std::to_string(estimates.size()));
  for (const physics::Recording& r : recordings) require_sense(r);
  const Index w = shape.points;
  Index count = 0;
  for (const physics::Recording& r : recordings) count += std::max<Index>(0, (r.size() - 1) / w);
  Windows found;
  if (count == 0) return found;
  const Index n = recordings.front().q.rows(), k = recordings.front().controls.rows();
  found.starts.resize(2 * n, count);
  found.times.resize(w, count);
  found.measured.resize((shape.velocities ? 2 : 1) * n * (w + 1), count);
  found.controls.resize(k * (w + 1), count);
  Index window = 0;
  for (std::size_t of = 0; of < recordings.size(); ++of) {
    const physics::Recording& r = recordings[of];
    if (r.q.rows() != n || r.controls.rows() != k || estimates[of].states.cols() != r.size() ||
        estimates[of].states.rows() != 2 * n)
      throw std::invalid_argument(
          "[cut_windows] a recording of " + std::to_string(r.q.rows()) + " coordinates and " +
          std::to_string(r.controls.rows()) + " controls with estimates " +
          std::to_string(estimates[of].states.rows()) + 'x' +
          std::to_string(estimates[of].states.cols()) + ": the first has " + std::to_string(n) +
          " and " + std::to_string(k) + ", this one " + std::to_string(r.size()) + " times");
    if (shape.velocities && r.v.size() == 0)
      throw std::invalid_argument("[cut_windows] a recording has no velocities");
    for (Index begin = 0; begin + w < r.size(); begin += w, ++window) {
      const auto piece = [&](const Eigen::MatrixXd& rows) {
        return rows.middleCols(begin, w + 1).reshaped().template cast<Scalar>();
      };
      found.starts.col(window) = estimates[of].states.col(begin).cast<Scalar>();
      found.times.col(window) = (r.t.segment(begin + 1, w).array() - r.t[begin]).cast<Scalar>();
      found.measured.col(window).head(n * (w + 1)) = piece(r.q);
      if (shape.velocities) found.measured.col(window).tail(n * (w + 1)) = piece(r.v);
      if (k > 0) found.controls.col(window) = piece(r.controls);
      found.next.push_back(begin + 2 * w < r.size() ? window + 1 : -1);
      found.follows_another.push_back(begin > 0);
    }
  }
  return found;
}

namespace {

/// Throws std::invalid_argument for a number of no window.
void require_windows(const Windows& windows, std::span<const Index> which) {
  for (const Index window : which)
    if (window < 0 || window >= windows.size())
      throw std::invalid_argument("[windows] there is no window " + std::to_string(window) +
                                  " among " + std::to_string(windows.size()));
}

}  // namespace

std::vector<Matrix> inputs_of(const Windows& windows, std::span<const Index> which) {
  require_windows(windows, which);
  const Matrix* parts[]{&windows.starts, &windows.times, &windows.measured};
  const auto count = static_cast<Index>(which.size());
  std::vector<Matrix> inputs;
  for (const Matrix* part : parts) inputs.emplace_back(part->rows(), count);
  Matrix follows(1, count), next = Matrix::Zero(windows.starts.rows(), count);
  Matrix controls(windows.controls.rows(), count);
  for (Index s = 0; s < count; ++s) {
    const Index window = which[static_cast<std::size_t>(s)],
                after = windows.next[static_cast<std::size_t>(window)];
    for (std::size_t k = 0; k < std::size(parts); ++k) inputs[k].col(s) = parts[k]->col(window);
    follows(0, s) = after >= 0 ? 1 : 0;
    if (after >= 0) next.col(s) = windows.starts.col(after);
    if (controls.rows() > 0) controls.col(s) = windows.controls.col(window);
  }
  inputs.push_back(std::move(follows));
  inputs.push_back(std::move(next));
  if (controls.rows() > 0) inputs.push_back(std::move(controls));
  return inputs;
}

namespace {

// A start takes a part of Newton's step: the first part in the beginning, then more or less of it,
// as the gradient falls or grows, between the least part and 1. Near the solution it comes to 1;
// where a motion is chaotic, whole steps would jump to and fro. The numbers were found by trying.
constexpr double first_part = 0.3, shrink = 0.4, grow = 1.2, least_part = 0.1;

/// The derivative of the law's rates by the state, at each of these states: (2n)² x M. By central
/// differences, which are as exact as is needed here.
Eigen::MatrixXd derivatives_of(const physics::Motion& law, const Eigen::MatrixXd& states) {
  const Index size = states.rows();
  Eigen::MatrixXd all(size * size, states.cols());
  for (Index i = 0; i < size; ++i) {
    const double spread = std::sqrt((states.row(i).array() - states.row(i).mean()).square().mean());
    const double h = 1e-4 * (spread > 0 ? spread : 1);
    Eigen::MatrixXd above = states, below = states;
    above.row(i).array() += h;
    below.row(i).array() -= h;
    all.middleRows(i * size, size) = (law(above) - law(below)) / (2 * h);
  }
  return all;
}

}  // namespace

StartSteps::StartSteps(const Windows& windows, const TrajectoryLoss& loss)
    : farthest_(windows.starts.rows()),
      inverse_(Matrix::Zero(windows.starts.rows() * windows.starts.rows(), windows.size())),
      part_(1, windows.size()),
      gradient_(1, windows.size()) {
  take_units(loss);
  forget();
}

void StartSteps::forget() {
  part_.setConstant(static_cast<Scalar>(first_part));
  gradient_.setConstant(std::numeric_limits<Scalar>::max());
}

void StartSteps::take_units(const TrajectoryLoss& loss) {
  const Index n = farthest_.size() / 2;
  for (Index i = 0; i < n; ++i) {
    farthest_[i] = loss.position_unit[i];
    farthest_[n + i] = loss.velocity_unit[i];
  }
}

StartSteps::StartSteps(const Windows& windows, const TrajectoryLoss& loss, const Model& model)
    : StartSteps(windows, loss) {
  renew(windows, loss, model);
}

void StartSteps::renew(const Windows& windows, const TrajectoryLoss& loss, const Model& model) {
  take_units(loss);
  const Index size = windows.starts.rows(), n = size / 2, w = windows.times.rows();
  const Eigen::VectorXd weights =  // of squares of q and v
      farthest_.array().inverse().square() / static_cast<double>(n);
  const physics::Motion law = learnt_motion(model);
  Eigen::MatrixXd middle = windows.starts.cast<double>();
  const Eigen::RowVectorXd half = windows.times.bottomRows(1).cast<double>() / 2;
  middle += law(middle) * half.asDiagonal();
  const Eigen::MatrixXd derivatives = derivatives_of(law, middle);
  for (Index window = 0; window < windows.size(); ++window) {
    const Eigen::MatrixXd A = derivatives.col(window).reshaped(size, size);
    Eigen::MatrixXd flow = Eigen::MatrixXd::Identity(size, size), h = flow * 0;
    const auto add = [&](double part, bool velocities) {
      const Index rows = velocities ? size : n;
      const Eigen::MatrixXd weighted =
          (part * weights.head(rows)).asDiagonal() * flow.topRows(rows);
      h += flow.topRows(rows).transpose().lazyProduct(weighted);
    };
    const double each = 1 / static_cast<double>(w + 1);
    add(each, loss.shape.velocities);
    if (windows.follows_another[static_cast<std::size_t>(window)]) add(loss.agreement, true);
    double before = 0;
    for (Index point = 0; point < w; ++point) {
      const auto t = static_cast<double>(windows.times(point, window));
      flow = physics::rk4_step(
          [&](double, const Eigen::MatrixXd& y) -> Eigen::MatrixXd { return A.lazyProduct(y); },
          flow, t - before);
      before = t;
      add(each, loss.shape.velocities);
    }
    if (windows.next[static_cast<std::size_t>(window)] >= 0) add(loss.agreement, true);
    const Eigen::MatrixXd inverse =
        h.allFinite() ? autodiff::inverse_of_definite(h) : Eigen::MatrixXd::Zero(size, size);
    if (inverse.allFinite())
      inverse_.col(window) = inverse.reshaped().cast<Scalar>();
    else
      inverse_.col(window).setZero();  // the motion runs away there: its start stays
  }
}

void StartSteps::step(Windows& windows, std::span<const Index> which, const Matrix& gradient,
                      const Matrix& next_gradient) {
  const Index size = windows.starts.rows(), count = std::ssize(which);
  require_windows(windows, which);
  for (const Matrix* one : {&gradient, &next_gradient})
    if (one->rows() != size || one->cols() != count)
      throw std::invalid_argument("[start_steps] a gradient " + std::to_string(one->rows()) + 'x' +
                                  std::to_string(one->cols()) + " of " + std::to_string(count) +
                                  " windows with states of " + std::to_string(size));
  std::map<Index, Eigen::VectorXd> gradients;  // a window may be there itself and as a next one
  const auto add = [&](Index window, const auto& g) {
    const auto found = gradients.try_emplace(window, Eigen::VectorXd::Zero(size)).first;
    found->second += g.template cast<double>() * static_cast<double>(which.size());
  };
  for (std::size_t s = 0; s < which.size(); ++s) {
    add(which[s], gradient.col(static_cast<Index>(s)));
    const Index after = windows.next[static_cast<std::size_t>(which[s])];
    if (after >= 0) add(after, next_gradient.col(static_cast<Index>(s)));
  }
  for (const auto& [window, g] : gradients) {
    const Eigen::VectorXd newton =
        inverse_.col(window).reshaped(size, size).cast<double>().lazyProduct(g);
    const double square = g.dot(newton);
    if (!(square >= 0 && square <= std::numeric_limits<Scalar>::max())) continue;  // it runs away
    const double length = std::sqrt(square);  // of the gradient, where steps are of length 1
    Scalar& part = part_(0, window);
    const bool grew = length > static_cast<double>(gradient_(0, window));
    part = static_cast<Scalar>(
        std::clamp(static_cast<double>(part) * (grew ? shrink : grow), least_part, 1.));
    gradient_(0, window) = static_cast<Scalar>(length);
    // Where a motion is far off its data, the gradient tells no more than a direction.
    windows.starts.col(window) -= (static_cast<double>(part) * newton)
                                      .cwiseMin(farthest_)
                                      .cwiseMax(-farthest_)
                                      .cast<Scalar>();
  }
}

std::vector<NamedMatrix> StartSteps::memory() {
  const auto whole = [](Matrix& m) { return autodiff::MatrixMap(m.data(), m.rows(), m.cols()); };
  return {{"newton", whole(inverse_)}, {"part", whole(part_)}, {"gradient", whole(gradient_)}};
}

}  // namespace nn
