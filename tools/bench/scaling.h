// What does it cost to record, differentiate and compile a graph twice as large?
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autodiff/tape.h"

namespace tools {

/// A shape of graph that comes in all sizes.
struct GrowingGraph {
  std::string name;  ///< "scaling/chain"
  int size;          ///< the first of the sizes that are measured: it, twice and four times it
  /// Records it and returns the outputs of its program.
  std::function<std::vector<autodiff::Var>(autodiff::Tape&, int size)> record;
  bool squared = false;  ///< the result itself has size² entries
};

std::vector<GrowingGraph> growing_graphs();

/// A row of the section.
struct Scaling {
  std::string name;
  int size;
  int nodes;           ///< recorded, derivatives included
  double seconds;      ///< of processor time, the median of three
  double bytes;        ///< the tape and its program, and what was needed to make them, at the most
  double growth = 0;   ///< times the half as large one's seconds; 0: there is none
  double run_seconds;  ///< of a run of the program, the median of three means over 0.01 s
  double run_growth = 0;  ///< likewise
};

/// Measures the graph at three sizes.
std::vector<Scaling> measure_scaling(const GrowingGraph& graph);

std::string scaling_head();
std::string scaling_row(const Scaling& measured);

}  // namespace tools
