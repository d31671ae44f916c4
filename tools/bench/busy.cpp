#include "tools/bench/busy.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "tools/app/progress.h"
#include "tools/app/text.h"

namespace tools {
namespace {

[[noreturn]] void count_for_ever() {
  for (std::atomic<unsigned long> count = 0;; ++count)
    if (count % 100'000'000 == 0 && getppid() == 1) _exit(0);  // whoever started it is gone
}

}  // namespace

BusyMachine::BusyMachine(int cores) {
  if (cores < 1) return;
  child_ = fork();
  if (child_ != 0) return;
  setpgid(0, 0);
  for (int k = 1; k < cores; ++k)
    if (fork() == 0) break;
  count_for_ever();
}

BusyMachine::~BusyMachine() {
  if (child_ <= 0) return;
  kill(-child_, SIGKILL);
  kill(child_, SIGKILL);  // where it had no time to lead a group
  waitpid(child_, nullptr, 0);
}

// Turns of half a second: what else the machine is doing slows both down.
Busy measure_busy(const std::string& name, int threads, int busy_cores,
                  const std::function<std::function<void()>(int threads)>& step) {
  const std::function<void()> one = step(1), several = step(threads);
  one(), several();
  const BusyMachine machine(busy_cores);
  double seconds[2] = {};
  long steps[2] = {};
  for (int turn = 0; turn < 12; ++turn) {
    const int which = turn % 2;
    const Stopwatch watch;
    for (; watch.seconds() < 0.5; ++steps[which]) which == 0 ? one() : several();
    seconds[which] += watch.seconds();
  }
  return {format("%s beside %d", name.c_str(), busy_cores), threads,
          seconds[0] / static_cast<double>(steps[0]), seconds[1] / static_cast<double>(steps[1])};
}

std::string busy_head() {
  return format("\n%-26s %12s %12s %9s\n", "beside busy processes", "1 thread us", "threads us",
                "ratio");
}

std::string busy_row(const Busy& measured) {
  return format("%-26s %12.2f %12.2f %9.2f\n", measured.name.c_str(), 1e6 * measured.one,
                1e6 * measured.several, measured.several / measured.one);
}

}  // namespace tools
