#include "tools/flags.h"

#include <charconv>
#include <cmath>

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

}  // namespace

CLI::Validator between(double low, double high) {
  const std::string range = (low == positive ? "(0" : '[' + CLI::detail::to_string(low)) + ", " +
                            (high == any ? "inf)" : CLI::detail::to_string(high) + ']');
  return CLI::Validator(
      [=](std::string& text) {
        double value = 0;
        const bool number = CLI::detail::lexical_cast(text, value);
        return number && std::isfinite(value) && value >= low && value <= high
                   ? std::string()
                   : "'" + text + "' is not a number in " + range;
      },
      range, "range");
}

std::string shortest(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

CLI::Option* add_real(CLI::App& app, const std::string& name, double& value,
                      const std::string& help) {
  return app.add_option(name, value, help)->default_str(shortest(value));
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
  } catch (const CLI::ParseError& error) {
    throw EndProgram(exit_usage, error.what() + ("\nSee " + program + " --help"));
  }
}

}  // namespace tools
