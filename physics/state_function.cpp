#include "physics/state_function.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace physics {

using autodiff::Matrix;
using autodiff::Scalar;
using autodiff::Workspace;

/// The function recorded for a fixed number of columns, and a workspace for each thread that came.
class StateFunction::OfWidth {
 public:
  OfWidth(Index n, Index k, const Recorder& record, Binder bind, Index width)
      : bind_(std::move(bind)), width_(width) {
    time_ = tape_.input(1, width, "time");
    state_ = tape_.input(2 * n, width, "state");
    if (k > 0) control_ = tape_.input(k, width, "control");
    const Var result = record(time_, slice_rows(state_, 0, n), slice_rows(state_, n, n), control_);
    if (result.cols() != width)
      throw std::invalid_argument("[state_function] recorded " + to_string(result.shape()) +
                                  " of " + std::to_string(width) + " states: a column each");
    program_ = std::make_unique<autodiff::Program>(std::initializer_list<Var>{result});
    rows_ = result.rows();
  }

  Index width() const { return width_; }
  Index rows() const { return rows_; }

  /// Columns [begin, begin + width()), or as many as there are; the rest repeats the last one.
  void compute(Index begin, const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
               const Eigen::MatrixXd& u, Eigen::Ref<Eigen::MatrixXd> result) {
    const Index count = std::min(width_, states.cols() - begin);
    std::unique_ptr<Place> place = take();
    const auto fill = [&](Matrix& mine, const auto& from) {
      mine.leftCols(count) = from.middleCols(begin, count).template cast<Scalar>();
      for (Index s = count; s < width_; ++s) mine.col(s) = mine.col(count - 1);
    };
    fill(place->time, t);
    fill(place->state, states);
    if (control_) fill(place->control, u);
    program_->run(place->workspace);
    result.middleCols(begin, count) = place->workspace.value(0).leftCols(count).cast<double>();
    give_back(std::move(place));
  }

 private:
  struct Place {
    Matrix time, state, control;
    Workspace workspace;
  };

  std::unique_ptr<Place> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      auto place = std::make_unique<Place>(Place{Matrix(1, width_), Matrix(state_.rows(), width_),
                                                 Matrix(control_ ? control_.rows() : 0, width_),
                                                 Workspace(*program_)});
      place->workspace.bind(time_, place->time.data());
      place->workspace.bind(state_, place->state.data());
      if (control_) place->workspace.bind(control_, place->control.data());
      if (bind_) bind_(place->workspace);
      return place;
    }
    std::unique_ptr<Place> place = std::move(free_.back());
    free_.pop_back();
    return place;
  }

  void give_back(std::unique_ptr<Place> place) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(place));
  }

  Binder bind_;
  Index width_, rows_ = 0;
  autodiff::Tape tape_;
  Var time_, state_, control_;
  std::unique_ptr<autodiff::Program> program_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Place>> free_;
};

StateFunction::StateFunction(Index coordinates, Index controls, const Recorder& record,
                             const Binder& bind, Index width)
    : coordinates_(coordinates), controls_(controls) {
  if (width < 1 || coordinates < 1 || controls < 0)
    throw std::invalid_argument("[state_function] " + std::to_string(coordinates) +
                                " coordinates, " + std::to_string(controls) + " controls, " +
                                std::to_string(width) +
                                " columns: the first and last are positive");
  // Few states, as when one trajectory is left over, take a program of few columns.
  wide_ = std::make_shared<OfWidth>(coordinates, controls, record, bind, width);
  narrow_ =
      std::make_shared<OfWidth>(coordinates, controls, record, bind, std::min<Index>(4, width));
}

Index StateFunction::rows() const {
  if (!wide_) throw std::logic_error("[state_function] it was moved from");
  return wide_->rows();
}

void StateFunction::operator()(const Eigen::RowVectorXd& t, const Eigen::MatrixXd& states,
                               const Eigen::MatrixXd& u, Eigen::Ref<Eigen::MatrixXd> result) const {
  const Index count = states.cols();
  if (states.rows() != 2 * coordinates_ || t.cols() != count || u.rows() != controls_ ||
      u.cols() != count || result.rows() != rows() || result.cols() != count)
    throw std::invalid_argument("[state_function] " + std::to_string(t.cols()) + " times, states " +
                                std::to_string(states.rows()) + 'x' + std::to_string(count) +
                                " and controls " + std::to_string(u.rows()) + 'x' +
                                std::to_string(u.cols()) + " of " + std::to_string(coordinates_) +
                                " coordinates and " + std::to_string(controls_) + " controls");
  OfWidth& chosen = count <= 2 * narrow_->width() ? *narrow_ : *wide_;
  for (Index begin = 0; begin < count; begin += chosen.width())
    chosen.compute(begin, t, states, u, result);
}

Eigen::MatrixXd StateFunction::operator()(const Eigen::MatrixXd& states) const {
  Eigen::MatrixXd result(rows(), states.cols());
  (*this)(Eigen::RowVectorXd::Zero(states.cols()), states,
          Eigen::MatrixXd::Zero(controls_, states.cols()), result);
  return result;
}

}  // namespace physics
