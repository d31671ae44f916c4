// ./train: a network learns the Lagrangian of the double pendulum from its accelerations alone.
//
// Read it from train() downwards: system, data, model, fit, judge, tell.
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <sstream>

#include "nn/adam.h"
#include "nn/lagrangian_network.h"
#include "nn/learnt_motion.h"
#include "nn/loss.h"
#include "nn/safetensors.h"
#include "nn/schedule.h"
#include "nn/training_step.h"
#include "tools/judgement.h"
#include "tools/options.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/run_folder.h"

using autodiff::Index;
using autodiff::Random;
using tools::TrainOptions;

namespace {

tools::ExitCode train(const TrainOptions& options) {
  tools::RunFolder folder(options.out);
  folder.write("config.toml", to_toml(options));
  Random random(options.seed);

  // System: the true law of motion, in closed form.
  const physics::DoublePendulum& pendulum = options.system;
  const physics::Motion truth = [&](const Eigen::MatrixXd& states, Eigen::MatrixXd& result) {
    pendulum.accelerations(states, result);
  };

  // Data: a fixed set of points, chained and shuffled once; or a batch drawn anew for each step.
  const bool fresh = options.source == "fresh";
  physics::DataSet data;
  if (!fresh) {
    const auto states = tools::trajectory_states(options, options.trajectories, random, truth);
    data = physics::shuffled(physics::label(truth, states), random);
  }
  const Index batch = options.batch;
  const Index steps_per_epoch = fresh ? options.steps_per_epoch : data.size() / batch;

  // Model.
  nn::LagrangianNetwork model({.hidden = {options.hidden.begin(), options.hidden.end()},
                               .activation = options.activation,
                               .angles = {options.angle_features, options.angle_features},
                               .velocity_scale = options.velocity_scale,
                               .kinetic_prior = options.kinetic_prior});
  model.initialise(random,
                   options.initialiser == "rule" ? nn::Initialiser::rule : nn::Initialiser::slides);
  nn::TrainingStep step(model, options.loss == "mse" ? nn::mse_loss : nn::l1_loss,
                        {batch, options.shard_width, options.threads});

  // Fit.
  const double largest_norm =
      options.clip > 0 ? options.clip : std::numeric_limits<double>::infinity();
  nn::Adam adam(model.parameters().size());
  const nn::StepLR step_lr{options.learning_rate, options.lr_step, options.lr_gamma};
  const long total_steps = steps_per_epoch * options.epochs;
  const nn::WarmupCosine cosine{options.learning_rate,
                                std::lround(options.warmup * static_cast<double>(total_steps)),
                                total_steps};
  tools::RunResult result{.options = options,
                          .status = "finished",
                          .parameters = model.parameters().size(),
                          .judgement = {}};
  folder.add_metrics("epoch,loss,learning_rate,seconds");
  tools::Progress progress(options.epochs, options.quiet);
  tools::watch_for_interrupt();
  for (int epoch = 0; epoch < options.epochs && result.status == "finished"; ++epoch) {
    double running_loss = 0, rate = 0;
    Index k = 0;
    for (; k < steps_per_epoch && result.status == "finished"; ++k) {
      if (fresh) data = physics::label(truth, tools::box_states(options, batch, random));
      const Index first = fresh ? 0 : k * batch;
      const double loss =
          step.run(data.states.col(first).data(), data.accelerations.col(first).data());
      const double clip = nn::clip_factor(step.gradient(), largest_norm);
      if (!std::isfinite(loss) || !std::isfinite(clip)) {
        result.status = "diverged";
        break;
      }
      rate = options.schedule == "step" ? step_lr.rate(epoch) : cosine.rate(result.train_steps);
      adam.step(model.parameters().values(), step.gradient(), rate, clip);
      running_loss += loss;
      ++result.train_steps;
      if (tools::interrupted()) result.status = "interrupted";
    }
    result.train_loss = running_loss / static_cast<double>(k);  // NaN if not even one step was made
    if (k == 0) break;
    std::ostringstream row;
    row.precision(10);
    row << epoch + 1 << ',' << result.train_loss << ',' << rate << ',' << progress.seconds();
    folder.add_metrics(row.str());
    progress.show(epoch + 1, result.train_loss, rate);
  }
  result.wall_s = progress.seconds();

  folder.write("model.safetensors", nn::to_safetensors(model.parameters()));

  // Judge.
  if (result.status == "finished") {
    if (!options.quiet) std::cout << "  judging on fresh states and trajectories" << std::endl;
    const physics::Motion network = learnt_motion(model, options.threads);
    const physics::Motion learnt = [&](const Eigen::MatrixXd& states, Eigen::MatrixXd& answer) {
      if (tools::interrupted()) throw tools::Interrupted();
      network(states, answer);
    };
    try {
      result.judgement = judge(options, {truth, learnt});
      folder.write("trajectory.csv", trajectory_csv(options, {truth, learnt}));
    } catch (const tools::Interrupted&) {
      result.status = "interrupted";
    }
  }

  // Tell.
  folder.write("result.json", to_json(result));
  if (!options.quiet)
    std::cout << to_table(result) << "  files in " << folder.path().string() << "/\n";
  if (result.status == "diverged") {
    std::cerr << "train: the loss stopped being finite at step " << result.train_steps + 1
              << "; the weights before it are in " << folder.path().string()
              << "/. Try a lower --lr, a --clip, another --seed, or a --kinetic-prior.\n";
    return tools::exit_diverged;
  }
  if (result.status == "interrupted") {
    std::cerr << "train: interrupted after " << result.train_steps
              << " steps; what was reached is in " << folder.path().string() << "/\n";
    return tools::exit_interrupted;
  }
  return tools::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  tools::wait_patiently(argv);
  try {
    return train(tools::parse_train_options(argc, argv));
  } catch (const tools::EndProgram& end) {
    (end.code == tools::exit_ok ? std::cout : std::cerr) << end.what() << '\n';
    return end.code;
  } catch (const tools::IoError& error) {
    std::cerr << "train: " << error.what() << '\n';
    return tools::exit_io;
  } catch (const std::exception& error) {
    std::cerr << "train: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
