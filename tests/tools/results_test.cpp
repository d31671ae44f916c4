// Results of published experiments: read again as they were written, and shown beside theirs.
#include "tools/protocols/results.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/program/program.h"
#include "tools/app/program.h"

using program::contains;
using protocols::Protocol;
using protocols::Result;
using protocols::Results;

namespace {

const std::string header = "protocol,model,seed,seconds,values,floors\n";

Protocol some_protocol() {
  return {.name = "some",
          .what = "a thing",
          .source = "somebody 2020",
          .metrics = {"error", "other error"},
          .floor_is = "the noise",
          .chosen = "what was open",
          .published = {{"told", true, {0.5, std::nan("")}}, {"untold", false, {0.25, 8}}},
          .models = {{"embedded", true}, {"delan"}, {"lnn"}},
          .data = "rows of something",
          .run = {}};
}

Result result(const std::string& model, std::uint64_t seed, double seconds,
              const std::vector<double>& values, const std::vector<double>& floor = {}) {
  return {"some", model, seed, seconds, {values, floor}};
}

/// The line of a text that begins so, blanks aside.
std::string line(const std::string& text, const std::string& begin) {
  for (const std::string& one : program::split(text, '\n'))
    if (const std::size_t at = one.find_first_not_of(' ');
        at != one.npos && one.compare(at, begin.size(), begin) == 0)
      return one;
  return {};
}

}  // namespace

TEST_CASE("a result that is read again has all that was written, digit by digit") {
  const program::Folder folder;
  const std::string file = folder.path() / "deep/er/results.csv";
  {
    Results results(file);
    results.prepare();
    CHECK(folder.read("deep/er/results.csv") == header);
    results.add(result("lnn", 4'000'000'000, 12.25, {0.1, 1. / 3}, {1e-300, 2}));
    results.prepare();  // once more: nothing changes
  }
  const auto again = Results(file).find(some_protocol(), {"lnn"}, 4'000'000'000);
  REQUIRE(again);
  CHECK(again->protocol == "some");
  CHECK(again->model == "lnn");
  CHECK(again->seed == 4'000'000'000);
  CHECK(again->seconds == 12.25);
  CHECK(again->outcome.values == std::vector{0.1, 1. / 3});
  CHECK(again->outcome.floor == std::vector{1e-300, 2.});
}

TEST_CASE(
    "results of another model, experiment or number of metrics do not count, and seeds are in "
    "order") {
  const program::Folder folder;
  folder.write("results.csv", header +
                                  "some,lnn,9,1,9 9,\nsome,lnn,3,1,3 3,\nsome,delan,1,1,1 1,\n"
                                  "other,lnn,2,1,2 2,\nsome,lnn,4,1,4,\nsome,lnn,9,1,8 8,\n");
  const Results results(folder.path() / "results.csv");
  const std::vector<Result> found = results.of(some_protocol(), {"lnn"});
  REQUIRE(found.size() == 2);
  CHECK(found[0].seed == 3);
  CHECK(found[1].seed == 9);
  CHECK(found[1].outcome.values[0] == 8);
  CHECK_FALSE(results.find(some_protocol(), {"lnn"}, 4));
}

TEST_CASE("results that cannot be written are told, before and after") {
  const program::Folder folder;
  Results below_file(folder.path() / "file/results.csv");
  CHECK_THROWS_AS(below_file.prepare(), tools::IoError);
  CHECK_THROWS_AS(below_file.add(result("lnn", 0, 1, {1, 1})), tools::IoError);
  Results here(folder.path());
  CHECK_THROWS_WITH_AS(here.prepare(), doctest::Contains("is a folder"), tools::IoError);
  folder.write("bad.csv", "something else\n");
  CHECK_THROWS_WITH_AS(Results(folder.path() / "bad.csv"),
                       doctest::Contains("it begins with 'something else'"), tools::IoError);
  folder.write("bad.csv", header + "some,lnn,1,2,3,4,5\n");
  CHECK_THROWS_WITH_AS(Results(folder.path() / "bad.csv"),
                       doctest::Contains("a line is 'some,lnn,1,2,3,4,5'"), tools::IoError);
  folder.write("empty.csv", "");
  Results empty(folder.path() / "empty.csv");
  empty.prepare();
  CHECK(folder.read("empty.csv") == header);
}

TEST_CASE("a report tells of the experiment, and of each model how it did") {
  const program::Folder folder;
  Results results(folder.path() / "results.csv");
  results.prepare();
  const Protocol p = some_protocol();
  for (const std::string told :
       {"some: a thing", "somebody 2020", "--data: rows of something", "Chosen: what was open"})
    CHECK(contains(protocols::report(p, results), told));
  results.add(result("embedded", 0, 3, {0.125, 4}, {0.01, 0.02}));
  for (const std::uint64_t seed : {0, 1, 2})
    results.add(result("lnn", seed, 10. * static_cast<double>(seed),
                       {std::pow(4., static_cast<double>(seed)), 16}, {0.01}));
  const std::string report = protocols::report(p, results);
  const std::string first = report.substr(report.find("\n  error"),
                                          report.find("\n  other") - report.find("\n  error")),
                    second = report.substr(report.find("\n  other"));
  CHECK(contains(line(first, "told"), "0.5"));
  CHECK(contains(line(first, "told"), "published, told the kinematics"));
  CHECK(contains(line(first, "untold"), "0.25"));
  CHECK_FALSE(contains(line(first, "untold"), "kinematics"));
  // Who is told more is held against all; who is not, against those who are not.
  CHECK(contains(line(first, "embedded, told"), "0.12 "));
  CHECK(contains(line(first, "embedded, told"), "1 seed, 3 s each, 2 times better than untold"));
  CHECK(line(first, "delan").empty());
  CHECK(contains(line(first, "lnn"), "4 (1 to 16)"));
  CHECK(contains(line(first, "lnn"), "3 seeds, 10 s each, 0.062 times better than untold"));
  CHECK(contains(line(first, "floor"), "0.01"));
  CHECK(contains(line(first, "floor"), "the noise"));
  CHECK(line(second, "told").empty());
  CHECK(contains(line(second, "lnn"), "16 (16 to 16)"));
  CHECK(line(second, "floor").empty());  // the last model's results have none
}

TEST_CASE("the table has a row for each metric with results, and the ratio is that of our best") {
  const program::Folder folder;
  Results results(folder.path() / "results.csv");
  results.prepare();
  Protocol p = some_protocol(), other = some_protocol();
  other.name = "other";
  results.add(result("delan", 0, 1, {0.05, 2}));
  results.add(result("lnn", 0, 1, {0.125, 1}, {0.01, 0.03}));
  const std::vector<std::string> rows = program::split(protocols::table({p, other}, results), '\n');
  REQUIRE(rows.size() == 4);
  CHECK(std::ranges::count(rows[0], '|') == 9);
  CHECK(std::ranges::count(rows[1], '|') == 9);
  CHECK(rows[2] == "| `some` error | - | - | - | 0.25 untold | 0.05 delan; 0.12 lnn | 5 | 0.01 |");
  CHECK(rows[3] == "| `some` other error | - | - | - | 8 untold | 2 delan; 1 lnn | 8 | 0.03 |");
}
