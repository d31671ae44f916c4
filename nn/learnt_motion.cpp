#include "nn/learnt_motion.h"

#include <omp.h>

#include <algorithm>

#include "autodiff/ops.h"

namespace nn {
namespace {

/// The rates recorded for a fixed number of samples, with one workspace a thread.
class FixedWidth {
 public:
  FixedWidth(const Model& model, Index width, int threads) : width_(width) {
    const Index n = model.coordinates();
    const Var state = tape_.input(2 * n, width, "state");
    const Var q = slice_rows(state, 0, n), v = slice_rows(state, n, n);
    program_ = std::make_unique<autodiff::Program>(
        std::initializer_list<Var>{stack_rows(model.velocity(q, v), model.acceleration(q, v))});
    for (int thread = 0; thread < threads; ++thread) {
      states_.emplace_back(2 * n, width);
      workspaces_.emplace_back(*program_).bind(state, states_[thread].data());
      model.parameters().bind(workspaces_.back());
    }
  }

  Index width() const { return width_; }

  /// Columns [begin, begin + width()), or as many as there are; the rest repeats the last one.
  void compute(int thread, Index begin, const Eigen::MatrixXd& states, Eigen::MatrixXd& rates) {
    const Index count = std::min(width_, states.cols() - begin);
    Matrix& mine = states_[thread];
    mine.leftCols(count) = states.middleCols(begin, count).cast<Scalar>();
    for (Index s = count; s < width_; ++s) mine.col(s) = mine.col(count - 1);
    program_->run(workspaces_[thread]);
    rates.middleCols(begin, count) = workspaces_[thread].value(0).leftCols(count).cast<double>();
  }

 private:
  Index width_;
  autodiff::Tape tape_;
  std::unique_ptr<autodiff::Program> program_;
  std::vector<Matrix> states_;
  std::vector<autodiff::Workspace> workspaces_;
};

}  // namespace

physics::Motion learnt_motion(const Model& model, int threads, Index width) {
  // Few states, as when one trajectory is left over, take a program of few columns.
  const auto wide = std::make_shared<FixedWidth>(model, width, threads);
  const auto narrow = std::make_shared<FixedWidth>(model, std::min<Index>(4, width), 1);
  return [=](const Eigen::MatrixXd& states, Eigen::MatrixXd& rates) {
    rates.resize(states.rows(), states.cols());
    if (states.cols() <= 2 * narrow->width()) {
      for (Index begin = 0; begin < states.cols(); begin += narrow->width())
        narrow->compute(0, begin, states, rates);
      return;
    }
    const Index pieces = (states.cols() + width - 1) / width;
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1 && pieces > 1)
    for (Index piece = 0; piece < pieces; ++piece)
      wide->compute(omp_get_thread_num(), piece * width, states, rates);
  };
}

}  // namespace nn
