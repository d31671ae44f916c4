#include "nn/learnt_motion.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "autodiff/ops.h"

namespace nn {
namespace {

/// The rates recorded for a fixed number of samples, and a workspace for each thread that came.
class FixedWidth {
 public:
  FixedWidth(const Model& model, Index width) : model_(model), width_(width) {
    const Index n = model.coordinates();
    state_ = tape_.input(2 * n, width, "state");
    const Var q = slice_rows(state_, 0, n), v = slice_rows(state_, n, n);
    program_ = std::make_unique<autodiff::Program>(
        std::initializer_list<Var>{stack_rows(model.velocity(q, v), model.acceleration(q, v))});
  }

  Index width() const { return width_; }

  /// Columns [begin, begin + width()), or as many as there are; the rest repeats the last one.
  void compute(Index begin, const Eigen::MatrixXd& states, Eigen::MatrixXd& rates) {
    const Index count = std::min(width_, states.cols() - begin);
    std::unique_ptr<Place> place = take();
    Matrix& mine = place->states;
    mine.leftCols(count) = states.middleCols(begin, count).cast<Scalar>();
    for (Index s = count; s < width_; ++s) mine.col(s) = mine.col(count - 1);
    program_->run(place->workspace);
    rates.middleCols(begin, count) = place->workspace.value(0).leftCols(count).cast<double>();
    give_back(std::move(place));
  }

 private:
  struct Place {
    Matrix states;
    autodiff::Workspace workspace;
  };

  std::unique_ptr<Place> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      auto place = std::make_unique<Place>(
          Place{Matrix(state_.rows(), width_), autodiff::Workspace(*program_)});
      place->workspace.bind(state_, place->states.data());
      model_.parameters().bind(place->workspace);
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

  const Model& model_;
  Index width_;
  autodiff::Tape tape_;
  Var state_;
  std::unique_ptr<autodiff::Program> program_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Place>> free_;
};

}  // namespace

physics::Motion learnt_motion(const Model& model, Index width) {
  if (width < 1)
    throw std::invalid_argument("[learnt_motion] a width of " + std::to_string(width) +
                                ": it must be positive");
  // Few states, as when one trajectory is left over, take a program of few columns.
  const auto wide = std::make_shared<FixedWidth>(model, width);
  const auto narrow = std::make_shared<FixedWidth>(model, std::min<Index>(4, width));
  const Index rows = 2 * model.coordinates();
  return [=](const Eigen::MatrixXd& states, Eigen::MatrixXd& rates) {
    if (states.rows() != rows)
      throw std::invalid_argument("[learnt_motion] states of " + std::to_string(states.rows()) +
                                  " rows; the model's have " + std::to_string(rows));
    rates.resize(states.rows(), states.cols());
    FixedWidth& chosen = states.cols() <= 2 * narrow->width() ? *narrow : *wide;
    for (Index begin = 0; begin < states.cols(); begin += chosen.width())
      chosen.compute(begin, states, rates);
  };
}

}  // namespace nn
