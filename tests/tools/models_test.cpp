// From options to what trains: the model with its scales, its first weights, losses, optimisers,
// learning rates, and what --dry-run tells of the job.
#include "tools/app/models.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/learning/scales.h"
#include "nn/models/learnt_motion.h"
#include "nn/models/mass_matrix.h"
#include "nn/optimisers/adam.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/sgd.h"
#include "nn/optimisers/soap.h"
#include "physics/integrate/roll_out.h"
#include "physics/observe/judge.h"
#include "tests/precision.h"
#include "tests/program/program.h"
#include "tests/tools/printed.h"
#include "tools/app/judgement.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using doctest::Approx;
using tools::indefinite_share;
using tools::Subject;
using tools::TrainOptions;

namespace {

TrainOptions small(const std::string& system = "double_pendulum") {
  TrainOptions o;
  o.system = system;
  o.hidden = {4};
  o.initialiser = "rule";
  o.threads = 1;
  o.rounds = 1;
  return o;
}

/// All scales are left to the data.
TrainOptions by_the_data(TrainOptions o) {
  o.velocity_scale.reset();
  o.kinetic_prior.reset();
  o.target_scale.reset();
  return o;
}

physics::DataSet samples_of(const Subject& subject, Index count, std::uint64_t seed = 1) {
  Random random(seed);
  return label(*subject.simulated, region_states(*subject.simulated, count, random), random);
}

/// A simulated system, of which there are so many samples.
Subject with_samples(const TrainOptions& o, Index count) {
  Subject subject(o);
  subject.samples = samples_of(subject, count);
  return subject;
}

std::vector<Scalar> weights_of(const nn::Model& model) {
  const auto values = model.parameters().values();
  return {values.begin(), values.end()};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The number behind `before` in a text.
double number_behind(const std::string& before, const std::string& text) {
  REQUIRE(contains(text, before));
  return std::stod(text.substr(text.find(before) + before.size()));
}

}  // namespace

TEST_CASE("a model has the layers, coordinates and controls of its options and its subject") {
  TrainOptions o = small("kepler");
  o.hidden = {5, 3};
  o.activation = "tanh";
  o.friction = "linear";
  const auto model = make_model(o, Subject(o), {});
  CHECK(model->options().hidden == std::vector<Index>{5, 3});
  CHECK(model->options().activation == "tanh");
  CHECK(model->options().names == std::vector<std::string>{"r", "theta"});
  CHECK(model->options().angles == std::vector<bool>{false, true});
  CHECK(model->options().friction == "linear");
  CHECK(model->controls() == 0);
  CHECK(model->form().kind == "lnn");
  for (const Scalar weight : weights_of(*model)) CHECK(weight == 0);

  o.angle_features = false;
  CHECK(make_model(o, Subject(o), {})->options().angles == std::vector<bool>{false, false});
  o.friction = "auto";  // not decided yet
  CHECK(make_model(o, Subject(o), {})->options().friction == "none");
  o.friction = "linear";
  o.model = "mlp";  // has none
  CHECK(make_model(o, Subject(o), {})->options().friction == "none");
  const TrainOptions cart = small("cart_pole");
  CHECK(make_model(cart, Subject(cart), {})->controls() == 1);
}

TEST_CASE("scales that are given are taken, and data do not matter then") {
  TrainOptions o = small("kepler");
  o.velocity_scale = 0.3;
  o.kinetic_prior = 1.7;
  o.target_scale = 5;
  const auto model = make_model(o, Subject(o), {});
  CHECK(model->options().velocity_scale == 0.3);
  CHECK(model->options().kinetic_prior == 1.7);
  CHECK(model->options().acceleration_scale == 5);
  CHECK(model->options().coordinate_scale == 1);
  o.model = "delan";  // no velocity enters it
  CHECK(make_model(o, Subject(o), {})->options().velocity_scale == 1);
  CHECK(make_model(o, Subject(o), {})->options().kinetic_prior == 1.7);
  o.model = "mlp";  // no Lagrangian to add a prior to
  CHECK(make_model(o, Subject(o), {})->options().velocity_scale == 0.3);
  CHECK(make_model(o, Subject(o), {})->options().kinetic_prior == 0);
}

TEST_CASE("scales that are left to the data come from them, beside those that are given") {
  const TrainOptions o = by_the_data(small("kepler"));
  const Subject subject(o);
  const physics::DataSet sample = samples_of(subject, 100);
  nn::NetworkOptions expected{.angles = {false, true}};
  nn::scale_to(expected, sample);
  const nn::NetworkOptions found = make_model(o, subject, sample)->options();
  CHECK(found.coordinate_scale == expected.coordinate_scale);
  CHECK(found.velocity_scale == expected.velocity_scale);
  CHECK(found.kinetic_prior == expected.kinetic_prior);
  CHECK(found.acceleration_scale == expected.acceleration_scale);

  // One left to the data is enough for these to be looked at.
  const std::vector<void (*)(TrainOptions&)> left{[](TrainOptions& x) { x.velocity_scale.reset(); },
                                                  [](TrainOptions& x) { x.kinetic_prior.reset(); },
                                                  [](TrainOptions& x) { x.target_scale.reset(); }};
  for (std::size_t k = 0; k < left.size(); ++k) {
    CAPTURE(k);
    TrainOptions one = small("kepler");
    left[k](one);
    const nn::NetworkOptions mixed = make_model(one, subject, sample)->options();
    CHECK(mixed.coordinate_scale == expected.coordinate_scale);
    CHECK(mixed.velocity_scale == (k == 0 ? expected.velocity_scale : 0.1));
    CHECK(mixed.kinetic_prior == (k == 1 ? expected.kinetic_prior : 2));
    CHECK(mixed.acceleration_scale == (k == 2 ? expected.acceleration_scale : 1));
  }
}

TEST_CASE("a Hamiltonian is scaled by momenta: of three times the mass they enter at a third") {
  TrainOptions o = by_the_data(small("kepler"));
  o.set = {{"m", 3}};
  const Subject subject(o);
  const physics::DataSet sample = samples_of(subject, 100);
  const double of_velocities = make_model(o, subject, sample)->options().velocity_scale[0];
  o.model = "hnn";
  const nn::NetworkOptions of_momenta = make_model(o, subject, sample)->options();
  CHECK(of_momenta.velocity_scale[0] == Approx(of_velocities / 3).epsilon(1e3 * rounding));
  CHECK(of_momenta.kinetic_prior[0] == Approx(3).epsilon(1e3 * rounding));
}

TEST_CASE("the prior of a field is about a fifth of that of single coordinates") {
  TrainOptions o = by_the_data(small("wave"));
  const Subject subject(o);
  const physics::DataSet sample = samples_of(subject, 100);
  const double single = make_model(o, subject, sample)->options().kinetic_prior.mean();
  o.model = "field";
  CHECK(make_model(o, subject, sample)->options().kinetic_prior.mean() ==
        Approx(single / 5).epsilon(0.02));
}

TEST_CASE("data that give no scales end the program, and the message names the model") {
  const TrainOptions o = by_the_data(small());
  const Subject subject(o);
  try {
    make_model(o, subject, samples_of(subject, 1));
    FAIL("one sample has no deviation");
  } catch (const tools::EndProgram& end) {
    CHECK(end.code == tools::exit_usage);
    CHECK(contains(end.what(), "--model lnn: "));
  }
}

TEST_CASE("what is known of a simulated system beside its states, and that of a file nothing is") {
  const TrainOptions o = small("kepler");
  Subject subject(o);
  CHECK(known_of(subject).lagrangian);
  CHECK(known_of(subject).positions);
  CHECK(known_of(subject).dimension == 2);
  subject.simulated.reset();
  CHECK_FALSE(known_of(subject).lagrangian);
  CHECK_FALSE(known_of(subject).positions);
}

TEST_CASE("the losses by their names: squares, sizes, and Huber's between the two") {
  const auto loss_of = [](const std::string& name, double error) {
    autodiff::Tape tape;
    const autodiff::Var prediction = tape.input(1, 1, "p"), target = tape.input(1, 1, "t");
    const autodiff::Var loss = tools::loss_named(name)(prediction, target);
    return autodiff::evaluate(loss, {{prediction, Matrix::Constant(1, 1, 10)},
                                     {target, Matrix::Constant(1, 1, 10 - error)}})(0, 0);
  };
  CHECK(loss_of("mse", 3) == 9);
  CHECK(loss_of("l1", 3) == 3);
  CHECK(loss_of("huber", 3) == 2.5);
  CHECK(loss_of("huber", 0.5) == 0.125);
}

TEST_CASE("accelerations are compared in units of --target-scale, by the loss that is asked for") {
  TrainOptions o = small();
  o.model = "mlp";
  o.target_scale = 4;
  const Subject subject(o);
  const physics::DataSet data = samples_of(subject, 8);
  const auto model = make_model(o, subject, {});  // of zero weights: it predicts 0
  const auto loss_by = [&](const std::string& name) {
    o.loss = name;
    return nn::TrainingStep(*model, make_objective(o, subject, *model), {8, 8})
        .run(data.states.data(), data.accelerations.data());
  };
  const auto a = data.accelerations.cast<double>().array() / 4;
  CHECK(loss_by("l1") == Approx(a.abs().mean()).epsilon(100 * rounding));
  CHECK(loss_by("mse") == Approx(a.square().mean()).epsilon(100 * rounding));
}

TEST_CASE("the optimisers go by their names, and sgd has a momentum of 0.9") {
  TrainOptions o = small();
  const auto model = make_model(o, Subject(o), {});
  const auto named = [&](const std::string& name) {
    o.optimiser = name;
    return make_optimiser(o, *model);
  };
  CHECK(dynamic_cast<nn::Soap*>(named("soap").get()) != nullptr);
  CHECK(dynamic_cast<nn::Adam*>(named("adam").get()) != nullptr);
  const auto sgd = named("sgd");
  REQUIRE(dynamic_cast<nn::Sgd*>(sgd.get()) != nullptr);
  const std::vector<Scalar> ones(weights_of(*model).size(), 1);
  auto parameters = model->parameters().values();
  sgd->step(parameters, ones, 1);
  sgd->step(parameters, ones, 1);
  CHECK(parameters[0] == Approx(-1 - 1.9).epsilon(10 * rounding));
}

TEST_CASE("a gradient is cut down to --clip, and with 0 it is not") {
  TrainOptions o = small();
  o.optimiser = "sgd";
  o.batch = 8;
  const Subject subject(o);
  const physics::DataSet data = samples_of(subject, 8);
  const auto moved_by = [&](double clip, double& gradient) {
    o.clip = clip;
    Random random(3);
    const auto model = make_model(o, subject, {});
    initialise(*model, o, random);
    const auto sgd = make_optimiser(o, *model);
    nn::Trainer trainer = make_trainer(o, *model, *sgd, make_objective(o, subject, *model));
    const std::vector<const Scalar*> inputs{data.states.data(), data.accelerations.data()};
    trainer.loss_and_gradient(inputs);
    double square = 0, moved = 0;
    for (const double g : trainer.training_step().gradient()) square += g * g;
    gradient = std::sqrt(square);
    const std::vector<Scalar> before = weights_of(*model);
    trainer.step(1);
    for (std::size_t k = 0; k < before.size(); ++k)
      moved += std::pow(weights_of(*model)[k] - before[k], 2);
    return std::sqrt(moved);
  };
  double gradient = 0;
  CHECK(moved_by(0.1, gradient) == Approx(0.1).epsilon(1e4 * rounding));
  REQUIRE(gradient > 0.2);
  CHECK(moved_by(0, gradient) == Approx(gradient).epsilon(1e4 * rounding));
}

TEST_CASE("a batch that is too large for the memory is refused, with what it would need") {
  TrainOptions o = small();
  o.hidden = {64, 64};
  o.batch = 2'000'000'000;
  o.shard_width = 64;
  const Subject subject(o);
  const auto model = make_model(o, subject, {});
  const nn::Objective objective = make_objective(o, subject, *model);
  nn::Adam adam(model->parameters().size());
  const nn::TrainingStep shard(*model, objective, {64, 64});
  const double bytes = static_cast<double>(sizeof(Scalar)) *
                       static_cast<double>(shard.program().arena_size()) * o.batch / 64;
  try {
    make_trainer(o, *model, adam, objective);
    FAIL("there is memory for it");
  } catch (const tools::EndProgram& end) {
    CHECK(end.code == tools::exit_usage);
    CHECK(contains(end.what(), "--batch, --shard-width and --hidden: "));
    CHECK(number_behind("about ", end.what()) == Approx(1e-9 * bytes).epsilon(0.03));
  }
}

TEST_CASE("--initialiser decides on the first weights") {
  TrainOptions o = small();
  o.hidden = {100};
  const auto model = make_model(o, Subject(o), {});
  const auto largest = [&](const std::string& name) {
    o.initialiser = name;
    Random random(1);
    initialise(*model, o, random);
    double most = 0;
    for (const double weight : weights_of(*model)) most = std::max(most, std::abs(weight));
    return most;
  };
  // Largest are the output's: of deviation sqrt(100), 5.6, and at most 1/sqrt(6).
  CHECK(largest("rule") > 2 * 5.6);
  CHECK(largest("rule") > 1.5 * largest("slides"));
  CHECK(largest("slides") > 2 * 5.6);
  CHECK(largest("lecun") < 3);
}

TEST_CASE("the share that sticks is that of states whose mass matrix has another sign than most") {
  TrainOptions o = small();
  o.kinetic_prior = 0;
  const Subject subject(o);
  const auto model = make_model(o, subject, {});
  Random random(5);
  initialise(*model, o, random);
  const auto share = [&](const physics::DataSet& data, Index stride, Index count) {
    const Eigen::MatrixXd some =
        data.states(Eigen::all, Eigen::seqN(0, count, stride)).cast<double>();
    return nn::indefinite_share(nn::mass_matrices(*model, some));
  };
  // All states where they are few, a thousand from all over where they are many.
  const physics::DataSet many = samples_of(subject, 2500), few = part_of(many, 0, 7);
  REQUIRE(share(many, 1, 2500) > 0.01);
  CHECK(indefinite_share(*model, few) == share(few, 1, 7));
  CHECK(indefinite_share(*model, many) == share(many, 2, 1000));
  CHECK(indefinite_share(*model, part_of(many, 0, 1500)) == share(many, 1, 1000));

  o.kinetic_prior = 1e6;  // so heavy that nothing learnt changes its sign
  const auto heavy = make_model(o, subject, {});
  initialise(*heavy, o, random);
  CHECK(indefinite_share(*heavy, many) == 0);
  o.model = "mlp";  // has no masses
  CHECK(indefinite_share(*make_model(o, subject, {}), many) == 0);
}

TEST_CASE("the rate follows --schedule over all steps") {
  TrainOptions o;
  o.learning_rate = 0.5;
  o.warmup = 0.3;
  o.rounds = 0;
  for (const long step : {0L, 2L, 3L, 5L, 9L}) {
    CAPTURE(step);
    const auto rate = [&](const std::string& schedule, long epoch = 0) {
      o.schedule = schedule;
      return learning_rate(o, epoch, step, 10);
    };
    CHECK(rate("constant") == 0.5);
    CHECK(rate("cosine") == nn::WarmupCosine{0.5, 3, 10}.rate(step));
    CHECK(rate("onecycle") == nn::OneCycle{0.5, 3, 10}.rate(step));
    o.lr_step = 4;
    o.lr_gamma = 0.1;
    CHECK(rate("step", 3) == 0.5);
    CHECK(rate("step", 4) == Approx(0.05));
    CHECK(rate("step", 8) == Approx(0.005));
  }
}

TEST_CASE("in each round the rate rises and falls, and the last has the steps that are left") {
  TrainOptions o;
  o.learning_rate = 0.5;
  o.schedule = "cosine";
  o.warmup = 0.34;
  o.rounds = 3;
  for (long step = 0; step < 11; ++step) {
    CAPTURE(step);
    const double expected = step < 6 ? nn::WarmupCosine{0.5, 1, 3}.rate(step % 3)
                                     : nn::WarmupCosine{0.5, 2, 5}.rate(step - 6);
    CHECK(learning_rate(o, 0, step, 11) == expected);
  }
  o.rounds = 12;  // more than steps: one round
  CHECK(learning_rate(o, 0, 7, 11) == nn::WarmupCosine{0.5, 4, 11}.rate(7));
}

TEST_CASE("a run begins from first weights, with an optimiser that has forgotten all others") {
  TrainOptions o = small();
  o.optimiser = "adam";
  const Subject subject = with_samples(o, 50);
  for (const char* learn : {"accelerations", "trajectories"}) {
    CAPTURE(learn);
    o.learn = learn;
    o.guess_steps = o.learn == "trajectories" ? 0 : 100;
    const auto drawn = make_model(o, subject, {}), begun = make_model(o, subject, {});
    Random a(9), b(9);
    initialise(*drawn, o, a);
    const auto adam = make_optimiser(o, *begun);
    adam->set_steps(5);
    begin(*begun, *adam, o, subject, b);
    CHECK(weights_of(*begun) == weights_of(*drawn));
    CHECK(a.state() == b.state());
    CHECK(adam->steps() == 0);
  }
}

TEST_CASE("where trajectories are learnt, a run on accelerations of its own comes before") {
  TrainOptions o = small();
  o.optimiser = "adam";
  o.learn = "trajectories";
  o.guess_steps = 40;
  o.restarts = 2;
  // None of these is that run's.
  o.loss = "mse";
  o.schedule = "step";
  o.rounds = 7;
  o.batch = 3;
  o.learning_rate = 0.7;
  for (const Index count : {50, 300}) {
    for (const double prior : {1e6, 0.}) {  // it never sticks, or it does
      CAPTURE(count);
      CAPTURE(prior);
      o.kinetic_prior = prior;
      const Subject subject = with_samples(o, count);
      const auto begun = make_model(o, subject, {}), by_hand = make_model(o, subject, {});
      Random a(2), b(2);
      begin(*begun, *make_optimiser(o, *begun), o, subject, a);

      nn::Adam adam(by_hand->parameters().size());
      nn::Trainer trainer(*by_hand, adam,
                          {.objective = nn::of_accelerations(nn::l1_loss),
                           .batch = std::min<Index>(count, 128),
                           .shard_width = o.shard_width});
      const nn::WarmupCosine schedule{.peak = 5e-3, .warmup = 1, .total = 40};
      int draws = 0;
      do {
        initialise(*by_hand, o, b);
        adam.forget();
        trainer.fit(subject.samples, b, 40, [&](long step) { return schedule.rate(step); });
      } while (++draws < 3 && indefinite_share(*by_hand, subject.samples) > tools::most_indefinite);
      CHECK(draws == (prior == 0 ? 3 : 1));
      CHECK(weights_of(*begun) == weights_of(*by_hand));
      CHECK(a.state() == b.state());
    }
  }
}

TEST_CASE("a first guess that diverges is drawn again, and in the end its first weights stay") {
  TrainOptions o = small();
  o.optimiser = "adam";
  o.learn = "trajectories";
  o.restarts = 1;
  Subject subject = with_samples(o, 20);
  subject.samples.accelerations(0, 0) = std::numeric_limits<Scalar>::quiet_NaN();
  const auto model = make_model(o, subject, {}), drawn = make_model(o, subject, {});
  Random a(2), b(2);
  begin(*model, *make_optimiser(o, *model), o, subject, a);
  for (int draw = 0; draw < 2; ++draw) {
    initialise(*drawn, o, b);
    b.permutation(20);
  }
  CHECK(weights_of(*model) == weights_of(*drawn));
  CHECK(a.state() == b.state());
}

TEST_CASE("no friction is tried where the model has none, or nothing watches") {
  TrainOptions o = small();
  Subject subject = with_samples(o, 20);
  CHECK(friction_for(o, subject) == "none");
  subject.validation = samples_of(subject, 20);
  o.model = "mlp";
  CHECK(friction_for(o, subject) == "none");
}

namespace {

/// The same model, trained for so many steps by the same draw, as the trial of friction is.
std::unique_ptr<nn::NetworkModel> tried(TrainOptions o, const Subject& subject,
                                        const char* friction) {
  o.friction = friction;
  o.learn = "trajectories";  // begins on accelerations
  o.guess_steps = 2000;
  auto model = make_model(o, subject, subject.samples);
  Random random(o.seed + 5'000'003);
  begin(*model, *make_optimiser(o, *model), o, subject, random);
  return model;
}

}  // namespace

TEST_CASE("friction is tried on samples by errors of accelerations, and kept only for a fifth") {
  TrainOptions o = small("pendulum");
  o.optimiser = "adam";
  o.learning_rate = 5e-3;
  o.restarts = 0;
  for (const double friction : {0., 0.1}) {
    CAPTURE(friction);
    o.set = {{"friction", friction}};
    Subject subject = with_samples(o, 300);
    subject.validation = samples_of(subject, 100, 2);
    std::string found;
    const double told = number_behind("errors with friction are ",
                                      printed([&] { found = friction_for(o, subject); }));
    const auto miss = [&](const char* how) {
      const auto model = tried(o, subject, how);
      return physics::judge_accelerations(nn::learnt_motion(*model), subject.validation).l1[0];
    };
    const double ratio = miss("linear") / miss("none");
    CHECK(told == Approx(ratio).epsilon(0.01));
    CHECK(found == (ratio < 0.8 ? "linear" : "none"));
    CHECK(found == (friction > 0 ? "linear" : "none"));
  }
  o.quiet = true;
  Subject subject = with_samples(o, 30);
  subject.validation = samples_of(subject, 10, 2);
  CHECK(printed([&] { friction_for(o, subject); }).empty());
  o.quiet = false;
  o.dry_run = true;
  CHECK(printed([&] { friction_for(o, subject); }).empty());
}

TEST_CASE("friction is tried on recordings by paths that begin half a window apart") {
  // A driven, damped oscillation, of which whole trajectories watch: 500, 60, 500 ... rows.
  const program::Folder folder;
  std::string csv = "trajectory,t,x,u:push\n";
  for (int k = 0; k < 30; ++k) {
    double q = std::sin(1. + k), v = std::cos(2. * k);
    for (int row = 0; row < (k % 2 ? 60 : 500); ++row) {
      const double push = 0.1 * std::sin(0.3 * row + k);
      csv += std::to_string(k) + ',' + std::to_string(0.1 * row) + ',' + std::to_string(q) + ',' +
             std::to_string(push) + '\n';
      for (int step = 0; step < 100; ++step) {
        q += 5e-4 * v;
        v += 1e-3 * (push - q - 0.1 * v);
        q += 5e-4 * v;
      }
    }
  }
  folder.write("data.csv", csv);
  TrainOptions o = by_the_data(small());
  o.data = (folder.path() / "data.csv").string();
  o.optimiser = "adam";
  o.learning_rate = 5e-3;
  o.restarts = 0;
  const Subject subject(o);
  const std::vector<physics::Recording>& recordings = subject.validation_recorded.recordings;
  const std::vector<physics::Estimate>& estimates = subject.validation_recorded.estimates;
  REQUIRE(recordings.size() > 1);
  std::string found;
  const double told = number_behind("errors with friction are ",
                                    printed([&] { found = friction_for(o, subject); }));
  CHECK(found == "linear");

  const Index window = subject.stride(16).window;
  const auto miss = [&](const char* how) {
    const auto model = tried(o, subject, how);
    std::vector<double> squares;
    Index shortened = 0;
    for (std::size_t r = 0; r < recordings.size(); ++r) {
      const physics::Recording& all = recordings[r];
      for (Index begin = 0; begin == 0 || begin + window <= all.size(); begin += window / 2) {
        const Index size = std::min(window, all.size() - begin);
        shortened += size < window;
        const Eigen::VectorXd t = all.t.segment(begin, size);
        const Eigen::MatrixXd truth = estimates[r].states.middleCols(begin, size);
        const auto path = physics::roll_out(
            tools::driven_by(nn::learnt_motion(*model), t, all.controls.middleCols(begin, size)),
            truth.leftCols(1), t, {.rtol = 1e-6, .atol = 1e-6, .max_steps = 10'000});
        squares.push_back((path[0].y.row(0) - truth.row(0)).squaredNorm() /
                          static_cast<double>(size));
      }
    }
    CHECK(shortened > 0);
    CHECK(squares.size() > recordings.size());
    std::sort(squares.begin(), squares.end());
    const std::size_t count = squares.size();
    return 0.5 * std::log((squares[(count - 1) / 2] + squares[count / 2]) / 2);
  };
  CHECK(told == Approx(std::exp(miss("linear") - miss("none"))).epsilon(0.01));
}

TEST_CASE("--dry-run tells the size of the job") {
  TrainOptions o = small();
  o.batch = 40;
  o.epochs = 1'000'000;
  o.steps_per_epoch = 1000;
  const Subject subject(o);
  Random random(0);
  const auto batches = make_batches(o, random, subject);
  const auto model = make_model(o, subject, {});
  initialise(*model, o, random);
  nn::Adam adam(model->parameters().size());
  nn::Trainer trainer = make_trainer(o, *model, adam, make_objective(o, subject, *model));
  const std::string job = the_job(o, *model, trainer, *batches);
  CHECK(job.starts_with(to_toml(o)));
  // 6 features and a bias to 4, these and a bias to 1.
  CHECK(contains(job,
                 "# The job: 33 parameters; 1000000 epochs of 1000 steps of 40 samples: 1000000000 "
                 "steps in all.\n"));
  CHECK(contains(job, "on 2 shards of the batch"));
  const auto& program = trainer.training_step().program();
  CHECK(number_behind("A step is ", job) == program.instructions());
  CHECK(number_behind("batch, in ", job) ==
        Approx(2e-6 * static_cast<double>(program.arena_size()) * sizeof(Scalar)).epsilon(0.06));
  // A milliard steps of so many ms.
  const std::string whole = job.substr(job.rfind("about ") + 6);
  const double unit = contains(whole, " min")    ? 60
                      : contains(whole, " h")    ? 3600
                      : contains(whole, " days") ? 86400
                                                 : 1;
  CHECK(std::stod(whole) * unit == Approx(1e6 * number_behind("and takes ", job)).epsilon(0.06));
}
