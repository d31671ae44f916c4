// What every program here does alike: how it speaks, how it ends, and what it says where it fails.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

namespace tools {

/// The exit codes of every program here.
enum ExitCode {
  exit_ok = 0,
  exit_usage = 2,
  exit_diverged = 3,
  exit_io = 4,
  exit_interrupted = 130
};

/// Ends the program: it prints the text and exits with the code.
struct EndProgram : std::runtime_error {
  EndProgram(ExitCode exit_code, const std::string& text)
      : std::runtime_error(text), code(exit_code) {}
  ExitCode code;
};

/// A file that cannot be read or written, or is not what it should be.
struct IoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes to standard output, at once; returns whether that worked. Where it fails nothing more is
/// written there. A reader that has gone counts as an interrupt (tools/app/interrupt.h); anything
/// else does not stop a program, but becomes its exit code: 4.
bool print(const std::string& text);

/// Finds out that the reader of standard output has gone (`./train | head`) without writing to it.
void look_for_reader();

/// Writes a line to standard error, behind the program's name.
void complain(const std::string& text);

/// One for each core that this process may use.
int all_threads();

/// Runs a program's main part; whatever it throws becomes a message and an exit code. `name` begins
/// the messages.
int run_program(const std::string& name, char** argv, const std::function<ExitCode()>& program);

}  // namespace tools
