#include "tools/app/watch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tools/app/models.h"

namespace tools {

namespace {

constexpr long looks = 100;
/// A start is judged where it has had a tenth of its steps: before that, signs still change.
constexpr double judge_start_at = 0.1;

}  // namespace

Watch::Watch(const TrainOptions& options, const Subject& subject, Batches& batches,
             nn::NetworkModel& model, const nn::Objective& objective, Standing& standing,
             long total)
    : options_(options),
      batches_(batches),
      model_(model),
      standing_(standing),
      total_(total),
      look_every_(std::max(1L, total / looks)),
      validation_(make_validation(options, subject)) {
  if (!validation_) return;
  validation_->go_to(0);
  step_.emplace(model, objective,
                autodiff::ShardedProgram::Sharding{validation_->batch().front().cols(),
                                                   options.shard_width, options.threads});
  best_ = autodiff::Matrix::Zero(model.parameters().size(), 1);
}

void Watch::look() {
  stuck_ = false;
  if (standing_.batches % look_every_ != 0 && standing_.batches != total_) return;
  if (validation_) {
    validation_->go_to(0);
    const double loss = step_->run(validation_->inputs());
    validation_->learn(*step_);
    standing_.validation = std::isfinite(loss) ? loss : std::numeric_limits<double>::max();
    if (standing_.best_validation < 0 || standing_.validation < standing_.best_validation) {
      standing_.best_validation = standing_.validation;
      standing_.best_batches = standing_.batches;
      const auto values = model_.parameters().values();
      std::copy(values.begin(), values.end(), best_.data());
    }
  }
  const auto judged_at = static_cast<long>(judge_start_at * static_cast<double>(total_));
  if (standing_.restarts < options_.restarts && standing_.batches >= judged_at &&
      standing_.batches < judged_at + look_every_) {
    stuck_ = indefinite_share() > most_indefinite;
  }
}

double Watch::indefinite_share() const {
  return tools::indefinite_share(model_, batches_.sample());
}

void Watch::begin_round(int round) {
  if (!validation_) return;
  validation_->begin_round(model_, round);
  standing_.best_validation = -1;
  standing_.best_batches = 0;
}

void Watch::keep_best() {
  if (validation_ && standing_.best_validation >= 0 &&
      standing_.validation > clearly_worse * standing_.best_validation)
    std::copy(best_.data(), best_.data() + best_.size(), model_.parameters().values().begin());
}

std::vector<nn::NamedMatrix> Watch::memory() {
  if (!validation_) return {};
  std::vector<nn::NamedMatrix> all{
      {"best", autodiff::MatrixMap(best_.data(), best_.rows(), best_.cols())}};
  for (nn::NamedMatrix& matrix : validation_->memory())
    all.push_back({"validation." + matrix.name, matrix.values});
  return all;
}

}  // namespace tools
