#include "autodiff/adaptive_threads.h"

#include <algorithm>

namespace autodiff {
namespace {

/// Steps of a trial; the first is not counted, since it wakes threads and fills caches.
constexpr int trial_steps = 4;

/// Steps between two looks at whether the present way is still the faster one.
constexpr int round_steps = 16;

/// A trial may cost this share of the time until the next.
constexpr double trial_share = 0.01;

/// Shortest time between two trials [s].
constexpr double shortest_pause = 0.05;

}  // namespace

void AdaptiveThreads::took(double seconds) {
  until_trial_ -= seconds;
  ++steps_;
  if (!(trial_ && steps_ == 1)) seconds_ += seconds;
  if (steps_ == (trial_ ? trial_steps : round_steps)) end_round();
}

void AdaptiveThreads::end_round() {
  const int counted = trial_ ? steps_ - 1 : steps_;
  double& mine = many_ ? several_ : one_;
  double& other = many_ ? one_ : several_;
  mine = seconds_ / counted;
  steps_ = 0;
  seconds_ = 0;
  if (other == 0) {  // the other way was never tried
    many_ = !many_;
    return;
  }
  const bool slower = mine > other;
  if (trial_ || slower) {
    const double lost = std::max(0.0, mine - other) * (counted + 1);
    until_trial_ = std::max(shortest_pause, lost / trial_share);
  }
  trial_ = false;
  if (slower)
    many_ = !many_;
  else if (until_trial_ <= 0)
    many_ = !many_, trial_ = true;
}

}  // namespace autodiff
