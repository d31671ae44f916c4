#include "tools/bench/window.h"

#include <algorithm>
#include <vector>

#include "tools/app/progress.h"
#include "tools/app/text.h"

namespace tools {
namespace {

double seconds_of(const std::function<void()>& call) {
  const Stopwatch watch;
  call();
  return watch.seconds();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

Window measure_window(const std::string& name, int evaluations, const std::function<void()>& step,
                      const std::function<void()>& accelerations) {
  step(), accelerations();  // first touch of memory
  std::vector<double> windows, all;
  for (int round = 0; round < 25; ++round) {
    windows.push_back(seconds_of(step));
    all.push_back(evaluations * seconds_of(accelerations));
  }
  return {name, evaluations, median(windows), median(all)};
}

std::string window_head() {
  return format("\n%-26s %12s %18s %9s\n", "through the integrator", "window us",
                "accelerations us", "ratio");
}

std::string window_row(const Window& measured) {
  return format("%-26s %12.2f %4d x %11.2f %9.2f\n", measured.name.c_str(), 1e6 * measured.seconds,
                measured.evaluations,
                1e6 * measured.of_accelerations / static_cast<double>(measured.evaluations),
                measured.seconds / measured.of_accelerations);
}

}  // namespace tools
