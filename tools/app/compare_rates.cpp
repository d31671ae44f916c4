#include "tools/app/compare_rates.h"

#include <cmath>
#include <numbers>

#include "physics/observe/rates.h"
#include "tools/app/text.h"

namespace tools {
namespace {

using autodiff::Index;

/// A velocity is doubted where it explains less than the first of these of how its coordinate
/// changes, and believed where it explains more than the second. Then its factor has to be 1, give
/// or take what rows that lie far apart make of that.
constexpr double doubtful = 0.5, sure = 0.9, most_off = 2;

bool is_rate(const physics::RateFit& fit) {
  return fit.explained > sure && fit.factor < most_off && fit.factor > 1 / most_off;
}

/// What may be the reason for such a factor between a coordinate and its velocity.
std::string reason_of(double factor) {
  struct Known {
    double factor;
    const char* reason;
  };
  constexpr double pi = std::numbers::pi;
  static constexpr Known known[]{
      {-1, "they count in opposite directions"},
      {180 / pi,
       "the angle is in degrees, which is marked by :degrees, or its velocity in "
       "degrees a second, as it is only beside :degrees"},
      {2 * pi, "one counts turns, the other radians"},
      {1000, "one is in mm, or t in milliseconds"},
      {100, "one is in cm"},
      {60, "one is a minute's, the other a second's"},
      {6, "one is in turns a minute, the other in degrees"},
      {30 / pi, "one is in turns a minute"},
      {360, "one is in turns, the other in degrees"}};
  for (const Known& one : known)
    for (const double expected : {one.factor, 1 / one.factor})
      if (std::abs(factor / expected - 1) < 0.05) return std::string("perhaps ") + one.reason;
  return "perhaps they have other units, or t is not in seconds";
}

}  // namespace

void compare_rates(OwnData& data, const std::string& name) {
  if (data.recordings.empty() || data.recordings.front().v.size() == 0) return;
  const auto refuse = [&](const std::string& what) {
    throw IoError("the data in '" + name + "': " + what);
  };
  const auto n = static_cast<Index>(data.names.size());
  for (Index i = 0; i < n; ++i) {
    const std::string& q = data.names[static_cast<std::size_t>(i)];
    const bool angle = data.angles[static_cast<std::size_t>(i)];
    const auto own = rate_fit(data.recordings, i, i, angle);
    if (!own || is_rate(*own)) continue;
    if (own->factor == 0) refuse("the column " + q + "' is 0 everywhere, and " + q + " changes");
    if (own->explained > sure)
      refuse("the columns " + q + " and " + q + "' contradict each other: " + q +
             format(" changes %.4g times as fast as ", own->factor) + q + "' says; " +
             reason_of(own->factor));
    for (Index j = 0; j < n; ++j)
      if (const auto other = rate_fit(data.recordings, i, j, angle);
          other && is_rate(*other) && 1 - other->explained < 0.1 * (1 - own->explained)) {
        const std::string& instead = data.names[static_cast<std::size_t>(j)];
        refuse("the columns " + q + "' and " + instead + "' are exchanged: the latter tells how " +
               q + " changes");
      }
    if (own->explained < doubtful)
      data.found.doubts.push_back(
          q + format("' explains %.0f %% of how ", std::floor(100 * own->explained)) + q +
          " changes: is it another quantity, or noise?");
  }
}

}  // namespace tools
