#include "tools/bench/options.h"

#include "tools/app/flags.h"

namespace tools {

BenchOptions parse_bench_options(int argc, const char* const* argv) {
  BenchOptions options;
  Flags flags("build/bench",
              "Measures training steps, accelerations, roll-outs and the making of programs, each "
              "beside its floor.");
  flags.add("--filter", options.filter, "Only cases whose name contains this");
  flags.add("--json", options.json, "Write the table to this file, too");
  flags.set_footer(
      "Examples:\n"
      "  build/bench --filter lnn_step/16x3\n"
      "  build/bench --filter /t1 --json bench.json\n"
      "\nExit codes: 0 ok, 2 usage, 4 files.");
  flags.parse_or_end(argc, argv);
  return options;
}

}  // namespace tools
