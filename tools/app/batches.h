// Where a run's batches come from: drawn anew each time, or cut from a set that is drawn once or
// read.
#pragma once

#include "nn/learning/divergence.h"
#include "tools/app/subject.h"

namespace tools {

class Batches {
 public:
  /// Draws or takes the set. Throws EndProgram where it does not fill a batch.
  Batches(const TrainOptions& options, autodiff::Random& random, const Subject& subject);

  /// As many batches as --steps says, or as the epochs have. An epoch goes once through a set; of
  /// fresh states it has its share of the steps.
  Course course() const;

  /// Batch number k of an epoch. Until the next call it is where the pointers below say.
  void go_to(autodiff::Index k);
  const autodiff::Scalar* states() const { return data_.states.col(begin_).data(); }
  const autodiff::Scalar* accelerations() const { return data_.accelerations.col(begin_).data(); }
  const autodiff::Scalar* controls() const {
    return data_.controls.size() > 0 ? data_.controls.col(begin_).data() : nullptr;
  }
  /// The present batch.
  physics::DataSet batch() const;

  /// Some of what the batches are drawn from: tells of what size the numbers are.
  const physics::DataSet& sample() const { return sample_; }

 private:
  physics::DataSet fresh_set(autodiff::Index count);

  const TrainOptions& options_;
  autodiff::Random& random_;
  const Subject& subject_;
  bool fresh_;
  physics::DataSet data_, sample_;
  autodiff::Index begin_ = 0;
};

}  // namespace tools
