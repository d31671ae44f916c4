// tools/evaluate RUN: judges what ./train has saved, on states that training has not seen.
#include <algorithm>
#include <cstdint>
#include <limits>

#include "nn/files/model_file.h"
#include "tools/app/evaluation.h"
#include "tools/app/flags.h"
#include "tools/app/interrupt.h"
#include "tools/app/memory.h"
#include "tools/app/models.h"
#include "tools/app/run_folder.h"
#include "tools/app/text.h"

namespace {

namespace fs = std::filesystem;

tools::EvaluateOptions parse(int argc, char** argv) {
  tools::EvaluateOptions o;
  tools::Flags flags(
      "tools/evaluate",
      "Judges a model that ./train has saved, of a system or a file: accelerations, trajectories, "
      "energy, how long its predictions hold, and its mass matrix.");
  flags.add("run", o.run, "Folder of the run, as runs/default").required();
  flags
      .add("--system", o.system,
           "Of a file: the system that it was measured of, one of ./train --list-systems; the "
           "model is judged beside its true motion, too")
      .check(tools::not_empty());
  flags.add("--set", o.set, "The system's parameters, as in k=40,m=1; the others are the defaults");
  flags.add("--trajectories", o.trajectories, "Random trajectories of each repeat")
      .check(tools::whole(1, 1'000'000));
  flags.add("--duration", o.duration, "Length of a trajectory [s]; 0: twice what is usual")
      .check(tools::between(0, 1e6));
  flags.add("--repeats", o.repeats, "Repeats with fresh starts, to see the spread")
      .check(tools::whole(1, 1000));
  flags.add("--seed", o.seed, "Seed of the states (another stream than training's)")
      .check(tools::whole(0, std::numeric_limits<std::uint64_t>::max()));
  flags.add("--threads", o.threads, "OpenMP threads; 0: one for each core")
      .check(tools::whole(0, 4096));
  flags.add_switch("--quiet", o.quiet, "Print nothing but errors");
  flags.set_footer(
      "Writes RUN/evaluation.json, and for figures divergence.csv and poincare.csv;\nof a file "
      "held_out.csv.\n\nExamples:\n"
      "  ./train && tools/evaluate runs/default\n"
      "  tools/evaluate runs/default --trajectories 200 --duration 30 --repeats 1\n"
      "  tools/evaluate runs/filmed --system double_pendulum   how far from the truth?\n"
      "\nExit codes: 0 ok, 2 usage, 4 files, 130 interrupted.");
  flags.parse_or_end(argc, argv);
  if (o.system.empty() && !o.set.empty())
    throw tools::EndProgram(tools::exit_usage,
                            "--set: it needs --system, whose parameters it sets");
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
  tools::TrainOptions options = [&] {
    try {
      return tools::parse_train_options(3, arguments);
    } catch (const tools::EndProgram& error) {
      throw tools::IoError("'" + config + "': " + error.what());
    }
  }();
  // The judge is what was held out of the very file.
  if (const fs::path file = run / tools::checkpoint_file;
      !options.data.empty() && fs::exists(file)) {
    const tools::Checkpoint checkpoint(file);
    options.data = checkpoint.find_data({run / checkpoint.data().beside, options.data});
  }
  return options;
}

/// Throws where the file holds another model than the run's options tell of.
void require_same(const nn::NetworkModel& model, const tools::TrainOptions& training,
                  const tools::Subject& subject) {
  const auto require = [](const char* what, const std::string& found, const std::string& wanted) {
    if (found != wanted)
      throw tools::IoError(tools::format(
          "the weights are of another model: its \"%s\" is '%s', that of the run '%s'", what,
          found.c_str(), wanted.c_str()));
  };
  require("model", model.form().kind, training.model);
  require("activation", model.options().activation, training.activation);
  const auto& hidden = model.options().hidden;
  if (!std::equal(hidden.begin(), hidden.end(), training.hidden.begin(), training.hidden.end()))
    throw tools::IoError("the weights are of another model, with other hidden layers");
  if (const auto n = subject.coordinates.size(); model.options().angles.size() != n)
    throw tools::IoError(
        tools::format("the weights are of a model of %zu coordinates, the data have %zu",
                      model.options().angles.size(), n));
}

tools::ExitCode evaluate(const tools::EvaluateOptions& options) {
  const fs::path run = options.run;
  const tools::TrainOptions training = training_options(run);
  const tools::FolderLock lock(run);
  tools::require_threads(options.threads);
  tools::Subject subject(training);
  if (!options.system.empty()) {
    if (subject.simulated)
      throw tools::EndProgram(tools::exit_usage, "--system: the run is of " + training.system +
                                                     " itself, and is judged beside that");
    subject.simulated.emplace(truth_of(subject, options));
  }
  if (subject.simulated) {
    const double usual = subject.simulated->system.duration;
    const double rows = 250 * (options.duration > 0 ? options.duration / usual : 2) + 1;
    tools::require_memory(
        32. * static_cast<double>(subject.coordinates.size() + 1) * rows * options.trajectories,
        "--trajectories and --duration");
  }
  std::unique_ptr<nn::NetworkModel> model;
  try {
    model = nn::load_model(run / "model.safetensors", known_of(subject));
  } catch (const nn::FileError& error) {
    throw tools::IoError(error.what());
  }
  require_same(*model, training, subject);
  const tools::Evaluation found = evaluate(*model, training, subject, options);
  tools::note_interrupts();  // the files belong together
  if (found.truth) tools::write_file(run / "divergence.csv", found.truth->divergence_csv);
  if (found.truth && !found.truth->poincare_csv.empty())
    tools::write_file(run / "poincare.csv", found.truth->poincare_csv);
  if (!found.held_out_csv.empty()) tools::write_file(run / "held_out.csv", found.held_out_csv);
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
