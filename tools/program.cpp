#include "tools/program.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tools/progress.h"

namespace tools {

int all_threads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

int run_program(const std::string& name, char** argv, const std::function<ExitCode()>& program) {
  wait_patiently(argv);
  try {
    return program();
  } catch (const EndProgram& end) {
    (end.code == exit_ok ? std::cout : std::cerr) << end.what() << '\n';
    return end.code;
  } catch (const Interrupted&) {
    std::cerr << name << ": interrupted; nothing is written\n";
    return exit_interrupted;
  } catch (const IoError& error) {
    std::cerr << name << ": " << error.what() << '\n';
    return exit_io;
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace tools
