#include "tools/progress.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tools/text.h"

namespace tools {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

void on_interrupt(int signal) {
  interrupt_seen = 1;
  std::signal(signal, SIG_DFL);
}

/// What is done of it, bright, and what is left, dim.
std::string bar_of(int done, int all) {
  constexpr int width = 16;
  const int full = done * width / all;
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

void watch_for_interrupt() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

bool interrupted() { return interrupt_seen != 0; }

bool decorated(int descriptor) {
  const char *no_color = std::getenv("NO_COLOR"), *terminal = std::getenv("TERM");
  return isatty(descriptor) != 0 && (no_color == nullptr || *no_color == '\0') &&
         (terminal == nullptr || std::string(terminal) != "dumb");
}

Progress::Progress(int epochs, double done, bool quiet)
    : epochs_(epochs), done_(done), quiet_(quiet), decorated_(decorated(STDOUT_FILENO)) {}

void Progress::show(int epoch, double loss, double learning_rate) {
  if (quiet_) return;
  const bool last = epoch == epochs_;
  const bool tenth = epoch == 1 || epoch * 10 / epochs_ != (epoch - 1) * 10 / epochs_;
  const double now = watch_.seconds();
  const bool due = now - last_shown_ > 0.1;
  if (decorated_ ? !(due || last) : !(tenth || last)) return;
  last_shown_ = now;

  const double left = now / (epoch - done_) * (epochs_ - epoch);
  const std::string bar = decorated_ ? bar_of(epoch, epochs_) : std::string();
  // On a terminal the line renews itself, and nothing of the one before is left behind it.
  const char* begin = decorated_ ? "\r" : "";
  const char* end = !decorated_ ? "\n" : last ? "\033[K\n" : "\033[K";
  std::printf("%s  %sepoch %*d/%d   loss %-10.4g  rate %-9.3g  %s left%s", begin, bar.c_str(),
              static_cast<int>(std::to_string(epochs_).size()), epoch, epochs_, loss, learning_rate,
              duration(left).c_str(), end);
  std::fflush(stdout);
}

}  // namespace tools
