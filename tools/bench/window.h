// A window of measured points, learnt through the integrator, beside as many accelerations.
#pragma once

#include <functional>
#include <string>

namespace tools {

/// A row: seconds of a training step of windows, and of accelerations, times how many of these a
/// window evaluates.
struct Window {
  std::string name;  ///< "window_step/64x3/b200/w4"
  int evaluations;   ///< of the law, along a window
  double seconds, of_accelerations;
};

/// Medians of rounds in which both steps take turns.
Window measure_window(const std::string& name, int evaluations, const std::function<void()>& step,
                      const std::function<void()>& accelerations);

std::string window_head();
std::string window_row(const Window& measured);

}  // namespace tools
