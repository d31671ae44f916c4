#include "tools/run_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

namespace tools {
namespace {

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
  throw IoError("cannot " + what + " '" + path.string() + "': " + std::strerror(errno));
}

/// A file of the operating system, open while the object lives.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : number_(open(path.c_str(), flags, 0666)) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool write(const std::string& content) {
    for (std::size_t done = 0; done < content.size();) {
      const ssize_t count = ::write(number_, content.data() + done, content.size() - done);
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    return true;
  }
  bool sync() { return fsync(number_) == 0 || errno == EINVAL; }  // some file systems cannot
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }
  bool good() const { return number_ >= 0; }

 private:
  int number_;
};

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (std::filesystem::is_directory(path)) errno = EISDIR;  // which opens like a file
  std::string content;
  if (errno == 0) content.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || errno == EISDIR) fail("read", path);
  return content;
}

void write_file(const std::filesystem::path& target, const std::string& content) {
  std::filesystem::path temporary = target;
  temporary += ".tmp";
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  if (!file.good() || !file.write(content) || !file.sync() || !file.close()) {
    const int reason = errno;
    unlink(temporary.c_str());
    errno = reason;
    fail("write", target);
  }
  if (std::rename(temporary.c_str(), target.c_str()) != 0) fail("write", target);
  Descriptor(target.parent_path(), O_RDONLY | O_CLOEXEC).sync();  // the new name, too
}

RunFolder::RunFolder(std::filesystem::path path, std::optional<long> resumed_epochs)
    : path_(std::move(path)) {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) throw IoError("cannot make the folder '" + path_.string() + "': " + error.message());
  std::string kept = "epoch,loss,learning_rate,seconds\n";
  if (resumed_epochs) {
    std::istringstream before(read_file(path_ / "metrics.csv"));
    std::string row;
    std::getline(before, row);  // the header
    for (long k = 0; k < *resumed_epochs && std::getline(before, row); ++k) kept += row + '\n';
  } else {
    std::filesystem::remove(path_ / checkpoint_file, error);
  }
  write("metrics.csv", kept);
  for (const char* stale :
       {"result.json", "trajectory.csv", "evaluation.json", "divergence.csv", "poincare.csv"})
    std::filesystem::remove(path_ / stale, error);
  metrics_.open(path_ / "metrics.csv", std::ios::app);
  if (!metrics_) fail("write", path_ / "metrics.csv");
}

void RunFolder::add_metrics(const std::string& row) {
  metrics_ << row << '\n' << std::flush;
  if (!metrics_) fail("write", path_ / "metrics.csv");
}

}  // namespace tools
