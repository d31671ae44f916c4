// A run of training from its first batch, or from where it stopped, to its end: it counts, tells
// how far it is, saves itself now and then, and stops where that is asked for.
#pragma once

#include <functional>
#include <string>

#include "tools/app/checkpoint.h"
#include "tools/app/options.h"
#include "tools/app/progress.h"
#include "tools/app/run_folder.h"

namespace tools {

class Run {
 public:
  /// Everything must outlive it. `save` writes a checkpoint.
  Run(const TrainOptions& options, const Training& training, RunFolder& folder,
      std::function<void()> save);

  /// Is there another epoch, and in the present one another batch? Both no more once the run has
  /// stopped.
  bool begins_epoch();
  bool begins_batch();

  /// The present batch was learnt from, at that rate.
  void learnt(double loss, double rate);
  /// It could not be: `why` is asked for the first time.
  void left_out(const std::function<std::string()>& why);

  /// From the first batch on once more: the start has stuck.
  void begin_again();
  /// Behind all that a batch changes: a checkpoint, where one is due.
  void save_if_due();
  /// "finished", "interrupted" or "diverged".
  const std::string& status() const { return status_; }

 private:
  /// Has nothing been gained for as long as --patience says?
  bool has_seen_enough() const;
  long epoch() const { return standing_.batches / course_.per_epoch; }  ///< from 0
  void end_batch();
  void end_epoch();

  const TrainOptions& options_;
  Standing& standing_;
  Course course_;
  RunFolder& folder_;
  std::function<void()> save_;
  std::string status_ = "finished";
  long stop_at_, epoch_end_ = 0;
  Progress progress_;
  Stopwatch watch_;
  double seconds_before_, save_at_, look_at_;
};

}  // namespace tools
