#include "tools/app/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <limits>
#include <mutex>
#include <sstream>
#include <system_error>
#include <thread>
#include <vector>

#include "autodiff/matrix.h"
#include "tools/app/program.h"
#include "tools/app/subject.h"
#include "tools/app/text.h"

namespace tools {
namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();

std::string most_needing;  // options
double most_needed = 0;    // by them [bytes]

/// The number behind `name` in a file of lines "name: number kB" [bytes]; -1 if there is none.
double kilobytes(const char* file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name)) return 1024 * std::stod(line.substr(name.size()));
  return -1;
}

double of_machine() {
  const double available = kilobytes("/proc/meminfo", "MemAvailable:");
  if (available >= 0) return available + std::max(0., kilobytes("/proc/meminfo", "SwapFree:"));
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// `ulimit -v`, less what is in use of it.
double of_address_space() {
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return unlimited;
  const double used = std::max(0., kilobytes("/proc/self/status", "VmSize:"));
  return std::max(0., static_cast<double>(limit.rlim_cur) - used);
}

/// Of the control group that a container or a batch system has put the process into, whose files
/// lie elsewhere in the two versions of the system.
double of_group() {
  double least = unlimited;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "4:memory:/path", or "0::/path"
    const std::size_t colon = line.find(':'), path = line.find(":/");
    if (colon == std::string::npos || path == std::string::npos) continue;
    const std::string kind = line.substr(colon, path - colon + 1);
    if (kind != "::" && kind != ":memory:") continue;
    const std::string root = kind == "::" ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory",
                      name = kind == "::" ? "/memory.max" : "/memory.limit_in_bytes";
    for (const std::string& folder : {root, root + line.substr(path + 1)}) {
      double limit;
      if (std::ifstream(folder + name) >> limit) least = std::min(least, limit);
    }
  }
  return least;
}

/// Numbers in the weights, their gradient, and what the optimiser remembers (nn/optimisers/soap.h,
/// nn/optimisers/adam.h).
double numbers_of_weights(const TrainOptions& o) {
  std::vector<int> widths{4};  // at least: q and v of the double pendulum
  widths.insert(widths.end(), o.hidden.begin(), o.hidden.end());
  widths.push_back(1);
  double weights = 0, squares = 0;
  for (std::size_t k = 1; k < widths.size(); ++k) {
    const double columns = widths[k - 1] + 1., rows = widths[k];
    weights += rows * columns;
    squares += rows * rows + columns * columns;
  }
  return o.optimiser == "soap" ? 6 * weights + 4 * squares : 4 * weights;
}

}  // namespace

double available_memory() { return std::min({of_machine(), of_address_space(), of_group()}); }

void require_memory(double bytes, const std::string& options) {
  if (bytes > most_needed) {
    most_needing = options;
    most_needed = bytes;
  }
  const double available = available_memory();
  if (bytes > available)
    throw EndProgram(exit_usage,
                     format("%s: this needs about %.3g GB of memory, and %.3g GB can be had",
                            options.c_str(), 1e-9 * bytes, 1e-9 * available));
}

const std::string& options_that_need_most_memory() { return most_needing; }

// OpenMP ends a program that it cannot start a thread for, without a word on why. So as many are
// started here first, all of them at the same time.
void require_threads(int threads) {
  if (threads <= all_threads()) return;
  std::mutex mutex;
  std::condition_variable all_there;
  bool end = false;
  std::vector<std::thread> started;
  started.reserve(static_cast<std::size_t>(threads));
  std::string reason;
  try {
    while (static_cast<int>(started.size()) < threads)
      started.emplace_back([&] {
        std::unique_lock lock(mutex);
        all_there.wait(lock, [&] { return end; });
      });
  } catch (const std::system_error& error) {
    reason = error.what();
  }
  {
    const std::lock_guard lock(mutex);
    end = true;
  }
  all_there.notify_all();
  for (std::thread& thread : started) thread.join();
  if (!reason.empty())
    throw EndProgram(exit_usage, format("--threads: %d cannot be started here, only %zu: %s",
                                        threads, started.size(), reason.c_str()));
}

void require_resources(const TrainOptions& o) {
  require_threads(o.threads);
  constexpr double number = sizeof(autodiff::Scalar);
  // At least one coordinate, where it is a file that tells of them.
  const auto n = static_cast<double>(o.data.empty() ? system_of(o).n() : 1);
  const double of_state = 4 * n * sizeof(double) + 3 * n * number;  // with rates; both as a sample
  const double of_rollout = 4 * 101 * 2 * n * sizeof(double);  // true and learnt, each with a copy
  std::error_code error;
  if (!o.data.empty())
    if (const auto size = std::filesystem::file_size(o.data, error); !error)
      require_memory(static_cast<double>(size), "--data");
  if (o.data.empty() && o.source != "fresh")
    require_memory(of_state * o.trajectories * o.points, "--trajectories and --points");
  if (o.data.empty()) require_memory(of_rollout * o.rollouts, "--rollouts");
  require_memory(of_state * o.batch, "--batch");
  require_memory(number * numbers_of_weights(o), "--hidden");
}

}  // namespace tools
