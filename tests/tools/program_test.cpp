// How a program ends: what it throws becomes a message and an exit code.
#include "tools/app/program.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <iostream>
#include <new>
#include <stdexcept>

#include "tools/app/interrupt.h"
#include "tools/app/memory.h"

namespace {

struct Ending {
  int code;
  std::string out, err;
};

std::string drained(int descriptor) {
  std::string text;
  char piece[4096];
  for (ssize_t count; (count = read(descriptor, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(count));
  close(descriptor);
  return text;
}

/// In place of standard output's name: there is none.
const char* const closed = "/dev/null";

/// Runs it as the main part of a program named "some", in a process of its own.
Ending ending(const std::function<tools::ExitCode()>& program, const char* output = nullptr) {
  std::array<int, 2> out{}, err{};
  REQUIRE(pipe(out.data()) == 0);
  REQUIRE(pipe(err.data()) == 0);
  std::cout.flush();  // or the child would write it again
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(output != nullptr ? open(output, O_WRONLY) : out[1], STDOUT_FILENO);
    if (output == closed) close(STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    for (const int end : {out[0], out[1], err[0], err[1]}) close(end);
    setenv("GOMP_SPINCOUNT", "1", 1);  // run_program has no reason to start this anew
    char name[] = "some";
    char* arguments[] = {name, nullptr};
    _exit(tools::run_program("some", arguments, program));
  }
  close(out[1]);
  close(err[1]);
  Ending found{0, drained(out[0]), drained(err[0])};
  int status = 0;
  waitpid(child, &status, 0);
  found.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return found;
}

template <class Error, class... Words>
std::function<tools::ExitCode()> throwing(const Words&... words) {
  return [=]() -> tools::ExitCode { throw Error(words...); };
}

}  // namespace

TEST_CASE("what a program returns is its exit code, and nothing is said") {
  for (const tools::ExitCode code : {tools::exit_ok, tools::exit_usage, tools::exit_diverged,
                                     tools::exit_io, tools::exit_interrupted}) {
    const Ending found = ending([=] { return code; });
    CHECK(found.code == code);
    CHECK(found.out.empty());
    CHECK(found.err.empty());
  }
}

TEST_CASE("the exit codes are those that --help tells") {
  CHECK(tools::exit_ok == 0);
  CHECK(tools::exit_usage == 2);
  CHECK(tools::exit_diverged == 3);
  CHECK(tools::exit_io == 4);
  CHECK(tools::exit_interrupted == 130);
}

TEST_CASE("a program that is ended says why: on standard output where all is well") {
  const Ending well = ending(throwing<tools::EndProgram>(tools::exit_ok, "some 1.2"));
  CHECK(well.code == 0);
  CHECK(well.out == "some 1.2\n");
  CHECK(well.err.empty());
  const Ending wrong = ending(throwing<tools::EndProgram>(tools::exit_usage, "--lr: what?"));
  CHECK(wrong.code == 2);
  CHECK(wrong.out.empty());
  CHECK(wrong.err == "--lr: what?\n");
}

TEST_CASE("a file that fails ends with 4, anything else with 1, behind the program's name") {
  const Ending file = ending(throwing<tools::IoError>("'x' is gone"));
  CHECK(file.code == 4);
  CHECK(file.err == "some: 'x' is gone\n");
  const Ending other = ending(throwing<std::runtime_error>("this should not be"));
  CHECK(other.code == 1);
  CHECK(other.err == "some: this should not be\n");
}

TEST_CASE("memory that runs out is told with the options that ask for most of it") {
  const auto after_asking = [](const std::function<tools::ExitCode()>& program) {
    return ending([=] {
      try {
        tools::require_memory(1e29, "--batch");
      } catch (const tools::EndProgram&) {
      }
      return program();
    });
  };
  for (const auto& program :
       {throwing<std::bad_alloc>(), throwing<std::length_error>("too long")}) {
    const Ending found = after_asking(program);
    CHECK(found.code == 2);
    CHECK(found.err == "some: too little memory; most of it is asked for by --batch\n");
  }
  const Ending other = after_asking(throwing<std::runtime_error>("something else"));
  CHECK(other.code == 1);
  CHECK(other.err == "some: something else\n");
}

TEST_CASE("what is printed arrives whole, and where it cannot the program ends with 4 or 130") {
  const std::string text(300'000, 'x');  // more than a pipe holds
  const Ending whole = ending([&] {
    return tools::print(text) && tools::print("\n") ? tools::exit_ok : tools::exit_diverged;
  });
  CHECK(whole.code == 0);
  CHECK(whole.out == text + '\n');

  const auto prints = [](tools::ExitCode code) {
    return [=] {
      if (tools::print("a") || tools::print("b")) return tools::exit_usage;
      return code;
    };
  };
  const Ending full = ending(prints(tools::exit_ok), "/dev/full");
  CHECK(full.code == 4);
  CHECK(full.err.starts_with("some: cannot write to standard output: "));
  CHECK(full.err.find('\n') == full.err.size() - 1);  // it is said once
  CHECK(ending(prints(tools::exit_diverged), "/dev/full").code == 3);
}

TEST_CASE("a reader that has gone is an interrupt, which look_for_reader finds without a word") {
  const auto without_reader = [](const std::function<bool()>& notices) {
    return ending([=] {
      std::array<int, 2> gone{};
      if (pipe(gone.data()) != 0) return tools::exit_usage;
      close(gone[0]);
      dup2(gone[1], STDOUT_FILENO);
      signal(SIGPIPE, SIG_IGN);
      tools::note_interrupts();
      if (tools::interrupted()) return tools::exit_usage;
      return notices() && tools::interrupted() ? tools::exit_ok : tools::exit_diverged;
    });
  };
  const Ending printed = without_reader([] { return !tools::print("a"); });
  CHECK(printed.code == 130);
  const Ending looked = without_reader([] {
    tools::look_for_reader();
    return tools::interrupted();
  });
  CHECK(looked.code == 130);
  CHECK(looked.err.find('\n') == looked.err.size() - 1);
  // One that is there is none.
  const Ending there = ending([] {
    tools::note_interrupts();
    tools::look_for_reader();
    return tools::interrupted() || !tools::print("a") ? tools::exit_usage : tools::exit_ok;
  });
  CHECK(there.code == 0);
  CHECK(there.out == "a");
}

TEST_CASE("a file that is too large for `ulimit -f` fails to be written, and ends no program") {
  CHECK(ending([] {
          raise(SIGXFSZ);
          return tools::exit_diverged;
        }).code == 3);
}

TEST_CASE("a closed output is not taken by the next file that is opened") {
  const Ending found = ending(
      [] {
        const int next = open("/dev/null", O_RDONLY);
        return next > STDERR_FILENO ? tools::exit_ok : tools::exit_diverged;
      },
      closed);
  CHECK(found.code == 0);
}
