// tools/simulate as its users meet it: what it writes, and where.
#include <sys/stat.h>

#include <cmath>
#include <numbers>

#include "physics/systems/double_pendulum.h"
#include "tests/program/program.h"
#include "tools/app/data_file.h"

namespace fs = std::filesystem;
using autodiff::Index;
using doctest::Approx;
using program::contains;
using program::Folder;
using program::Outcome;
using program::split;
using tools::OwnData;
using tools::parse_data;

namespace {

constexpr double pi = std::numbers::pi;
/// Numbers are kept as the engine's, which may be float.
constexpr double digits = sizeof(autodiff::Scalar) == 8 ? 1e-12 : 1e-5;

}  // namespace

TEST_CASE("tools/simulate writes states that obey the law of motion, the same for a seed") {
  const Folder folder;
  REQUIRE(folder.simulate("--states 50 --seed 3 --set m2=2 --out a.csv").code == 0);
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
  CHECK(folder.simulate("--states 50 --seed 3 --set m2=2").out == folder.read("a.csv"));
  CHECK(folder.simulate("--states 50 --seed 4 --set m2=2").out != folder.read("a.csv"));
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

TEST_CASE("a periodic force is a column, so that its effect can be learnt") {
  const Folder folder;
  const std::string set = "--system pendulum --set drive=0.4,drive_frequency=3,friction=0.2";
  REQUIRE(folder.simulate(set + " --trajectories 2 --duration 1 --out driven.csv").code == 0);
  const OwnData data = tools::read_data(folder.path() / "driven.csv");
  CHECK(data.controls == std::vector<std::string>{"drive"});
  REQUIRE(data.samples.size() == 202);
  for (Index k = 0; k < 202; ++k) {
    const double t = 0.01 * static_cast<double>(k % 101), u = 0.4 * std::cos(3 * t);
    CHECK(data.samples.controls(0, k) == Approx(u).epsilon(digits));
    const double q = data.samples.states(0, k), v = data.samples.states(1, k);
    CHECK(data.samples.accelerations(0, k) ==
          Approx(u - 0.2 * v - 9.8 * std::sin(q)).epsilon(1e4 * digits));
  }
  const std::string undriven = folder.simulate("--system pendulum --states 1").out;
  CHECK(split(undriven, '\n')[0] == "theta:angle,theta',theta''");
}

TEST_CASE("a trajectory that stops early leaves its rows, right ones, and is named") {
  const Folder folder;
  // In single precision the same motion takes fewer steps.
  const std::string velocity = sizeof(autodiff::Scalar) == sizeof(double) ? "3e4" : "5.5e4";
  const std::string flags =
      "--trajectories 3 --velocity " + velocity + " --step 0.5 --columns coordinates ";
  const Outcome stopped = folder.simulate(flags + "--duration 3");  // the first needs more steps
  CHECK(stopped.code == 3);
  CHECK(contains(stopped.err, "1 of 3 trajectories stopped before their end"));
  CHECK(contains(stopped.err, "1000000 steps taken"));
  const std::string place = "number 1 at t = ";
  REQUIRE(contains(stopped.err, place));
  const double end = std::stod(stopped.err.substr(stopped.err.find(place) + place.size()));
  const auto first = static_cast<std::size_t>(end / 0.5) + 1;  // rows
  REQUIRE(first > 3);
  REQUIRE(first < 7);
  const auto rows = split(stopped.out, '\n');
  REQUIRE(rows.size() == 1 + first + 7 + 7);
  for (std::size_t k = 0; k < first + 14; ++k)
    CHECK(std::stod(rows[1 + k]) == 0.5 * static_cast<double>(k < first ? k : (k - first) % 7));

  // The same starts, to an end that all reach: the same rows, but for the last, shortened step.
  const Outcome whole = folder.simulate(flags + "--duration 1.5");
  CHECK(whole.code == 0);
  CHECK(whole.err.empty());
  const auto shorter = split(whole.out, '\n');
  REQUIRE(shorter.size() == 1 + 3 * 4);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(rows[1 + k] == shorter[1 + k]);
    CHECK(rows[1 + first + k] == shorter[5 + k]);
    CHECK(rows[1 + first + 7 + k] == shorter[9 + k]);
  }
}

TEST_CASE("trajectories that stop at once leave their starts") {
  const Outcome stopped =
      Folder().simulate("--trajectories 2 --velocity 1e30 --duration 1e3 --step 10 --noise 0.1");
  CHECK(stopped.code == 3);
  CHECK(contains(stopped.err, "2 of 2 trajectories stopped before their end"));
  const auto rows = split(stopped.out, '\n');
  REQUIRE(rows.size() == 3);
  for (const std::size_t k : {1, 2}) CHECK(rows[k].starts_with("0,"));
}

TEST_CASE("more rows than can be written are refused with the options that ask for them") {
  const Outcome wrong = Folder().simulate("--trajectories 1000 --duration 1e6 --step 1e-3");
  CHECK(wrong.code == 2);
  for (const char* part : {"--trajectories 1000", "--duration 1e+06", "--step 0.001", "1e+12 rows"})
    CHECK_MESSAGE(contains(wrong.err, part), part);
}

TEST_CASE("--out writes where a redirection would") {
  const Folder folder;
  const std::string expected = folder.simulate("--states 3").out;
  const auto mode = [&](const char* name) {
    struct stat found;
    REQUIRE(stat((folder.path() / name).c_str(), &found) == 0);
    return found.st_mode & 07777;
  };
  const auto simulate = "'" SIMULATE_PROGRAM "' --states 3 ";

  folder.write("mine.csv", "before");
  fs::permissions(folder.path() / "mine.csv", fs::perms(0640));
  CHECK(folder.simulate("--states 3 --out mine.csv").code == 0);
  CHECK(folder.read("mine.csv") == expected);
  CHECK(mode("mine.csv") == 0640);

  fs::create_directory(folder.path() / "below");
  fs::create_symlink("below/target.csv", folder.path() / "once");
  fs::create_symlink("once", folder.path() / "link.csv");  // to a file that is not there yet
  for (int time = 0; time < 2; ++time) {
    CHECK(folder.simulate("--states 3 --out link.csv").code == 0);
    CHECK(fs::is_symlink(folder.path() / "link.csv"));
    CHECK(fs::is_symlink(folder.path() / "once"));
    CHECK(folder.read("below/target.csv") == expected);
    folder.write("below/target.csv", "again");
  }

  CHECK(folder.simulate("--states 3 --out /dev/stdout").out == expected);
  CHECK(folder.run(std::string("echo head; ") + simulate + "--out /dev/stdout").out ==
        "head\n" + expected);
  CHECK(folder.run(std::string(simulate) + "--out /dev/stdout | cat").out == expected);
  CHECK(folder.run(std::string("mkfifo pipe; cat pipe & ") + simulate + "--out pipe; wait").out ==
        expected);
  CHECK(fs::is_fifo(folder.path() / "pipe"));
  fs::create_symlink("/dev/null", folder.path() / "null");
  CHECK(folder.simulate("--states 3 --out null").code == 0);
  CHECK(fs::is_symlink(folder.path() / "null"));
  CHECK(fs::is_character_file("/dev/null"));

  const Outcome full = folder.simulate("--states 3 --out /dev/full");
  CHECK(full.code == 4);
  CHECK(contains(full.err, "/dev/full"));
  const Outcome to_folder = folder.simulate("--states 3 --out below");
  CHECK(to_folder.code == 4);
  CHECK(contains(to_folder.err, "below"));
  CHECK_FALSE(fs::exists(folder.path() / "below.tmp"));
}

TEST_CASE("--out changes the content of a file, and nothing beside it") {
  const Folder folder;
  const std::string expected = folder.simulate("--states 3").out;
  folder.write("mine.csv", "before");
  fs::create_hard_link(folder.path() / "mine.csv", folder.path() / "other name");
  CHECK(folder.simulate("--states 3 --out mine.csv").code == 0);
  CHECK(folder.read("other name") == expected);

  folder.write("two.csv", "before, which is longer than what comes: " + expected);
  folder.write("two.csv.tmp", "somebody's");
  CHECK(folder.simulate("--states 3 --out two.csv").code == 0);
  CHECK(folder.read("two.csv") == expected);
  CHECK(folder.read("two.csv.tmp") == "somebody's");

  if (geteuid() == 0) return;  // who may write everywhere
  folder.write("kept.csv", "kept");
  fs::permissions(folder.path() / "kept.csv", fs::perms(0444));
  const Outcome refused = folder.simulate("--states 3 --out kept.csv");
  CHECK(refused.code == 4);
  CHECK(contains(refused.err, "kept.csv': Permission denied"));
  CHECK(folder.read("kept.csv") == "kept");
  fs::create_directory(folder.path() / "full");
  folder.write("full/mine.csv", "before");
  fs::permissions(folder.path() / "full", fs::perms(0555));
  CHECK(folder.simulate("--states 3 --out full/mine.csv").code == 0);
  CHECK(folder.read("full/mine.csv") == expected);
  fs::permissions(folder.path() / "full", fs::perms(0755));
}

TEST_CASE("states without finite accelerations are refused, whatever is made of them") {
  const Folder folder;
  const std::string fast = "--system relativistic --velocity 5 ";
  for (const Outcome& refused : {folder.simulate(fast + "--states 100"),
                                 folder.simulate(fast + "--trajectories 20 --duration 1"),
                                 folder.train(fast + "--hidden 4 --steps 3 --quiet")}) {
    CAPTURE(refused.err);
    CHECK(refused.code == 2);
    CHECK(contains(refused.err, "--velocity: the system has no finite accelerations at the state"));
    CHECK(refused.out.empty());
  }
}

TEST_CASE("simulate writes states or trajectories, not both") {
  const Folder folder;
  const Outcome both = folder.simulate("--states 3 --trajectories 2");
  CHECK(both.code == 2);
  CHECK(contains(both.err, "--states and --trajectories"));
}

TEST_CASE("trajectories over time obey the law at even times, and controls stay in their range") {
  const Folder folder;
  const std::string flags =
      "--system cart_pole --trajectories 3 --duration 2 --step 0.5 --seed 5 --columns ";
  REQUIRE(folder.simulate(flags + "accelerations --out all.csv").code == 0);
  const auto lines = split(folder.read("all.csv"), '\n');
  CHECK(lines[0] == "t,x,theta:angle,x',theta',x'',theta'',force:control");
  REQUIRE(lines.size() == 1 + 3 * 5);
  const double range = (1 + 0.5) * 9.8;
  std::vector<double> forces;
  for (std::size_t k = 0; k < 15; ++k) {
    std::vector<double> row;
    for (const std::string& entry : split(lines[1 + k], ',')) row.push_back(std::stod(entry));
    REQUIRE(row.size() == 8);
    CHECK(row[0] == 0.5 * static_cast<double>(k % 5));
    const double theta = row[2], turn = row[4], u = row[7];
    // (M + m) x'' + m l (θ'' cos θ - θ'² sin θ) = u,  l θ'' + x'' cos θ + g sin θ = 0
    const double cart =
        1.5 * row[5] + 0.5 * (row[6] * std::cos(theta) - turn * turn * std::sin(theta));
    CHECK(cart == Approx(u).epsilon(1e5 * digits));
    CHECK(row[6] + row[5] * std::cos(theta) + 9.8 * std::sin(theta) ==
          Approx(0).epsilon(1e5 * digits));
    CHECK(std::abs(u) <= range);
    forces.push_back(u);
  }
  for (std::size_t k = 0; k < 5; ++k) CHECK(forces[k] == forces[5 + k]);  // in all alike
  CHECK(forces[0] == Approx(forces[4]).epsilon(1e-9));  // its slowest wave takes the duration
  CHECK(forces[0] != Approx(forces[2]).epsilon(0.01));
  CHECK(split(folder.simulate(flags + "velocities").out, '\n')[0] ==
        "t,x,theta:angle,x',theta',force:control");
  CHECK(split(folder.simulate(flags + "coordinates").out, '\n')[0] ==
        "t,x,theta:angle,force:control");
}

TEST_CASE("controls of random states are drawn from their whole range") {
  const auto lines = split(Folder().simulate("--system cart_pole --states 2000").out, '\n');
  double low = 0, high = 0;
  for (std::size_t k = 1; k < lines.size(); ++k) {
    const double u = std::stod(lines[k].substr(lines[k].rfind(',') + 1));
    low = std::min(low, u);
    high = std::max(high, u);
  }
  CHECK(low == Approx(-1.5 * 9.8).epsilon(0.01));
  CHECK(high == Approx(1.5 * 9.8).epsilon(0.01));
}

TEST_CASE("a motion goes on for its system's usual duration, and no step beyond what was asked") {
  const Folder folder;
  const auto times = [&](const std::string& flags) {
    const auto lines =
        split(folder.simulate("--system pendulum --trajectories 1 " + flags).out, '\n');
    return std::pair(lines.size() - 1, std::stod(lines.back()));
  };
  CHECK(times("--step 0.1 --duration 0.3") == std::pair(std::size_t{4}, 0.1 * 3));  // 3 · 0.1 > 0.3
  CHECK(times("--step 0.1 --duration 0.29") == std::pair(std::size_t{3}, 0.2));
  CHECK(times("--step 1").second == times("--step 1 --duration 0").second);
  CHECK(times("").first == times("--duration 0 --step 0.01").first);
  CHECK(folder.simulate("--system double_pendulum --trajectories 1 --step 1").out.find("\n5,") !=
        std::string::npos);  // its usual 5 s
}

TEST_CASE("noise does not touch time and controls, and is a part of each column's own spread") {
  const Folder folder;
  const auto column = [&](const std::string& flags, std::size_t index) {
    const auto lines = split(
        folder.simulate("--system cart_pole --trajectories 40 --duration 2 " + flags).out, '\n');
    Eigen::VectorXd values(lines.size() - 1);
    for (std::size_t k = 1; k < lines.size(); ++k)
      values[static_cast<Index>(k - 1)] = std::stod(split(lines[k], ',')[index]);
    return values;
  };
  for (const std::size_t same : {0, 7}) CHECK(column("", same) == column("--noise 0.1", same));
  for (const std::size_t noisy : {1, 3, 6}) {
    const Eigen::VectorXd clean = column("", noisy), error = column("--noise 0.1", noisy) - clean;
    const double deviation = std::sqrt((clean.array() - clean.mean()).square().mean());
    CHECK(std::sqrt(error.squaredNorm() / static_cast<double>(error.size())) ==
          Approx(0.1 * deviation).epsilon(0.05).scale(0));
  }
}

TEST_CASE("simulate takes numbers up to its limits, and names the flag of one beyond them") {
  const Folder folder;
  for (const std::string wrong :
       {"--states 100000001", "--trajectories 0", "--trajectories 10000001", "--duration -1",
        "--duration 1000001", "--step 0", "--step 0.0000009", "--step 1000001", "--noise -1",
        "--noise 1001", "--angle -1", "--velocity -1", "--columns all", "--seed -1", "--out ''"}) {
    const Outcome refused = folder.simulate(wrong);
    CHECK_MESSAGE(refused.code == 2, wrong);
    CHECK_MESSAGE(contains(refused.err, wrong.substr(0, wrong.find(' '))), refused.err);
  }
  for (const std::string right :
       {"--states 1 --seed 18446744073709551615", "--trajectories 1 --step 1000000",
        "--trajectories 1 --duration 1e-6 --step 1e-6", "--states 2 --noise 1000",
        "--states 1 --angle 0 --velocity 0", "--trajectories 1 --columns coordinates"})
    CHECK_MESSAGE(folder.simulate(right).code == 0, right);
}
