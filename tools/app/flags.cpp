#include "tools/app/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "tools/app/program.h"
#include "tools/app/text.h"

namespace tools {
namespace {

constexpr std::size_t help_column = 34, help_width = 64;

/// CLI11's help, its descriptions in lines of one width.
struct Help : CLI::Formatter {
  Help() { column_width(help_column); }
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(option->get_description(), help_width);
  }
};

/// The number that the whole text is, in decimal notation; none: it is not, or does not fit.
template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if constexpr (std::is_floating_point_v<T>)
    if (!std::isfinite(value)) return {};
  return value;
}

}  // namespace

Check between(double low, double high) {
  const std::string range = '[' + shortest(low) + ", " + shortest(high) + ']';
  return {[=](const std::string& text) {
            const std::optional<double> value = number<double>(text);
            return value && *value >= low && *value <= high
                       ? std::string()
                       : in_quotes(text) + " is not a number in " + range;
          },
          range};
}

Check whole(std::uint64_t low, std::uint64_t high) {
  const std::string range = '[' + std::to_string(low) + ", " + std::to_string(high) + ']';
  return {[=](const std::string& text) {
            const std::optional<std::uint64_t> value = number<std::uint64_t>(text);
            const bool octal = text.size() > 1 && text[0] == '0';
            return value && !octal && *value >= low && *value <= high
                       ? std::string()
                       : in_quotes(text) + " is not a whole number in " + range +
                             ", in plain digits";
          },
          range};
}

Check not_empty() {
  return {[](const std::string& text) {
            return text.empty() ? std::string("'' is empty; leave it out, or say what")
                                : std::string();
          },
          ""};
}

Check one_of(const std::vector<std::string>& words) {
  const CLI::Validator among = CLI::IsMember(words);
  return {[among](const std::string& text) { return among(text); }, among.get_description()};
}

std::string shortest(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

const Flag& Flag::check(const Check& check) const {
  option_->check([wrong = check.wrong](const std::string& text) { return wrong(text); },
                 check.range);
  return *this;
}
const Flag& Flag::group(const std::string& heading) const {
  option_->group(heading);
  return *this;
}
const Flag& Flag::required() const {
  option_->required();
  return *this;
}
const Flag& Flag::only_on_command_line() const {
  option_->configurable(false);
  return *this;
}

Flags::Flags(const std::string& program, const std::string& description)
    : app_(std::make_unique<CLI::App>(description, program)), program_(program) {
  app_->option_defaults()->always_capture_default();
  app_->formatter(std::make_shared<Help>());
}
Flags::~Flags() = default;

template <class T>
Flag Flags::add_value(const std::string& name, T& value, const std::string& help) {
  return Flag(app_->add_option(name, value, help));
}
Flag Flags::add(const std::string& name, std::string& value, const std::string& help) {
  return add_value(name, value, help);
}
Flag Flags::add(const std::string& name, int& value, const std::string& help) {
  return add_value(name, value, help);
}
Flag Flags::add(const std::string& name, long& value, const std::string& help) {
  return add_value(name, value, help);
}
Flag Flags::add(const std::string& name, std::uint64_t& value, const std::string& help) {
  return add_value(name, value, help);
}
Flag Flags::add(const std::string& name, double& value, const std::string& help) {
  // Not CLI11's conversion, which rounds twice: to long double, then to double.
  const auto read = [&value](const CLI::results_t& texts) {
    const std::optional<double> found = number<double>(texts.back());
    if (found) value = *found;
    return found.has_value();
  };
  return Flag(app_->add_option(name, read, help)->type_name("FLOAT")->default_str(shortest(value)));
}
Flag Flags::add(const std::string& name, bool& value, const std::string& help) {
  CLI::Option* option = app_->add_option(name, value, help);
  option->default_str(value ? "true" : "false");
  return Flag(option).check(one_of({"true", "false"}));
}
Flag Flags::add(const std::string& name, std::function<void(const std::string&)> read,
                const std::string& initial, const std::string& help) {
  const auto take = [name, read = std::move(read)](const CLI::results_t& texts) {
    try {
      read(texts.back());
    } catch (const std::invalid_argument& error) {
      throw CLI::ValidationError(name, error.what());
    }
    return true;
  };
  return Flag(app_->add_option(name, take, help)->type_name("TEXT")->default_str(initial));
}
Flag Flags::add_switch(const std::string& name, bool& value, const std::string& help) {
  return Flag(app_->add_flag(name, value, help));
}
Flag Flags::add_switch(const std::string& name, std::function<void()> action,
                       const std::string& help) {
  return Flag(app_->add_flag_callback(name, std::move(action), help));
}

void Flags::set_version(const std::string& version) {
  app_->set_version_flag("--version", version);
}
void Flags::set_footer(const std::string& text) { app_->footer(text); }

std::vector<FlagState> Flags::list() const {
  std::vector<FlagState> all;
  for (const CLI::Option* option : app_->get_options())
    if (option != app_->get_help_ptr() && option != app_->get_version_ptr())
      all.push_back({option->get_single_name(), option->get_description(), option->get_group(),
                     option->get_default_str(), option->get_type_name().starts_with("TEXT"),
                     option->get_configurable(), option->count() > 0});
  return all;
}

void Flags::set(const std::string& name, const std::string& value) {
  CLI::Option* option = app_->get_option("--" + name);
  try {
    option->add_result(value);
    option->run_callback();
  } catch (const CLI::ParseError& error) {
    throw std::invalid_argument(error.what());
  }
}

std::string Flags::nearest(const std::string& name) const {
  const auto plain = [](std::string text) {
    for (char& c : text) c = c == '_' || c == ' ' ? '-' : static_cast<char>(std::tolower(c));
    return text.substr(std::min(text.find_first_not_of('-'), text.size()));
  };
  const std::string wanted = plain(name);
  const auto words = std::ranges::count(wanted, '-') + 1;
  const CLI::Option* nearest = nullptr;
  std::size_t least = wanted.size() / 2 + 1;  // half of it has to be right
  for (const CLI::Option* option : app_->get_options()) {
    std::istringstream help(option->get_description());
    std::string beginning, word;
    for (auto k = words; k > 0 && help >> word; --k)
      beginning += (beginning.empty() ? "" : "-") + word;
    while (!beginning.empty() && std::ispunct(beginning.back())) beginning.pop_back();
    for (const std::string& text : {option->get_single_name(), beginning})
      if (const std::size_t distance = edit_distance(wanted, plain(text)); distance < least) {
        least = distance;
        nearest = option;
      }
  }
  if (nearest == nullptr) return "";
  const std::string dashes = name.starts_with("--") ? "--" : "";
  return "; the nearest is " + dashes + nearest->get_single_name() + " (" +
         nearest->get_description() + ')';
}

Flag Flags::add(const std::string& name, std::optional<double>& value, double lowest,
                const std::string& help) {
  const auto read = [&value, lowest](const std::string& text) {
    if (text == "auto")
      value.reset();
    else if (const std::string wrong = between(lowest, any).wrong(text); !wrong.empty())
      throw std::invalid_argument(wrong + ", or auto");
    else
      value = std::stod(text);
  };
  return add(name, read, value ? shortest(*value) : "auto", help);
}

Flag Flags::add(const std::string& name, std::map<std::string, double>& values,
                const std::string& help) {
  const auto read = [&values](const std::string& text) {
    std::map<std::string, double> found;
    if (text.empty())
      throw std::invalid_argument("the empty text is no name=number, as in k=40,m=1");
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
      const std::size_t equals = part.find('=');
      if (equals == 0 || equals == std::string::npos)
        throw std::invalid_argument(in_quotes(part) + " is no name=number, as in k=40,m=1");
      const std::string number = part.substr(equals + 1);
      if (const std::string wrong = between(-any, any).wrong(number); !wrong.empty())
        throw std::invalid_argument(in_quotes(part) + ": " + wrong);
      if (!found.emplace(part.substr(0, equals), std::stod(number)).second)
        throw std::invalid_argument(in_quotes(part.substr(0, equals)) + " is there twice");
    }
    values = std::move(found);
  };
  std::string initial;
  for (const auto& [key, value] : values)
    initial += (initial.empty() ? "" : ",") + key + '=' + shortest(value);
  return add(name, read, initial, help);
}

void Flags::parse_or_end(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    throw EndProgram(exit_ok, app_->help());
  } catch (const CLI::CallForVersion& version) {
    throw EndProgram(exit_ok, version.what());
  } catch (const CLI::FileError& error) {
    throw EndProgram(exit_io, error.what());
  } catch (const CLI::ExtrasError& error) {
    const std::vector<std::string> unknown = app_->remaining(/*recurse=*/true);
    const auto flag = std::ranges::find_if(
        unknown, [](const std::string& word) { return word.starts_with("--"); });
    throw EndProgram(exit_usage,
                     error.what() +
                         (flag == unknown.end() ? "" : nearest(flag->substr(0, flag->find('=')))) +
                         "\nSee " + program_ + " --help");
  } catch (const CLI::ParseError& error) {
    throw EndProgram(exit_usage, error.what() + ("\nSee " + program_ + " --help"));
  }
}

}  // namespace tools
