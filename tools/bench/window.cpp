#include "tools/bench/window.h"

#include "physics/observe/judge.h"
#include "tools/app/progress.h"
#include "tools/app/text.h"

namespace tools {
namespace {

double seconds_of(const std::function<void()>& call) {
  const Stopwatch watch;
  call();
  return watch.seconds();
}

}  // namespace

Window measure_window(const std::string& name, int evaluations, const std::function<void()>& step,
                      const std::function<void()>& accelerations) {
  step(), accelerations();  // first touch of memory
  constexpr int rounds = 25;
  Eigen::VectorXd windows(rounds), all(rounds);
  for (int round = 0; round < rounds; ++round) {
    windows[round] = seconds_of(step);
    all[round] = evaluations * seconds_of(accelerations);
  }
  return {name, evaluations, physics::quantile(windows, 0.5), physics::quantile(all, 0.5)};
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
