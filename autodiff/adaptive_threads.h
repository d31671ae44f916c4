// Are several threads worth it at the moment?
//
// Threads that share a step of a fraction of a millisecond meet at its end. Where another program
// wants a core, too, one of them may not be running then, and the others wait for it, up to ten
// times as long as the step takes. Nobody tells a program so; but it can time its steps. Here one
// thread and several are held against each other while the work goes on: the faster way is taken,
// and the slower one is tried again from time to time, the more seldom the more the last try cost.
//
// The bits of a result never depend on the number of threads, so that the choice is free.
#pragma once

#include <chrono>

namespace autodiff {

class AdaptiveThreads {
 public:
  /// At most so many threads. With one there is nothing to choose.
  explicit AdaptiveThreads(int most) : most_(most), many_(most > 1) {}

  /// Calls f(threads), a step of the work, with what is faster now.
  template <class Function>
  void run(const Function& f) {
    if (most_ == 1) return f(1);
    const auto start = std::chrono::steady_clock::now();
    f(threads());
    took(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }

  /// How many threads the next step should use.
  int threads() const { return many_ ? most_ : 1; }
  /// How long that step took [s].
  void took(double seconds);

 private:
  void end_round();

  int most_;
  bool many_;          // whether the steps of this round use several threads
  bool trial_ = true;  // whether the round only finds out how long that takes
  int steps_ = 0;      // of this round
  double seconds_ = 0;
  double one_ = 0, several_ = 0;  // seconds of a step when last tried; 0: not yet
  double until_trial_ = 0;        // seconds of work until the other way is tried again
};

}  // namespace autodiff
