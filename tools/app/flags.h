// What the programs' command lines have in common. CLI11 does the work, in flags.cpp alone: each
// file that sees it takes seconds more to compile.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tools {

/// Beyond these no product of a few numbers can be relied upon to be one.
inline constexpr double any = 1e30, positive = 1e-30;

/// What the text of a flag has to be.
struct Check {
  std::function<std::string(const std::string&)> wrong;  ///< why it is not; empty: it is
  std::string range;                                     ///< as --help shows it
};

/// Numbers from low to high; the message of a wrong one gives it and the range. Only decimal
/// notation is a number here: no hexadecimal digits, no Inf, nothing behind it.
Check between(double low, double high);
/// Whole numbers from low to high, in plain digits: neither 1e3 nor 0x10, nor 010, which C++ would
/// take for 8.
Check whole(std::uint64_t low, std::uint64_t high);
/// Any text but the empty one, as a script gives where its variable is not set.
Check not_empty();
Check one_of(const std::vector<std::string>& words);

/// The shortest text that reads back as the same number.
std::string shortest(double value);

/// A flag to be described further.
class Flag {
 public:
  explicit Flag(CLI::Option* option) : option_(option) {}
  const Flag& check(const Check& check) const;
  const Flag& group(const std::string& heading) const;
  const Flag& required() const;
  const Flag& only_on_command_line() const;  ///< it has no place in a config file

 private:
  CLI::Option* option_;
};

/// A flag as it stands.
struct FlagState {
  std::string name;  ///< without dashes
  std::string description, group;
  std::string initial;  ///< its value before anything was read
  bool is_text;         ///< and not a number
  bool configurable;    ///< has a place in a config file
  bool given;
};

class Flags {
 public:
  /// `program` is how the user calls it, as in "./train".
  explicit Flags(const std::string& program, const std::string& description = "");
  ~Flags();

  /// A flag whose value goes into `value`, which must outlive this; its value now is the default. A
  /// name without dashes is the argument at that place.
  Flag add(const std::string& name, std::string& value, const std::string& help);
  Flag add(const std::string& name, int& value, const std::string& help);
  Flag add(const std::string& name, long& value, const std::string& help);
  Flag add(const std::string& name, std::uint64_t& value, const std::string& help);
  Flag add(const std::string& name, double& value, const std::string& help);
  Flag add(const std::string& name, bool& value, const std::string& help);  ///< true or false
  /// A flag whose text `read` takes. It throws std::invalid_argument that says what is wrong.
  Flag add(const std::string& name, std::function<void(const std::string&)> read,
           const std::string& initial, const std::string& help);
  /// A number, from `lowest` on, or "auto".
  Flag add(const std::string& name, std::optional<double>& value, double lowest,
           const std::string& help);
  /// Names with numbers, as in "k=40,m=1".
  Flag add(const std::string& name, std::map<std::string, double>& values, const std::string& help);
  /// A flag without a value.
  Flag add_switch(const std::string& name, bool& value, const std::string& help);
  Flag add_switch(const std::string& name, std::function<void()> action, const std::string& help);
  void set_version(const std::string& version);
  void set_footer(const std::string& text);

  /// Turns what is wrong, and --help and --version, into EndProgram (tools/app/program.h).
  void parse_or_end(int argc, const char* const* argv);

  /// All but --help and --version, in the order in which they were added.
  std::vector<FlagState> list() const;
  /// As if given on the command line. Throws std::invalid_argument that says what is wrong.
  void set(const std::string& name, const std::string& value);
  /// What to add to a message about an unknown option: the one that is meant, by its name or by the
  /// words that explain it.
  std::string nearest(const std::string& name) const;

 private:
  template <class T>
  Flag add_value(const std::string& name, T& value, const std::string& help);

  std::unique_ptr<CLI::App> app_;
  std::string program_;
};

}  // namespace tools
