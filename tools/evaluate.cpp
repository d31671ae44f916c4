// tools/evaluate RUN: judges what ./train has saved, on states that training has not seen.
#include <cstdint>
#include <limits>

#include "nn/files/model_file.h"
#include "tools/app/evaluation.h"
#include "tools/app/flags.h"
#include "tools/app/interrupt.h"
#include "tools/app/memory.h"
#include "tools/app/models.h"
#include "tools/app/run_folder.h"

namespace {

namespace fs = std::filesystem;

tools::EvaluateOptions parse(int argc, char** argv) {
  tools::EvaluateOptions o;
  tools::Flags flags(
      "tools/evaluate",
      "Judges a model that ./train has saved: accelerations, trajectories, energy, how long "
      "its predictions hold, and its mass matrix.");
  flags.add("run", o.run, "Folder of the run, as runs/default").required();
  flags.add("--trajectories", o.trajectories, "Random trajectories of each repeat")
      .check(tools::whole(1, 1'000'000));
  flags.add("--duration", o.duration, "Length of a trajectory [s]").check(tools::between(0.1, 1e4));
  flags.add("--repeats", o.repeats, "Repeats with fresh starts, to see the spread")
      .check(tools::whole(1, 1000));
  flags.add("--seed", o.seed, "Seed of the states (another stream than training's)")
      .check(tools::whole(0, std::numeric_limits<std::uint64_t>::max()));
  flags.add("--threads", o.threads, "OpenMP threads; 0: one for each core")
      .check(tools::whole(0, 4096));
  flags.add_switch("--quiet", o.quiet, "Print nothing but errors");
  flags.set_footer(
      "Writes RUN/evaluation.json, and for figures divergence.csv and poincare.csv.\n\nExamples:\n"
      "  ./train && tools/evaluate runs/default\n"
      "  tools/evaluate runs/default --trajectories 200 --duration 30 --repeats 1\n"
      "\nExit codes: 0 ok, 2 usage, 4 files, 130 interrupted.");
  flags.parse_or_end(argc, argv);
  if (o.threads == 0) o.threads = tools::all_threads();
  return o;
}

/// The options that the run was made with.
tools::TrainOptions training_options(const fs::path& run) {
  const std::string config = (run / "config.toml").string();
  if (!fs::is_directory(run))
    throw tools::IoError("'" + run.string() + "' is no folder; give one that ./train has made");
  if (!fs::exists(config))
    throw tools::IoError("'" + run.string() + "' has no config.toml: it is no run of ./train");
  const char* arguments[] = {"train", "--config", config.c_str()};
  try {
    return tools::parse_train_options(3, arguments);
  } catch (const tools::EndProgram& error) {
    throw tools::IoError("'" + config + "': " + error.what());
  }
}

tools::ExitCode evaluate(const tools::EvaluateOptions& options) {
  const fs::path run = options.run;
  const tools::TrainOptions training = training_options(run);
  if (!training.data.empty())
    throw tools::IoError("'" + run.string() + "' has learnt from the file '" + training.data +
                         "'; only a model of the double pendulum can be held against the truth");
  const tools::FolderLock lock(run);
  tools::require_threads(options.threads);
  tools::require_memory(80 * (options.duration / 0.02 + 1) * options.trajectories,
                        "--trajectories and --duration");
  const auto model = tools::make_model(training);
  try {
    nn::load_weights(run / "model.safetensors", *model);
  } catch (const nn::FileError& error) {
    throw tools::IoError(error.what());
  }
  const tools::Evaluation found = evaluate(*model, training, options);
  tools::note_interrupts();  // the files belong together
  tools::write_file(run / "divergence.csv", found.divergence_csv);
  tools::write_file(run / "poincare.csv", found.poincare_csv);
  tools::write_file(run / "evaluation.json", to_json(found));
  if (!options.quiet)
    tools::print(to_table(found, training, options) + "  written to " +
                 (run / "evaluation.json").string() + '\n');
  return tools::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  return tools::run_program("evaluate", argv, [&] { return evaluate(parse(argc, argv)); });
}
