#include "tools/app/progress.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tools/app/program.h"
#include "tools/app/text.h"

namespace tools {
namespace {

/// What is done of it, bright, and what is left, dim.
std::string bar_of(double part) {
  constexpr int width = 16;
  const int full = static_cast<int>(part * width);
  std::string bar("\033[36m");
  for (int k = 0; k < width; ++k) bar += k == full ? "\033[2m━" : "━";
  return bar + "\033[0m ";
}

}  // namespace

void wait_patiently(char** argv) {
#ifdef __linux__
  if (std::getenv("GOMP_SPINCOUNT") || std::getenv("OMP_WAIT_POLICY")) return;
  setenv("GOMP_SPINCOUNT", "5000", 1);  // about 0.25 ms
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) execv(program.c_str(), argv);  // returns only where it failed: nothing is lost
#else
  (void)argv;
#endif
}

bool decorated(int descriptor) {
  const char *no_color = std::getenv("NO_COLOR"), *terminal = std::getenv("TERM");
  return isatty(descriptor) != 0 && (no_color == nullptr || *no_color == '\0') &&
         (terminal == nullptr || std::string(terminal) != "dumb");
}

Progress::Progress(long epochs, double done, bool quiet)
    : epochs_(epochs), done_(done), quiet_(quiet), decorated_(decorated(STDOUT_FILENO)) {}

void Progress::begin_again() {
  done_ = last_shown_ = 0;
  watch_ = {};
}

void Progress::show(long epoch, double loss, double learning_rate) {
  if (quiet_) return;
  const bool last = epoch == epochs_;
  const auto tenths = [&](long at) { return static_cast<int>(10. * at / epochs_); };
  const bool tenth = epoch == 1 || tenths(epoch) > tenths(epoch - 1);
  const double now = watch_.seconds();
  const bool due = now - last_shown_ > 0.1;
  if (decorated_ ? !(due || last) : !(tenth || last)) return;
  last_shown_ = now;

  const double left = now / (epoch - done_) * (epochs_ - epoch);
  const std::string bar = decorated_ ? bar_of(1. * epoch / epochs_) : std::string();
  // On a terminal the line renews itself, and nothing of the one before is left behind it.
  const char* begin = decorated_ ? "\r" : "";
  const char* end = !decorated_ ? "\n" : last ? "\033[K\n" : "\033[K";
  print(format("%s  %sepoch %*ld/%ld   loss %-10.4g  rate %-9.3g  %s left%s", begin, bar.c_str(),
               static_cast<int>(std::to_string(epochs_).size()), epoch, epochs_, loss,
               learning_rate, duration(left).c_str(), end));
}

}  // namespace tools
