// Published experiments: how errors are measured, and how results are kept and shown.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "nn/models/learnt_motion.h"
#include "physics/systems/table.h"
#include "tests/program/program.h"
#include "tools/app/program.h"
#include "tools/protocols/learn.h"
#include "tools/protocols/results.h"

using protocols::Job;
using protocols::Outcome;
using protocols::Protocol;
using protocols::Recipe;
using protocols::Results;

namespace {

physics::Solution path(const Eigen::MatrixXd& y) {
  physics::Solution one;
  one.t = Eigen::VectorXd::LinSpaced(y.cols(), 0, 1);
  one.y = y;
  one.y_end = y.rightCols(1);
  return one;
}

const protocols::View itself = [](const Eigen::MatrixXd& y) { return y; };

}  // namespace

TEST_CASE("the relative error is the geometric mean behind the start, and 1 where nothing is") {
  const Eigen::MatrixXd truth{{1, 1, 1}, {0, 0, 0}};
  const Eigen::MatrixXd off{{1, 1.02, 1.0002}, {0, 0, 0}};
  const double first = 0.02 / 2.02, second = 0.0002 / 2.0002;
  CHECK(protocols::relative_error({path(off)}, {path(truth)}, itself) ==
        doctest::Approx(std::sqrt(first * second)));
  CHECK(protocols::relative_error({path(off.leftCols(2))}, {path(truth)}, itself) ==
        doctest::Approx(std::sqrt(first)));
  // Opposite states are as far off as can be, though their sum is zero.
  const Eigen::MatrixXd opposite{{1, -1, -1}, {0, 0, 0}};
  CHECK(protocols::relative_error({path(opposite)}, {path(truth)}, itself) == 1);
}

TEST_CASE("chunks are pieces of their trajectories, cut end to end") {
  const Eigen::MatrixXd y = Eigen::RowVectorXd::LinSpaced(20, 0, 19).replicate(2, 1);
  autodiff::Random random(1);
  std::set<double> begins;
  for (int k = 0; k < 100; ++k) {
    const auto chunks = protocols::random_chunks({path(y)}, 5, random);
    REQUIRE(chunks.size() == 1);
    CHECK(chunks[0].q.cols() == 5);
    CHECK(chunks[0].q(0, 4) == chunks[0].q(0, 0) + 4);
    begins.insert(chunks[0].q(0, 0));
  }
  CHECK(begins == std::set<double>{0, 5, 10, 15});
}

TEST_CASE("an ended trajectory is as far off as can be, and unequal numbers of them are refused") {
  const Eigen::MatrixXd truth{{1, 1, 1}, {0, 0, 0}};
  const Eigen::MatrixXd off{{1, 1.02, 1.02}, {0, 0, 0}};
  CHECK(protocols::relative_error({path(off), path(off.leftCols(1))}, {path(truth), path(truth)},
                                  itself) == doctest::Approx(std::sqrt(0.02 / 2.02)));
  CHECK_THROWS_AS(protocols::relative_error({path(off)}, {path(truth), path(truth)}, itself),
                  std::invalid_argument);
  CHECK_THROWS_AS(protocols::relative_error({}, {}, itself), std::invalid_argument);
}

TEST_CASE("trajectories are compared in space: positions, then velocities") {
  const physics::System pendulum = make_system(physics::find_system("pendulum"), {{"l", 2}});
  const Eigen::VectorXd z = protocols::cartesian(pendulum)(Eigen::Vector2d(0.5, 3));
  const Eigen::Vector4d expected(2 * std::sin(0.5), -2 * std::cos(0.5), 6 * std::cos(0.5),
                                 6 * std::sin(0.5));
  CHECK(z.isApprox(expected, 1e-5));
}

TEST_CASE("states are turned, drawn and gathered in order") {
  CHECK(protocols::turned({2, 1}, std::acos(0.)).isApprox(Eigen::Vector2d(-1, 2)));
  CHECK(protocols::even_times(3, 4).isApprox(Eigen::Vector4d(0, 1, 2, 3)));
  double next = 0;
  autodiff::Random random(1);
  const Eigen::MatrixXd starts = protocols::starts_of(
      [&](autodiff::Random&) -> Eigen::VectorXd {
        ++next;
        return Eigen::Vector2d(next, -next);
      },
      3, random);
  CHECK(starts == Eigen::MatrixXd{{1, 2, 3}, {-1, -2, -3}});
  const physics::DataSet data =
      protocols::samples_of({{Eigen::MatrixXd{{1, 2}, {3, 4}}, Eigen::MatrixXd{{5, 6}}},
                             {Eigen::MatrixXd{{7}, {8}}, Eigen::MatrixXd{{9}}}});
  CHECK(data.states.cast<double>() == Eigen::MatrixXd{{1, 2, 7}, {3, 4, 8}});
  CHECK(data.accelerations.cast<double>() == Eigen::MatrixXd{{5, 6, 9}});
}

TEST_CASE("a true motion has to reach its end, a learnt one may run away") {
  const physics::Motion fall = physics::Motion::of_accelerations(
      1, [](const Eigen::MatrixXd& y, Eigen::Ref<Eigen::MatrixXd> a) {
        a = y.row(1).array().cube().matrix();  // from 1: 1 / √(1 - 2 t)
      });
  const Eigen::Vector2d start(0, 1);
  const Eigen::VectorXd times = protocols::even_times(0.88, 9);
  CHECK_THROWS_WITH_AS(protocols::true_trajectories(fall, start, times, {}),
                       doctest::Contains("the true motion could not be followed"),
                       std::runtime_error);
  const auto learnt = protocols::learnt_trajectories(fall, start, times, 1);
  CHECK(learnt.at(0).y.cols() == 5);
  CHECK(learnt[0].y(1, 4) == doctest::Approx(1 / std::sqrt(0.12)).epsilon(1e-5));
  const auto exact = protocols::true_trajectories(fall, start, times.head(5), {});
  CHECK(exact.at(0).y(1, 4) == doctest::Approx(1 / std::sqrt(0.12)).epsilon(1e-8));
}

namespace {

/// Numbers of steps, as `progress` tells them, one for each part of the training.
struct Parts {
  std::vector<long> steps;
  long in_this = 0;
  bool in_order = true;

  Job job(const std::string& model, bool told = false) {
    return {.model = {model, told}, .progress = [this](long step, long of) {
              if (step == 0) steps.push_back(of), in_this = 0;
              in_order = in_order && step == in_this++ && of == steps.back();
            }};
  }
};

physics::System spring() {  // q'' = -4 q
  physics::System s;
  s.coordinates = {{"q"}};
  s.lagrangian = [](autodiff::Var q, autodiff::Var v) { return 0.5 * v * v - 2. * q * q; };
  s.picture.points = [](autodiff::Var q) { return stack_rows(q, 0. * q); };
  return s;
}

physics::DataSet swings(const physics::System& of) {
  autodiff::Random random(3);
  return label(motion_of(of), physics::random_states(
                                  random, {Eigen::Vector2d(-1, -2), Eigen::Vector2d(1, 2)}, 256));
}

/// The mean error of the accelerations, whose size is 2 on average.
double miss(const nn::NetworkModel& model) {
  const Eigen::MatrixXd states{{-0.8, -0.3, 0.1, 0.5, 0.9}, {0.4, -1, 1.5, -0.2, 0.3}};
  return (nn::learnt_motion(model)(states).row(1) + 4 * states.row(0)).cwiseAbs().mean();
}

}  // namespace

TEST_CASE("an experiment's recipe trains a model for so many steps, with another loss at first") {
  const physics::System system = spring();
  const physics::DataSet data = swings(system);
  for (const std::string model : {"lnn", "delan", "embedded"}) {
    CAPTURE(model);
    Parts parts;
    const auto learnt = protocols::learn(system, data, {.hidden = {16}, .steps = 1000},
                                         parts.job(model, model == "embedded"));
    CHECK(miss(*learnt) < 0.3);
    CHECK(parts.steps == std::vector<long>{1000});
    CHECK(parts.in_order);
    CHECK(parts.in_this == 1000);
  }
  // Another loss at first, by which accelerations are to be 1, and then none that is asked for.
  const auto towards_one = [](const nn::Model& of, autodiff::Tape& tape, autodiff::Index size) {
    const autodiff::Var state = tape.input(2, size, "state"),
                        target = tape.input(1, size, "acceleration");
    return nn::RecordedLoss{{state, target},
                            mean(abs(of.acceleration(row(state, 0), row(state, 1)) - 1.))};
  };
  Parts parts;
  const auto constant = protocols::learn(
      system, data,
      {.hidden = {16}, .steps = 1, .first_objective = towards_one, .first_steps = 1000},
      parts.job("lnn"));
  CHECK(parts.steps == std::vector<long>{1000, 1});
  const Eigen::MatrixXd states{{-0.8, -0.3, 0.1, 0.5, 0.9}, {0.4, -1, 1.5, -0.2, 0.3}};
  CHECK((nn::learnt_motion(*constant)(states).row(1).array() - 1).abs().maxCoeff() < 0.2);
}

TEST_CASE("an experiment's recipe says how fast with velocities the law may change") {
  const physics::System system = spring();
  const physics::DataSet data = swings(system);
  const auto scale_of = [&](double times) {
    Parts parts;
    return protocols::learn(system, data, {.hidden = {8}, .steps = 1, .velocity_scale = times},
                            parts.job("lnn"))
        ->options()
        .velocity_scale[0];
  };
  CHECK(scale_of(3) == doctest::Approx(3 * scale_of(1)));
}

TEST_CASE("a rod comes with the coordinates: a model that is told nothing else knows it, too") {
  physics::System bob;
  bob.coordinates = {{"x"}, {"y"}};
  bob.lagrangian = [](autodiff::Var r, autodiff::Var v) {
    return 0.5 * sum_rows(v * v) - row(r, 1);
  };
  bob.constraints = [](autodiff::Var r) { return sum_rows(r * r) - 1.; };
  bob.picture.points = [](autodiff::Var r) { return r; };
  Eigen::MatrixXd states(4, 60);
  for (Eigen::Index k = 0; k < states.cols(); ++k) {
    const double angle = 0.1 * static_cast<double>(k), rate = std::sin(static_cast<double>(k));
    states.col(k) << std::cos(angle), std::sin(angle), -rate * std::sin(angle),
        rate * std::cos(angle);
  }
  const physics::DataSet data = label(motion_of(bob), states);
  for (const std::string model : {"lnn", "pullback", "embedded"}) {
    CAPTURE(model);
    Parts parts;
    const auto learnt = protocols::learn(bob, data, {.hidden = {8}, .steps = 3},
                                         parts.job(model, model == "embedded"));
    // On the rod, whatever was learnt: r r'' = -v v.
    const Eigen::MatrixXd a = nn::learnt_motion(*learnt)(states).bottomRows(2);
    for (Eigen::Index k = 0; k < states.cols(); ++k)
      CHECK(states.col(k).head(2).dot(a.col(k)) ==
            doctest::Approx(-states.col(k).tail(2).squaredNorm()).epsilon(1e-4));
  }
}

TEST_CASE("chunks are learnt from in rounds, and then through time") {
  const physics::System system = spring();
  std::vector<physics::Recording> chunks;
  const Eigen::VectorXd t = protocols::even_times(0.4, 5);
  for (int k = 0; k < 40; ++k) {
    const double phase = 0.7 * k, size = 0.2 + 0.02 * k;
    const Eigen::RowVectorXd at = (2 * t.array() + phase).transpose();
    chunks.push_back(
        {.t = t, .q = size * at.array().sin().matrix(), .v = 2 * size * at.array().cos().matrix()});
  }
  for (const Recipe& recipe :
       {Recipe{.hidden = {16}, .steps = 300}, Recipe{.hidden = {16}, .steps = 200, .rounds = 3},
        Recipe{.hidden = {16}, .steps = 200, .rounds = 2, .through_time = 20}}) {
    Parts parts;
    const auto learnt = protocols::learn_chunks(system, chunks, recipe, parts.job("delan"));
    CHECK(miss(*learnt) < 0.3);
    std::vector<long> expected(static_cast<std::size_t>(recipe.rounds), recipe.steps);
    if (recipe.through_time > 0) expected.push_back(recipe.through_time);
    CHECK(parts.steps == expected);
  }
}

TEST_CASE("a published experiment says what it is, and its columns fit its metrics") {
  std::set<std::string> names;
  for (const Protocol& p : protocols::all()) {
    CAPTURE(p.name);
    CHECK(names.insert(p.name).second);
    CHECK_FALSE(p.what.empty());
    CHECK_FALSE(p.source.empty());
    CHECK(static_cast<bool>(p.run));
    CHECK_FALSE(p.models.empty());
    for (const auto& published : p.published) {
      CHECK(published.values.size() == p.metrics.size());
      for (const double error : published.values) CHECK_FALSE(error <= 0);  // NaN: not published
    }
  }
}

// Sanitized it takes minutes, of which all but the recipe is seen by others.
TEST_CASE("a model that is told a chain's kinematics learns it from ten chunks" *
          doctest::skip(program::sanitized)) {
  const auto found = std::ranges::find(protocols::all(), "chain-2-from-10", &Protocol::name);
  REQUIRE(found != protocols::all().end());
  const Outcome outcome = found->run({.model = {"embedded", true}});
  CHECK(outcome.values[0] < 1.3e-2);  // the published error
  CHECK(outcome.floor[0] < 1e-3);
}

TEST_CASE("of exact rows of a double pendulum both its constants and its network are found" *
          doctest::skip(program::sanitized)) {
  const program::Folder folder;
  REQUIRE(
      folder.simulate("--trajectories 1 --duration 8 --columns coordinates --out rows.csv").code ==
      0);
  const auto found = std::ranges::find(protocols::all(), "real-double-pendulum", &Protocol::name);
  REQUIRE(found != protocols::all().end());
  for (const char* model : {"fitted", "embedded"}) {
    CAPTURE(model);
    const Outcome outcome =
        found->run({.model = {model, true}, .data = folder.path() / "rows.csv"});
    CHECK(outcome.values[0] < 1e-3);
    CHECK(outcome.values[0] > 0);
  }
}

TEST_CASE("results are kept in a file, the last of a seed counts, and they stand beside theirs") {
  const program::Folder folder;
  const std::string file = folder.path() / "some/results.csv";
  const Protocol p{.name = "an-experiment",
                   .what = "a thing",
                   .source = "somebody 2020",
                   .metrics = {"error", "other error"},
                   .floor_is = "the noise",
                   .published = {{"theirs", false, {0.5, std::nan("")}}, {"told", true, {0.1, 7}}},
                   .models = {{"embedded", true}, {"lnn"}},
                   .run = [](const Job&) { return Outcome{}; }};
  {
    Results results(file);
    results.prepare();
    results.add({p.name, "lnn", 0, 2, {{9, 9}, {}}});
    results.add({p.name, "lnn", 0, 2, {{0.125, 3}, {1e-3, 1e-4}}});
    results.add({p.name, "lnn", 1, 2, {{0.0625, 4}, {1e-3, 1e-4}}});
    results.add({p.name, "embedded", 4, 2, {{0.01, 1}, {1e-3, 1e-4}}});
  }
  const Results results(file);
  REQUIRE(results.find(p, {"lnn"}, 0));
  CHECK(results.find(p, {"lnn"}, 0)->outcome.values == std::vector{0.125, 3.});
  CHECK_FALSE(results.find(p, {"lnn"}, 7));
  const std::string report = protocols::report(p, results);
  CHECK(report.find("0.094 (0.062 to 0.12)") != std::string::npos);
  CHECK(report.find("5.3 times better than theirs") != std::string::npos);
  CHECK(report.find("10 times better than told") != std::string::npos);
  const std::string table = protocols::table({p}, results);
  CHECK(table.find("| `an-experiment` error | 0.1 told | 0.01 embedded | 10 | 0.5 theirs | 0.094 "
                   "(0.062 to 0.12) lnn | 5.3 | 0.001 |\n") != std::string::npos);
  CHECK(
      table.find("| `an-experiment` other error | 7 told | 1 embedded | 7 | - | 3.5 (3 to 4) lnn | "
                 "- | 0.0001 |\n") != std::string::npos);
}

TEST_CASE("a line that was cut off is left out, and results go on behind the whole ones") {
  const program::Folder folder;
  const std::string file = folder.path() / "results.csv";
  const std::string whole =
      "protocol,model,seed,seconds,values,floors\nchain-2,lnn,0,1.5,0.25,0.125\n";
  folder.write("results.csv", whole + "chain-2,lnn,1,2.5,0.00");
  Results results(file);
  results.prepare();
  CHECK(folder.read("results.csv") == whole);
  results.add({"chain-2", "lnn", 1, 2.5, {{0.5}, {0.125}}});
  CHECK(folder.read("results.csv") == whole + "chain-2,lnn,1,2.5,0.5,0.125\n");
  Results folder_itself(folder.path());
  CHECK_THROWS_AS(folder_itself.prepare(), tools::IoError);
}

TEST_CASE("a file that holds no results is refused and stays as it is") {
  const program::Folder folder;
  const std::string file = folder.path() / "results.csv";
  for (const std::string text :
       {"t,q\n1,2\n", "protocol,model,seed,seconds,values,floors\nchain-2,lnn,0\n",
        "protocol,model,seed,seconds,values,floors\nchain-2,lnn,x,1,2,3\n"}) {
    folder.write("results.csv", text);
    CHECK_THROWS_AS(Results{file}, tools::IoError);
    CHECK(folder.read("results.csv") == text);
  }
}
