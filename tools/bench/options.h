// What the benchmark can be told.
#pragma once

#include <string>

namespace tools {

struct BenchOptions {
  std::string filter;  ///< only cases whose name contains it
  std::string json;    ///< a file for the table; empty: none
};

/// Throws EndProgram (tools/app/options.h) for --help and for anything wrong.
BenchOptions parse_bench_options(int argc, const char* const* argv);

}  // namespace tools
