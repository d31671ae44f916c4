// What ./train makes of its options: which it takes, which it refuses, which it says are idle.
#include "tools/app/options.h"

#include <algorithm>
#include <cmath>

#include "nn/optimisers/schedule.h"
#include "tests/program/program.h"

namespace fs = std::filesystem;
using program::contains;
using program::Folder;
using program::Outcome;
using program::quoted;
using program::split;

namespace {

tools::TrainOptions parse(std::vector<std::string> words) {
  words.insert(words.begin(), "train");
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return tools::parse_train_options(static_cast<int>(arguments.size()), arguments.data());
}

/// What is said of them; empty: they are taken.
std::string complaint(const std::vector<std::string>& words) {
  try {
    parse(words);
  } catch (const tools::EndProgram& end) {
    CHECK(end.code == tools::exit_usage);
    return end.what();
  }
  return {};
}

/// States of a spring, so many rows; it hangs, and so everything accelerates by `more`.
std::string spring(int rows, double more = 0) {
  std::string csv = "x,x',x''\n";
  for (int k = 0; k < rows; ++k) {
    const double x = std::sin(0.7 * k), v = std::cos(1.3 * k);
    csv += std::to_string(x) + ',' + std::to_string(v) + ',' + std::to_string(more - 4 * x) + '\n';
  }
  return csv;
}

const std::string tiny = "--hidden 4 --batch 4 --quiet ";

std::vector<double> column(const Folder& folder, const std::string& run, std::size_t index) {
  const auto rows = split(folder.read(run + "/metrics.csv"), '\n');
  std::vector<double> values;
  for (std::size_t k = 1; k < rows.size(); ++k)
    values.push_back(std::stod(split(rows[k], ',')[index]));
  return values;
}

}  // namespace

TEST_CASE("a whole number stands in plain digits and within its range, for every option of one") {
  for (const std::string option :
       {"--seed", "--threads", "--stop-after", "--trajectories", "--points", "--batch", "--epochs",
        "--steps-per-epoch", "--steps", "--lr-step", "--shard-width", "--rollouts", "--hidden"}) {
    for (const std::string value :
         {"-1", "1e3", "0x10", "010", "1.0", "5x", " 5", "5 ", "", "+-3", "18446744073709551616",
          "99999999999999999999999", "nan", "inf"}) {
      CAPTURE(option);
      CAPTURE(value);
      CHECK(contains(complaint({option, value}), option));
    }
    CHECK(complaint({option, "7"}).empty());
  }
  CHECK(parse({"--seed", "18446744073709551615"}).seed == 18446744073709551615u);
  CHECK(contains(complaint({"--seed", "1e3"}), "in plain digits"));
  for (const std::string widths : {"8,,8", ",8", "8,", "8;8", "8, 8", "0", "8,100001"})
    CHECK(contains(complaint({"--hidden", widths}), widths));
}

TEST_CASE("a real number is a finite decimal one within its range, for every option of one") {
  for (const std::string option :
       {"--checkpoint-every", "--held-out", "--angle", "--velocity", "--velocity-margin",
        "--duration", "--velocity-scale", "--kinetic-prior", "--target-scale", "--lr", "--lr-gamma",
        "--warmup", "--clip"}) {
    for (const std::string value : {"-1", "0x1p3", "nan", "inf", "1e400", "1e-400", "1e300", "fast",
                                    "1,5", "1.5s", "", "1 "}) {
      CAPTURE(option);
      CAPTURE(value);
      CHECK(contains(complaint({option, value}), option));
    }
    CHECK(complaint({option, "5e-1"}).empty());
  }
}

TEST_CASE("a scale that divides is no zero") {
  CHECK(contains(complaint({"--velocity-scale", "0"}), "--velocity-scale"));
  CHECK(contains(complaint({"--target-scale", "0"}), "--target-scale"));
  CHECK(complaint({"--kinetic-prior", "0"}).empty());
  CHECK(complaint({"--target-scale", "auto"}).empty());
}

TEST_CASE("an empty name is refused, not taken for none") {
  for (const std::string option : {"--resume", "--data", "--out", "--config", "--set", "--system"})
    for (const auto& words : {std::vector{option, std::string()}, {option + "="}})
      CHECK(contains(complaint(words), option));
  const Folder folder;
  const Outcome wrong = folder.train("--data \"$UNSET\" --steps 5");
  CHECK(wrong.code == 2);
  CHECK(contains(wrong.err, "--data"));
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
}

TEST_CASE("a config file that is none ends with 2, and says where and what is near") {
  const Folder folder;
  struct Case {
    std::string text;
    std::vector<std::string> reasons;
  };
  for (const Case& bad : std::vector<Case>{
           {"# mine\nlearning-rat=5\n", {"line 2", "'learning-rat'", "lr (Learning rate"}},
           {"batch=4\nlearning_rate = 5\n", {"line 2", "lr"}},
           {"steps_per_epoch=5\n", {"line 1", "steps-per-epoch"}},
           {"hiden = \"8,8\"\n", {"line 1", "hidden"}},
           {"zzzzzzzz = 1\n", {"line 1", "'zzzzzzzz'"}},
           {"t,theta,theta'\n0,1,2\n", {"line 1", "key = value"}},
           {"{\n  \"lr\": 1\n}\n", {"line 1"}},
           {"lr=1\n[model]\nhidden=\"8\"\n", {"line 2", "[model]", "section"}},
           {"lr=0.1\nbatch=4\nlr=0.2\n", {"line 3", "lr", "line 1"}},
           {"lr=fast\n", {"line 1", "--lr", "fast"}},
           {"seed=1e3\n", {"line 1", "--seed", "1e3"}},
           {"model=\"lmm\"\n", {"line 1", "lmm"}},
           {"data=\"\"\n", {"line 1", "--data"}},
           {"quiet=true\n", {"line 1", "command line"}},
           {"resume=\"X\"\n", {"line 1", "command line"}},
           {"config=\"X\"\n", {"line 1", "command line"}},
           {"help=true\n", {"line 1"}},
           {"preset=\"nope\"\n", {"nope"}},
           {std::string("\x89PNG\r\n\x1a\n\0\0", 10), {"line 1"}}}) {
    folder.write("c.toml", bad.text);
    const Outcome refused = folder.train("--config c.toml --out file/x");
    CAPTURE(bad.text);
    CAPTURE(refused.err);
    CHECK(refused.code == 2);
    for (const std::string& reason : bad.reasons) CHECK(contains(refused.err, reason));
    CHECK(std::ranges::none_of(refused.err, [](char c) { return c == '\x1a' || c == '\0'; }));
  }
  CHECK(folder.train("--config .").code == 4);
  CHECK(contains(folder.train("--learning-rate 3").err, "--lr"));
}

TEST_CASE("options without effect are said, and what they say changes nothing") {
  struct Case {
    std::string run, idle, because;
  };
  const Folder folder;
  folder.write("s.csv", spring(64));
  std::string before = "none";  // the run in the folder `without`
  for (const Case& c :
       std::vector<Case>{{"--data s.csv", "--system pendulum", "beside --data"},
                         {"--data s.csv", "--set m1=2", "beside --data"},
                         {"--data s.csv", "--source fixed", "beside --data"},
                         {"--data s.csv", "--angle 2", "beside --data"},
                         {"--data s.csv", "--velocity 2", "beside --data"},
                         {"--data s.csv", "--velocity-margin 2", "beside --data"},
                         {"--data s.csv", "--trajectories 2", "beside --data"},
                         {"--data s.csv", "--points 7", "beside --data"},
                         {"--data s.csv", "--duration 7", "beside --data"},
                         {"--data s.csv", "--rollouts 7", "beside --data"},
                         {"--data s.csv", "--steps-per-epoch 7", "beside --data"},
                         {"--data s.csv", "--epochs 7", "beside --steps"},
                         {"", "--held-out 0.3", "without --data"},
                         {"", "--points 7", "--source fresh"},
                         {"", "--trajectories 7", "--source fresh"},
                         {"", "--steps-per-epoch 7", "beside --steps"},
                         {"--source fixed", "--epochs 7", "beside --steps"},
                         {"--source fixed", "--steps-per-epoch 7", "fixed set"},
                         {"--source trajectories", "--velocity-margin 2", "--source trajectories"},
                         {"--model mlp", "--kinetic-prior 7", "with this --model"},
                         {"--model mlp", "--friction linear", "with this --model"},
                         {"--model delan", "--velocity-scale 7", "with this --model"},
                         {"", "--lr-step 7", "without --schedule step"},
                         {"", "--lr-gamma 0.7", "without --schedule step"},
                         {"--schedule step", "--warmup 0.7", "without --schedule cosine"},
                         {"--schedule constant", "--warmup 0.7", "without --schedule cosine"}}) {
    CAPTURE(c.run);
    CAPTURE(c.idle);
    const std::string run = tiny + "--steps 3 --out ", flag = split(c.idle, ' ')[0];
    const std::string judged = contains(c.run, "--data") ? "" : " --rollouts 0";
    if (c.run != before) REQUIRE(folder.train(run + "without " + c.run + judged).err.empty());
    before = c.run;
    const Outcome with = folder.train(run + "with " + c.run + judged + ' ' + c.idle);
    CHECK(with.code == 0);
    CHECK(contains(with.err, flag + " has no effect"));
    CHECK(contains(with.err, c.because));
    CHECK(folder.read("with/model.safetensors") == folder.read("without/model.safetensors"));
    CHECK_FALSE(contains(folder.read("with/config.toml"), '\n' + flag.substr(2) + '='));
  }
}

TEST_CASE("an option that is said to have an effect has one") {
  const Folder folder;
  struct Case {
    std::string run, a, b;
  };
  for (const Case& c :
       std::vector<Case>{{"", "--velocity-margin 1", "--velocity-margin 2"},
                         {"", "--set m1=1", "--set m1=2"},
                         {"", "--system pendulum", "--system double_pendulum"},
                         {"", "--friction none", "--friction linear"},
                         {"--source fixed", "--velocity-margin 1", "--velocity-margin 2"},
                         {"--source fixed", "--points 3", "--points 4"},
                         {"--source trajectories", "--duration 1", "--duration 2"},
                         {"--model delan", "--kinetic-prior 1", "--kinetic-prior 2"},
                         {"--model hnn", "--velocity-scale 1", "--velocity-scale 2"},
                         {"--model mlp", "--target-scale 1", "--target-scale 2"},
                         {"--schedule step --epochs 5", "--lr-step 1", "--lr-step 2"},
                         {"--schedule step --epochs 9", "--lr-gamma 0.1 --lr-step 1",
                          "--lr-gamma 0.5 --lr-step 1"},
                         {"--schedule onecycle", "--warmup 0.1", "--warmup 0.9"},
                         {"--schedule cosine", "--warmup 0.1", "--warmup 0.9"}}) {
    CAPTURE(c.run);
    CAPTURE(c.a);
    const std::string run = tiny + "--steps 9 --rollouts 0 " + c.run + ' ';
    CHECK(folder.train(run + c.a + " --out a").err.empty());
    CHECK(folder.train(run + c.b + " --out b").err.empty());
    CHECK(folder.read("a/model.safetensors") != folder.read("b/model.safetensors"));
  }
}

TEST_CASE("a config file of another kind of run says what of it is idle, and flags go over it") {
  const Folder folder;
  folder.write("c.toml", "set = \"g=3\"\nangle = 0\nlr=0.5\nhidden=[4, 4]\nbatch=4\nsteps=2\n");
  folder.write("s.csv", spring(64));
  const Outcome run = folder.train("--config c.toml --lr 0.25 --data s.csv --quiet --out X");
  CHECK(run.code == 0);
  CHECK(contains(run.err, "--set has no effect"));
  CHECK_FALSE(contains(run.err, "--angle"));  // as it is anyway
  CHECK(contains(folder.read("X/config.toml"), "\nlr=0.25\n"));
  CHECK(contains(folder.read("X/config.toml"), "\nhidden=\"4,4\"\n"));
  const Outcome again = folder.train("--config X/config.toml --quiet --out Y");
  CHECK(again.code == 0);
  CHECK(again.err.empty());
  CHECK(folder.read("X/model.safetensors") == folder.read("Y/model.safetensors"));
}

TEST_CASE("every text of an option comes back from config.toml") {
  const Folder folder;
  const std::string file = (folder.path() / "config.toml").string();
  for (const std::string name :
       {"run #1", "a \"b\" 'c'", "two\nlines", "  leading", "back\\slash\\n", "\xff\xfe", "[x]",
        "x=y", "--out", "caf\xc3\xa9", "true", "1e3"}) {
    const tools::TrainOptions options = parse({"--out=" + name, "--data=/" + name});
    std::ofstream(file, std::ios::binary) << tools::to_toml(options);
    const tools::TrainOptions again = parse({"--config", file});
    CAPTURE(name);
    CHECK(again.out == name);
    CHECK(again.data == "/" + name);
    CHECK(tools::to_toml(again) == tools::to_toml(options));
  }
}

TEST_CASE("--steps is how many steps are trained, whatever they are drawn from") {
  const Folder folder;
  folder.write("s.csv", spring(23));  // 20 of them to learn from: 5 batches
  for (const std::string source :
       {"--epochs 3 --rollouts 0", "--source fixed --trajectories 5 --rollouts 0",
        "--source trajectories --duration 0.5 --trajectories 5 --rollouts 0",
        "--data s.csv --held-out 0.1 --validation 0"})
    for (const int steps : {1, 2, 5, 7, 20}) {
      const std::string run = tiny + source + " --lr 1e-2 --steps " + std::to_string(steps);
      CAPTURE(run);
      REQUIRE(folder.train(run + " --out X").code == 0);
      CHECK(folder.json("X/result.json")["train_steps"] == steps);
      const auto epochs = column(folder, "X", 0), rates = column(folder, "X", 2);
      const int per_epoch = contains(source, "--epochs") ? (steps + 2) / 3 : 5;
      CHECK(epochs.size() == static_cast<std::size_t>((steps + per_epoch - 1) / per_epoch));
      CHECK(epochs.back() == static_cast<double>(epochs.size()));
      const long warmup = std::lround(0.02 * steps);  // the schedule ends where the steps do
      CHECK(rates.back() == doctest::Approx(nn::WarmupCosine{1e-2, warmup, steps}.rate(steps - 1)));

      if (steps < 2) continue;  // stopped, and its last epoch judged as one
      CHECK(folder.train(run + " --out Y --stop-after " + std::to_string(steps - 1)).code == 130);
      CHECK(folder.train("--resume Y --quiet").code == 0);
      CHECK(folder.read("X/model.safetensors") == folder.read("Y/model.safetensors"));
      CHECK(folder.train("--resume Y --quiet").code == 0);  // only judges
      CHECK(program::metrics_without_time(folder.read("X/metrics.csv")) ==
            program::metrics_without_time(folder.read("Y/metrics.csv")));
    }
}

TEST_CASE("--epochs of a file are how often it is gone through, and without it the file decides") {
  const Folder folder;
  folder.write("s.csv", spring(23));
  REQUIRE(folder.train(tiny + "--data s.csv --validation 0 --epochs 3 --out X").code == 0);
  CHECK(folder.json("X/result.json")["train_steps"] == 15);
  CHECK(parse({"--data", (folder.path() / "s.csv").string()}).steps == tools::steps_by_data);
}

TEST_CASE(
    "the more coordinates a system has, the fewer steps and roll-outs, and states of a ring") {
  const auto of = [](const std::string& system, const std::string& parameters) {
    return parse({"--system", system, "--set", parameters});
  };
  const tools::TrainOptions few = of("wave", "n=8"), many = of("wave", "n=32"),
                            most = of("wave", "n=128");
  CHECK(few.batch == 32);  // 256 sites
  CHECK(many.batch == 8);
  CHECK(most.batch == 4);  // at least
  CHECK(few.steps > many.steps);
  CHECK(few.rollouts == 500);
  CHECK(many.rollouts == 125);
  CHECK(parse({"--system", "wave", "--set", "n=32", "--batch", "77"}).batch == 77);
}

TEST_CASE("the rate warms up from the first step, in as many steps as --warmup says") {
  const Folder folder;
  const std::string run =
      tiny + "--steps 10 --epochs 10 --rollouts 0 --lr 1e-3 --warmup 0.5 --out X ";
  REQUIRE(folder.train(run + "--schedule cosine").code == 0);
  const auto cosine = column(folder, "X", 2);
  for (std::size_t k = 0; k < 5; ++k)
    CHECK(cosine[k] == doctest::Approx(1e-3 * static_cast<double>(k + 1) / 5));
  for (std::size_t k = 6; k < 10; ++k) CHECK(cosine[k] < cosine[k - 1]);
  REQUIRE(folder.train(run + "--schedule onecycle").code == 0);
  const auto onecycle = column(folder, "X", 2);
  CHECK(onecycle[0] == doctest::Approx(1e-3 / 25));
  CHECK(onecycle[4] == doctest::Approx(1e-3));
  CHECK(onecycle[9] < 1e-6);
}

TEST_CASE("a fixed set is shuffled: a batch is not what lies together") {
  // The first half of the file stands still, the second accelerates by 100.
  std::string csv = "x,x',x''\n";
  for (int k = 0; k < 72; ++k) csv += "0,0," + std::string(k < 32 ? "0" : "100") + '\n';
  const Folder folder;
  folder.write("halves.csv", csv);
  REQUIRE(folder
              .train("--data halves.csv --held-out 0.1 --model mlp --hidden 4 --batch 32 --steps 1 "
                     "--target-scale 1 "
                     "--quiet --out X")
              .code == 0);
  const double loss = folder.json("X/result.json")["train_loss"];
  CHECK(loss > 20);  // 0 or 100, were they not
  CHECK(loss < 80);
}

TEST_CASE("what predicts worse than a constant is called that, what has learnt is not") {
  const Folder folder;
  folder.write("s.csv", spring(400));
  const std::string run = "--hidden 16,16 --batch 16 --velocity-scale 1 --out X ";
  folder.write("far.csv", spring(400, 100));
  const Outcome poor = folder.train(run + "--data far.csv --steps 1 --lr 0");
  CHECK(poor.code == 0);
  CHECK(contains(poor.out, "worse than a constant prediction: x"));
  auto result = folder.json("X/result.json");
  CHECK(result["worse_than_constant"] == nlohmann::json{"x"});
  CHECK(result["acceleration_l1_relative"][0] > 1);

  const Outcome good = folder.train(run + "--data s.csv --steps 1500");
  CHECK_FALSE(contains(good.out, "worse than"));
  result = folder.json("X/result.json");
  CHECK(result["worse_than_constant"].empty());
  CHECK(result["acceleration_l1_relative"][0] < 0.2);
  CHECK(result["acceleration_mse_relative"][0] < 0.1);

  const Outcome pendulum =
      folder.train("--model mlp --hidden 4 --steps 1 --lr 0 --rollouts 0 --out X");
  CHECK(contains(pendulum.out, "worse than a constant prediction"));
  CHECK_FALSE(folder.json("X/result.json")["worse_than_constant"].empty());
}

TEST_CASE("names that lead nowhere end with 4 and the reason, for every option of a file") {
  const Folder folder;
  fs::create_symlink("loop", folder.path() / "loop");
  const std::string endless(300, 'n');
  for (const std::string& name :
       {std::string("loop"), std::string("loop/x"), endless, std::string("file/x")})
    for (const char* option : {"--data ", "--config ", "--resume ", "--out "}) {
      CAPTURE(name);
      CAPTURE(option);
      if (option == std::string("--out ") && name == "loop") continue;  // see below
      const Outcome refused = folder.train("--hidden 4 --steps 1 --quiet " + (option + name));
      CAPTURE(refused.err);
      CHECK(refused.code == 4);
      CHECK(contains(refused.err, name));
      CHECK_FALSE(contains(refused.err, "filesystem error"));
    }
  for (const std::string& name : {std::string("loop/x"), endless})
    CHECK(folder.evaluate(name).code == 4);
}

TEST_CASE("a file of any name is learnt from, and its run resumed from anywhere") {
  const Folder folder;
  for (const std::string name :
       {"run #1.csv", "a \"b\" 'c'.csv", "two\nlines.csv", "  leading.csv", "back\\slash\\n.csv",
        "\xff\xfe.csv", "[x].csv", "[x]", "x=y.csv", "caf\xc3\xa9.csv", "$(touch executed).csv",
        "`touch executed`.csv", "; touch executed #.csv", "-.csv"}) {
    CAPTURE(name);
    fs::remove_all(folder.path() / "project");
    fs::create_directories(folder.path() / "project/data");
    folder.write("project/data/" + name, spring(64));
    const std::string train = "'" TRAIN_PROGRAM "' ";
    REQUIRE(folder
                .run("cd project && " + train + tiny +
                     "--steps 20 --stop-after 7 --data=" + quoted("data/" + name))
                .code == 130);
    const fs::path run = "runs" / fs::path(name).stem();
    CHECK(folder.train("--quiet --stop-after 7 --resume=" + quoted("project" / run)).code == 130);
    fs::rename(folder.path() / "project", folder.path() / "moved");
    const Outcome last =
        folder.run("cd moved/runs && " + train + "--quiet --resume=" + quoted("../" / run));
    CAPTURE(last.err);
    CHECK(last.code == 0);
    CHECK(folder.json("moved" / run / "result.json")["train_steps"] == 20);
    fs::rename(folder.path() / "moved", folder.path() / "project");
    CHECK_FALSE(fs::exists(folder.path() / "executed"));
  }
}
