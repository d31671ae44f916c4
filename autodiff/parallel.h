// A batch cut into shards that OpenMP threads replay side by side.
//
// The samples are the columns of every matrix, so a shard is a range of columns. Each shard has its
// own workspace; the shards' sums are added in shard order, by as many threads as there are, each
// for its own range of entries. The shard width is configuration and never the number of threads:
// the same bits come out for any number of them. So a run may use fewer than it is allowed, where
// that is faster (adaptive_threads.h).
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "autodiff/adaptive_threads.h"
#include "autodiff/compile/program.h"

namespace autodiff {

/// What a user's function recorded for one shard.
struct ShardRecording {
  std::vector<Var> inputs;      ///< rows x width each: the shard's columns of the batch
  std::vector<Var> summed;      ///< added over the shards: sums over samples, not means
  std::vector<Var> per_sample;  ///< rows x width each: laid side by side
};

class ShardedProgram {
 public:
  /// Records on an empty tape what is to be done with `width` samples.
  using Recorder = std::function<ShardRecording(Tape& tape, Index width)>;

  struct Sharding {
    Index samples;      ///< columns of the whole batch
    Index shard_width;  ///< columns of a shard; the last shard has what remains
    int threads = 1;    ///< at most
  };

  /// Records once for the full shards and, if samples is no multiple of the width, once for the
  /// last.
  ShardedProgram(Sharding layout, const Recorder& record, Program::Options options = {});

  /// Lets input number k read from `columns`: its rows x samples, column-major.
  void bind_input(int k, const Scalar* columns);
  /// Lets every shard read the parameter of that name from `values`.
  void bind_parameter(const std::string& name, const Scalar* values);

  /// Throws what a workspace throws when something is unbound.
  void run();

  /// All summed outputs, one after the other, column-major. Valid until the next run.
  std::span<const Scalar> summed() const;
  /// Per-sample output number k: rows x samples.
  const Matrix& per_sample(int k) const;

  /// Of the full shards. This and all above throw std::logic_error where it was moved from.
  const Program& program() const;

 private:
  struct Shard {
    const Program* program;
    Workspace workspace;
    Index begin, width;  // its columns of the batch
    std::vector<Var> inputs;
  };

  void require_program() const;
  void run_on(int threads);
  void run_shard(Shard& shard);
  void add_up(int part, int parts);

  AdaptiveThreads threads_;
  std::unique_ptr<Tape> full_tape_, rest_tape_;
  std::unique_ptr<Program> full_, rest_;
  std::vector<Shard> shards_;
  Index summed_size_ = 0;
  int summed_count_ = 0;
  std::vector<Scalar> total_;  // only where there is more than one shard
  std::vector<Matrix> per_sample_;
};

/// Calls f(0), ..., f(count - 1) on up to `threads` threads. The exception of the smallest index is
/// rethrown after all have ended.
template <class Function>
void parallel_for(Index count, [[maybe_unused]] int threads, const Function& f) {
  std::exception_ptr first;
  Index first_index = count;
  std::mutex mutex;
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (Index i = 0; i < count; ++i) {
    try {
      f(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (i < first_index) {
        first_index = i;
        first = std::current_exception();
      }
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace autodiff
