// Command lines: what a flag takes, what is said of one that is not, and what --help shows.
#include "tools/app/flags.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "tools/app/options.h"

using tools::Flags;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// How it ends where it does not go on: exit code and text.
struct End {
  int code = -1;
  std::string text;
};

/// Some flags of each kind.
struct Some {
  Flags flags{"./some", "Does something."};
  std::string name = "nobody";
  int count = 3;
  long many = 4;
  double size = 0.1;
  bool round = true, loud = false;
  std::optional<double> scale = 0.25, left;
  std::map<std::string, double> set{{"k", 40}, {"m", 1.5}};
  int done = 0;

  Some() {
    flags.set_version("some 1.2");
    flags.set_footer("The last line.");
    flags.add("--name", name, "Who it is").check(tools::not_empty()).group("People");
    flags.add("--count", count, "How many there are").check(tools::whole(1, 9));
    flags.add("--many", many, "More of them");
    flags
        .add("--size", size,
             "Size of each: from the left end of it to where it ends on the right, "
             "measured along the floor")
        .check(tools::between(-1, 2));
    flags.add("--round", round, "Are they round");
    flags.add("--scale", scale, 0.125, "Scale of all");
    flags.add("--left", left, 0, "What is left");
    flags.add("--set", set, "Names and numbers");
    flags.add_switch("--loud", loud, "With noise").only_on_command_line();
    flags.add_switch(
        "--do", [this] { ++done; }, "Do it");
  }

  End parse(std::vector<const char*> words) {
    words.insert(words.begin(), "some");
    try {
      flags.parse_or_end(static_cast<int>(words.size()), words.data());
    } catch (const tools::EndProgram& end) {
      return {end.code, end.what()};
    }
    return {};
  }
  tools::FlagState state(const std::string& of) const {
    for (const tools::FlagState& one : flags.list())
      if (one.name == of) return one;
    FAIL("no such flag");
    return {};
  }
};

}  // namespace

TEST_CASE("flags of every kind put their values where they belong") {
  Some some;
  CHECK(some.parse({"--name", "me", "--count=7", "--many", "5000000000", "--size", "-0.5",
                    "--round", "false", "--scale", "auto", "--left", "0", "--set", "g=-9.81,m=2",
                    "--loud", "--do"})
            .code == -1);
  CHECK(some.name == "me");
  CHECK(some.count == 7);
  CHECK(some.many == 5'000'000'000);
  CHECK(some.size == -0.5);
  CHECK_FALSE(some.round);
  CHECK_FALSE(some.scale.has_value());
  CHECK(some.left == 0.);
  CHECK(some.set == std::map<std::string, double>{{"g", -9.81}, {"m", 2}});
  CHECK(some.loud);
  CHECK(some.done == 1);

  Some same;
  CHECK(same.parse({}).code == -1);
  CHECK(same.name == "nobody");
  CHECK(same.size == 0.1);
  CHECK(same.scale == 0.25);
  CHECK(same.set.at("k") == 40);
  CHECK(same.done == 0);
}

TEST_CASE("a number is read to the last bit, and from decimal digits alone") {
  Some some;
  CHECK(some.parse({"--size", "0.30000000000000004"}).code == -1);
  CHECK(some.size == 0.1 + 0.2);
  for (const char* wrong : {"0x1", "inf", "nan", "1e999", "1 ", "one", "", "2.1", "-1.1"}) {
    CAPTURE(wrong);
    const End end = Some().parse({"--size", wrong});
    CHECK(end.code == tools::exit_usage);
    CHECK(contains(end.text, "--size"));
    CHECK(contains(end.text, "See ./some --help"));
    if (*wrong != '\0') CHECK(contains(end.text, "is not a number in [-1, 2]"));
  }
  for (const char* wrong : {"0", "10", "07", "1.0", "+1", "1e0"})
    CHECK(contains(Some().parse({"--count", wrong}).text, "is not a whole number in [1, 9]"));
  CHECK(Some().parse({"--count", "1"}).code == -1);
  CHECK(Some().parse({"--count", "9"}).code == -1);
}

TEST_CASE("zero is a whole number, where the range has it") {
  CHECK(tools::whole(0, 5).wrong("0").empty());
  CHECK(tools::whole(0, 5).wrong("5").empty());
  CHECK_FALSE(tools::whole(0, 5).wrong("6").empty());
  CHECK_FALSE(tools::whole(0, 5).wrong("00").empty());
}

TEST_CASE("a number or auto: neither a word nor too small a number, and the message tells both") {
  CHECK(Some().parse({"--scale", "0.125"}).code == -1);
  for (const char* wrong : {"0.12", "much"}) {
    const End end = Some().parse({"--scale", wrong});
    CHECK(end.code == tools::exit_usage);
    CHECK(contains(end.text, "is not a number in [0.125, 1e+30], or auto"));
    CHECK(contains(end.text, "--scale"));
  }
}

TEST_CASE("names with numbers: each name once, with a number that is one") {
  struct Case {
    const char *text, *reason;
  };
  for (const Case& c :
       {Case{"k", "'k' is no name=number"}, Case{"=3", "'=3' is no name=number"}, Case{"k=3,", ""},
        Case{"k=3,,m=1", "'' is no name=number"}, Case{"k=", "'k=': '' is not a number"},
        Case{"k=x", "'k=x': 'x' is not a number"},
        Case{"k=1e31", "is not a number in [-1e+30, 1e+30]"},
        Case{"k=3,m=1,k=4", "'k' is there twice"}, Case{"", "empty text is no name=number"}}) {
    CAPTURE(c.text);
    Some some;
    const End end = some.parse({"--set", c.text});
    CHECK(contains(end.text, c.reason));
    CHECK(end.code == (*c.reason == '\0' ? -1 : tools::exit_usage));
    if (end.code != -1) CHECK(some.set.at("k") == 40);  // as it was
  }
  CHECK(Some().parse({"--set", "k=-1e30,m=1e30"}).code == -1);
}

TEST_CASE("--help and --version end with 0 and show what there is") {
  const End help = Some().parse({"--help"}), version = Some().parse({"--version"});
  CHECK(version.code == 0);
  CHECK(version.text == "some 1.2");
  CHECK(help.code == 0);
  for (const char* part : {"Does something.", "./some", "People:", "--name TEXT", "=nobody",
                           "Who it is", "--count INT:[1, 9]=3", "--size FLOAT:[-1, 2]=0.1",
                           "--round", "{true,false}=true", "--scale TEXT=0.25", "--left TEXT=auto",
                           "--set TEXT=k=40,m=1.5", "--loud", "The last line."})
    CHECK_MESSAGE(contains(help.text, part), part);
  // Descriptions stand in a column of their own, in lines of one width.
  std::istringstream lines(help.text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  CHECK(longest <= 100);
  CHECK(longest > 90);
  CHECK(contains(help.text, "\n  --many INT=4                    More of them\n"));
}

TEST_CASE("a flag's state: what it is, what it was, and whether it was given") {
  Some some;
  CHECK(some.parse({"--size", "1", "--loud"}).code == -1);
  CHECK(some.flags.list().size() == 10);
  CHECK(some.flags.list().front().name == "name");
  const tools::FlagState name = some.state("name"), size = some.state("size");
  CHECK(name.description == "Who it is");
  CHECK(name.group == "People");
  CHECK(name.initial == "nobody");
  CHECK(name.is_text);
  CHECK_FALSE(name.given);
  CHECK(name.configurable);
  CHECK(size.initial == "0.1");
  CHECK_FALSE(size.is_text);
  CHECK(size.given);
  CHECK_FALSE(some.state("loud").configurable);
  CHECK(some.state("loud").given);
  CHECK(some.state("round").initial == "true");
  CHECK_FALSE(some.state("count").is_text);
  CHECK(some.state("scale").is_text);
  CHECK(some.state("left").initial == "auto");
  CHECK(some.state("set").initial == "k=40,m=1.5");
}

TEST_CASE("a flag is set by its name as by the command line, and refuses the same") {
  Some some;
  some.flags.set("size", "0.5");
  some.flags.set("set", "g=1");
  CHECK(some.size == 0.5);
  CHECK(some.set.size() == 1);
  CHECK_THROWS_AS(some.flags.set("size", "3"), std::invalid_argument);
  CHECK_THROWS_AS(some.flags.set("set", "g"), std::invalid_argument);
  CHECK(some.size == 0.5);
}

TEST_CASE("of an unknown flag the one that is meant is told, by its name or what explains it") {
  const Some some;
  CHECK(some.flags.nearest("nmae") == "; the nearest is name (Who it is)");
  CHECK(some.flags.nearest("Count") == "; the nearest is count (How many there are)");
  CHECK(contains(some.flags.nearest("--cuont"), "the nearest is --count ("));
  CHECK(contains(some.flags.nearest("more_of"), "many"));  // More of them
  CHECK(contains(some.flags.nearest("more of"), "many"));
  CHECK(contains(some.flags.nearest("size-of-eahc"), "size"));  // its colon does not count
  CHECK(some.flags.nearest("zzzz").empty());
  // Half of it has to be right, and no less.
  CHECK(contains(some.flags.nearest("loxy"), "loud"));
  CHECK(some.flags.nearest("lxyz").empty());

  const End unknown = Some().parse({"--sice=3"});
  CHECK(unknown.code == tools::exit_usage);
  CHECK(contains(unknown.text, "--sice"));
  CHECK(contains(unknown.text, "; the nearest is --size (Size of each"));
  CHECK(contains(unknown.text, "\nSee ./some --help"));
  const End word = Some().parse({"what"});
  CHECK(word.code == tools::exit_usage);
  CHECK_FALSE(contains(word.text, "nearest"));
}

TEST_CASE("the argument at a place is required where that is said") {
  std::string run;
  Flags flags("./some");
  flags.add("run", run, "A run").required();
  const char* none[] = {"some"};
  const char* one[] = {"some", "runs/x"};
  CHECK_THROWS_AS(flags.parse_or_end(1, none), tools::EndProgram);
  CHECK_NOTHROW(flags.parse_or_end(2, one));
  CHECK(run == "runs/x");
}

TEST_CASE("the shortest text that reads back as the same number") {
  CHECK(tools::shortest(0.1) == "0.1");
  CHECK(tools::shortest(40) == "40");
  CHECK(tools::shortest(-1e30) == "-1e+30");
  CHECK(tools::shortest(0.1 + 0.2) == "0.30000000000000004");
  CHECK(tools::shortest(-2.2250738585072014e-308) == "-2.2250738585072014e-308");
}
