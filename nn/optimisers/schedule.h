// How the learning rate goes with time.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nn {

/// rate = initial · gamma^⌊epoch / step_size⌋
struct StepLR {
  double initial = 1e-3;
  int step_size = 10;  ///< epochs between two drops, at least 1
  double gamma = 0.5;  ///< factor of a drop

  double rate(long epoch) const {
    return initial * std::pow(gamma, epoch / std::max(1, step_size));
  }
};

/// Up to the peak in a straight line, then down to zero along half a cosine.
struct WarmupCosine {
  double peak = 1e-3;
  long warmup = 0;  ///< steps to the peak
  long total = 1;   ///< steps in all

  double rate(long step) const {
    if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
    const double done =
        static_cast<double>(step - warmup) / static_cast<double>(std::max(1L, total - warmup));
    return peak * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, done)));
  }
};

/// Smith's one cycle, as PyTorch has it by default: from peak / 25 up to the peak along half a
/// cosine, then down to peak / 250,000 along another. (The momentum stays as it is.)
struct OneCycle {
  double peak = 1e-3;
  long warmup = 0;  ///< steps to the peak
  long total = 1;   ///< steps in all

  double rate(long step) const {
    const double start = peak / 25, end = start / 1e4;
    return step < warmup ? between(start, peak, step, warmup - 1)
                         : between(peak, end, step - warmup + 1, total - warmup);
  }

 private:
  static double between(double from, double to, long step, long steps) {
    const double done = static_cast<double>(step) / static_cast<double>(std::max(1L, steps));
    return to + (from - to) * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, done)));
  }
};

}  // namespace nn
