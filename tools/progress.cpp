#include "tools/progress.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace tools {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

void on_interrupt(int signal) {
  interrupt_seen = 1;
  std::signal(signal, SIG_DFL);
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

Progress::Progress(int epochs, double done, bool quiet)
    : epochs_(epochs), done_(done), quiet_(quiet), terminal_(isatty(STDOUT_FILENO) != 0) {}

void Progress::show(int epoch, double loss, double learning_rate) {
  if (quiet_) return;
  const bool last = epoch == epochs_;
  const bool tenth = epoch == 1 || epoch * 10 / epochs_ != (epoch - 1) * 10 / epochs_;
  const double now = watch_.seconds();
  const bool due = now - last_shown_ > 0.1;
  if (terminal_ ? !(due || last) : !(tenth || last)) return;
  last_shown_ = now;

  const double left = now / (epoch - done_) * (epochs_ - epoch);
  std::printf("%s  epoch %*d/%d   loss %-10.4g  rate %-9.3g  %.0f s left%s", terminal_ ? "\r" : "",
              static_cast<int>(std::to_string(epochs_).size()), epoch, epochs_, loss, learning_rate,
              left, terminal_ && !last ? "  " : "\n");
  std::fflush(stdout);
}

}  // namespace tools
