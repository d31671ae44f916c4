// tools/published: published experiments rebuilt, ours beside theirs.
#include <limits>

#include "tools/app/flags.h"
#include "tools/app/interrupt.h"
#include "tools/app/program.h"
#include "tools/app/progress.h"
#include "tools/app/text.h"
#include "tools/protocols/results.h"

namespace {

struct Options {
  std::string name;
  std::string model;
  std::uint64_t seed = 0;
  int seeds = 3;
  int threads = tools::all_threads();
  std::string data;
  std::string results = "runs/published/results.csv";
  bool list = false, table = false, again = false;
};

Options parse(int argc, char** argv) {
  Options o;
  tools::Flags flags("tools/published",
                     "Rebuilds published experiments: the same systems, amount of data, noise, "
                     "horizon and metric, and prints our error beside the published ones.");
  flags.add("name", o.name, "Which: a name that --list gives, or all that need no --data");
  flags.add_switch("--list", o.list, "List them");
  flags.add_switch("--table", o.table, "Print all results so far as a table in Markdown");
  flags.add("--model", o.model, "Of its models only this one (default: all)");
  flags.add("--seed", o.seed, "The first seed: of data, first weights and tests")
      .check(tools::whole(0, std::numeric_limits<std::uint32_t>::max()));
  flags.add("--seeds", o.seeds, "How many seeds").check(tools::whole(1, 1000));
  flags.add("--threads", o.threads, "Threads").check(tools::whole(1, 1024));
  flags.add("--data", o.data, "File of measurements, for an experiment that needs one")
      .check(tools::not_empty());
  flags.add("--results", o.results, "File that keeps the results").check(tools::not_empty());
  flags.add_switch("--again", o.again, "Also run what the file has already");
  flags.set_footer(
      "Examples:\n"
      "  tools/published --list\n"
      "  tools/published chain-2\n"
      "  tools/published all --seeds 1\n"
      "\nA run that was stopped goes on where it was, since each result is written at once.\n"
      "Exit codes: 0 ok, 2 usage, 3 a training diverged, 4 files, 130 interrupted.");
  flags.parse_or_end(argc, argv);
  if (o.name.empty() && !o.list && !o.table)
    throw tools::EndProgram(tools::exit_usage,
                            "which experiment? Give a name, or all; --list lists them");
  return o;
}

std::vector<const protocols::Protocol*> chosen_of(const Options& o) {
  std::vector<const protocols::Protocol*> found;
  std::string nearest;
  for (const protocols::Protocol& p : protocols::all()) {
    if (o.name == "all" || o.name == p.name) found.push_back(&p);
    if (nearest.empty() ||
        tools::edit_distance(p.name, o.name) < tools::edit_distance(nearest, o.name))
      nearest = p.name;
  }
  if (found.empty())
    throw tools::EndProgram(tools::exit_usage, "there is no experiment " +
                                                   tools::in_quotes(o.name) + "; did you mean " +
                                                   nearest + "? --list lists all");
  return found;
}

/// --model names one of the experiment's; of `all`, those that have it.
void require_model(const protocols::Protocol& p, const Options& o) {
  std::string known;
  for (const protocols::OurModel& model : p.models) {
    if (o.model.empty() || o.name == "all" || o.model == model.name) return;
    known += (known.empty() ? "" : ", ") + model.name;
  }
  throw tools::EndProgram(tools::exit_usage, p.name + " has no model " + tools::in_quotes(o.model) +
                                                 "; its models are " + known);
}

/// A line on a terminal that renews itself; nothing elsewhere.
class Line {
 public:
  explicit Line(std::string what) : what_(std::move(what)), shown_(tools::decorated(1)) {}
  void show(long step, long steps) {
    if (!shown_ || watch_.seconds() < next_) return;
    next_ = watch_.seconds() + 0.2;
    tools::print(tools::format("\r  %s   step %ld/%ld\033[K", what_.c_str(), step, steps));
  }
  void clear() const {
    if (shown_) tools::print("\r\033[K");
  }

 private:
  std::string what_;
  bool shown_;
  tools::Stopwatch watch_;
  double next_ = 0;
};

tools::ExitCode run(const Options& o) {
  tools::end_at_interrupt("interrupted; the results so far are in " + o.results);
  if (o.list) {
    for (const protocols::Protocol& p : protocols::all())
      tools::print(tools::format("%-26s %s%s\n", p.name.c_str(), p.what.c_str(),
                                 p.data.empty() ? "" : " (needs --data)"));
    return tools::exit_ok;
  }
  protocols::Results results(o.results);
  if (o.table) {
    tools::print(protocols::table(protocols::all(), results));
    return tools::exit_ok;
  }
  tools::ExitCode worst = tools::exit_ok;
  results.prepare();
  for (const protocols::Protocol* p : chosen_of(o)) {
    if (!p->data.empty() && o.data.empty() && o.name != "all")
      throw tools::EndProgram(tools::exit_usage, p->name + " needs --data: " + p->data);
    const bool runs = p->data.empty() || o.name != "all";
    require_model(*p, o);
    for (int k = 0; runs && k < o.seeds; ++k)
      for (const protocols::OurModel& model : p->models) {
        if (!o.model.empty() && o.model != model.name) continue;
        const std::uint64_t seed = o.seed + static_cast<std::uint64_t>(k);
        if (!o.again && results.find(*p, model, seed)) continue;
        Line line(p->name + ", " + model.name + ", seed " + std::to_string(seed));
        const tools::Stopwatch watch;
        try {
          const protocols::Outcome outcome =
              p->run({.model = model,
                      .seed = seed,
                      .threads = o.threads,
                      .data = o.data,
                      .progress = [&](long step, long steps) { line.show(step, steps); }});
          line.clear();
          results.add({p->name, model.name, seed, watch.seconds(), outcome});
        } catch (const tools::IoError&) {
          throw;  // the file is at fault, not the training
        } catch (const std::runtime_error& error) {
          line.clear();
          tools::complain(p->name + ", " + model.name + ", seed " + std::to_string(seed) + ": " +
                          error.what());
          worst = tools::exit_diverged;
        }
      }
    tools::print(protocols::report(*p, results));
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  tools::wait_patiently(argv);
  return tools::run_program("published", argv, [&] { return run(parse(argc, argv)); });
}
