#include "tools/run_folder.h"

#include <cerrno>
#include <cstring>

namespace tools {
namespace {

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
  throw IoError("cannot " + what + " '" + path.string() + "': " + std::strerror(errno));
}

}  // namespace

void write_file(const std::filesystem::path& target, const std::string& content) {
  std::filesystem::path temporary = target;
  temporary += ".tmp";
  std::ofstream file(temporary, std::ios::binary);
  file << content << std::flush;
  const bool written = file.good();
  file.close();
  std::error_code error;
  if (!written || file.fail()) {
    const int reason = errno;
    std::filesystem::remove(temporary, error);
    errno = reason;
    fail("write", target);
  }
  std::filesystem::rename(temporary, target, error);
  if (error) throw IoError("cannot write '" + target.string() + "': " + error.message());
}

RunFolder::RunFolder(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) throw IoError("cannot make the folder '" + path_.string() + "': " + error.message());
  for (const char* stale : {"result.json", "trajectory.csv", "evaluation.json"})
    std::filesystem::remove(path_ / stale, error);  // of an earlier run
  metrics_.open(path_ / "metrics.csv");
  if (!metrics_) fail("write", path_ / "metrics.csv");
}

void RunFolder::add_metrics(const std::string& row) {
  metrics_ << row << '\n' << std::flush;
  if (!metrics_) fail("write", path_ / "metrics.csv");
}

}  // namespace tools
