#include "tools/bench/options.h"

#include <CLI/CLI.hpp>

#include "tools/options.h"

namespace tools {

BenchOptions parse_bench_options(int argc, const char* const* argv) {
  BenchOptions options;
  CLI::App app(
      "Measures training steps, accelerations, roll-outs and the making of programs, each beside "
      "its floor.",
      "bench");
  app.add_option("--filter", options.filter, "Only cases whose name contains this")
      ->option_text("TEXT");
  app.add_option("--json", options.json, "Write the table to this file, too")->option_text("FILE");
  app.footer(
      "Examples:\n"
      "  build/bench --filter lnn_step/16x3\n"
      "  build/bench --filter /t1 --json bench.json\n"
      "\nExit codes: 0 ok, 2 usage, 4 files.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    throw EndProgram(exit_ok, app.help());
  } catch (const CLI::ParseError& error) {
    throw EndProgram(exit_usage, error.what() + std::string("\nSee build/bench --help"));
  }
  return options;
}

}  // namespace tools
