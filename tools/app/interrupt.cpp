#include "tools/app/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <list>

#include "tools/app/program.h"

namespace tools {
namespace {

// What a signal handler reads may change only in one piece, which these do.
std::atomic<const char*> last_words = nullptr;  // where a request ends the program at once
std::atomic<std::int64_t> noted_at = 0;         // [ns]; 0: no request so far
static_assert(decltype(last_words)::is_always_lock_free && decltype(noted_at)::is_always_lock_free);

/// `timeout -s INT` sends its signal to the program and then to the whole group: the program sees
/// two within microseconds. Nobody presses Ctrl-C twice as fast as this [ns].
constexpr std::int64_t same_request = 20'000'000;

[[noreturn]] void end(const char* words) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, words, std::strlen(words));
  _exit(exit_interrupted);
}

/// Only calls that a signal handler may make.
void on_request(int signal) {
  const int error = errno;
  if (const char* words = last_words) end(words);
  timespec clock;
  clock_gettime(CLOCK_MONOTONIC, &clock);
  const std::int64_t now = std::int64_t{clock.tv_sec} * 1'000'000'000 + clock.tv_nsec;
  if (noted_at == 0) {
    noted_at = now;
  } else if (signal == SIGINT && now - noted_at > same_request) {
    std::signal(SIGINT, SIG_DFL);  // A shell that runs a script wants to see how it ended.
    raise(SIGINT);
  }
  errno = error;
}

/// A program that was started by nohup goes on when its terminal is closed.
bool ignored(int signal) {
  struct sigaction before;
  return sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
}

void catch_requests() {
  struct sigaction action = {};
  action.sa_handler = on_request;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&action.sa_mask, signal);
    if (signal != SIGHUP || !ignored(SIGHUP)) sigaction(signal, &action, nullptr);
  }
}

}  // namespace

void end_at_interrupt(const std::string& text) {
  static std::list<std::string> kept;  // a handler may still be reading the last one
  last_words = kept.emplace_back(text).c_str();
  if (interrupted()) end(last_words);
  catch_requests();
}

void note_interrupts() {
  last_words = nullptr;
  catch_requests();
  std::signal(SIGPIPE, SIG_IGN);  // a write to it fails instead
}

bool interrupted() { return noted_at != 0; }

void interrupt() { on_request(0); }

}  // namespace tools
