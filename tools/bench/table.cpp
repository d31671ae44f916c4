#include "tools/bench/table.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/app/program.h"
#include "tools/app/text.h"

namespace tools {
namespace {

const char* const scalar_name = sizeof(autodiff::Scalar) == sizeof(float) ? "float" : "double";
#ifdef __clang__
const char* const compiler = "Clang " __clang_version__;
#else
const char* const compiler = "GCC " __VERSION__;
#endif

std::string processor() {
  std::ifstream file("/proc/cpuinfo");  // where there is one
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

}  // namespace

std::string machine_line() {
  return processor() + ", " + std::to_string(all_threads()) + " threads, " + scalar_name + ", " +
         compiler + "\n";
}

std::string table_head() {
  return format("\n%-26s %12s %10s %8s %12s %6s\n", "case", "us/step", "us/sample", "GFLOP/s",
                "floor us", "ratio");
}

std::string table_row(const Measurement& measured) {
  // A number, or a dash in its column.
  const auto cell = [](bool known, int width, const char* pattern, double value) {
    char text[32] = "-";
    if (known) std::snprintf(text, sizeof text, pattern, value);
    char padded[48];
    std::snprintf(padded, sizeof padded, " %*s", width, text);
    return std::string(padded);
  };
  const bool samples = measured.samples > 0, floor = measured.floor.has_value();
  const double us = 1e6 * measured.seconds;
  std::string row = measured.name;
  row.resize(std::max<std::size_t>(row.size(), 26), ' ');
  return row + cell(true, 12, "%.2f", us) +
         cell(samples, 10, "%.3f", us / static_cast<double>(measured.samples)) +
         cell(floor, 8, "%.2f", measured.gflops()) +
         cell(floor, 12, "%.2f", floor ? 1e6 * measured.floor->seconds : 0) +
         cell(floor, 6, "%.0f %%", floor ? 100 * measured.floor->ratio : 0) + '\n';
}

std::string table_legend() {
  return "\nTimes are medians over rounds, in each of which the case and its floor take turns.\n"
         "floor    the same matrix products by Eigen, as many exponentials in a vectorised loop, "
         "and\n"
         "         nothing else: one thread's time, divided by the threads\n"
         "ratio    floor / time: the case runs at so much of the floor's speed\n"
         "GFLOP/s  counts the multiply-adds of the matrix products, twice, and nothing else\n"
         "rk45_rollout is 1000 trajectories of a network 16x3 on all threads; a sample is a "
         "trajectory\n";
}

std::string to_json(const Table& table) {
  nlohmann::ordered_json json{{"processor", processor()},
                              {"threads", all_threads()},
                              {"scalar", scalar_name},
                              {"compiler", compiler},
                              {"cases", nlohmann::ordered_json::array()}};
  for (const Measurement& measured : table.steps) {
    const double us = 1e6 * measured.seconds;
    nlohmann::ordered_json row{
        {"name", measured.name}, {"threads", measured.threads}, {"us_per_step", us}};
    if (measured.samples > 0) {
      row["samples"] = measured.samples;
      row["us_per_sample"] = us / static_cast<double>(measured.samples);
    }
    if (measured.floor) {
      row["gflops"] = measured.gflops();
      row["floor_us"] = 1e6 * measured.floor->seconds;
      row["ratio_percent"] = 100 * measured.floor->ratio;
    }
    json["cases"].push_back(row);
  }
  for (const Scaling& row : table.scaling)
    json["scaling"].push_back({{"name", row.name},
                               {"size", row.size},
                               {"nodes", row.nodes},
                               {"ms", 1e3 * row.seconds},
                               {"bytes", row.bytes},
                               {"growth", row.growth},
                               {"run_ms", 1e3 * row.run_seconds},
                               {"run_growth", row.run_growth}});
  for (const Window& row : table.windows)
    json["windows"].push_back({{"name", row.name},
                               {"evaluations", row.evaluations},
                               {"us", 1e6 * row.seconds},
                               {"accelerations_us", 1e6 * row.of_accelerations}});
  for (const Busy& row : table.busy)
    json["busy"].push_back({{"name", row.name},
                            {"threads", row.threads},
                            {"one_us", 1e6 * row.one},
                            {"several_us", 1e6 * row.several}});
  return json.dump(2) + '\n';
}

}  // namespace tools
