// What a part of a program prints, while the test goes on.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <functional>

#include "tests/program/program.h"

/// Standard output is another file while this lives.
class Redirected {
 public:
  explicit Redirected(int file) : before_(dup(STDOUT_FILENO)) { dup2(file, STDOUT_FILENO); }
  ~Redirected() {
    dup2(before_, STDOUT_FILENO);
    close(before_);
  }

 private:
  int before_;
};

/// What is printed into a file.
inline std::string printed(const std::function<void()>& print) {
  const program::Folder folder;
  const int file = open((folder.path() / "out").c_str(), O_WRONLY | O_CREAT, 0600);
  {
    const Redirected redirected(file);
    print();
  }
  close(file);
  return folder.read("out");
}
