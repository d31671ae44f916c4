// The folder that a run leaves behind. Every file is written to a temporary name, brought to the
// disk and then renamed, so that a full disk, a stop or a power cut in between leaves the earlier
// one; metrics.csv alone grows a row at a time. Every failure throws IoError with the path and the
// system's reason.
//
// One process at a time writes there. A folder that is deleted or moved while its run goes on is
// made again.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "tools/app/program.h"

namespace tools {

inline constexpr const char* checkpoint_file =
    "checkpoint.safetensors";  ///< tools/app/checkpoint.h

inline constexpr const char* metrics_header = "epoch,loss,learning_rate,validation,seconds\n";

/// Writes a whole file, or none.
void write_file(const std::filesystem::path& target, const std::string& content);

/// All bytes of a file.
std::string read_file(const std::filesystem::path& path);

/// Ends the program where a run in the folder would delete or replace that file of data.
void require_kept(const std::filesystem::path& data, const std::filesystem::path& folder);

/// A file of the operating system, open while the object lives.
class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(const std::filesystem::path& path, int flags);
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;

  bool write(const std::string& content);
  bool sync();
  bool close();
  bool good() const { return number_ >= 0; }
  int number() const { return number_; }
  /// Whether that is the name of this file, still.
  bool is(const std::filesystem::path& path) const;

 private:
  int number_ = -1;
};

/// The right to write in a run folder. The operating system takes it back from a process that ends,
/// however it ends; the file `lock` that it hangs on goes where the process can still delete it.
class FolderLock {
 public:
  /// Throws IoError that names the process which has it.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(FolderLock&&) noexcept = default;
  FolderLock& operator=(FolderLock&& other) noexcept;

  /// Whether the folder still has this lock.
  bool holds() const { return file_.is(path_); }

 private:
  std::filesystem::path path_;
  Descriptor file_;
};

class RunFolder {
 public:
  /// Makes the folder, with its parents, and locks it. Nothing in it changes yet.
  explicit RunFolder(std::filesystem::path path);

  /// Begins a run with these options. What the programs of this project have left there goes; of a
  /// run that is resumed its checkpoint stays, and the first `resumed_epochs` rows of metrics.csv.
  void begin(std::string config, std::optional<long> resumed_epochs = {});

  /// Changes where the folder had to be made elsewhere.
  const std::filesystem::path& path() const { return path_; }

  /// Writes a whole file in it.
  void write(const std::string& name, const std::string& content);

  /// metrics.csv has no rows again.
  void empty_metrics() { settle(path_, metrics_header); }
  /// Adds a row to metrics.csv.
  void add_metrics(const std::string& row);

  /// What writes the run's other files once more, where the folder has to be made again.
  void refill_by(std::function<void()> refill) { refill_ = std::move(refill); }

 private:
  bool is_there() const;
  void make_again();
  void settle(const std::filesystem::path& path, const std::string& metrics);
  /// Writes; where the folder has gone, also meanwhile, makes it again first.
  void keep_trying(const std::function<void()>& write);

  std::filesystem::path path_;
  std::string config_;
  FolderLock lock_;
  Descriptor metrics_;
  std::function<void()> refill_;
};

}  // namespace tools
