// Is there memory enough? Linux promises more memory than it has, and kills a program that then
// uses it. So what needs a lot asks first, and the user is told which options asked for so much.
#pragma once

#include <string>

#include "tools/app/options.h"

namespace tools {

/// What this process can still get [bytes]: of the machine, its container and its `ulimit -v`.
double available_memory();

/// Ends the program with exit code 2 where `bytes` are more than that; `options` are those of the
/// command line that ask for them.
void require_memory(double bytes, const std::string& options);

/// Those of the largest demand so far, for where an allocation fails all the same.
const std::string& options_that_need_most_memory();

/// Ends the program with exit code 2 where the system does not let it start so many threads.
void require_threads(int threads);

/// All that can be told of a run before it begins: its threads, data, weights and judges.
void require_resources(const TrainOptions& options);

}  // namespace tools
