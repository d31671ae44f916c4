#include "tools/app/run_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace tools {
namespace {

/// A folder that goes again while it is made, or written to, is not made for ever.
constexpr int attempts = 5;

namespace fs = std::filesystem;

constexpr const char *lock_file = "lock", *config_file = "config.toml",
                     *metrics_file = "metrics.csv";

/// Every file that a program of this project writes into the folder of a run, beside the three that
/// a run begins with. A new run deletes them: they tell of the run before.
constexpr std::array results{
    // ./train
    "model.safetensors", "result.json", "trajectory.csv",
    // tools/evaluate
    "evaluation.json", "divergence.csv", "poincare.csv", "held_out.csv",
    // tools/sweep, ablate and compare: the command that the result is of
    "command.json",
    // tools/plot
    "figures/training.svg", "figures/training.png", "figures/accelerations.svg",
    "figures/accelerations.png", "figures/coordinates.svg", "figures/coordinates.png",
    "figures/velocities.svg", "figures/velocities.png", "figures/phase.svg", "figures/phase.png",
    "figures/paths.svg", "figures/paths.png", "figures/energy.svg", "figures/energy.png",
    "figures/divergence.svg", "figures/divergence.png", "figures/poincare.svg",
    "figures/poincare.png", "figures/animation.gif"};

[[noreturn]] void fail(const std::string& what, const fs::path& path) {
  throw IoError("cannot " + what + " '" + path.string() + "': " + std::strerror(errno));
}

/// Deletes a file, and what is left of it where a program was killed while it wrote it.
void delete_file(const fs::path& file) {
  fs::path temporary = file;
  temporary += ".tmp";
  for (const fs::path& one : {file, temporary})
    if (unlink(one.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) fail("delete", one);
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw IoError("cannot make the folder '" + path.string() + "': " + error.message());
}

/// The process that keeps others from locking the file, as words.
std::string owner(int file) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(file, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
    return "another process";  // it has just ended, or cannot be seen from this container
  return "process " + std::to_string(lock.l_pid);
}

/// The header and the rows of the first epochs, as far as they are there and whole.
std::string first_rows(const std::string& csv, long epochs) {
  std::istringstream lines(csv);
  std::string kept = metrics_header;
  long count = 0, last = 0;
  for (std::string row; std::getline(lines, row) && !lines.eof();) {
    const long epoch = std::strtol(row.c_str(), nullptr, 10);  // 0 of the header
    if (epoch <= last || epoch > epochs || std::ranges::count(row, ',') != 4) continue;
    kept += row + '\n';
    last = epoch;
    ++count;
  }
  if (count < epochs)
    complain("metrics.csv has whole rows of " + std::to_string(count) + " of the " +
             std::to_string(epochs) + " epochs so far; it goes on without the others");
  return kept;
}

/// The whole file, from its beginning; also of one that has been deleted since it was opened.
std::string content(const Descriptor& file) {
  std::string all;
  char part[1 << 16];
  for (ssize_t count;
       (count = pread(file.number(), part, sizeof part, static_cast<off_t>(all.size()))) > 0;)
    all.append(part, static_cast<std::size_t>(count));
  return all;
}

}  // namespace

Descriptor::Descriptor(const fs::path& path, int flags)
    : number_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  close();
  number_ = std::exchange(other.number_, -1);
  return *this;
}

bool Descriptor::write(const std::string& content) {
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t count = ::write(number_, content.data() + done, content.size() - done);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return true;
}

bool Descriptor::sync() { return fsync(number_) == 0 || errno == EINVAL; }  // some systems cannot

bool Descriptor::close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

bool Descriptor::is(const fs::path& path) const {
  struct stat mine, named;
  return fstat(number_, &mine) == 0 && stat(path.c_str(), &named) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

void require_kept(const fs::path& data, const fs::path& folder) {
  std::vector<std::string> names{lock_file, config_file, metrics_file, checkpoint_file};
  names.insert(names.end(), results.begin(), results.end());
  for (const std::string& name : names)
    for (const char* ending : {"", ".tmp"}) {
      std::error_code error;
      if (fs::equivalent(folder / (name + ending), data, error))
        throw EndProgram(exit_usage,
                         "--data '" + data.string() + "': a run in '" + folder.string() +
                             "' would delete it, since it has a file of that name "
                             "itself; choose another --out, or name the data otherwise");
    }
}

std::string read_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (!file.good()) fail("read", path);
  std::string content;
  for (std::vector<char> part(1 << 16);;) {
    const ssize_t count = ::read(file.number(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", path);  // also of a folder, which opens like a file
    if (count == 0) return content;
    content.append(part.data(), static_cast<std::size_t>(count));
  }
}

void write_file(const fs::path& target, const std::string& content) {
  fs::path temporary = target;
  temporary += ".tmp";
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.good() || !file.write(content) || !file.sync() || !file.close()) {
    const int reason = errno;
    unlink(temporary.c_str());
    errno = reason;
    fail("write", target);
  }
  if (std::rename(temporary.c_str(), target.c_str()) != 0) fail("write", target);
  Descriptor(target.parent_path(), O_RDONLY).sync();  // the new name, too
}

FolderLock::FolderLock(const fs::path& folder) : path_(folder / lock_file) {
  do {
    file_ = Descriptor(path_, O_RDWR | O_CREAT);
    if (!file_.good()) fail("write", path_);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (fcntl(file_.number(), F_SETLK, &lock) == 0) continue;
    if (errno == EACCES || errno == EAGAIN)
      throw IoError("the folder '" + folder.string() + "' is in use by " + owner(file_.number()) +
                    "; wait until it ends, or choose another folder");
    complain("cannot lock the folder '" + folder.string() + "' (" + std::strerror(errno) +
             "); let no other program write there");
  } while (!holds());  // the process before has deleted the file in between
}

FolderLock::~FolderLock() {
  if (file_.good() && holds()) unlink(path_.c_str());
}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  path_ = std::move(other.path_);
  file_ = std::move(other.file_);
  return *this;
}

RunFolder::RunFolder(fs::path path)
    : path_(std::move(path)), lock_((make_folder(path_), FolderLock(path_))) {}

void RunFolder::begin(std::string config, std::optional<long> resumed_epochs) {
  config_ = std::move(config);
  std::string metrics = metrics_header;
  if (resumed_epochs) {
    const fs::path before = path_ / metrics_file;
    metrics = first_rows(fs::exists(before) ? read_file(before) : "", *resumed_epochs);
  } else {
    for (const char* name : {checkpoint_file, config_file}) delete_file(path_ / name);
  }
  for (const char* name : results) delete_file(path_ / name);
  rmdir((path_ / "figures").c_str());  // unless something else is in it
  settle(path_, metrics);
}

void RunFolder::settle(const fs::path& path, const std::string& metrics) {
  if (!fs::exists(path / config_file)) write_file(path / config_file, config_);
  write_file(path / metrics_file, metrics);
  Descriptor file(path / metrics_file, O_RDWR | O_APPEND);
  if (!file.good()) fail("write", path / metrics_file);
  metrics_ = std::move(file);
  path_ = path;
}

bool RunFolder::is_there() const { return lock_.holds() && metrics_.is(path_ / metrics_file); }

void RunFolder::make_again() {
  const std::string metrics = content(metrics_);
  const auto make = [&](const fs::path& path) {
    make_folder(path);
    if (!lock_.holds()) lock_ = FolderLock(path);
    settle(path, metrics);
  };
  const fs::path before = path_;
  const std::string what = "the folder '" + before.string() + "' or its metrics.csv has gone";
  for (int attempt = 1; attempt <= attempts; ++attempt) try {
      make(before);
      complain(what + "; made again");
      return;
    } catch (const IoError& error) {  // perhaps it has just been removed once more
      if (attempt == attempts) complain(what + "; " + error.what());
    }
  std::error_code error;
  for (const fs::path& parent : {fs::current_path(error), fs::temp_directory_path(error)}) {
    std::string fresh = (parent / (before.filename().string() + "-XXXXXX")).string();
    if (parent.empty() || mkdtemp(fresh.data()) == nullptr) continue;
    make(fresh);
    complain("the run goes on in '" + fresh + "'");
    return;
  }
  throw IoError("no other folder can be made for the run");
}

void RunFolder::keep_trying(const std::function<void()>& write) {
  for (int attempt = 1;; ++attempt) try {
      const bool there = is_there();
      if (!there) make_again();
      write();
      if (!there && refill_) refill_();
      return;
    } catch (const IoError&) {
      if (attempt == attempts || is_there()) throw;
    }
}

void RunFolder::write(const std::string& name, const std::string& content) {
  keep_trying([&] {
    metrics_.sync();  // a checkpoint counts on the rows before it
    write_file(path_ / name, content);
  });
}

void RunFolder::add_metrics(const std::string& row) {
  keep_trying([&] {
    if (!metrics_.write(row + '\n')) fail("write", path_ / metrics_file);
  });
}

}  // namespace tools
