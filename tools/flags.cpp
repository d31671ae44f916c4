#include "tools/flags.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include "tools/options.h"
#include "tools/text.h"

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

CLI::Validator between(double low, double high) {
  const std::string range = '[' + shortest(low) + ", " + shortest(high) + ']';
  return CLI::Validator(
      [=](std::string& text) {
        const std::optional<double> value = number<double>(text);
        return value && *value >= low && *value <= high
                   ? std::string()
                   : in_quotes(text) + " is not a number in " + range;
      },
      range, "range");
}

CLI::Validator whole(std::uint64_t low, std::uint64_t high) {
  const std::string range = '[' + std::to_string(low) + ", " + std::to_string(high) + ']';
  return CLI::Validator(
      [=](std::string& text) {
        const std::optional<std::uint64_t> value = number<std::uint64_t>(text);
        const bool octal = text.size() > 1 && text[0] == '0';
        return value && !octal && *value >= low && *value <= high
                   ? std::string()
                   : in_quotes(text) + " is not a whole number in " + range + ", in plain digits";
      },
      range, "whole");
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](std::string& text) {
        return text.empty() ? std::string("'' is empty; leave it out, or say what") : std::string();
      },
      "", "not empty");
}

std::string shortest(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

CLI::Option* add_real(CLI::App& app, const std::string& name, double& value,
                      const std::string& help) {
  // Not CLI11's conversion, which rounds twice: to long double, then to double.
  const auto read = [&value](const CLI::results_t& texts) {
    const std::optional<double> found = number<double>(texts.back());
    if (found) value = *found;
    return found.has_value();
  };
  return app.add_option(name, read, help)->type_name("FLOAT")->default_str(shortest(value));
}

std::string nearest_option(const CLI::App& app, const std::string& name) {
  const auto plain = [](std::string text) {
    for (char& c : text) c = c == '_' || c == ' ' ? '-' : static_cast<char>(std::tolower(c));
    return text.substr(std::min(text.find_first_not_of('-'), text.size()));
  };
  const std::string wanted = plain(name);
  const auto words = std::ranges::count(wanted, '-') + 1;
  const CLI::Option* nearest = nullptr;
  std::size_t least = wanted.size() / 2 + 1;  // half of it has to be right
  for (const CLI::Option* option : app.get_options()) {
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

void add_system_flags(CLI::App& app, physics::DoublePendulum& system) {
  const auto add = [&](const char* name, double& value, const char* help, double lowest) {
    add_real(app, name, value, help)
        ->check(between(lowest, any))
        ->group("System: the double pendulum");
  };
  add("--m1", system.m1, "Mass of the upper bob [kg]", positive);
  add("--m2", system.m2, "Mass of the lower bob [kg]", positive);
  add("--l1", system.l1, "Length of the upper rod [m]", positive);
  add("--l2", system.l2, "Length of the lower rod [m]", positive);
  add("--g", system.g, "Gravity [m/s^2]", 0);
}

void parse_or_end(CLI::App& app, int argc, const char* const* argv, const std::string& program) {
  app.formatter(std::make_shared<Help>());
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    throw EndProgram(exit_ok, app.help());
  } catch (const CLI::CallForVersion& version) {
    throw EndProgram(exit_ok, version.what());
  } catch (const CLI::FileError& error) {
    throw EndProgram(exit_io, error.what());
  } catch (const CLI::ExtrasError& error) {
    const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
    const auto flag = std::ranges::find_if(
        unknown, [](const std::string& word) { return word.starts_with("--"); });
    throw EndProgram(
        exit_usage,
        error.what() +
            (flag == unknown.end() ? "" : nearest_option(app, flag->substr(0, flag->find('=')))) +
            "\nSee " + program + " --help");
  } catch (const CLI::ParseError& error) {
    throw EndProgram(exit_usage, error.what() + ("\nSee " + program + " --help"));
  }
}

}  // namespace tools
