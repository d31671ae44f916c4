// Chains, and pendulums in space: Finzi, Wang & Wilson 2020.
//
// 800 trajectories of 100 states are generated, and of each one chunk of 5 neighbouring states, q
// and v, is learnt from. Judged are 100 roll-outs of 100 states, from the first states of chunks of
// fresh trajectories, in Cartesian positions and velocities. Theirs learn through a Runge-Kutta
// integrator; ours from the accelerations of the polynomials through the chunks' states.
#include <cmath>
#include <numbers>
#include <random>

#include "autodiff/directional.h"
#include "autodiff/kernels/decompositions.h"
#include "nn/models/learnt_motion.h"
#include "physics/systems/table.h"
#include "tools/app/text.h"
#include "tools/protocols/learn.h"

namespace protocols {
namespace {

using autodiff::Var;

constexpr const char* source =
    "Finzi, Wang & Wilson 2020 (CHNN, CLNN), mfinzi/constrained-hamiltonian-neural-networks";
constexpr const char* metric = "relative error along roll-outs, geometric mean";
constexpr const char* floor_is = "the truth, its starts moved by 1e-4";

/// A system, and where its motions start.
struct Setting {
  physics::System system;
  Start start;
  double dt;  ///< [s]
};

/// The published masses and lengths: 0.6 + 0.8 r, where r are the first numbers of numpy's
/// RandomState(0), n for the masses and n for the lengths, both used from their end.
std::vector<double> published_numbers(Index count) {
  std::mt19937 engine(0);
  std::vector<double> numbers;
  for (Index k = 0; k < count; ++k) {
    const auto high = static_cast<double>(engine() >> 5), low = static_cast<double>(engine() >> 6);
    numbers.push_back(0.6 + 0.8 * (high * 67'108'864 + low) / 9'007'199'254'740'992);
  }
  return numbers;
}

/// The nearest place and velocity of n bobs (each 2n, x and y of each) that rods of these lengths
/// allow, by Newton's steps.
void project(Eigen::VectorXd& x, Eigen::VectorXd& v, const Eigen::VectorXd& lengths) {
  const Index n = lengths.size();
  Eigen::VectorXd z(4 * n), wrong(2 * n);
  z << x, v;
  for (int step = 0; step < 100; ++step) {
    Eigen::MatrixXd jacobian = Eigen::MatrixXd::Zero(2 * n, 4 * n);
    for (Index i = 0; i < n; ++i) {
      Eigen::Vector2d apart = z.segment<2>(2 * i), rate = z.segment<2>(2 * (n + i));
      if (i > 0) apart -= z.segment<2>(2 * i - 2), rate -= z.segment<2>(2 * (n + i) - 2);
      wrong[i] = apart.squaredNorm() - lengths[i] * lengths[i];
      wrong[n + i] = 2 * apart.dot(rate);
      for (const Index end : {i, i - 1}) {
        if (end < 0) continue;
        const double sign = end == i ? 2 : -2;
        jacobian.row(i).segment<2>(2 * end) = sign * apart;
        jacobian.row(n + i).segment<2>(2 * end) = sign * rate;
        jacobian.row(n + i).segment<2>(2 * (n + end)) = sign * apart;
      }
    }
    if (wrong.cwiseAbs().maxCoeff() < 1e-12) break;
    const Eigen::MatrixXd square = jacobian * jacobian.transpose();
    const Eigen::VectorXd move = jacobian.transpose() * autodiff::least_squares(square, wrong);
    const double farthest = 0.5 * std::sqrt(z.squaredNorm() / static_cast<double>(z.size()));
    z -= move.cwiseMin(farthest).cwiseMax(-farthest);
  }
  x = z.head(2 * n);
  v = z.tail(2 * n);
}

Setting chain(Index n) {
  const std::vector<double> numbers = published_numbers(2 * n);
  std::map<std::string, double> set{{"n", static_cast<double>(n)}, {"g", 9.81}};
  Eigen::VectorXd lengths(n);
  for (Index i = 0; i < n; ++i) {
    const auto number = [&](Index k) { return numbers[static_cast<std::size_t>(k)]; };
    set[tools::format("m%td", i + 1)] = number(n - 1 - i);
    set[tools::format("l%td", i + 1)] = lengths[i] = number(2 * n - 1 - i);
  }
  const auto start = [=](Random& random) {
    Eigen::VectorXd angles(n), rates(n), x = Eigen::VectorXd::Zero(2 * n), v = x;
    for (Index i = 0; i < n; ++i) angles[i] = random.normal(), rates[i] = random.normal();
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j <= i; ++j) {
        const double sine = lengths[j] * std::sin(angles[j]),
                     cosine = lengths[j] * std::cos(angles[j]);
        x.segment<2>(2 * i) += Eigen::Vector2d(sine, -cosine);
        v.segment<2>(2 * i) += rates[j] * Eigen::Vector2d(cosine, sine);
      }
    for (Index k = 0; k < 2 * n; ++k) {
      x[k] += 0.2 * random.normal();
      v[k] = 3 * (0.5 * v[k] + 0.4 * random.normal());
    }
    project(x, v, lengths);
    Eigen::VectorXd state(2 * n);
    for (Index i = 0; i < n; ++i) {
      Eigen::Vector2d apart = x.segment<2>(2 * i), rate = v.segment<2>(2 * i);
      if (i > 0) apart -= x.segment<2>(2 * i - 2), rate -= v.segment<2>(2 * i - 2);
      state[i] = std::atan2(apart[0], -apart[1]);
      state[n + i] = (apart[0] * rate[1] - apart[1] * rate[0]) / apart.squaredNorm();
    }
    return state;
  };
  return {make_system(physics::find_system("chain"), set), start, 0.03};
}

/// A bob's place from its pivot and its velocity.
struct Bob {
  Eigen::Vector3d r, v;
};

/// Normal around hanging at rest: tilted towards y, swung along x, each with a rate.
Bob hanging(Random& random, double along_y, double along_x, double rate_y, double rate_x) {
  const double tilt = along_y * random.normal(), swing = along_x * random.normal();
  const double tilting = rate_y * random.normal(), swinging = rate_x * random.normal();
  // Theirs: r = (-cos θ, sin θ sin φ, sin θ cos φ), with θ = π/2 + swing and φ = π + tilt.
  const double s = std::sin(swing), c = std::cos(swing);
  const Eigen::Vector3d r(s, -c * std::sin(tilt), -c * std::cos(tilt));
  const Eigen::Vector3d along(c, s * std::sin(tilt), s * std::cos(tilt)), across(0, r[2], -r[1]);
  return {r, swinging * along + tilting * across};
}

/// Of bobs on rods of length 1: in x, y, z, or in the angles of bob.h.
Eigen::VectorXd state_of(const std::vector<Bob>& bobs, const std::vector<double>& pivots,
                         bool in_space) {
  const Index of_each = in_space ? 3 : 2, n = of_each * std::ssize(bobs);
  Eigen::VectorXd state(2 * n);
  for (Index i = 0; i < std::ssize(bobs); ++i) {
    const auto& [r, v] = bobs[static_cast<std::size_t>(i)];
    if (in_space) {
      state.segment<3>(3 * i) = r;
      state[3 * i] += pivots[static_cast<std::size_t>(i)];
      state.segment<3>(n + 3 * i) = v;
    } else {
      const double level = r[0] * r[0] + r[2] * r[2];
      state.segment<2>(2 * i) << std::atan2(r[0], -r[2]), std::asin(r[1]);
      state.segment<2>(n + 2 * i) << (r[0] * v[2] - r[2] * v[0]) / level, v[1] / std::sqrt(level);
    }
  }
  return state;
}

/// Who is told the kinematics learns in x, y, z, with the rods as constraints; who is not, in
/// angles.
Setting coupled(bool told) {
  const auto start = [told](Random& random) {
    std::vector<Bob> bobs;
    for (int i = 0; i < 3; ++i) bobs.push_back(hanging(random, 0.3, 0.3, 0.3, 0.3));
    return state_of(bobs, {0, 1, 2}, told);
  };
  physics::System system =
      make_system(physics::find_system("coupled_pendulums"),
                  {{"n", 3}, {"k", 10}, {"g", 9.81}, {"angles", told ? 0 : 1}});
  // The picture shows the pivots, too; z is of the bobs alone.
  system.picture.points = [all = system.picture.points](Var q) { return slice_rows(all(q), 0, 9); };
  return {std::move(system), start, 0.05};
}

/// In x, y, z, with the rod as a constraint. The published networks that are not told the
/// kinematics have two angles, and so know the rod, too; ours may not: where the fast bob may well
/// come they have no meaning.
Setting magnet() {
  physics::System s;
  s.coordinates = {{"x"}, {"y"}, {"z"}};
  s.lagrangian = [](Var r, Var v) {
    Var sum = 1.5 * sum_rows(v * v) - 3 * 9.81 * row(r, 2);
    for (const double x : {0.1, -0.1}) {
      Matrix place(3, 1);
      place << static_cast<autodiff::Scalar>(x), 0, static_cast<autodiff::Scalar>(-1.05);
      const Var d = broadcast_cols(r.tape().constant(place), r.cols()) - r, d2 = sum_rows(d * d);
      // As published; in the energy of two dipoles the second term has the other sign.
      const Var dipoles = 3 * sum_rows(r * d) * row(d, 2) + d2 * row(r, 2);
      sum = sum + 0.3 * 0.3 / (4 * std::numbers::pi) * dipoles * pow(d2, -2.5);
    }
    return sum;
  };
  s.constraints = [](Var q) { return sum_rows(q * q) - 1.; };
  s.picture = {.dimension = 3, .points = [](Var q) { return q; }};
  const auto start = [](Random& random) {
    return state_of({hanging(random, 0.3, 0.2, 0.05, 0.4)}, {0}, true);
  };
  return {std::move(s), start, 0.05};
}

Outcome run(const Setting& setting, Index chunks, const Recipe& recipe, const Job& job) {
  constexpr Index states = 100, of_chunk = 5, tests = 100;
  const physics::Motion truth = motion_of(setting.system);
  const Eigen::VectorXd times = even_times(setting.dt * static_cast<double>(states - 1), states);
  const auto some_chunks = [&](Index count, std::uint64_t seed) {
    Random random(seed);
    return random_chunks(
        true_trajectories(truth, starts_of(setting.start, count, random), times, job), of_chunk,
        random);
  };
  const auto model = learn_chunks(setting.system, some_chunks(chunks, job.seed), recipe, job);

  const std::vector<physics::Recording> begun = some_chunks(tests, job.seed + 500'009);
  Eigen::MatrixXd starts(2 * setting.system.n(), tests);
  for (Index k = 0; k < tests; ++k) {
    const physics::Recording& chunk = begun[static_cast<std::size_t>(k)];
    starts.col(k) << chunk.q.col(0), chunk.v.col(0);
  }
  Random random(job.seed + 700'001);
  Eigen::MatrixXd moved = starts;
  for (double& value : moved.reshaped()) value += 1e-4 * random.normal();
  const auto exact = true_trajectories(truth, starts, times, job);
  const View view = cartesian(setting.system);
  const auto error_of = [&](const std::vector<physics::Solution>& trajectories) {
    return relative_error(trajectories, exact, view);
  };
  return {{error_of(learnt_trajectories(nn::learnt_motion(*model), starts, times, job.threads))},
          {error_of(true_trajectories(truth, moved, times, job))}};
}

Protocol row(const std::string& name, const std::string& what,
             const std::function<Setting(bool told)>& setting, Index chunks,
             const std::vector<Published>& published,
             const std::function<Recipe(const OurModel&)>& recipe) {
  return {.name = name,
          .what = what,
          .source = source,
          .metrics = {metric},
          .floor_is = floor_is,
          .published = published,
          .models = {{"embedded", true}, {"pullback"}, {"delan"}, {"lnn"}},
          .run = [=](const Job& job) {
            return run(setting(job.model.told), chunks, recipe(job.model), job);
          }};
}

std::vector<Published> columns(double node, double hnn, double delan, double chnn, double clnn) {
  return {{"NODE", false, {node}},
          {"HNN", false, {hnn}},
          {"DeLaN", false, {delan}},
          {"CHNN", true, {chnn}},
          {"CLNN", true, {clnn}}};
}

}  // namespace

std::vector<Protocol> of_finzi() {
  // The more data there are, the larger a network may be before it learns what is not there. One
  // that knows or learns where masses are is small in any case.
  const Recipe small{.hidden = {64, 64}, .steps = 8000},
      large{.hidden = {128, 128, 128}, .steps = 15'000};
  const auto recipes = [&](const Recipe& untold) {
    return [=](const OurModel& model) {
      return model.told || model.name == "pullback" ? small : untold;
    };
  };
  const auto chain_of = [](Index n) { return [n](bool) { return chain(n); }; };
  std::vector<Protocol> all;
  all.push_back(row("chain-1", "a pendulum, 800 chunks of 5 states, 3 s", chain_of(1), 800,
                    columns(3.8e-4, 1.2e-4, 2.5e-4, 6.1e-5, 5.2e-5), recipes(small)));
  all.push_back(row("chain-2", "a chain of 2 links, 800 chunks of 5 states, 3 s", chain_of(2), 800,
                    columns(6.5e-2, 1.9e-3, 1.3e-3, 1.2e-4, 1.1e-4), recipes(large)));
  all.push_back(row("chain-3", "a chain of 3 links, 800 chunks of 5 states, 3 s", chain_of(3), 800,
                    columns(0.27, 4.7e-2, 4.1e-2, 3.4e-4, 3.3e-4), recipes(large)));
  all.push_back(row("chain-5", "a chain of 5 links, 800 chunks of 5 states, 3 s", chain_of(5), 800,
                    columns(0.44, 0.34, 0.33, 1.1e-3, 9.3e-4), recipes(large)));
  const auto add_efficiency = [&](Index chunks, double clnn, double delan, const Recipe& untold) {
    all.push_back(row(tools::format("chain-2-from-%td", chunks),
                      tools::format("the chain of 2 links from %td chunks", chunks), chain_of(2),
                      chunks, {{"CLNN", true, {clnn}}, {"DeLaN", false, {delan}}},
                      recipes(untold)));
  };
  add_efficiency(10, 1.3e-2, 0.40, {.hidden = {32, 32, 32}, .steps = 3000});
  add_efficiency(100, 6.4e-4, 1.7e-2, {.hidden = {32, 32, 32}, .steps = 20'000});
  add_efficiency(2000, 5.5e-5, 7.3e-4, large);
  add_efficiency(10'000, 2.5e-5, 1.9e-4, large);
  all.push_back(row("coupled-3", "three pendulums in space, springs between them, 5 s", coupled,
                    800, columns(5.5e-2, 6.5e-2, 5.8e-2, 7.7e-3, 7.4e-3), recipes(small)));
  const auto for_magnet = [](const OurModel& model) {
    if (model.name == "pullback") return Recipe{.hidden = {64, 64}, .steps = 10'000, .rounds = 3};
    if (!model.told) return Recipe{.hidden = {64, 64, 64}, .steps = 30'000, .rounds = 3};
    return Recipe{.hidden = {64, 64}, .steps = 40'000, .rounds = 3, .through_time = 10'000};
  };
  all.push_back(row(
      "magnet", "a magnet on a rod in space over two others, 5 s", [](bool) { return magnet(); },
      800, columns(0.11, 0.11, 0.13, 1.3e-2, 1.0e-2), for_magnet));
  return all;
}

}  // namespace protocols
