// The folder that a run leaves behind. Every file is written to a temporary name and then renamed,
// so that a full disk or a stop in between leaves no half of one; metrics.csv alone grows a row at
// a time. Every failure throws IoError with the path and the system's reason.
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace tools {

struct IoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes a whole file, or none.
void write_file(const std::filesystem::path& target, const std::string& content);

class RunFolder {
 public:
  /// Makes the folder, with its parents, and checks that it can be written to.
  explicit RunFolder(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }

  /// Writes a whole file in it.
  void write(const std::string& name, const std::string& content) const {
    write_file(path_ / name, content);
  }
  /// Adds a row to metrics.csv; the first one is the header.
  void add_metrics(const std::string& row);

 private:
  std::filesystem::path path_;
  std::ofstream metrics_;
};

}  // namespace tools
