// The programs as their users meet them: processes with flags, files, messages and exit codes, each
// in a temporary folder.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace program {

/// Under a sanitizer a run takes ten times as long: there, long lists of runs are cut.
inline constexpr bool sanitized = SANITIZED;

struct Outcome {
  int code;
  std::string out, err;
};

/// A temporary folder, gone with its object; it holds `file`, where no folder can be made.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "lagrange_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
    write("file", "a regular file\n");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  nlohmann::json json(const std::string& name) const { return nlohmann::json::parse(read(name)); }

  Outcome train(const std::string& flags) const { return run("'" TRAIN_PROGRAM "' " + flags); }
  Outcome evaluate(const std::string& flags) const {
    return run("'" EVALUATE_PROGRAM "' " + flags);
  }
  Outcome simulate(const std::string& flags) const {
    return run("'" SIMULATE_PROGRAM "' " + flags);
  }
  /// Runs a command of the shell in the folder.
  Outcome run(const std::string& command) const {
    const int status = std::system(
        ("cd '" + path_.string() + "' && { " + command + "; } >stdout 2>stderr").c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("stdout"), read("stderr")};
  }

 private:
  std::filesystem::path path_;
};

/// A word of the shell, whatever is in it.
inline std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

inline const std::string train = "'" TRAIN_PROGRAM "' ", evaluate = "'" EVALUATE_PROGRAM "' ",
                         simulate = "'" SIMULATE_PROGRAM "' ";

/// In the child of a fork: signals mean what they do at a terminal, though the tests may run behind
/// nohup.
inline void heed_signals() {
  for (const int one : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) signal(one, SIG_DFL);
}

/// A program that runs in the folder while the test goes on.
class Background {
 public:
  /// A command of the shell that ends in the program; its words go to `stdout` and `stderr` in the
  /// folder, where the command does not say otherwise.
  Background(const Folder& folder, const std::string& command) {
    for (const char* of_another : {"stdout", "stderr"})
      std::filesystem::remove(folder.path() / of_another);
    child_ = fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      heed_signals();
      const std::string line = "exec >stdout 2>stderr; exec " + command;
      if (chdir(folder.path().c_str()) == 0)
        execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
  }
  ~Background() {
    if (!ended_) end_by(SIGKILL);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  pid_t id() const { return child_; }
  void send(int signal) const { kill(child_, signal); }
  /// Waits for its end; the exit code, or minus the signal that ended it.
  int wait() {
    int status = 0;
    waitpid(child_, &status, 0);
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int end_by(int signal) {
    send(signal);
    return wait();
  }

 private:
  pid_t child_ = -1;
  bool ended_ = false;
};

/// Waits until something is so; a busy machine has a minute for it.
inline void wait_until(const std::function<bool()>& so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!so() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  REQUIRE(so());
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

/// Rows of metrics.csv so far, its header too.
inline std::size_t rows(const Folder& folder, const std::string& run) {
  return split(folder.read(run + "/metrics.csv"), '\n').size();
}

/// metrics.csv without the column of seconds, the one thing that differs between equal runs.
inline std::string metrics_without_time(const std::string& csv) {
  std::string kept;
  for (const std::string& line : split(csv, '\n')) kept += line.substr(0, line.rfind(',')) + '\n';
  return kept;
}

}  // namespace program
