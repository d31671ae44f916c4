// The folder that a run leaves behind. Every file is written to a temporary name, brought to the
// disk and then renamed, so that a full disk, a stop or a power cut in between leaves the earlier
// one; metrics.csv alone grows a row at a time. Every failure throws IoError with the path and the
// system's reason.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tools/program.h"

namespace tools {

inline constexpr const char* checkpoint_file = "checkpoint.safetensors";  ///< tools/checkpoint.h

/// Writes a whole file, or none.
void write_file(const std::filesystem::path& target, const std::string& content);

/// All bytes of a file.
std::string read_file(const std::filesystem::path& path);

class RunFolder {
 public:
  /// Makes the folder, with its parents, and checks that it can be written to. What an earlier
  /// run left there goes; of a run that is resumed only its results go, and the rows of metrics.csv
  /// after the first `resumed_epochs`.
  explicit RunFolder(std::filesystem::path path, std::optional<long> resumed_epochs = {});

  const std::filesystem::path& path() const { return path_; }

  /// Writes a whole file in it.
  void write(const std::string& name, const std::string& content) const {
    write_file(path_ / name, content);
  }
  /// Adds a row to metrics.csv.
  void add_metrics(const std::string& row);

 private:
  std::filesystem::path path_;
  std::ofstream metrics_;
};

}  // namespace tools
