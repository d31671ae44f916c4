// Several threads beside another program that wants a core, too.
#pragma once

#include <functional>
#include <string>

namespace tools {

/// While it lives, other processes keep `cores` cores busy: children that count and do nothing
/// else.
class BusyMachine {
 public:
  explicit BusyMachine(int cores);
  ~BusyMachine();
  BusyMachine(const BusyMachine&) = delete;
  BusyMachine& operator=(const BusyMachine&) = delete;

 private:
  int child_ = -1;  // leads the group of all of them
};

/// A row: seconds of a step by one thread and by several, which may choose to be fewer.
struct Busy {
  std::string name;  ///< "busy/64x2/b64 beside 1"
  int threads;
  double one, several;  ///< means over seconds of work, in turns
};

/// Lets `step(threads)`, a step of the work, run in turns for some seconds.
Busy measure_busy(const std::string& name, int threads, int busy_cores,
                  const std::function<std::function<void()>(int threads)>& step);

std::string busy_head();
std::string busy_row(const Busy& measured);

}  // namespace tools
