// Files that are whole or not there, and the folder of a run.
#include "tools/app/run_folder.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "tests/program/program.h"

namespace fs = std::filesystem;
using program::contains;
using program::Folder;

namespace {

/// What an IoError says; empty: there is none.
template <class Action>
std::string complaint(const Action& action) {
  try {
    action();
  } catch (const tools::IoError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a file is read as it was written, and what is wrong with it is told") {
  const Folder folder;
  std::string bytes;
  for (unsigned k = 0; k < 300'000; ++k) bytes += static_cast<char>(k * k);
  tools::write_file(folder.path() / "a", "longer than what follows it" + bytes);
  tools::write_file(folder.path() / "a", bytes);
  CHECK(tools::read_file(folder.path() / "a") == bytes);
  tools::write_file(folder.path() / "a", "");
  CHECK(tools::read_file(folder.path() / "a").empty());

  const auto reading = [&](const std::string& name) {
    return complaint([&] { tools::read_file(folder.path() / name); });
  };
  CHECK(contains(reading("none"), "cannot read '" + (folder.path() / "none").string() +
                                      "': No such file or directory"));
  CHECK(contains(reading("."), "Is a directory"));
  CHECK(contains(reading("file/a"), "Not a directory"));
  const auto writing = [&](const std::string& name) {
    return complaint([&] { tools::write_file(folder.path() / name, "x"); });
  };
  CHECK(contains(writing("none/a"), "cannot write '" + (folder.path() / "none/a").string() +
                                        "': No such file or directory"));
  fs::create_directories(folder.path() / "b/c");
  CHECK(contains(writing("b"), "Is a directory"));
}

TEST_CASE("a descriptor knows whether its name still means its file, and closes once") {
  const Folder folder;
  const fs::path path = folder.path() / "a";
  tools::Descriptor none;
  CHECK_FALSE(none.good());
  CHECK(none.close());
  tools::Descriptor file(path, O_RDWR | O_CREAT);
  REQUIRE(file.good());
  CHECK(file.write("123"));
  CHECK(file.sync());
  CHECK(file.is(path));
  CHECK_FALSE(file.is(folder.path() / "file"));
  CHECK_FALSE(file.is(folder.path() / "none"));
  const int number = file.number();
  tools::Descriptor other(path, O_RDONLY);
  CHECK(other.is(path));
  const int freed = other.number();
  CHECK_FALSE(other.write("4"));
  other = std::move(file);
  CHECK(other.number() == number);
  CHECK(fcntl(freed, F_GETFD) == -1);  // what it had before is closed
  fs::remove(path);
  folder.write("a", "123");
  CHECK_FALSE(other.is(path));
  CHECK(other.close());
  CHECK_FALSE(other.good());
  CHECK(fcntl(number, F_GETFD) == -1);
  CHECK_FALSE(tools::Descriptor(folder.path() / "none", O_RDONLY).good());
}

TEST_CASE("a new run deletes the files of the one before, half-written ones too, and no others") {
  const Folder folder;
  fs::create_directories(folder.path() / "X/figures");
  for (const std::string name :
       {"checkpoint.safetensors", "model.safetensors", "result.json", "evaluation.json",
        "held_out.csv", "figures/paths.png", "metrics.csv", "config.toml"})
    for (const std::string end : {"", ".tmp"}) folder.write("X/" + name + end, "old");
  folder.write("X/mine", "mine");
  {
    tools::RunFolder run(folder.path() / "X");
    CHECK(fs::exists(folder.path() / "X/lock"));
    CHECK(folder.read("X/config.toml") == "old");  // nothing changes yet
    run.begin("seed=1\n");
    CHECK(run.path() == folder.path() / "X");
    CHECK(folder.read("X/config.toml") == "seed=1\n");
    CHECK(folder.read("X/metrics.csv") == tools::metrics_header);
  }
  std::vector<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path() / "X"))
    left.push_back(entry.path().filename());
  std::sort(left.begin(), left.end());
  CHECK(left == std::vector<std::string>{"config.toml", "metrics.csv", "mine"});

  fs::create_directories(folder.path() / "X/result.json");
  CHECK(contains(complaint([&] { tools::RunFolder(folder.path() / "X").begin(""); }),
                 "cannot delete '" + (folder.path() / "X/result.json").string()));
  CHECK(contains(complaint([&] { tools::RunFolder(folder.path() / "file/X"); }),
                 "cannot make the folder"));
}

TEST_CASE("a run that goes on keeps its options and the rows of its epochs, each once") {
  const Folder folder;
  fs::create_directories(folder.path() / "X");
  folder.write("X/checkpoint.safetensors", "saved");
  folder.write("X/config.toml", "seed=1\n");
  const std::string header = tools::metrics_header;
  folder.write("X/metrics.csv", header + "1,a,,,\n1,b,,,\n2,short\n2,c,,,\n3,d,,,\n4,cut");
  tools::RunFolder run(folder.path() / "X");
  run.begin("seed=2\n", 2);
  CHECK(folder.read("X/metrics.csv") == header + "1,a,,,\n2,c,,,\n");
  CHECK(folder.read("X/config.toml") == "seed=1\n");
  CHECK(folder.read("X/checkpoint.safetensors") == "saved");
  run.add_metrics("3,e,,,");
  run.add_metrics("4,f,,,");
  CHECK(folder.read("X/metrics.csv") == header + "1,a,,,\n2,c,,,\n3,e,,,\n4,f,,,\n");
  run.empty_metrics();
  CHECK(folder.read("X/metrics.csv") == header);
  run.add_metrics("1,g,,,");
  CHECK(folder.read("X/metrics.csv") == header + "1,g,,,\n");
}

TEST_CASE("a folder that goes while its run writes is made again with all rows and other files") {
  const Folder folder;
  tools::RunFolder run(folder.path() / "deep/X");
  run.begin("seed=1\n");
  int refilled = 0;
  std::string rows = tools::metrics_header;
  for (int k = 1; k <= 3000; ++k) {  // more than is read at once
    const std::string row = std::to_string(k) + ",0.12345678901234567890,,,";
    rows += row + '\n';
    run.add_metrics(row);
  }
  run.refill_by([&] {
    ++refilled;
    run.write("refilled", "x");
  });
  run.write("a", "1");
  CHECK(refilled == 0);
  fs::remove_all(folder.path() / "deep");
  run.write("a", "2");
  CHECK(refilled == 1);
  CHECK(folder.read("deep/X/a") == "2");
  CHECK(folder.read("deep/X/refilled") == "x");
  CHECK(folder.read("deep/X/config.toml") == "seed=1\n");
  CHECK(folder.read("deep/X/metrics.csv") == rows);
  CHECK(fs::exists(folder.path() / "deep/X/lock"));
  run.add_metrics("3001,1,,,");
  CHECK(refilled == 1);
  CHECK(folder.read("deep/X/metrics.csv") == rows + "3001,1,,,\n");
  // Of the rows alone, too.
  fs::remove(folder.path() / "deep/X/metrics.csv");
  run.add_metrics("3002,1,,,");
  CHECK(refilled == 2);
  CHECK(folder.read("deep/X/metrics.csv") == rows + "3001,1,,,\n3002,1,,,\n");
  // What fails although the folder is there is told.
  CHECK(contains(complaint([&] { run.write("none/a", "1"); }), "cannot write"));
  CHECK(refilled == 2);
}

TEST_CASE("where a folder cannot be made again the run goes on beside, under the same name") {
  const Folder folder;
  const fs::path here = fs::current_path();
  fs::create_directories(folder.path() / "work");
  fs::current_path(folder.path() / "work");
  std::string content;
  fs::path elsewhere;
  {
    tools::RunFolder run(folder.path() / "deep/X");
    run.begin("seed=1\n");
    run.add_metrics("1,1,,,");
    fs::remove_all(folder.path() / "deep");
    folder.write("deep", "no folder");
    run.add_metrics("2,1,,,");
    elsewhere = run.path();
    run.write("a", "1");
    content = tools::read_file(run.path() / "metrics.csv");
    CHECK(fs::exists(run.path() / "lock"));
  }
  fs::current_path(here);
  CHECK(fs::canonical(elsewhere.parent_path()) == fs::canonical(folder.path() / "work"));
  CHECK(elsewhere.filename().string().starts_with("X-"));
  CHECK(content == std::string(tools::metrics_header) + "1,1,,,\n2,1,,,\n");
  CHECK(tools::read_file(elsewhere / "a") == "1");
  CHECK(tools::read_file(elsewhere / "config.toml") == "seed=1\n");
  CHECK_FALSE(fs::exists(elsewhere / "lock"));
}
