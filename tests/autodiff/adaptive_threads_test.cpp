// Several threads or one: with steps whose times are made up, so that no load of the real machine
// matters.
#include "autodiff/adaptive_threads.h"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "autodiff/random.h"

using autodiff::AdaptiveThreads;
using autodiff::Random;

namespace {

/// Seconds of `steps` steps, each as long as the function says for its number of threads.
double total(AdaptiveThreads& threads, int steps, const std::function<double(int)>& step) {
  double seconds = 0;
  for (int k = 0; k < steps; ++k) {
    const double taken = step(threads.threads());
    seconds += taken;
    threads.took(taken);
  }
  return seconds;
}

}  // namespace

TEST_CASE("on a quiet machine several threads do the work") {
  for (const double step : {1e-5, 3e-4, 0.1}) {
    CAPTURE(step);
    AdaptiveThreads threads(2);
    total(threads, 100, [&](int n) { return n == 2 ? 0.55 * step : step; });
    const double seconds =
        total(threads, 20'000, [&](int n) { return n == 2 ? 0.55 * step : step; });
    CHECK(seconds < 1.02 * 20'000 * 0.55 * step);
  }
}

TEST_CASE("where several threads wait for one another, one does the work") {
  for (const double step : {1e-5, 3e-4, 0.1})
    for (const double slow : {1.1, 1.3, 5., 50.}) {
      CAPTURE(step);
      CAPTURE(slow);
      AdaptiveThreads threads(4);
      const double seconds =
          total(threads, 100'000, [&](int n) { return n == 4 ? slow * step : step; });
      CHECK(seconds < 1.03 * 100'000 * step);
    }
}

TEST_CASE("a thread that is away now and then costs little") {
  // Twice as fast, but every twentieth step waits for 25 steps' time.
  Random random(1);
  AdaptiveThreads threads(2);
  const double seconds = total(threads, 200'000, [&](int n) {
    return n == 1 ? 3e-4 : random.below(20) == 0 ? 25 * 3e-4 : 1.5e-4;
  });
  CHECK(seconds < 1.05 * 200'000 * 3e-4);
}

TEST_CASE("the choice follows the load") {
  AdaptiveThreads threads(2);
  const auto quiet = [](int n) { return n == 2 ? 1.6e-4 : 3e-4; };
  const auto busy = [](int n) { return n == 2 ? 9e-4 : 3e-4; };
  total(threads, 10'000, quiet);
  CHECK(total(threads, 10'000, busy) < 1.05 * 10'000 * 3e-4);
  CHECK(total(threads, 40'000, quiet) < 1.1 * 40'000 * 1.6e-4);
}

TEST_CASE("one thread leaves nothing to choose") {
  AdaptiveThreads threads(1);
  CHECK(threads.threads() == 1);
  threads.took(1);
  CHECK(threads.threads() == 1);
  int used = 0;
  threads.run([&](int n) { used = n; });
  CHECK(used == 1);
}
