// The benchmark's table, for people and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autodiff/matrix.h"
#include "tools/bench/busy.h"
#include "tools/bench/scaling.h"
#include "tools/bench/window.h"

namespace tools {

/// A row. The times are seconds of a step, medians over rounds.
struct Measurement {
  /// What the multiply-adds and exponentials cost by themselves, in the same rounds.
  struct Floor {
    double seconds;
    double ratio;          ///< floor / step, the median of the rounds' own
    double multiply_adds;  ///< of a step's matrix products
  };

  std::string name;
  int threads;
  autodiff::Index samples;  ///< of a step; 0 where there are none
  double seconds;
  std::optional<Floor> floor = {};

  double gflops() const { return floor ? 2e-9 * floor->multiply_adds / seconds : 0; }
};

/// Which machine, compiler and number type.
std::string machine_line();
/// What the columns are.
std::string table_head();
std::string table_row(const Measurement& measured);
/// What the columns mean.
std::string table_legend();

/// All that was measured.
struct Table {
  std::vector<Measurement> steps;
  std::vector<Scaling> scaling;
  std::vector<Window> windows;
  std::vector<Busy> busy;
};
std::string to_json(const Table& table);

}  // namespace tools
