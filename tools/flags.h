// What the programs' command lines have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "physics/double_pendulum.h"

namespace tools {

/// Beyond these no product of a few numbers can be relied upon to be one.
inline constexpr double any = 1e30, positive = 1e-30;

/// Numbers from low to high; the message of a wrong one gives it and the range. Only decimal
/// notation is a number here: no hexadecimal digits, no Inf, nothing behind it.
CLI::Validator between(double low, double high);
/// Whole numbers from low to high, in plain digits: neither 1e3 nor 0x10, nor 010, which C++ would
/// take for 8.
CLI::Validator whole(std::uint64_t low, std::uint64_t high);
/// Any text but the empty one, as a script gives where its variable is not set.
CLI::Validator not_empty();

/// The shortest text that reads back as the same number.
std::string shortest(double value);

/// A flag with a real value, its default shown in full.
CLI::Option* add_real(CLI::App& app, const std::string& name, double& value,
                      const std::string& help);

/// What to add to a message about an unknown option: the one that is meant, by its name or by the
/// words that explain it.
std::string nearest_option(const CLI::App& app, const std::string& name);

/// The double pendulum's masses, lengths and gravity.
void add_system_flags(CLI::App& app, physics::DoublePendulum& system);

/// Parses, and turns what is wrong, and --help and --version, into EndProgram (tools/options.h).
/// `program` is how the user calls it, as in "./train".
void parse_or_end(CLI::App& app, int argc, const char* const* argv, const std::string& program);

}  // namespace tools
