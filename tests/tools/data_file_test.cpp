// Data of one's own: what is read, what is estimated, what is refused.
#include "tools/app/data_file.h"

#include <cmath>
#include <numbers>

#include "autodiff/random.h"
#include "tests/program/program.h"
#include "tools/app/compare_rates.h"

using autodiff::Index;
using autodiff::Random;
using doctest::Approx;
using program::contains;
using program::Folder;
using program::Outcome;
using tools::OwnData;
using tools::parse_data;

namespace fs = std::filesystem;

namespace {

constexpr double pi = std::numbers::pi;
/// Numbers are kept as the engine's, which may be float.
constexpr double digits = sizeof(autodiff::Scalar) == 8 ? 1e-12 : 1e-5;

std::string refusal(const std::string& text) {
  try {
    OwnData data = parse_data(text, "f.csv");
    compare_rates(data, "f.csv");
  } catch (const tools::IoError& error) {
    return error.what();
  }
  return {};
}

/// x = sin t and an angle = 3 t wrapped to (-π, π], over time; with their rates as far as asked.
std::string sine(Index rows, double step, int rates) {
  std::string csv = "t,x,phi:angle";
  if (rates > 0) csv += ",x',phi'";
  if (rates > 1) csv += ",x'',phi''";
  csv += '\n';
  for (Index k = 0; k < rows; ++k) {
    const double t = step * static_cast<double>(k), phi = std::remainder(3 * t, 2 * pi);
    char line[200];
    std::snprintf(line, sizeof line, "%.17g,%.17g,%.17g", t, std::sin(t), phi);
    csv += line;
    std::snprintf(line, sizeof line, ",%.17g,%.17g", std::cos(t), 3.0);
    if (rates > 0) csv += line;
    std::snprintf(line, sizeof line, ",%.17g,%.17g", -std::sin(t), 0.0);
    if (rates > 1) csv += line;
    csv += '\n';
  }
  return csv;
}

}  // namespace

TEST_CASE("states and accelerations are read as they stand, whatever the order of the columns") {
  const OwnData data = parse_data(
      "# measured on a Monday\n\nx'' , theta:angle, x,\"theta''\",theta',x'\r\n"
      "1,2,3,4,5,6\r\n-1e-3, 0.5 ,7,8,9,1e2\n",
      "f.csv");
  CHECK(data.names == std::vector<std::string>{"theta", "x"});
  CHECK(data.angles == std::vector<bool>{true, false});
  CHECK_FALSE(data.found.estimated);
  CHECK(data.found.trajectories == 0);
  autodiff::Matrix states(4, 2), accelerations(2, 2);
  states << 2, 0.5, 3, 7, 5, 9, 6, 100;
  accelerations << 4, 8, 1, autodiff::Scalar(-1e-3);
  CHECK(data.samples.states == states);
  CHECK(data.samples.accelerations == accelerations);
}

TEST_CASE("what is missing over time is estimated, to fourth order in the step") {
  for (const int rates : {0, 1}) {
    CAPTURE(rates);
    double before = 0;
    for (const double step : {0.1, 0.05}) {
      const OwnData data = parse_data(sine(60, step, rates), "f.csv");
      CHECK(data.found.estimated);
      CHECK(data.found.trajectories == 1);
      REQUIRE(data.samples.size() == 60 - 6);  // the ends are neighbours only
      double worst = 0;
      for (Index k = 0; k < data.samples.size(); ++k) {
        const double t = step * static_cast<double>(k + 3);
        worst = std::max({worst, std::abs(data.samples.accelerations(0, k) + std::sin(t)),
                          std::abs(data.samples.states(2, k) - std::cos(t)),
                          // The angle was wrapped: its rate must not notice.
                          std::abs(data.samples.states(3, k) - 3) * 1e-3,
                          std::abs(data.samples.accelerations(1, k)) * 1e-3});
      }
      CHECK(worst < 10 * std::pow(step, 4));
      if (before > 0 && digits < 1e-9) CHECK(before / worst > 10);  // 16 in the limit
      before = worst;
    }
  }
}

TEST_CASE("a trajectory ends where t does not grow, and nothing is estimated across") {
  const std::string one = sine(20, 0.1, 1);
  const std::string again = one.substr(one.find('\n') + 1);
  const OwnData data = parse_data(one + again + again, "f.csv");
  CHECK(data.found.trajectories == 3);
  REQUIRE(data.samples.size() == 3 * 14);
  CHECK(data.samples.accelerations.leftCols(14) == data.samples.accelerations.rightCols(14));
}

namespace {

/// The samples of all files, one after the other.
OwnData read_apart(const std::vector<std::string>& files) {
  OwnData all;
  for (const std::string& file : files) {
    const OwnData one = parse_data(file, "part.csv");
    const Index before = all.samples.size(), now = before + one.samples.size();
    all.samples.states.conservativeResize(one.samples.states.rows(), now);
    all.samples.accelerations.conservativeResize(one.samples.accelerations.rows(), now);
    all.samples.states.rightCols(now - before) = one.samples.states;
    all.samples.accelerations.rightCols(now - before) = one.samples.accelerations;
  }
  return all;
}

std::vector<std::string> lines_of(const std::string& text) { return program::split(text, '\n'); }

/// A header and rows [begin, end).
std::string rows_of(const std::vector<std::string>& lines, std::size_t begin, std::size_t end) {
  std::string text = lines[0] + '\n';
  for (std::size_t k = begin; k < end; ++k) text += lines[k + 1] + '\n';
  return text;
}

/// A pendulum's angle and the place of a cart, over time, from a random start on a clock that shows
/// `from`. With `rates` their rates, too.
std::string trial(Random& random, double from, double step, Index rows, bool rates) {
  const double turn = random.uniform(-3, 3), place = random.uniform(-3, 3),
               pace = random.uniform(1, 4);
  std::string text;
  for (Index k = 0; k < rows; ++k) {
    const double s = step * static_cast<double>(k);
    char line[200];
    std::snprintf(line, sizeof line, "%.17g,%.17g,%.17g", from + s,
                  std::remainder(turn + std::sin(pace * s), 2 * pi), place + s * pace);
    text += line;
    std::snprintf(line, sizeof line, ",%.17g,%.17g", pace * std::cos(pace * s), pace);
    text += rates ? line + std::string("\n") : "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a gap in time cuts a trajectory, and nothing is estimated across") {
  for (const int rates : {0, 1}) {
    const auto lines = lines_of(sine(60, 0.1, rates));
    const std::string first = rows_of(lines, 0, 20), second = rows_of(lines, 30, 60);
    const OwnData joined = parse_data(first + second.substr(second.find('\n') + 1), "f.csv"),
                  apart = read_apart({first, second});
    CHECK(joined.samples.states == apart.samples.states);
    CHECK(joined.samples.accelerations == apart.samples.accelerations);
    CHECK(joined.found.trajectories == 2);
    CHECK(joined.found.rows == 50);
    CHECK(joined.found.used == 50 - 12);
    CHECK(joined.found.time_step == Approx(0.1));
    REQUIRE(joined.found.gaps.size() == 1);
    CHECK(joined.found.gaps[0].line == 22);
    CHECK(joined.found.gaps[0].what == "1.1 s without a row");
    CHECK(joined.found.jumps.empty());
  }
}

TEST_CASE("trajectories of different time steps, uneven ones, and a lost row or two have no gap") {
  const auto lines = lines_of(sine(400, 0.01, 0));
  std::string text = rows_of(lines, 0, 300);
  for (std::size_t k = 0; k < 400; k += 20) text += lines[k + 1] + '\n';  // starts again, slower
  CHECK(parse_data(text, "f.csv").found.gaps.empty());
  Random random(4);
  std::string uneven = lines[0] + '\n';
  for (std::size_t k = 0; k < 400; k += 1 + static_cast<std::size_t>(random.below(3)))
    uneven += lines[k + 1] + '\n';
  const OwnData data = parse_data(uneven, "f.csv");
  CHECK(data.found.trajectories == 1);
  CHECK(data.found.jumps.empty());
}

TEST_CASE("a clock that goes on from trial to trial: a jump ends a trajectory") {
  Random random(5);
  for (const bool rates : {false, true}) {
    const std::string header = rates ? "t,phi:angle,x,phi',x'\n" : "t,phi:angle,x\n";
    std::string joined = header;
    std::vector<std::string> apart;
    for (int k = 0; k < 30; ++k) {
      const std::string rows = trial(random, 0.5 * k, 0.01, 50, rates);
      joined += rows;
      apart.push_back(header + rows);
    }
    const OwnData data = parse_data(joined, "f.csv"), expected = read_apart(apart);
    CHECK(data.found.gaps.empty());
    REQUIRE(data.found.jumps.size() == 29);
    CHECK(data.found.jumps[0].line == 52);
    CHECK(data.found.jumps[28].line == 2 + 29 * 50);
    CHECK(data.found.trajectories == 30);
    CHECK(data.samples.states == expected.samples.states);
    CHECK(data.samples.accelerations == expected.samples.accelerations);
  }
}

TEST_CASE("a single wrong value is cut out, but noise, coarse steps and blows are no jumps") {
  auto lines = lines_of(sine(200, 0.02, 0));
  lines[100] = lines[100].substr(0, lines[100].find(',')) + ",7,0.5";
  const OwnData spike = parse_data(rows_of(lines, 0, 200), "f.csv");
  CHECK(spike.found.jumps.size() == 2);
  CHECK(spike.found.used == 200 - 1 - 12);

  Random random(6);
  std::string noisy = "t,x\n", counted = noisy, bouncing = noisy;
  for (int k = 0; k < 2000; ++k) {
    const double t = 0.01 * k;
    const auto row = [&](double x) { return std::to_string(t) + ',' + std::to_string(x) + '\n'; };
    noisy += row(0.01 * random.normal());
    counted += row(0.25 * std::round(4 * std::sin(0.3 * t)));  // a step every second or so
    bouncing += row(std::abs(std::sin(3 * t)));
  }
  for (const std::string& text : {noisy, counted, bouncing}) {
    const OwnData data = parse_data(text, "f.csv");
    CHECK(data.found.jumps.empty());
    CHECK(data.found.trajectories == 1);
  }
}

TEST_CASE("a column trajectory tells trajectories apart, wherever their rows stand") {
  Random random(7);
  const std::string a = trial(random, 0, 0.01, 20, false), b = trial(random, 0, 0.01, 20, false);
  const OwnData expected = read_apart({"t,phi:angle,x\n" + a, "t,phi:angle,x\n" + b});
  const auto rows_a = lines_of(a), rows_b = lines_of(b);
  std::string after, between;
  for (std::size_t k = 0; k < 20; ++k) {
    after += "the first," + rows_a[k] + '\n';
    between += "7," + rows_a[k] + "\n-1.5," + rows_b[k] + '\n';
  }
  for (std::size_t k = 0; k < 20; ++k) after += "2nd," + rows_b[k] + '\n';
  for (const std::string& text : {after, between}) {
    const OwnData data = parse_data("trajectory,t,phi:angle,x\n" + text, "f.csv");
    CHECK(data.names == std::vector<std::string>{"phi", "x"});
    CHECK(data.found.trajectories == 2);
    CHECK(data.samples.states == expected.samples.states);
    CHECK(data.samples.accelerations == expected.samples.accelerations);
  }
  // The line of what is cut is that in the file.
  auto moved = lines_of(between);
  moved[2 * 15] = "7,3" + moved[2 * 15].substr(moved[2 * 15].find(',', 2));
  std::string text = "trajectory,t,phi:angle,x\n";
  for (const std::string& line : moved) text += line + '\n';
  const OwnData data = parse_data(text, "f.csv");
  REQUIRE(data.found.gaps.size() == 1);
  CHECK(data.found.gaps[0].line == 2 + 2 * 15);
  CHECK(parse_data("trajectory,x,x',x''\na,1,2,3\nb,4,5,6\n", "f.csv").found.trajectories == 2);
}

TEST_CASE("degrees become radians, of the coordinate and its rates alone") {
  const OwnData data = parse_data(
      "t,theta:degrees,x,theta',x',theta'',x''\n0,180,180,90,90,-360,7\n1,-90,1,2,3,4,5\n",
      "f.csv");
  CHECK(data.angles == std::vector<bool>{true, false});
  CHECK(data.names == std::vector<std::string>{"theta", "x"});
  CHECK(data.samples.states(0, 0) == Approx(pi).epsilon(digits));
  CHECK(data.samples.states(1, 0) == 180);
  CHECK(data.samples.states(2, 0) == Approx(pi / 2).epsilon(digits));
  CHECK(data.samples.states(3, 0) == 90);
  CHECK(data.samples.accelerations(0, 0) == Approx(-2 * pi).epsilon(digits));
  CHECK(data.samples.accelerations(1, 0) == 7);

  // Wrapped at ±180, it goes on as an angle does.
  std::string text = "t,theta:degrees\n";
  for (int k = 0; k < 40; ++k)
    text += std::to_string(0.1 * k) + ',' + std::to_string(std::remainder(50.0 * k, 360)) + '\n';
  const OwnData turning = parse_data(text, "f.csv");
  CHECK(turning.found.jumps.empty());
  for (Index k = 0; k < turning.samples.size(); ++k)
    CHECK(turning.samples.states(1, k) == Approx(500 * pi / 180).epsilon(1e-4));
}

TEST_CASE(
    "u:torque is a control as torque:control is, and u a coordinate where it is marked as one") {
  const std::string rows = "0,1,2,3\n1,0,2,5\n2,1,7,6\n";
  const OwnData before = parse_data("x,x',x'',u:torque\n" + rows, "f.csv"),
                behind = parse_data("x,x',x'',torque:control\n" + rows, "f.csv");
  CHECK(before.controls == std::vector<std::string>{"torque"});
  CHECK(before.controls == behind.controls);
  CHECK(before.samples.controls == behind.samples.controls);
  CHECK(before.names == behind.names);
  CHECK(parse_data("x,x',x'',u:control\n" + rows, "f.csv").controls ==
        std::vector<std::string>{"u"});
  const OwnData angle = parse_data("u:angle,u',u'',v:control\n" + rows, "f.csv");
  CHECK(angle.names == std::vector<std::string>{"u"});
  CHECK(angle.angles[0]);
  for (const char* refused : {"u:deg", "u:", "u:x", "u:t", "u':torque", "u:a:b", "v:torque"})
    CHECK_THROWS_AS(parse_data("x,x',x''," + std::string(refused) + '\n' + rows, "f.csv"),
                    tools::IoError);
}

TEST_CASE("every trajectory goes with its own controls, from any sample on") {
  std::string text = "t,x,x',x'',u:push\n";
  for (int k = 0; k < 30; ++k)  // two trajectories, of 10 and 20 rows
    text += std::to_string(k < 10 ? k : k - 10) + ",0,1,2," + std::to_string(100 + k) + '\n';
  const OwnData data = parse_data(text, "f.csv");
  for (const Index first : {0, 4, 10, 25}) {
    CAPTURE(first);
    Index sample = first;
    for (const tools::Measured& one : tools::measured_trajectories(data, first)) {
      REQUIRE(one.controls.cols() == one.motion.y.cols());
      for (Index k = 0; k < one.controls.cols(); ++k) CHECK(one.controls(0, k) == 100 + sample++);
    }
    CHECK(sample == 30);
  }
}

TEST_CASE("a trajectory too short for an estimate is left out, and told") {
  for (const int rates : {0, 1}) {
    const auto lines = lines_of(sine(60, 0.1, rates));
    CHECK_THROWS_WITH_AS(parse_data(rows_of(lines, 0, rates == 0 ? 2 : 1), "f.csv"),
                         doctest::Contains(rates == 0 ? "of its 1 trajectory none has the 3 rows"
                                                      : "of its 1 trajectory none has the 2 rows"),
                         tools::IoError);
    std::string text = rows_of(lines, 0, 20);
    const Index rows = rates == 0 ? 6 : 1, needed = rates == 0 ? 7 : 2;
    for (Index k = 30; k < 30 + rows; ++k) text += lines[static_cast<std::size_t>(k + 1)] + '\n';
    for (std::size_t k = 45; k < 60; ++k) text += lines[k + 1] + '\n';
    const OwnData data = parse_data(text, "f.csv");
    REQUIRE(data.found.left_out.size() == 1);
    CHECK(data.found.left_out[0].line == 22);
    CHECK(data.found.trajectories == 3);
    CHECK(data.found.left_out[0].what ==
          std::to_string(rows) + " of " + std::to_string(needed) + " rows");
    CHECK(contains(tools::to_text(data),
                   "1 trajectory is left out, too short for an estimate: at line 22"));
  }
}

TEST_CASE("what was found is told") {
  const auto lines = lines_of(sine(60, 0.1, 0));
  std::string text = rows_of(lines, 0, 20);
  for (std::size_t k = 30; k < 60; ++k) text += lines[k + 1] + '\n';
  const Folder folder;
  folder.write("mine.csv", text);
  const Outcome run =
      folder.train("--data mine.csv --hidden 4 --batch 4 --steps 5 --velocity-scale 1 --out R");
  REQUIRE(run.code == 0);
  for (const char* part : {"50 rows, 38 used", "2 trajectories, a row every 0.1 s",
                           "x, phi (an angle)", "1 gap in time: at line 22 (1.1 s without a row)"})
    CHECK_MESSAGE(contains(run.out, part), part);
  CHECK_FALSE(contains(run.out, "jump"));
  CHECK(folder.json("R/result.json")["coordinates"] == std::vector<std::string>{"x", "phi"});
  const auto found = folder.json("R/result.json")["data"];
  CHECK(found["rows"] == 50);
  CHECK(found["rows_used"] == 38);
  CHECK(found["trajectories"] == 2);
  CHECK(found["gaps_before_lines"] == std::vector<long>{22});
  CHECK(found["jumps_before_lines"].empty());
  CHECK(found["time_step_s"].get<double>() == Approx(0.1));
  CHECK(found["accelerations_estimated"] == true);
  CHECK(folder.train("--data mine.csv --hidden 4 --batch 4 --steps 5 --quiet --out R").out.empty());

  fs::create_directory(folder.path() / "folder");
  const Outcome of_a_folder = folder.train("--data folder");
  CHECK(of_a_folder.code == 4);
  CHECK(contains(of_a_folder.err, "it is a folder"));
}

TEST_CASE("a name is any text in UTF-8 of letters, digits, blanks and a few signs") {
  const auto with_name = [](const std::string& x) {
    return x + ',' + x + "'," + x + "''\n1,2,3\n4,5,6\n";
  };
  for (const std::string name : {"x", "2nd", "-x", "x_1 a-b.c", "U", "\xC2\xA1", "\xC3\xA9",
                                 "\xE2\x82\xAC", "\xF0\x9D\x9C\x83", "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(name);
    CHECK(parse_data(with_name(name), "f.csv").names == std::vector<std::string>{name});
  }
  for (const std::string name :
       {"\xE0\x80\x81", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xC1\x81", "\x80",
        "\xF5\x80\x80\x80", "\xC3", "\xC3x", "\xE2\x82", "\xE2\x82x", "\xF0\x9D\x9C", "x/y", "x+y",
        "DATE", "1", "-1.5e3"}) {
    CHECK_FALSE(refusal(with_name(name)).empty());
  }
}

TEST_CASE("a step in time of more than five usual ones is a gap, another is none") {
  for (const int lost : {4, 5}) {
    std::string text = "t,x\n";
    for (int k = 0; k < 40; ++k)
      if (k < 20 || k >= 20 + lost) text += std::to_string(k) + ",1\n";
    const OwnData data = parse_data(text, "f.csv");
    CHECK(data.found.gaps.size() == (lost > 4 ? 1 : 0));
    CHECK(data.found.trajectories == (lost > 4 ? 2 : 1));
  }
}

TEST_CASE("a jump is found before any row, of a coordinate, an angle or a velocity") {
  for (const std::string column : {"x", "q:angle", "w:control"})
    for (int row = 1; row < 24; ++row) {
      CAPTURE(column);
      CAPTURE(row);
      const bool velocity = column == "w:control";  // here the rate of an angle that rests
      std::string text = velocity ? "t,q:angle,q'\n" : "t," + column + '\n';
      for (int k = 0; k < 24; ++k) {
        // A whole turn is no jump of an angle, but one of its velocity.
        const double jump = k < row ? 0 : velocity ? 2 * pi : 2;
        const double value = std::sin(0.1 * k) + jump;
        text += std::to_string(0.1 * k) + (velocity ? ",0," : ",") + std::to_string(value) + '\n';
      }
      const OwnData data = parse_data(text, "f.csv");
      REQUIRE(data.found.jumps.size() == 1);
      CHECK(data.found.jumps[0].line == 2 + row);
      CHECK(data.found.trajectories == 2);
      const std::string what = velocity ? "q' by " : column.substr(0, 1) + " by ";
      REQUIRE(data.found.jumps[0].what.starts_with(what));
      CHECK(std::stod(data.found.jumps[0].what.substr(what.size())) ==
            Approx(velocity ? 2 * pi : 2).epsilon(0.05));
      CHECK(contains(data.found.jumps[0].what, " more than around it"));
    }
}

TEST_CASE("a jump is three times as far as rates around it differ") {
  for (const double farther : {0.5, 0.72}) {
    std::string text = "t,x\n";
    double x = 0;
    for (int k = 0; k < 400; ++k) {  // faster and faster, by turns 0.1 more and less
      x += 0.003 * k + (k % 2 == 0 ? 0.1 : -0.1) + (k == 200 ? farther : 0);
      text += std::to_string(k) + ',' + std::to_string(x) + '\n';
    }
    CHECK(parse_data(text, "f.csv").found.jumps.size() == (farther > 0.6 ? 1 : 0));
  }
}

TEST_CASE("measured trajectories have their times, and angles that go on over whole turns") {
  std::string text = "t,x,phi:angle,x',phi',x'',phi''\n";
  for (int k = 0; k < 12; ++k)  // two trajectories, of 5 and 7 rows
    text += std::to_string(k < 5 ? 0.5 * k : 10 + k) + ',' + std::to_string(k) + ',' +
            std::to_string(std::remainder(2. * k, 2 * pi)) + ",1,2,0,0\n";
  const OwnData data = parse_data(text, "f.csv");
  REQUIRE(data.moments.size() == 12);
  CHECK(data.moments[4].t == 2);
  CHECK(data.moments[4].trajectory == 0);
  CHECK(data.moments[5].t == 15);
  CHECK(data.moments[5].trajectory == 1);
  const auto all = tools::measured_trajectories(data, 2);
  REQUIRE(all.size() == 2);
  CHECK(all[0].motion.t == Eigen::Vector3d(1, 1.5, 2));
  CHECK(all[1].motion.t.size() == 7);
  for (const tools::Measured& one : all) {
    const physics::Solution& motion = one.motion;
    CHECK(motion.y.rows() == 4);
    CHECK(motion.t_end == motion.t[motion.t.size() - 1]);
    CHECK(motion.y_end == motion.y.rightCols(1));
    for (Index k = 0; k < motion.t.size(); ++k) {
      CHECK(motion.y(0, k) - motion.y(0, 0) == Approx(static_cast<double>(k)));
      CHECK(motion.y(1, k) - motion.y(1, 0) == Approx(2. * static_cast<double>(k)).epsilon(1e-4));
    }
  }
  CHECK(tools::measured_trajectories(data, 4).size() == 1);  // a single state is no trajectory
  CHECK(tools::measured_trajectories(data, 11).empty());
}

TEST_CASE("what was recorded of a range are whole trajectories, and pieces of those it cuts") {
  std::string text = "trajectory,t,x,x',u:push\n";
  for (int k = 0; k < 40; ++k)
    text += std::to_string(k / 20) + ',' + std::to_string(k) + ',' + std::to_string(2 * k) + ",2," +
            std::to_string(3 * k) + '\n';
  const OwnData data = parse_data(text, "f.csv");
  const Index m = data.fit.neighbours, samples = data.samples.size();
  REQUIRE(samples == 2 * (20 - 2 * m));
  struct Case {
    Index first, last;
    std::vector<std::pair<Index, Index>> rows;  // of the file: of each recording the first and last
  };
  for (const Case& c : {Case{0, samples, {{0, 19}, {20, 39}}}, Case{0, 5, {{0, m + 4}}},
                        Case{5, samples, {{m + 5, 19}, {20, 39}}}, Case{5, 7, {{m + 5, m + 6}}},
                        Case{0, samples / 2, {{0, 19}}}, Case{samples / 2, samples, {{20, 39}}},
                        Case{3, samples / 2 + 2, {{m + 3, 19}, {20, 20 + m + 1}}},
                        Case{1, 3, {{m + 1, m + 2}}}, Case{4, 4, {}}}) {
    CAPTURE(c.first);
    CAPTURE(c.last);
    const auto parts = tools::recordings_of(data, c.first, c.last);
    REQUIRE(parts.size() == c.rows.size());
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const auto [begin, end] = c.rows[p];
      REQUIRE(parts[p].size() == end - begin + 1);
      for (Index k = 0; k < parts[p].size(); ++k) {
        const auto t = static_cast<double>(begin + k);
        CHECK(parts[p].t[k] == t);
        CHECK(parts[p].q(0, k) == 2 * t);
        CHECK(parts[p].v(0, k) == 2);
        CHECK(parts[p].controls(0, k) == 3 * t);
      }
    }
  }
}

TEST_CASE("three places where it was cut are told, of more the first three") {
  for (const int gaps : {2, 3, 4}) {
    std::string text = "t,x,y:angle,u:push,u:pull\n";
    for (int k = 0; k < 20 * (gaps + 1); ++k)
      text += std::to_string(k + 9 * (k / 20)) + ",1,2,3,4\n";
    const OwnData data = parse_data(text, "f.csv");
    const std::string told = tools::to_text(data);
    CHECK(contains(told, std::to_string(20 * (gaps + 1)) + " rows, "));
    CHECK(contains(told, "used (the ends of a trajectory are neighbours only)"));
    CHECK(contains(told, "; coordinates x, y (an angle); controls push, pull\n"));
    const std::string first = "cut at " + std::to_string(gaps) +
                              " gaps in time: at line 22 (10 s without a row), at line 42 (10 s ";
    CHECK(contains(told, first));
    CHECK(contains(told, ", at line 62 (") == (gaps > 2));
    CHECK_FALSE(contains(told, "at line 82"));
    CHECK(contains(told, " and so on\n") == (gaps > 3));
  }
  const std::string all = tools::to_text(parse_data("x,x',x''\n1,2,3\n4,5,6\n", "f.csv"));
  CHECK(all == "  data      2 rows, 2 used; coordinates x\n");
}

TEST_CASE("a file is recognised by its bytes") {
  CHECK(tools::fingerprint("123456789") == "995dc9bbdf1939fa");  // CRC-64/XZ's check value
  const std::string text = sine(20, 0.1, 1);
  CHECK(parse_data(text, "f.csv").fingerprint == tools::fingerprint(text));
  CHECK(parse_data(text + '\n', "f.csv").fingerprint != tools::fingerprint(text));
}

TEST_CASE("accelerations that are there are taken, times or not") {
  const OwnData data = parse_data(sine(5, 0.1, 2), "f.csv");
  CHECK_FALSE(data.found.estimated);
  CHECK(data.samples.size() == 5);
  CHECK(data.samples.accelerations(0, 4) == Approx(-std::sin(0.4)).epsilon(digits));
}

TEST_CASE("a bad file is refused with the line and what is expected") {
  struct Case {
    std::string text, reason;
  };
  const std::vector<Case> cases{
      {"", "empty"},
      {"# nothing\n\n", "empty"},
      {"x,x',x''\n", "no rows"},
      {"x,x',x''\n1,2,3\n1,2\n", "line 3: 2 values, the first line names 3"},
      {"x,x',x''\n1,2,3\n\n1,2,3,4\n", "line 4: 4 values"},
      {"x,x',x''\n1,2,three\n", "line 2: 'three' in the column x''"},
      {"x,x',x''\n1,nan,3\n", "line 2: 'nan' in the column x'"},
      {"x,x',x''\n1,,3\n", "line 2: '' in the column x' is empty"},
      {"x,x',x''\n1,2,1e999\n", "1e999"},
      {"x,x',y''\n1,2,3\n", "y''"},
      {"x,y,x'\n1,2,3\n", "there is a column x', but no y'"},
      {"x,y,y'\n1,2,3\n", "there is a column y', but no x'"},
      {"x,y,x',y',x''\n1,2,3,4,5\n", "there is a column x'', but no y''"},
      {"x,y,z,x',y',z',x'',z''\n1,2,3,4,5,6,7,8\n", "there is a column x'', but no y''"},
      {"x,x',x'',x'''\n1,2,3,4\n", "two rates"},
      {"x,x''\n1,2\n", "without velocities"},
      {"x,x'\n1,2\n", "nor times"},
      {"x,x,x'\n1,2,3\n", "twice"},
      {"x,,x'\n1,2,3\n", "no name"},
      {"t\n1\n", "no coordinate"},
      {"x,x':angle,x''\n1,2,3\n", "only the coordinate is marked"},
      {sine(2, 0.1, 0), "none has the 3 rows"},
      {"t,x\n0,1\n1e-200,0\n2e-200,1\n3e-200,0\n4e-200,1\n5e-200,0\n6e-200,1\n7e-200,0\n",
       "line 5: the rates estimated there are too large"},
      // Names.
      {"t,theta:deg\n1,2\n",
       "line 1: the column 'theta:deg': ':deg' is not known; known are :angle"},
      {"t,theta:rad\n1,2\n", ":degrees"},
      {"t,theta:angle:degrees\n1,2\n", "':angle:degrees' is not known"},
      {"t:angle,theta\n1,2\n", "only the coordinate is marked"},
      {"t,x,trajectory:angle\n1,2,3\n", "only the coordinate is marked"},
      {"t,theta [rad]\n1,2\n", "'theta [rad]': a name has letters"},
      {"t,theta(°)\n1,2\n", "units are not written"},
      {"t,theta\xB4\n1,2\n", "UTF-8"},
      {"t,x,t'\n1,2,3\n", "t has no rates"},
      {"t,theta'\n1,2\n", "theta' belongs to no coordinate: there is no column theta"},
      {"time,x\n1,2\n", "line 1: the column 'time' looks like the time, which is called t"},
      {"T,x\n1,2\n", "which is called t"},
      {"t,x,Trial\n1,2,3\n", "'Trial' looks like a count; what tells trajectories apart is called"},
      {"t,x,x_dot\n1,2,3\n", "'x_dot' looks like a rate, which is called x'"},
      {"t,x,vx,ax\n1,2,3,4\n", "is called x'"},
      {"t,x,ddx\n1,2,3\n", "is called x''"},
      {"t,theta1,omega1\n1,2,3\n", "is called theta1'"},
      {"t,theta,thetaDot\n1,2,3\n", "is called theta'"},
      {"t,theta,theta_dot_dot\n1,2,3\n", "is called theta''"},
      {"t,x,Vx\n1,2,3\n", "is called x'"},
      {"t,x,dxdt\n1,2,3\n", "is called x'"},
      {"t,x,d2x_dt2\n1,2,3\n", "is called x''"},
      {"t,x,x velocity\n1,2,3\n", "is called x'"},
      {"t,arm,velocity\n1,2,3\n", "'velocity' looks like a rate, which is called arm'"},
      {"t,x,v\n1,2,3\n", "'v' looks like a rate, which is called x'"},
      {"t,x,acceleration\n1,2,3\n", "is called x''"},
      {"t,x,yDot\n1,2,3\n", "'yDot' looks like a rate, which is called y'"},
      {"t,\u03b8,\u03c9\n1,2,3\n", "is called \u03b8'"},
      {"t,x,frame_no\n1,2,3\n", "looks like a count"},
      {"t,x,trialId\n1,2,3\n", "looks like a count"},
      {"t,x,sample\n1,2,3\n", "looks like a count"},
      {"t_ms,x\n1,2\n", "looks like the time"},
      {"t,x,Time s\n1,2,3\n", "looks like the time"},
      {"t,x :angle\n1,2\n", "there is no blank"},
      {"t,x\u202e\n1,2\n", "column 2 has a name with characters that cannot be seen"},
      {"t,x\u0085\n1,2\n", "cannot be seen"},
      {"t,x,x:angle\n1,2,3\n", "'x' is there twice"},
      {",x,x',x''\n0,1,2,3\n", "column 1 has no name"},
      {"0,1\n1,2\n", "line 1: '0' is no name: the first line names the columns"},
      {"# t,x\n0,1\n1,2\n", "without the # of a line before"},
      // Numbers.
      {"x,x',x''\n1,2,0x10\n", "line 2: '0x10' in the column x'' is no number"},
      {"x,x',x''\n1,inf,3\n", "'inf' in the column x' is no number"},
      {"x,x',x''\n1,2,1e400\n", "'1e400' in the column x'' is too large"},
      {"x,x',x''\n1,2,-1e200\n", "too large"},
      {"x,x',x''\n1,2,1e\n", "'1e'"},
      {"x,x',x''\n1,2,--3\n", "'--3'"},
      {"x,x',x''\n1,2,1'234\n", "'1'234'"},
      {"x,x',x''\n1,2,\"1,5\"\n", "beside commas it is written 1234.5"},
      {"x;x';x''\n1;2;1.234,5\n", "thousands are not separated"},
      {"x;x';x''\n1;2;3,5\n1;2;3.5\n",
       "'3.5' in the column x'' has a decimal point, line 2 has a comma"},
      {"x;x';x''\n1;2;3\n1;2;3.5\n1;2.5;3\n1;2;3,5\n",
       "line 5: '3,5' in the column x'' has a decimal comma, line 3 has a point"},
      {"t;x\n1;2;3\n", "3 values, the first line names 2 columns (separated by ;)"},
      {"t\tx\n1\n", "(separated by a tab)"},
      {"t x\n1 2 3\n", "(separated by blanks)"},
      {"x,x',x''\n0,1,0,2,0,3\n", "decimal commas need semicolons"},
      {"x,x',x''\n1,2,\x1b[31m\n", "'?[31m'"},
      {"t,x,trajectory\n1,2,\n", "the column trajectory is empty"},
      // Bytes.
      {"\x1F\x8B\x08\x01", "compressed by gzip"},
      {"PK\x03\x04\x14", "save it as CSV"},
      {"\xEF\xBB\xBF\xEF\xBB\xBFx,x',x''\n1,2,3\n", "cannot be seen"},
      {std::string("x,x',x''\n1,2,3\n1,\0,3\n", 21), "line 3: there is a NUL byte"},
      {std::string("t\0,\0x\0\n\0", 8), "UTF-16 without its byte order mark"},
      {"\xFF\xFEt", "UTF-16 that ends within a character"},
      {"x,\"x',x''\n1,2,3\n", "line 1: a quote is opened and not closed"},
      {"x,x',x''\n1,\"2\"3,4\n", "line 2: text behind the closing quote of '2'"},
  };
  for (const Case& bad : cases) {
    const std::string message = refusal(bad.text);
    CAPTURE(bad.text);
    CAPTURE(message);
    CHECK(contains(message, bad.reason));
    CHECK(contains(message, "f.csv"));
  }
}

TEST_CASE("names that are near to others all the same are read as they stand") {
  for (const char* names :
       {"u,v,w", "th,ph", "ts,day", "rodot1,rot2", "a,b", "alpha,omega2", "s1,s2"})
    CHECK_MESSAGE(
        refusal(std::string("t,") + names + "\n1,2,3,4\n").find("looks like") == std::string::npos,
        names);
}

TEST_CASE("thousands of columns are read in no time") {
  std::string header = "t", row = "0";
  for (int k = 0; k < 5000; ++k) {
    header += ",q" + std::to_string(k);
    row += ",1";
  }
  CHECK(contains(refusal(header + ",dq7\n" + row + ",1\n"), "is called q7'"));
}

TEST_CASE("velocities that are not the rates of their coordinates are refused, with the factor") {
  const auto with = [](double of_q, double of_v, double of_t = 1, const char* x = "x") {
    std::string csv = std::string("t,") + x + ",x'\n";
    for (int k = 0; k < 100; ++k) {
      const double t = 0.05 * k;
      csv += std::to_string(of_t * t) + ',' + std::to_string(of_q * std::sin(t)) + ',' +
             std::to_string(of_v * std::cos(t)) + '\n';
    }
    return refusal(csv);
  };
  const std::string words = "the columns x and x' contradict each other: x changes ";
  CHECK(with(1, 1).empty());
  CHECK(with(60, 60, 1, "x:degrees").empty());
  CHECK(contains(with(60, 1.0472, 1, "x:degrees"), words + "57.3"));
  CHECK(contains(with(60, 1.0472, 1, "x:degrees"), "which is marked by :degrees"));
  CHECK(contains(with(1, 57.3), ":degrees"));
  CHECK(contains(with(1, -1), words + "-1 times"));
  CHECK(contains(with(1, -1), "opposite directions"));
  CHECK(contains(with(1, 1, 1000), "t in milliseconds"));
  CHECK(contains(with(1, 0.125), "other units"));
  CHECK(contains(with(1, 0), "x' is 0 everywhere, and x changes"));
}

TEST_CASE("exchanged velocities are refused, and such as tell nothing are doubted") {
  const auto file = [](const auto& vx, const auto& vy) {
    std::string csv = "t,x,y,x',y'\n";
    for (int k = 0; k < 200; ++k) {
      const double t = 0.05 * k;
      for (const double value : {t, std::sin(t), std::cos(2 * t), vx(t), vy(t)})
        csv += std::to_string(value) + ',';
      csv.back() = '\n';
    }
    return csv;
  };
  const auto of_x = [](double t) { return std::cos(t); };
  const auto of_y = [](double t) { return -2 * std::sin(2 * t); };
  CHECK(refusal(file(of_x, of_y)).empty());
  CHECK(contains(refusal(file(of_y, of_x)), "the columns x' and y' are exchanged"));
  OwnData other = parse_data(file([](double t) { return std::cos(5 * t); }, of_y), "f.csv");
  compare_rates(other, "f.csv");
  REQUIRE(other.found.doubts.size() == 1);
  CHECK(contains(other.found.doubts[0], "% of how x changes: is it another quantity"));
  CHECK(contains(tools::to_text(other), other.found.doubts[0]));
}

TEST_CASE("what rests or moves uniformly has no acceleration, and that is told") {
  std::string csv = "t,x,resting,uniform\n";
  for (int k = 0; k < 100; ++k) {
    const double t = 0.05 * k;
    char line[200];
    std::snprintf(line, sizeof line, "%.17g,%.17g,0.1,%.17g\n", t, std::sin(t), 0.1 + 0.3 * t);
    csv += line;
  }
  const OwnData data = parse_data(csv, "f.csv");
  CHECK(data.samples.accelerations.bottomRows(2).isZero(0));
  REQUIRE(data.found.doubts.size() == 2);
  CHECK(contains(tools::to_text(data), "resting has no acceleration anywhere"));
  CHECK(contains(tools::to_text(data), "uniform has no acceleration anywhere"));
}

TEST_CASE("where t does not grow is told with the lines, and rows out of order are refused") {
  std::string twice = "t,x\n", trials = twice, shuffled = twice, backwards = twice, two = twice;
  for (int k = 0; k < 100; ++k) {
    const auto row = [](int number) {
      return std::to_string(0.1 * number) + ',' + std::to_string(std::sin(0.1 * number)) + '\n';
    };
    twice += row(k) + (k == 50 ? row(k) : "");
    trials += row(k % 5);
    two += row(k < 40 ? 60 + k : k - 40);
    shuffled += row(37 * k % 100);
    backwards += row(100 - k);
  }
  const OwnData data = parse_data(twice, "f.csv");
  REQUIRE(data.found.turns.size() == 1);
  CHECK(contains(tools::to_text(data), "cut at 1 place where t does not grow: at line 53 (t = 5"));
  CHECK(parse_data(trials, "f.csv").found.turns.size() == 19);
  CHECK(parse_data(two, "f.csv").found.turns.size() == 1);
  CHECK(contains(refusal(shuffled), "rows out of order. Sort them by t"));
  CHECK(contains(refusal(backwards), "t goes back 99 times, at line 3 first"));
}

TEST_CASE("a mark of the file's end is no row") {
  CHECK(parse_data("x,x',x''\n1,2,3\n2,3,4\n\x1A", "f.csv").found.rows == 2);
}

TEST_CASE("lines that begin with # below the first are counted") {
  const OwnData data =
      parse_data("# one before\nx,x',x''\n1,2,3\n#1,2,3\n  # two\n1,2,4\n1,3,4\n", "f.csv");
  CHECK(data.found.comments == 2);
  CHECK(data.found.rows == 3);
  CHECK(contains(tools::to_text(data), "2 lines that begin with # skipped"));
}

TEST_CASE("a handful of rows in each trajectory is enough, with velocities two") {
  for (const auto& [of_rows, of_rates] :
       {std::pair(3, 0), {4, 0}, {5, 0}, {6, 0}, {2, 1}, {3, 1}}) {
    const int rows = of_rows, rates = of_rates;
    CAPTURE(rows);
    CAPTURE(rates);
    const auto lines = lines_of(sine(20 * rows, 0.1, rates));
    std::string csv = "trajectory," + lines[0] + '\n';
    for (int k = 0; k < 20 * rows; ++k)
      csv += std::to_string(k / rows) + ',' + lines[static_cast<std::size_t>(k + 1)] + '\n';
    const OwnData data = parse_data(csv, "f.csv");
    const Index neighbours = (rows - 1) / 2;
    CHECK(data.samples.size() ==
          20 * (rates > 0 && rows == 2 ? 2 : rows - 2 * std::max<Index>(1, neighbours)));
    for (Index k = 0; k < data.samples.size(); ++k)
      CHECK(std::abs(data.samples.accelerations(0, k) + data.samples.states(0, k)) < 0.06);
  }
}

TEST_CASE("what is estimated from simulated trajectories is what they were simulated with") {
  const Folder folder;
  const std::string flags = "--trajectories 20 --duration 2 --step 0.005 --velocity 2 --out ";
  REQUIRE(folder.simulate(flags + "all.csv").code == 0);
  const OwnData truth = tools::read_data(folder.path() / "all.csv");
  for (const auto& [columns, tolerance] :
       std::vector<std::pair<std::string, double>>{{"coordinates", 1e-2}, {"velocities", 1e-2}}) {
    REQUIRE(folder.simulate(flags + "some.csv --columns " + columns).code == 0);
    const OwnData data = tools::read_data(folder.path() / "some.csv");
    REQUIRE(data.found.trajectories == 20);
    REQUIRE(data.samples.size() == 20 * (401 - 6));
    CHECK(data.found.gaps.empty());
    CHECK(data.found.jumps.empty());
    // The first trajectory's rows, but for three at either end.
    const auto error =
        (data.samples.accelerations.leftCols(395) - truth.samples.accelerations.middleCols(3, 395))
            .cwiseAbs();
    CHECK(error.maxCoeff() < tolerance + 1e6 * digits);
  }
}

TEST_CASE("./train learns a file as well as the same states from memory") {
  const Folder folder;
  // As many states as --source fixed draws, from the same box.
  REQUIRE(folder.simulate("--states 5000 --velocity 5 --seed 1 --out own.csv").code == 0);
  const std::string fit =
      "--model lnn --hidden 16,16 --batch 32 --rollouts 0 --steps 3000 --epochs 20 ";
  REQUIRE(folder.train(fit + "--data own.csv").code == 0);
  REQUIRE(folder
              .train(fit + "--source fixed --trajectories 1125 --velocity 5 "
                           "--velocity-margin 1 --out memory")
              .code == 0);
  const auto own = folder.json("runs/own/result.json"), memory = folder.json("memory/result.json");
  CHECK(own["status"] == "finished");
  CHECK(own["acceleration_l1_each"].size() == 2);
  const double ratio =
      own["acceleration_l1"].get<double>() / memory["acceleration_l1"].get<double>();
  CHECK(ratio < 2);
  CHECK(ratio > 0.5);
  CHECK(memory["acceleration_l1"].get<double>() < 6);  // as they come: some 15 rad/s²
}

TEST_CASE("a system of one coordinate is learnt from its file, and resumed") {
  const Folder folder;
  std::string csv = "x,x',x''\n";
  Random random(2);
  for (int k = 0; k < 2000; ++k) {
    const double x = random.uniform(-1, 1), v = random.uniform(-1, 1);
    csv += std::to_string(x) + ',' + std::to_string(v) + ',' + std::to_string(-4 * x) + '\n';
  }
  folder.write("spring.csv", csv);
  const std::string fit =
      "--data spring.csv --hidden 16,16 --batch 32 --velocity-scale 1 --steps 1120 --quiet ";
  REQUIRE(folder.train(fit).code == 0);
  CHECK(folder.json("runs/spring/result.json")["acceleration_l1"].get<double>() < 0.05);
  CHECK(folder.train(fit + "--stop-after 100 --out part").code == 130);
  CHECK(folder.train("--resume part --quiet").code == 0);
  CHECK(folder.read("part/model.safetensors") == folder.read("runs/spring/model.safetensors"));

  CHECK(folder.train(fit + "--batch 1801").code == 2);
  CHECK(contains(folder.train(fit + "--model hnn").err, "momenta"));
  CHECK(folder.train("--data nowhere.csv").code == 4);

  REQUIRE(folder.evaluate("runs/spring").code == 0);  // its states have no times to roll out
  const auto region = folder.json("runs/spring/evaluation.json")["regions"]["held_out"];
  CHECK(region["acceleration"]["l1"][0].get<double>() < 0.05);
  CHECK_FALSE(region.contains("valid_seconds"));
}
