#include "tools/app/program.h"

#include <fcntl.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <new>

#include "tools/app/interrupt.h"
#include "tools/app/memory.h"
#include "tools/app/progress.h"

namespace tools {
namespace {

std::string program_name;
int output_error = 0;  // errno of the first write to standard output that failed

/// A file opened while standard output is closed would get its number, and then all that is
/// printed. So closed ones are opened, for the wrong direction: using them fails as before.
void occupy_closed_descriptors() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(number, F_GETFD) < 0 && errno == EBADF)
      (void)open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void output_fails(int error) {
  output_error = error;
  complain("cannot write to standard output: " + std::string(std::strerror(error)));
  if (error == EPIPE) interrupt();
}

ExitCode run(const std::function<ExitCode()>& program) {
  try {
    return program();
  } catch (const EndProgram& end) {
    if (end.code == exit_ok)
      print(end.what() + std::string("\n"));
    else
      std::cerr << end.what() << '\n';
    return end.code;
  } catch (const IoError& error) {
    complain(error.what());
    return exit_io;
  } catch (const std::filesystem::filesystem_error& error) {
    complain("cannot reach '" + error.path1().string() + "': " + error.code().message());
    return exit_io;
  } catch (const std::exception& error) {
    const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
                        dynamic_cast<const std::length_error*>(&error) != nullptr;
    if (!memory || options_that_need_most_memory().empty()) {
      complain(error.what());
      return static_cast<ExitCode>(EXIT_FAILURE);
    }
    complain("too little memory; most of it is asked for by " + options_that_need_most_memory());
    return exit_usage;
  }
}

}  // namespace

bool print(const std::string& text) {
  for (std::size_t done = 0; done < text.size() && output_error == 0;) {
    const ssize_t count = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (count >= 0)
      done += static_cast<std::size_t>(count);
    else if (errno != EINTR)
      output_fails(errno);
  }
  return output_error == 0;
}

void look_for_reader() {
  pollfd output{STDOUT_FILENO, 0, 0};  // of a pipe without a reader an error is told unasked
  if (output_error == 0 && poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0)
    output_fails(EPIPE);
}

void complain(const std::string& text) {
  const std::string name = program_name + ':';
  std::cerr << (decorated(STDERR_FILENO) ? "\033[31m" + name + "\033[0m " : name + ' ') << text
            << std::endl;
}

// As OpenMP counts: what taskset or a container leaves, and before OMP_PROC_BIND binds this thread.
int all_threads() {
#ifdef _OPENMP
  return std::max(1, omp_get_num_procs());
#else
  return 1;
#endif
}

int run_program(const std::string& name, char** argv, const std::function<ExitCode()>& program) {
  program_name = name;
  occupy_closed_descriptors();
  wait_patiently(argv);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond `ulimit -f` fails, and is told as any other
  end_at_interrupt(name + ": interrupted; nothing is written\n");
  const ExitCode code = run(program);
  if (code != exit_ok || output_error == 0) return code;
  return output_error == EPIPE ? exit_interrupted : exit_io;
}

}  // namespace tools
