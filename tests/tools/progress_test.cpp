// How a run shows how far it is: lines in a file, a bar on a terminal.
#include "tools/app/progress.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <optional>

#include "tests/program/program.h"
#include "tests/tools/printed.h"
#include "tools/app/program.h"

using program::contains;
using program::split;
using tools::Progress;

namespace {

/// What is printed on a terminal.
std::string on_terminal(const std::function<void()>& print) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  REQUIRE(master >= 0);
  REQUIRE(grantpt(master) == 0);
  REQUIRE(unlockpt(master) == 0);
  const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  {
    const Redirected redirected(terminal);
    print();
  }
  char buffer[4096];
  const ssize_t count = read(master, buffer, sizeof buffer);
  close(terminal);
  close(master);
  return {buffer, static_cast<std::size_t>(std::max<ssize_t>(0, count))};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

/// For the time of a test, a variable of the environment; null: none.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) {
    if (value != nullptr)
      setenv(name_, value, 1);
    else
      unsetenv(name_);
  }
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("into a file go the first epoch, each tenth of a run, and the last") {
  const std::string text = printed([] {
    Progress progress(25, 0, false);
    for (long epoch = 1; epoch <= 25; ++epoch) progress.show(epoch, 0.5, 1e-3);
  });
  std::vector<long> shown;
  for (const std::string& line : split(text, '\n')) {
    shown.push_back(std::stol(line.substr(line.find("epoch ") + 6)));
    CHECK(contains(line, "/25   loss 0.5"));
    CHECK(contains(line, "rate 0.001"));
    CHECK(line.ends_with(" left"));
  }
  CHECK(shown == std::vector<long>{1, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25});
  CHECK(split(text, '\n').back().ends_with("  0 s left"));
  CHECK(printed([] { Progress(3, 0, true).show(3, 1, 1); }).empty());  // --quiet
}

TEST_CASE("what is left is told by the epochs of this run, not of those before it was resumed") {
  const auto left = [](double done) {
    const std::string text = printed([&] {
      Progress progress(100'000'000, done, false);
      usleep(20'000);
      progress.show(10'000'000, 1, 1);
    });
    // In 20 ms or more: a tenth of all epochs, or a thousandth.
    const std::string unit = text.substr(text.rfind(' ', text.rfind(" left") - 1));
    return contains(unit, " s") ? std::stod(text.substr(text.rfind("  ", text.rfind(" left"))))
                                : 1e9;
  };
  const double fast = left(0), slow = left(9'900'000);
  CHECK(fast < slow);
  CHECK(slow >= 18);  // 0.02 s times 900
}

TEST_CASE("on a terminal a bar of sixteen grows in place, and the last one stays") {
  const Variable no_color("NO_COLOR", nullptr), term("TERM", "xterm");
  const auto bar = [](long epoch) {
    return on_terminal([&] {
      Progress progress(4, 0, false);
      if (epoch < 4) usleep(110'000);
      progress.show(epoch, 0.5, 1e-3);
    });
  };
  const std::string quarter = bar(1), whole = bar(4);
  for (const std::string& text : {quarter, whole}) {
    CHECK(text.starts_with("\r"));
    CHECK(count(text, "━") == 16);
    CHECK(contains(text, "\033[K"));
  }
  const std::size_t dim = quarter.find("\033[2m");
  REQUIRE(dim != std::string::npos);
  CHECK(count(quarter.substr(0, dim), "━") == 4);
  CHECK(contains(quarter, "epoch 1/4"));
  CHECK_FALSE(contains(quarter, "\n"));
  CHECK_FALSE(contains(whole, "\033[2m"));
  CHECK(whole.ends_with("\n"));
  const std::string quick = on_terminal([] {
    Progress progress(20, 0, false);
    for (long epoch = 1; epoch <= 20; ++epoch) progress.show(epoch, 1, 1);
  });
  CHECK(count(quick, "\r") < 20);  // too fast to be seen
  CHECK(contains(quick, "epoch 20/20"));
}

TEST_CASE("colours go to a terminal that knows them, where nobody has said no") {
  const auto decorated = [](const char* no_color, const char* term) {
    const Variable a("NO_COLOR", no_color), b("TERM", term);
    bool found = false;
    on_terminal([&] {
      found = tools::decorated(STDOUT_FILENO);
      tools::print("x");  // there is something to read
    });
    return found;
  };
  CHECK(decorated(nullptr, "xterm"));
  CHECK(decorated("", "xterm"));
  CHECK(decorated(nullptr, nullptr));
  CHECK_FALSE(decorated("1", "xterm"));
  CHECK_FALSE(decorated(nullptr, "dumb"));
  const Variable no_color("NO_COLOR", nullptr);
  bool in_a_file = true;
  printed([&] { in_a_file = tools::decorated(STDOUT_FILENO); });
  CHECK_FALSE(in_a_file);
}
