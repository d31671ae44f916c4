// What the programs' command lines have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <limits>
#include <string>

#include "physics/double_pendulum.h"

namespace tools {

inline constexpr double any = std::numeric_limits<double>::infinity();
inline constexpr double positive = std::numeric_limits<double>::min();

/// Finite numbers from low to high; the message of a wrong one gives it and the range.
CLI::Validator between(double low, double high);

/// The shortest text that reads back as the same number.
std::string shortest(double value);

/// A flag with a real value, its default shown in full.
CLI::Option* add_real(CLI::App& app, const std::string& name, double& value,
                      const std::string& help);

/// The double pendulum's masses, lengths and gravity.
void add_system_flags(CLI::App& app, physics::DoublePendulum& system);

/// Parses, and turns what is wrong, and --help and --version, into EndProgram (tools/options.h).
/// `program` is how the user calls it, as in "./train".
void parse_or_end(CLI::App& app, int argc, const char* const* argv, const std::string& program);

}  // namespace tools
