// A trial: a whole run in small, to see what the options leave to the data.
#pragma once

#include "tools/app/options.h"
#include "tools/app/subject.h"

namespace tools {

/// How long to learn from a small file: as long as --steps says, or an eighth of that, where in
/// trials an eighth did no worse on what watches than a half. Few noisy rows are soon learnt by
/// heart. The options are settled but for that.
long steps_for(const TrainOptions& options, const Subject& subject);

}  // namespace tools
