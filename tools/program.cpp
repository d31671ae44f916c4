#include "tools/program.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tools/progress.h"

namespace tools {

int all_threads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

namespace {

/// "train: " before a message, in red where that is wanted.
std::string label(const std::string& name) {
  return decorated(STDERR_FILENO) ? "\033[31m" + name + ":\033[0m " : name + ": ";
}

}  // namespace

int run_program(const std::string& name, char** argv, const std::function<ExitCode()>& program) {
  wait_patiently(argv);
  try {
    return program();
  } catch (const EndProgram& end) {
    (end.code == exit_ok ? std::cout : std::cerr) << end.what() << '\n';
    return end.code;
  } catch (const Interrupted&) {
    std::cerr << label(name) << "interrupted; nothing is written\n";
    return exit_interrupted;
  } catch (const IoError& error) {
    std::cerr << label(name) << error.what() << '\n';
    return exit_io;
  } catch (const std::exception& error) {
    std::cerr << label(name) << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace tools
