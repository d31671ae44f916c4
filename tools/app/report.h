// What a run ends with: numbers for programs (result.json) and a table for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/learning/divergence.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/network_model.h"
#include "tools/app/checkpoint.h"
#include "tools/app/judgement.h"
#include "tools/app/options.h"
#include "tools/app/run_folder.h"

namespace tools {

struct RunResult {
  TrainOptions options;
  std::vector<physics::Coordinate> coordinates;
  physics::Picture picture = {};       ///< of a simulated system
  std::optional<DataFound> data = {};  ///< in the file that was learnt from
  std::string learns;                  ///< what the model learns, as "L(q, v)"
  autodiff::Index parameters = 0;
  std::string status = {};  ///< finished, interrupted or diverged
  Standing standing = {};
  double indefinite_share = 0;  ///< of the states, where the learnt mass matrix has the wrong sign
  std::optional<nn::EnergyFlow> energy_flow = {};  ///< over what was learnt from
  std::optional<Judgement> judgement = {};         ///< absent where training did not finish

  RunResult(const TrainOptions& options, const Subject& subject, const nn::NetworkModel& model);
};

/// What went wrong at a step (counted from 1), and what to try; `found` is what nn::find_divergence
/// found.
std::string divergence_text(long step, const std::optional<nn::Divergence>& found);

std::string to_json(const RunResult& result);
std::string to_table(const RunResult& result);

/// "interrupted after 17 steps; go on with ./train --resume runs/default"
std::string ending(const RunResult& result, const RunFolder& folder);

/// Prints the table and how it ended; the exit code that says so.
ExitCode tell(const RunResult& result, const RunFolder& folder);

}  // namespace tools
