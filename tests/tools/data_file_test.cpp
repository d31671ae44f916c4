// Data of one's own: what is read, what is estimated, what is refused; and tools/simulate.
#include "tools/data_file.h"

#include <cmath>
#include <numbers>

#include "autodiff/random.h"
#include "physics/double_pendulum.h"
#include "tests/program/program.h"

using autodiff::Index;
using autodiff::Random;
using doctest::Approx;
using program::contains;
using program::Folder;
using program::Outcome;
using tools::OwnData;
using tools::parse_data;

namespace {

constexpr double pi = std::numbers::pi;
/// Numbers are kept as the engine's, which may be float.
constexpr double digits = sizeof(autodiff::Scalar) == 8 ? 1e-12 : 1e-5;

std::string refusal(const std::string& text) {
  try {
    parse_data(text, "f.csv");
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
  CHECK_FALSE(data.estimated);
  CHECK(data.trajectories == 0);
  autodiff::Matrix states(4, 2), accelerations(2, 2);
  states << 2, 0.5, 3, 7, 5, 9, 6, 100;
  accelerations << 4, 8, 1, autodiff::Scalar(-1e-3);
  CHECK(data.samples.states == states);
  CHECK(data.samples.accelerations == accelerations);
}

TEST_CASE("derivatives of a polynomial of degree 4 are exact, of any times") {
  Random random(1);
  for (int round = 0; round < 50; ++round) {
    const Index count = 5 + random.below(6);
    const double scale = std::pow(10, random.uniform(-4, 4));
    Eigen::VectorXd times(count);
    for (Index k = 0; k < count; ++k)
      times[k] = scale * (static_cast<double>(k - 2) + random.uniform(-0.3, 0.3));
    const Eigen::Matrix<double, 5, 1> c = random.normal_matrix(5, 1).cast<double>();
    Eigen::MatrixXd y(count, 1);
    for (Index k = 0; k < count; ++k) {
      const double s = times[k] / scale;
      y(k, 0) = c[0] + s * (c[1] + s * (c[2] + s * (c[3] + s * c[4])));
    }
    const Eigen::MatrixXd d = tools::local_derivatives(times, y);
    CHECK(d(0, 0) == Approx(c[0]).epsilon(1e-9));
    CHECK(d(1, 0) * scale == Approx(c[1]).epsilon(1e-9));
    CHECK(d(2, 0) * scale * scale == Approx(2 * c[2]).epsilon(1e-9));
  }
}

TEST_CASE("what is missing over time is estimated, to fourth order in the step") {
  for (const int rates : {0, 1}) {
    CAPTURE(rates);
    double before = 0;
    for (const double step : {0.1, 0.05}) {
      const OwnData data = parse_data(sine(60, step, rates), "f.csv");
      CHECK(data.estimated);
      CHECK(data.trajectories == 1);
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
  CHECK(data.trajectories == 3);
  REQUIRE(data.samples.size() == 3 * 14);
  CHECK(data.samples.accelerations.leftCols(14) == data.samples.accelerations.rightCols(14));
}

TEST_CASE("accelerations that are there are taken, times or not") {
  const OwnData data = parse_data(sine(5, 0.1, 2), "f.csv");
  CHECK_FALSE(data.estimated);
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
      {"x,x',x''\n1,,3\n", "line 2: ''"},
      {"x,x',x''\n1,2,1e999\n", "1e999"},
      {"x,x',y''\n1,2,3\n", "y''"},
      {"x,y,x'\n1,2,3\n", "no y'"},
      {"x,y,x',y',x''\n1,2,3,4,5\n", "no y''"},
      {"x,x',x'',x'''\n1,2,3,4\n", "two rates"},
      {"x,x''\n1,2\n", "without velocities"},
      {"x,x'\n1,2\n", "nor times"},
      {"x,x,x'\n1,2,3\n", "twice"},
      {"x,,x'\n1,2,3\n", "no name"},
      {"t\n1\n", "no coordinate"},
      {"x,x':angle,x''\n1,2,3\n", "only the coordinate is marked"},
      {sine(6, 0.1, 1), "7 rows"},
  };
  for (const Case& bad : cases) {
    const std::string message = refusal(bad.text);
    CAPTURE(bad.text);
    CAPTURE(message);
    CHECK(contains(message, bad.reason));
    CHECK(contains(message, "f.csv"));
  }
}

TEST_CASE("tools/simulate writes states that obey the law of motion, the same for a seed") {
  const Folder folder;
  REQUIRE(folder.simulate("--states 50 --seed 3 --m2 2 --out a.csv").code == 0);
  const OwnData data = tools::read_data(folder.path() / "a.csv");
  CHECK(data.names == std::vector<std::string>{"theta1", "theta2"});
  CHECK(data.angles == std::vector<bool>{true, true});
  const physics::DoublePendulum system{.m2 = 2};
  for (Index k = 0; k < 50; ++k) {
    const Eigen::Vector4d state = data.samples.states.col(k).cast<double>();
    const auto a = system.acceleration(state.data());
    for (const Index i : {0, 1})
      CHECK(data.samples.accelerations(i, k) == Approx(a[i]).epsilon(1e4 * digits));
  }
  CHECK(folder.simulate("--states 50 --seed 3 --m2 2").out == folder.read("a.csv"));
  CHECK(folder.simulate("--states 50 --seed 4 --m2 2").out != folder.read("a.csv"));
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
    REQUIRE(data.trajectories == 20);
    REQUIRE(data.samples.size() == 20 * (401 - 6));
    // The first trajectory's rows, but for three at either end.
    const auto error =
        (data.samples.accelerations.leftCols(395) - truth.samples.accelerations.middleCols(3, 395))
            .cwiseAbs();
    CHECK(error.maxCoeff() < tolerance + 1e6 * digits);
  }
}

TEST_CASE("noise is of the size that was asked for, and simulate refuses what makes no sense") {
  const Folder folder;
  const auto states = [&](const std::string& flags) {
    return parse_data(folder.simulate("--states 20000 " + flags).out, "out").samples.states;
  };
  const autodiff::Matrix noisy = states("--noise 0.01"), clean = states("");
  const Eigen::MatrixXd error = (noisy - clean).cast<double>();
  // Uniform on ±π and on ±10: a deviation of width / √12.
  CHECK(std::sqrt(error.row(0).squaredNorm() / 20000) ==
        Approx(0.01 * 2 * pi / std::sqrt(12)).epsilon(0.03));
  CHECK(std::sqrt(error.row(3).squaredNorm() / 20000) ==
        Approx(0.01 * 20 / std::sqrt(12)).epsilon(0.03));

  CHECK(folder.simulate("--columns velocities").code == 2);
  CHECK(folder.simulate("--states 0").code == 2);
  const Outcome blocked = folder.simulate("--states 2 --out file/x");
  CHECK(blocked.code == 4);
  CHECK(contains(blocked.err, "file/x"));
}

TEST_CASE("./train learns a file as well as the same states from memory") {
  const Folder folder;
  // As many states as --source fixed draws, from the same box.
  REQUIRE(folder.simulate("--states 5000 --velocity 5 --seed 1 --out own.csv").code == 0);
  const std::string fit = "--hidden 16,16 --batch 32 --rollouts 0 --steps 3000 --epochs 20 ";
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
  CHECK(folder.evaluate("runs/spring").code == 4);
}
