// How far it is, while it runs: a bar that grows on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>

namespace tools {

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Whether colours and bars may go there: to a terminal that knows them, and where the user has not
/// said otherwise (no-color.org).
bool decorated(int descriptor);

class Progress {
 public:
  /// Of a run that has done `done` of its epochs already.
  Progress(long epochs, double done, bool quiet);

  /// From the first epoch on once more.
  void begin_again();
  /// After an epoch (counted from 1).
  void show(long epoch, double loss, double learning_rate);

 private:
  long epochs_;
  double done_;
  bool quiet_, decorated_;
  Stopwatch watch_;
  double last_shown_ = 0;
};

/// Makes OpenMP threads wait with patience: restarts the program once, with GOMP_SPINCOUNT set,
/// unless the user has set how to wait. GCC's OpenMP library reads that when it is loaded and by
/// default burns up to 16 ms of a core at each barrier; where another program wants that core, a
/// training step of 0.3 ms then takes 16.
void wait_patiently(char** argv);

}  // namespace tools
