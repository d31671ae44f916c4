// What ./train can be told: ranges, defaults, and what one option leaves to or takes from another.
#include "tools/app/options.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "nn/optimisers/adam.h"
#include "tools/app/checkpoint.h"
#include "tools/app/models.h"

namespace fs = std::filesystem;
using tools::TrainOptions;
using Words = std::vector<std::string>;

namespace {

/// What is said on standard error meanwhile.
class Said {
 public:
  ~Said() { std::cerr.rdbuf(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* before_ = std::cerr.rdbuf(text_.rdbuf());
};

TrainOptions parse(Words words, std::string* said = nullptr) {
  const Said errors;
  words.insert(words.begin(), "train");
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  const TrainOptions options =
      tools::parse_train_options(static_cast<int>(arguments.size()), arguments.data());
  if (said != nullptr) *said = errors.text();
  return options;
}

Words words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

TrainOptions parse_line(const std::string& line) { return parse(words_of(line)); }

/// What is said on standard error of options that are taken.
std::string told(const std::string& line) {
  std::string said;
  parse(words_of(line), &said);
  return said;
}

/// Why they are not taken; empty: they are.
std::string complaint(const Words& words, tools::ExitCode code = tools::exit_usage) {
  try {
    parse(words);
  } catch (const tools::EndProgram& end) {
    CHECK(end.code == code);
    return end.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A temporary folder, gone with its object.
struct Folder {
  fs::path path;

  Folder() {
    std::string name = (fs::temp_directory_path() / "lagrange_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  /// The name of a file with that text.
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return path / name;
  }
};

/// The lines that set an option, without comments.
std::string settings(const TrainOptions& options) {
  std::istringstream toml(to_toml(options));
  std::string found;
  for (std::string line; std::getline(toml, line);)
    if (!line.empty() && line[0] != '#') found += line + '\n';
  return found;
}

}  // namespace

TEST_CASE("the range of an option ends where --help says: its ends are taken, and nothing beyond") {
  struct Range {
    std::string option, low, high;
    Words beyond;
  };
  const std::string milliard = "1000000000", more = "1000000001", any = "1e30", much = "1.1e30";
  for (const Range& range :
       std::vector<Range>{{"--seed", "0", "18446744073709551615", {"18446744073709551616"}},
                          {"--threads", "0", "4096", {"4097"}},
                          {"--checkpoint-every", "0", any, {"-1e-9", much}},
                          {"--stop-after", "0", "1000000000000", {"1000000000001"}},
                          {"--held-out", "0.001", "0.9", {"0.0009", "0.91"}},
                          {"--validation", "0", "0.9", {"-0.1", "0.91"}},
                          {"--patience", "0.001", "1", {"0.0009", "1.1"}},
                          {"--angle", "0", any, {"-0.1", much}},
                          {"--velocity", "0", any, {"-0.1", much}},
                          {"--velocity-margin", "1e-30", any, {"0", much}},
                          {"--trajectories", "1", "10000000", {"0", "10000001"}},
                          {"--points", "2", "1000000", {"1", "1000001"}},
                          {"--duration", "0", "1000000", {"-0.1", "1000001"}},
                          {"--hidden", "1", "100000", {"0", "100001"}},
                          {"--velocity-scale", "1e-30", any, {"0", much}},
                          {"--kinetic-prior", "0", any, {"-0.1", much}},
                          {"--target-scale", "1e-30", any, {"0", much}},
                          {"--window", "0", "10000", {"10001"}},
                          {"--span", "0", "10000", {"10001"}},
                          {"--substeps", "0", "1000", {"1001"}},
                          {"--guess-steps", "0", milliard, {more}},
                          {"--agreement", "0", any, {"-0.1", much}},
                          {"--rounds", "0", "1000", {"1001"}},
                          {"--batch", "1", "10000000", {"0", "10000001"}},
                          {"--epochs", "1", milliard, {"0", more}},
                          {"--steps-per-epoch", "1", milliard, {"0", more}},
                          {"--steps", "0", milliard, {more}},
                          {"--lr", "0", any, {"-0.1", much}},
                          {"--lr-step", "1", milliard, {"0", more}},
                          {"--lr-gamma", "1e-30", "1", {"0", "1.1"}},
                          {"--warmup", "0", "1", {"-0.1", "1.1"}},
                          {"--clip", "0", any, {"-0.1", much}},
                          {"--restarts", "0", "100", {"101"}},
                          {"--shard-width", "1", "1000000", {"0", "1000001"}},
                          {"--rollouts", "0", "1000000", {"1000001"}}}) {
    CAPTURE(range.option);
    // Beside a file, so that none is checked against the size of a data set.
    for (const std::string& end : {range.low, range.high}) {
      CAPTURE(end);
      CHECK(complaint({range.option, end, "--data", "x.csv"}).empty());
    }
    for (const std::string& value : range.beyond) {
      CAPTURE(value);
      CHECK(contains(complaint({range.option, value}), range.option));
    }
  }
}

TEST_CASE("an option of words takes those that --help tells, and no other") {
  for (const Words& taken :
       std::vector<Words>{{"--source", "fresh", "fixed", "trajectories"},
                          {"--model", "lnn", "delan", "pullback", "hnn", "mlp", "auto"},
                          {"--initialiser", "auto", "rule", "slides", "lecun"},
                          {"--friction", "none", "linear", "network", "auto"},
                          {"--learn", "accelerations", "trajectories", "auto"},
                          {"--loss", "mse", "l1", "huber"},
                          {"--optimiser", "sgd", "adam", "soap"},
                          {"--schedule", "constant", "step", "cosine", "onecycle"},
                          {"--on-divergence", "skip", "stop"},
                          {"--angle-features", "true", "false"},
                          {"--activation", "softplus", "tanh", "sigmoid", "silu", "gelu", "sin"}}) {
    CAPTURE(taken[0]);
    for (std::size_t k = 1; k < taken.size(); ++k) CHECK(complaint({taken[0], taken[k]}).empty());
    CHECK(contains(complaint({taken[0], "nope"}), taken[0]));
  }
}

TEST_CASE("what a run is that nothing was said about") {
  CHECK(settings(parse_line("--threads 3")) == R"(preset="default"
out="runs/default"
seed=0
threads=3
system="double_pendulum"
source="fresh"
angle=0
velocity=0
velocity-margin=1.1
duration=5
model="lnn"
hidden="64,64,64"
activation="softplus"
initialiser="rule"
angle-features=true
velocity-scale="0.1"
kinetic-prior="2"
friction="none"
learn="accelerations"
rounds=0
loss="l1"
target-scale="1"
batch=128
epochs=40
steps-per-epoch=1000
steps=0
optimiser="soap"
lr=0.01
schedule="cosine"
warmup=0.02
clip=1
restarts=3
on-divergence="skip"
shard-width=32
rollouts=1000
)");
  const TrainOptions of_a_file = parse_line("--data /x.csv");
  CHECK(of_a_file.held_out == 0.1);  // docs/data.md: a tenth judges, a tenth of the rest watches
  CHECK(of_a_file.validation == 0.1);
  CHECK(of_a_file.patience == 0.3);
  CHECK(of_a_file.guess_steps == 10'000);
  CHECK(of_a_file.agreement == 1);
  CHECK(of_a_file.checkpoint_every == 30);
  CHECK(of_a_file.window == 0);
  CHECK(of_a_file.span == 0);
  CHECK(of_a_file.substeps == 0);
  CHECK(of_a_file.stop_after == 0);
  CHECK_FALSE(of_a_file.quiet);
  CHECK_FALSE(of_a_file.dry_run);
  const TrainOptions in_steps = parse_line("--schedule step --source fixed");
  CHECK(in_steps.lr_step == 10);
  CHECK(in_steps.lr_gamma == 0.5);
  CHECK(in_steps.trajectories == 512);
  CHECK(in_steps.points == 4);
}

TEST_CASE("config.toml heads each group once, and begins with the first") {
  const std::string toml = to_toml(parse({}));
  CHECK(toml.starts_with("# ---- Options\n\n# "));
  std::size_t heads = 0;
  for (std::size_t at = 0; (at = toml.find("# ---- ", at)) != toml.npos; ++at) ++heads;
  CHECK(heads == 7);
  CHECK(contains(toml, "\n\n# ---- Training\n\n# What the loss compares."));
  CHECK(contains(toml,
                 "\n\n# Samples of a step; left out, a small file has fewer in one\nbatch=128\n"));
}

TEST_CASE("an option that another makes idle is said to be, with the reason") {
  struct Case {
    std::string line, flags, because;
  };
  const std::string data = "--data x.csv ";
  for (const Case& c : std::vector<Case>{
           {"--validation 0.2", "--validation has", "without --data"},
           {"--patience 0.2", "--patience has", "without --data"},
           {"--held-out 0.2", "--held-out has", "without --data"},
           {data + "--validation 0 --patience 0.2", "--patience has", "without --validation"},
           {data + "--learn accelerations --window 3", "--window has", "--learn accelerations"},
           {"--span 3", "--span has", "with --learn accelerations"},
           {"--substeps 3", "--substeps has", "with --learn accelerations"},
           {"--guess-steps 3", "--guess-steps has", "with --learn accelerations"},
           {"--agreement 3", "--agreement has", "with --learn accelerations"},
           {"--schedule cosine --lr-gamma 0.1 --lr-step 3", "--lr-gamma, --lr-step have",
            "without --schedule step"},
           {data + "--source fixed --steps 9 --epochs 3", "--epochs has", "beside --steps"},
           {"--source trajectories --velocity-margin 2", "--velocity-margin has",
            "with --source trajectories"},
           {"--trajectories 5 --points 3", "--points, --trajectories have", "with --source fresh"},
           {"--steps 9 --steps-per-epoch 3", "--steps-per-epoch has", "beside --steps"},
           {"--source fixed --steps-per-epoch 3", "--steps-per-epoch has", "a fixed set"},
           {"--system kepler --model embedded --kinetic-prior 3", "--kinetic-prior has",
            "it has no such term"},
           {"--system kepler --model embedded --velocity-scale 3", "--velocity-scale has",
            "coordinates only"},
           {"--model mlp --friction linear", "--friction has", "it has no forces"}}) {
    CAPTURE(c.line);
    const std::string said = told(c.line);
    CAPTURE(said);
    CHECK(contains(said, "train: " + c.flags + " no effect "));
    CHECK(contains(said, c.because));
  }
  CHECK(contains(told(data + "--rollouts 7 --source fixed"), "--rollouts, --source have no"));
}

TEST_CASE("of an option that has an effect nothing is said, and config.toml holds it") {
  const std::string data = "--data x.csv ";
  for (const std::string line :
       {"--epochs 7",
        "--steps-per-epoch 7",
        "--steps 9 --epochs 3",
        "--source fixed --epochs 7",
        "--source fixed --velocity-margin 2",
        "--source fixed --points 7 --trajectories 70",
        "--source trajectories --points 7 --trajectories 70",
        "--schedule step --lr-step 3",
        "--schedule step --lr-gamma 0.25",
        "--schedule cosine --warmup 0.2",
        "--schedule onecycle --warmup 0.2",
        "--friction linear",
        "--model hnn --velocity-scale 2",
        "--model mlp --velocity-scale 2",
        "--model delan --kinetic-prior 3",
        "--system kepler --model embedded --friction linear",
        "--system chain --rollouts 7",
        "--data x.csv --held-out 0.2",
        "--data x.csv --patience 0.2",
        "--data x.csv --validation 0.2",
        "--data x.csv --epochs 7",
        "--data x.csv --steps 7",
        "--data x.csv --window 3 --span 1 --substeps 2 --guess-steps 7 --agreement 2",
        "--learn trajectories --data x.csv --window 3"}) {
    CAPTURE(line);
    CHECK(told(line).empty());
    const Words words = words_of(line);
    const std::string toml = to_toml(parse(words));
    for (std::size_t k = 0; k + 1 < words.size(); k += 2)
      CHECK(contains(toml, '\n' + words[k].substr(2) + '='));
  }
}

TEST_CASE("first weights are by the rule where the model is a Lagrangian network, unless said") {
  CHECK(parse_line("--model lnn").initialiser == "rule");
  CHECK(parse_line("--system wave --model field").initialiser == "rule");
  CHECK(parse_line("--model delan").initialiser == "lecun");
  CHECK(parse_line("--model mlp").initialiser == "lecun");
  CHECK(parse_line("--model lnn --initialiser slides").initialiser == "slides");
}

TEST_CASE("--model auto takes what fits: points for a file, a field for a ring, else an lnn") {
  CHECK(parse_line("--system wave").model == "field");
  CHECK(parse_line("--system kepler").model == "lnn");
  CHECK(parse_line("--data x.csv --model auto").model == "pullback");
  CHECK(parse_line("--data x.csv").hidden == std::vector{32, 32});
  CHECK(parse_line("--data x.csv --hidden 5").hidden == std::vector{5});
  CHECK(parse_line("--data x.csv --model lnn").hidden == std::vector{64, 64, 64});
  CHECK(parse_line("--data x.csv --preset best").hidden == std::vector{128, 128, 128});
  CHECK(parse_line("--model pullback").hidden == std::vector{64, 64, 64});
  CHECK(parse_line("--data x.csv --system wave").model == "pullback");
  CHECK(parse_line("--data x.csv --model lnn").model == "lnn");
  CHECK(parse_line("--data x.csv").initialiser == "lecun");
  CHECK(parse_line("--system wave --model lnn").model == "lnn");
}

TEST_CASE("a run is named after its file, its system or its preset, unless it is named") {
  CHECK(parse({}).out == "runs/default");
  CHECK(parse_line("--preset seed").out == "runs/seed");
  CHECK(parse_line("--system kepler").out == "runs/kepler");
  CHECK(parse_line("--preset any").out == "runs/double_pendulum");
  CHECK(parse_line("--preset default --system kepler").out == "runs/default");
  CHECK(parse_line("--data some/mine.csv --system kepler").out == "runs/mine");
  CHECK(parse_line("--system kepler --out here").out == "here");
}

TEST_CASE("a file's name is made one that holds in any folder") {
  CHECK(parse_line("--data some/mine.csv").data == (fs::current_path() / "some/mine.csv").string());
  CHECK(parse_line("--data /some/mine.csv").data == "/some/mine.csv");
}

TEST_CASE("a file decides on the steps where neither they nor epochs are given") {
  CHECK(parse_line("--data x.csv").steps == tools::steps_by_data);
  CHECK(parse_line("--data x.csv --steps 7").steps == 7);
  CHECK(parse_line("--data x.csv --epochs 7").steps == 0);
  CHECK(parse({}).steps == 0);
  CHECK_FALSE(contains(to_toml(parse_line("--data x.csv")), "\nsteps="));
}

TEST_CASE("a motion lasts as long as is usual for its system, unless said") {
  CHECK(parse({}).duration == 5);
  CHECK(parse_line("--duration 3").duration == 3);
  CHECK(parse_line("--system wave").duration != 5);
  CHECK(parse_line("--data x.csv").duration == 0);
}

TEST_CASE("a system of more coordinates gets fewer steps and roll-outs and a lower rate") {
  struct Case {
    std::string line;
    long steps;
    int rollouts;
    double rate;
  };
  for (const Case& c :
       std::vector<Case>{{"--system pendulum", 40'000, 1000, 5e-3},
                         {"--system kepler", 40'000, 1000, 5e-3},
                         {"--system chain --set n=3", 33'333, 1000, 3e-3},
                         {"--system chain --set n=4", 25'000, 1000, 3e-3},
                         {"--system chain --set n=8", 12'500, 500, 3e-3},
                         {"--system chain --set n=3 --lr 0.005", 33'333, 1000, 5e-3},
                         {"--system chain --set n=3 --steps 7", 7, 1000, 3e-3},
                         {"--system chain --set n=3 --epochs 7", 0, 1000, 3e-3},
                         {"--system chain --set n=8 --rollouts 7", 12'500, 7, 3e-3},
                         {"--system wave --set n=128", 4000, 31, 3e-3},
                         {"--preset default --system chain --set n=8", 0, 1000, 1e-2}}) {
    CAPTURE(c.line);
    const TrainOptions options = parse_line(c.line);
    CHECK(options.steps == c.steps);
    CHECK(options.rollouts == c.rollouts);
    CHECK(options.learning_rate == doctest::Approx(c.rate));
    if (contains(c.line, "chain")) {
      CHECK(options.hidden == std::vector{64, 64, 64});
      CHECK(options.batch == 128);
    }
  }
  CHECK(parse_line("--system wave").hidden == std::vector{16, 16, 16});
  CHECK(parse_line("--system wave --hidden 5").hidden == std::vector{5});
}

TEST_CASE("by default there is a thread for each core") {
  CHECK(parse({}).threads == tools::all_threads());
  CHECK(parse_line("--threads 3").threads == 3);
}

TEST_CASE("presets come under the config file, and that under the flags") {
  const Folder folder;
  const auto config = [&](const std::string& text, const std::string& more = "") {
    return parse_line("--config " + folder.file("c.toml", text) + ' ' + more);
  };
  const TrainOptions seed = config("preset = \"seed\"\nlr = 0.25\n");
  CHECK(seed.preset == "seed");
  CHECK(seed.batch == 4);
  CHECK(seed.learning_rate == 0.25);
  CHECK(config("preset = \"seed\"\n", "--preset best").batch == 256);
  CHECK(config("preset = \"seed\"\nbatch = 7\n", "--preset best").batch == 7);
  CHECK(config("batch = 7\n", "--batch 9").batch == 9);
  CHECK(config("system = \"kepler\"\n").preset == "any");
  CHECK(config("batch = 7\n", "--system kepler").preset == "any");
  CHECK(config("data = \"x.csv\"\n").preset == "any");
  CHECK(config("preset = \"default\"\n", "--system kepler").preset == "default");
  CHECK(parse_line("--system kepler --preset best").batch == 256);
  // What a file says counts as said, be it the default or not.
  CHECK(config("lr = 0.005\n", "--system chain --set n=3").learning_rate == 0.005);
  CHECK(config("lr-step = 3\n").lr_step == 3);
  CHECK(contains(told("--config " + folder.file("c.toml", "lr-step = 3\n")),
                 "--lr-step has no effect"));
  CHECK(told("--config " + folder.file("c.toml", "lr-step = 10\n")).empty());  // as it is anyway
  CHECK(contains(complaint({"--config", folder.file("c.toml", "lr = 1\nbatch = 0\n")}),
                 "c.toml': line 2: "));
}

TEST_CASE("options that do not go together are refused") {
  CHECK(complaint(words_of("--source fixed --trajectories 5 --points 3 --batch 15")).empty());
  CHECK(contains(complaint(words_of("--source fixed --trajectories 5 --points 3 --batch 16")),
                 "--batch: 16 is more than the 15 points"));
  CHECK(complaint(words_of("--batch 9999")).empty());  // fresh states are without end
  CHECK(complaint(words_of("--data x.csv --batch 99999")).empty());

  CHECK(complaint(words_of("--system wave --model field")).empty());
  CHECK(contains(complaint(words_of("--system kepler --model field")),
                 "the coordinates of kepler are none"));

  const std::string blind = complaint(words_of("--data x.csv --model hnn"));
  CHECK(contains(blind, "--model hnn needs the true momenta"));
  CHECK(contains(blind, "; lnn, delan, pullback, field, mlp do without"));
  CHECK(contains(complaint(words_of("--data x.csv --model embedded")),
                 "needs to know where the masses are"));
  CHECK(complaint(words_of("--model hnn")).empty());

  CHECK(contains(complaint(words_of("--activation relu")), "--activation"));
  CHECK(complaint(words_of("--model mlp --activation relu")).empty());
  CHECK(contains(complaint(words_of("--model mlp --activation nope")), "--activation"));
}

TEST_CASE("the lists of models, systems and presets end well, an entry a line") {
  const auto list = [](const std::string& flag) { return complaint({flag}, tools::exit_ok); };
  CHECK(contains('\n' + list("--list-models"), "\nlnn: a Lagrangian network\ndelan: "));
  CHECK(contains(list("--list-systems"), "double_pendulum: "));
  CHECK(contains(list("--list-presets"), "seed: "));
  CHECK(contains(list("--version"), "lagrange 0."));
}

TEST_CASE("a run that goes on takes its options from its checkpoint, and few from the flags") {
  const Folder folder;
  const TrainOptions began =
      parse_line("--lr 0.25 --hidden 4 --seed 7 --threads 3 --out elsewhere");
  autodiff::Random random(1);
  const auto model = make_model(began, tools::Subject(began), {});
  nn::Adam adam(model->parameters().size());
  tools::Standing standing;
  folder.file(tools::checkpoint_file,
              tools::to_checkpoint({*model, adam, random, standing, {10, 20}}, to_toml(began)));
  const std::string resume = "--resume " + folder.path.string() + ' ';
  const TrainOptions on = parse_line(resume);
  CHECK(on.learning_rate == 0.25);
  CHECK(on.hidden == std::vector{4});
  CHECK(on.seed == 7);
  CHECK(on.threads == 3);
  CHECK(on.out == folder.path);
  CHECK(on.resume == folder.path);
  CHECK(parse_line(resume + "--threads 2").threads == 2);
  CHECK(parse_line(resume + "--threads 0").threads == tools::all_threads());
  const TrainOptions all =
      parse_line(resume + "--quiet --dry-run --checkpoint-every 5 --stop-after 9");
  CHECK(all.quiet);
  CHECK(all.dry_run);
  CHECK(all.checkpoint_every == 5);
  CHECK(all.stop_after == 9);
  CHECK(contains(complaint(words_of(resume + "--lr 0.1")), "--lr cannot be given with --resume"));
  CHECK(contains(complaint(words_of(resume + "--data x.csv")), "learns from no file"));
}

TEST_CASE("a run that goes on looks for its data beside it, where they were, and where told") {
  const Folder folder;
  const std::string csv = "x,x',x''\n0,1,2\n1,2,3\n2,3,4\n3,4,5\n";
  const std::string data = folder.file("mine.csv", csv);
  fs::create_directory(folder.path / "run");
  const TrainOptions began =
      parse_line("--hidden 4 --data " + data + " --out " + (folder.path / "run").string() +
                 " --target-scale 1 " + "--velocity-scale 1 --kinetic-prior 0 --friction none");
  autodiff::Random random(1);
  const tools::Subject subject(began);
  const auto model = make_model(began, subject, subject.samples);
  nn::Adam adam(model->parameters().size());
  tools::Standing standing;
  folder.file(std::string("run/") + tools::checkpoint_file,
              tools::to_checkpoint({*model, adam, random, standing, {10, 20}, subject.file},
                                   to_toml(began)));
  const std::string resume = "--resume " + (folder.path / "run").string();
  const auto refused = [&](const std::string& more = "") -> std::string {
    try {
      parse_line(resume + more);
    } catch (const tools::IoError& error) {
      return error.what();
    }
    return {};
  };
  const fs::path real = fs::canonical(data);
  CHECK(parse_line(resume).data == real);
  fs::rename(data, folder.path / "other.csv");
  CHECK(contains(refused(), "are not there ('"));
  CHECK(contains(refused(), "mine.csv', '" + data + "')"));
  CHECK(parse_line(resume + " --data " + (folder.path / "other.csv").string()).data ==
        real.parent_path() / "other.csv");
  folder.file("mine.csv", csv + "4,5,6\n");
  CHECK(contains(refused(), "have changed"));
  CHECK(contains(refused(" --data " + data), "the data in '" + data + "' have changed"));
  // The folder as a whole lies elsewhere: its data are found beside the run.
  folder.file("mine.csv", csv);
  fs::create_directory(folder.path / "moved");
  fs::rename(folder.path / "run", folder.path / "moved/run");
  fs::rename(folder.path / "mine.csv", folder.path / "moved/mine.csv");
  CHECK(parse_line("--resume " + (folder.path / "moved/run").string()).data ==
        real.parent_path() / "moved/mine.csv");
}
