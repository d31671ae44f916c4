// What a run ends with: numbers for programs (result.json) and a table for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/learning/divergence.h"
#include "tools/app/checkpoint.h"
#include "tools/app/data_file.h"
#include "tools/app/judgement.h"
#include "tools/app/options.h"

namespace tools {

struct RunResult {
  TrainOptions options;
  std::vector<std::string> coordinates;  ///< their names
  std::optional<DataFound> data;         ///< in the file that was learnt from
  std::string status;                    ///< finished, interrupted or diverged
  Standing standing;
  autodiff::Index parameters = 0;
  std::optional<Judgement> judgement;  ///< absent where training did not finish
};

/// What went wrong at a step (counted from 1), and what to try; `found` is what nn::find_divergence
/// found.
std::string divergence_text(long step, const std::optional<nn::Divergence>& found);

std::string to_json(const RunResult& result);
std::string to_table(const RunResult& result);

}  // namespace tools
