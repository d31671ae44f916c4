// Watches over a run: which weights did best on what was set aside, and whether the start sticks.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tools/app/batches.h"

namespace tools {

/// Where what watches ends worse than before by this factor, the weights of then are put back. At
/// the end of a round the rate has fallen, and what looked a little better before was mostly luck.
inline constexpr double clearly_worse = 1.05;

class Watch {
 public:
  /// Everything must outlive it. A run of `total` batches is looked at a hundred times.
  Watch(const TrainOptions& options, const Subject& subject, Batches& batches,
        nn::NetworkModel& model, const nn::Objective& objective, Standing& standing, long total);

  /// To be called after every batch: from time to time it looks.
  void look();

  /// Has the learnt mass matrix another sign here than there, so early that beginning again helps?
  /// Asked for at the end of a look.
  bool stuck() const { return stuck_; }
  /// The share of what is learnt from where the learnt mass matrix has the wrong sign.
  double indefinite_share() const;

  /// A round begins: what watches is estimated anew, and what was best is so no more.
  void begin_round(int round);
  /// Puts the best weights into the model where the last are clearly worse.
  void keep_best();

  /// All that has to be put back for a run to go on.
  std::vector<nn::NamedMatrix> memory();

 private:
  const TrainOptions& options_;
  Batches& batches_;
  nn::NetworkModel& model_;
  Standing& standing_;
  long total_, look_every_;
  bool stuck_ = false;
  std::unique_ptr<Batches> validation_;
  std::optional<nn::TrainingStep> step_;  ///< of the whole validation
  autodiff::Matrix best_;                 ///< parameters x 1
};

}  // namespace tools
